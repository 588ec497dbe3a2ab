// The embedded Postgres: one cluster in VITRINE_HOME/postgres. The first command that needs it
// starts it, and the last one stops it. The server outlives the process that started it, since
// other processes may still use it. Every holder (a process that uses the server) has a file with
// its pid, and a guard stops the server after all holders crashed. If the server crashes, its
// holders start it again.

import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asStorageError } from '../files/storage';
import { hasCode, tryLock, unlock, withFileLock } from '../files/file-lock';
import {
  askToStop,
  ClusterInUse,
  endOfLog,
  findPostmaster,
  refuseWhileLocked,
  startServer,
  stopServer,
  unavailable,
  type Postmaster,
  type StartOptions,
} from './postgres-cluster';
import { startGuard } from './postgres-guard';
import { clusterFolders, type RunAs } from './postgres-user';
import { watchServer } from './postgres-watch';
import {
  beat,
  isAlive,
  isLocal,
  lifeOf,
  processIdentity,
  readMark,
  watchHeart,
  writeMark,
  type Life,
} from '../files/process-mark';

export interface EmbeddedPostgres {
  readonly host: '127.0.0.1';
  /** The server's port. A server that died is started again at the same port. */
  readonly port: number;
  readonly user: 'vitrine';
  readonly password: string;
  /** The absolute path of the cluster's files. */
  readonly data: string;
  /**
   * Ends this holder's use of the server. The last holder to do so stops the server. Idempotent.
   */
  release(): Promise<void>;
}

export interface EmbeddedOptions {
  /** For tests: only these ways of running Postgres are tried. */
  readonly runAs?: readonly RunAs[];
  /** Called when the server has died, and again when it runs or cannot be started. */
  readonly say?: (line: string) => void;
}

/**
 * Starts the server or joins the running one.
 * @param home VITRINE_HOME, absolute
 * @throws VitrineError DATABASE_UNAVAILABLE with the last lines of Postgres's log if the server
 *   does not start; STORAGE_UNAVAILABLE if the home cannot be written to
 */
export async function holdEmbeddedPostgres(home: string, options: EmbeddedOptions = {}): Promise<EmbeddedPostgres> {
  try {
    return await hold(home, options);
  } catch (thrown) {
    throw asStorageError(thrown, home);
  }
}

async function hold(home: string, options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  makeFolder(join(home, 'postgres', 'holders'));
  const places = placesIn(home);
  const holder = join(places.holders, `${process.pid}-${randomBytes(4).toString('hex')}`);
  const { server, password } = await withFileLock(places.lock, async () => {
    writeMark(holder);
    try {
      const secret = readPassword(places);
      return { server: await joinOrStart(places, secret, { runAs: options.runAs }), password: secret };
    } catch (thrown) {
      rmSync(holder, { force: true });
      throw thrown;
    }
  });

  let held = true;
  const restart = (): Promise<Postmaster | undefined> =>
    withFileLock(places.lock, async () => {
      // This holder may have been released while it waited for the lock.
      if (!held) return undefined;
      const again = await joinOrStart(places, password, { runAs: options.runAs, port: server.port });
      // Another holder may have removed the mark in between.
      writeMark(holder);
      return again;
    });
  const endWatch = watch(places, server, restart, options.say);
  const onExit = (): void => {
    if (held) releaseAtExit(places, holder);
  };
  process.once('exit', onExit);
  const release = async (): Promise<void> => {
    if (!held) return;
    held = false;
    process.off('exit', onExit);
    await endWatch();
    // The holder's file is removed before the lock is taken. If a full disk prevents the lock, the
    // guard stops the server instead.
    rmSync(holder, { force: true });
    await withFileLock(places.lock, async () => {
      removeMarks(places, ['dead']);
      const last = liveHolders(places) === 0 ? findPostmaster(places.clusters) : undefined;
      if (!last) return;
      await stopServer(last);
      rmSync(places.heart, { force: true });
    });
  };
  return { host: '127.0.0.1', port: server.port, user: 'vitrine', password, data: server.data, release };
}

interface Places {
  readonly root: string;
  readonly holders: string;
  readonly lock: string;
  /**
   * A file that is touched while the server runs, for processes that cannot see the server's pid.
   */
  readonly heart: string;
  readonly log: string;
  readonly password: string;
  /** The preferred folder of the cluster. */
  readonly wanted: string;
  /** All folders that may have the cluster (see postgres-user.ts). */
  readonly clusters: readonly string[];
}

/** Resolves symbolic links, so that all paths to one folder lead to the same files. */
function placesIn(home: string): Places {
  const root = realPath(join(home, 'postgres'));
  const wanted = realPath(join(root, 'server'));
  return {
    root,
    holders: join(root, 'holders'),
    lock: join(root, 'lock'),
    heart: join(root, 'heart'),
    log: join(root, 'postgres.log'),
    password: join(root, 'password'),
    wanted,
    clusters: clusterFolders(wanted),
  };
}

/**
 * Makes one folder after another, since Node's `recursive` option reports a read-only disk as
 * ENOENT.
 */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (thrown) {
    if (!hasCode(thrown, 'EEXIST')) throw thrown;
  }
}

function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

function readPassword(places: Places): string {
  if (existsSync(places.password)) return readFileSync(places.password, 'utf8').trim();
  if (existsSync(join(places.wanted, 'data', 'PG_VERSION'))) {
    throw unavailable(
      `${places.password} is missing, without which the embedded database in ${places.wanted} cannot be opened; ` +
        'restore it, or remove that folder to start with an empty database',
    );
  }
  // A cluster in another folder belongs to a home that has been removed, with its password.
  for (const folder of places.clusters) rmSync(join(folder, 'data'), { recursive: true, force: true });
  const password = randomBytes(24).toString('base64url');
  writeFileSync(places.password, `${password}\n`, { mode: 0o600 });
  return password;
}

/** Returns the server if it runs. Waits while the server is starting up or shutting down. */
async function runningServer(places: Places): Promise<Postmaster | undefined> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const server = findPostmaster(places.clusters);
    if (!server || server.status === 'ready') return server;
    if (Date.now() > deadline) throw unavailable(`Postgres (process ${server.pid}) is not ready after two minutes`);
    await sleep(50);
  }
}

/** Joins the running server or starts one. The caller must hold the lock. */
async function joinOrStart(places: Places, password: string, options: StartOptions): Promise<Postmaster> {
  const running = await runningServer(places);
  if (running) {
    if (options.port === undefined || options.port === running.port) return running;
    throw unavailable(`it runs at port ${running.port} now, in place of ${options.port}; start this command again`);
  }
  await refuseWhileHeartBeats(places);
  await refuseWhileLocked(places.clusters);
  writeMark(places.heart);
  const server = await startServer(places.wanted, places.log, password, options);
  // Holders of another scope (see process-mark.ts) have died with their server.
  removeMarks(places, ['dead', 'unseen']);
  startGuard(places.root, server);
  return server;
}

/**
 * Throws if a beating heart shows that another scope has a server, since none was found in this
 * scope.
 */
async function refuseWhileHeartBeats(places: Places): Promise<void> {
  const mark = readMark(places.heart);
  const seen = statSync(places.heart, { throwIfNoEntry: false })?.mtimeMs;
  if (seen === undefined || (mark && isLocal(mark))) return;
  const isSilent = watchHeart(places.heart);
  while (!isSilent()) {
    const now = statSync(places.heart, { throwIfNoEntry: false })?.mtimeMs;
    if (now === undefined) return; // the server was stopped cleanly
    if (now !== seen) throw new ClusterInUse(join(places.wanted, 'data'));
    await sleep(100);
  }
}

function watch(
  places: Places,
  first: Postmaster,
  restart: () => Promise<Postmaster | undefined>,
  say: (line: string) => void = () => undefined,
): () => Promise<void> {
  let { pid } = first;
  let identity = processIdentity(pid) ?? 'gone';
  return watchServer({
    isAlive: () => isAlive(pid, identity),
    beat: () => beat(places.heart),
    async restart() {
      const server = await restart();
      if (!server) return false;
      pid = server.pid;
      identity = processIdentity(pid) ?? 'gone';
      return true;
    },
    lastWords: () => endOfLog(places.log),
    say,
  });
}

/**
 * Handles the end of a process without release(). The last holder tells the server to stop, but
 * does not wait.
 */
function releaseAtExit(places: Places, holder: string): void {
  try {
    rmSync(holder, { force: true });
    // Another process may be joining or leaving. If that takes too long, the guard stops the
    // server.
    for (let attempt = 0; attempt < 20; attempt++) {
      if (tryLock(places.lock)) {
        const server = liveHolders(places) === 0 ? findPostmaster(places.clusters) : undefined;
        if (server) askToStop(server);
        unlock(places.lock);
        return;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  } catch {
    // The process is ending, so the error cannot be reported.
  }
}

/** Number of live holders. Processes of another scope were refused, so they do not count. */
function liveHolders(places: Places): number {
  return marksIn(places).filter(({ life }) => life === 'alive').length;
}

function removeMarks(places: Places, ended: readonly Life[]): void {
  for (const { file, life } of marksIn(places)) if (ended.includes(life)) rmSync(file, { force: true });
}

function marksIn(places: Places): { file: string; life: Life }[] {
  return readdirSync(places.holders).map((name) => {
    const file = join(places.holders, name);
    const mark = readMark(file);
    return { file, life: mark ? lifeOf(mark) : 'dead' };
  });
}
