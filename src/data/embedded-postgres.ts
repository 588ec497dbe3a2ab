// The embedded Postgres: one cluster in VITRINE_HOME/postgres, started by the first command that needs it, shared by
// all that run at once and stopped by the last. It outlives the process that started it, since others may still use
// it; who uses it is written in files named by process, and a guard stops it should all of them crash.
// Knows nothing of what is in the database.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, processIdentity, tryLock, unlock, withFileLock } from './file-lock';
import { askToStop, findPostmaster, startServer, stopServer, unavailable, type Postmaster } from './postgres-cluster';
import { clusterFolders, POSTGRES_ENV, type RunAs } from './postgres-user';

export interface EmbeddedPostgres {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly user: 'vitrine';
  readonly password: string;
  /** Absolute: the cluster's files. */
  readonly data: string;
  /** This holder no longer needs the server; the last one stops it. Idempotent. */
  release(): Promise<void>;
}

export interface EmbeddedOptions {
  /** For tests: try only these ways of running Postgres. */
  readonly runAs?: readonly RunAs[];
}

/**
 * Starts the server, or joins the one that runs, as one more holder.
 * @param home VITRINE_HOME, absolute
 * @throws VitrineError DATABASE_UNAVAILABLE with the last lines of Postgres's log where it does not start.
 */
export async function holdEmbeddedPostgres(home: string, options: EmbeddedOptions = {}): Promise<EmbeddedPostgres> {
  const places = placesIn(home);
  mkdirSync(places.holders, { recursive: true });
  const holder = join(places.holders, `${process.pid}-${randomBytes(4).toString('hex')}`);
  const { server, password } = await withFileLock(places.lock, async () => {
    writeFileSync(holder, processIdentity(process.pid) ?? '');
    try {
      const secret = readPassword(places);
      return {
        server: (await runningServer(places)) ?? (await startGuarded(places, secret, options)),
        password: secret,
      };
    } catch (thrown) {
      rmSync(holder, { force: true });
      throw thrown;
    }
  });

  let held = true;
  const onExit = (): void => {
    if (held) releaseAtExit(places, holder);
  };
  process.once('exit', onExit);
  const release = async (): Promise<void> => {
    if (!held) return;
    held = false;
    process.off('exit', onExit);
    await withFileLock(places.lock, async () => {
      rmSync(holder, { force: true });
      const server = liveHolders(places) === 0 ? findPostmaster(places.clusters) : undefined;
      if (server) await stopServer(server);
    });
  };
  return { host: '127.0.0.1', port: server.port, user: 'vitrine', password, data: server.data, release };
}

/** Whether the embedded server runs, and its number of holders: for doctor. Starts nothing. */
export function lookAtEmbeddedPostgres(home: string): {
  initialised: boolean;
  port: number | undefined;
  holders: number;
} {
  const places = placesIn(home);
  const server = findPostmaster(places.clusters);
  const initialised = places.clusters.some((folder) => existsSync(join(folder, 'data', 'PG_VERSION')));
  return { initialised, port: server?.port, holders: existsSync(places.holders) ? liveHolders(places) : 0 };
}

interface Places {
  readonly root: string;
  readonly holders: string;
  readonly lock: string;
  readonly log: string;
  readonly password: string;
  /** Where the cluster is wanted. */
  readonly wanted: string;
  /** That folder, and where else the cluster may be (see postgres-user.ts). */
  readonly clusters: readonly string[];
}

function placesIn(home: string): Places {
  const root = join(home, 'postgres');
  const wanted = join(root, 'server');
  return {
    root,
    holders: join(root, 'holders'),
    lock: join(root, 'lock'),
    log: join(root, 'postgres.log'),
    password: join(root, 'password'),
    wanted,
    clusters: clusterFolders(wanted),
  };
}

function readPassword(places: Places): string {
  if (existsSync(places.password)) return readFileSync(places.password, 'utf8').trim();
  if (existsSync(join(places.wanted, 'data', 'PG_VERSION'))) {
    throw unavailable(
      `${places.password} is missing, without which the embedded database in ${places.wanted} cannot be opened; ` +
        'restore it, or remove that folder to start with an empty database',
    );
  }
  // Elsewhere, it was left by a home that has been removed since and took the password along.
  for (const folder of places.clusters) rmSync(join(folder, 'data'), { recursive: true, force: true });
  const password = randomBytes(24).toString('base64url');
  writeFileSync(places.password, `${password}\n`, { mode: 0o600 });
  return password;
}

/** The server if it runs and stays; waits for one that is starting, or on its way out. */
async function runningServer(places: Places): Promise<Postmaster | undefined> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const server = findPostmaster(places.clusters);
    if (!server || server.status === 'ready') return server;
    if (Date.now() > deadline) throw unavailable(`Postgres (process ${server.pid}) is not ready after two minutes`);
    await sleep(50);
  }
}

async function startGuarded(places: Places, password: string, options: EmbeddedOptions): Promise<Postmaster> {
  const server = await startServer(places.wanted, places.log, password, options.runAs);
  startGuard(places, server);
  return server;
}

/**
 * Should every holder be killed, nobody is left to stop the server: a shell looks every few seconds and does. It takes
 * the lock before, so that no command joins a server that is about to stop.
 */
const GUARD = `
cd "$1" || exit
held() {
  for file in holders/*; do
    pid=\${file##*/}; pid=\${pid%%-*}
    case $pid in *[!0-9]*) continue ;; esac
    if kill -0 "$pid" 2>/dev/null || [ -d "/proc/$pid" ]; then return 0; fi
  done
  return 1
}
running() {
  kill -0 "$2" 2>/dev/null && read -r pid 2>/dev/null <"$3/postmaster.pid" && [ "$pid" = "$2" ]
}
while sleep 3; do
  running "$@" || exit 0
  held && continue
  (set -C; echo $$ >lock) 2>/dev/null || continue
  if held || ! running "$@"; then rm -f lock; continue; fi
  kill -INT "$2"
  while running "$@"; do sleep 0.2; done
  rm -f lock holders/*
  exit 0
done`;

function startGuard(places: Places, { pid, data }: Postmaster): void {
  const guard = spawn('/bin/sh', ['-c', GUARD, 'vitrine-postgres-guard', places.root, String(pid), data], {
    cwd: '/',
    env: POSTGRES_ENV,
    detached: true,
    stdio: 'ignore',
  });
  guard.once('error', () => undefined);
  guard.unref();
}

/** Where the process ends without release(): no waiting, only the word to stop, if this was the last holder. */
function releaseAtExit(places: Places, holder: string): void {
  try {
    rmSync(holder, { force: true });
    // Another process may be joining or leaving just now; the guard takes over where this takes too long.
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
    // The process is ending: there is nobody left to tell.
  }
}

/** Counts the holders that live and removes the marks of dead ones. */
function liveHolders(places: Places): number {
  let live = 0;
  for (const name of readdirSync(places.holders)) {
    const file = join(places.holders, name);
    const identity = readFileSync(file, 'utf8');
    if (isAlive(Number(name.split('-')[0]), identity)) live++;
    else rmSync(file, { force: true });
  }
  return live;
}
