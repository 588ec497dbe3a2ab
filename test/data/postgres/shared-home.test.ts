// Several processes with one VITRINE_HOME share one Postgres or are refused. They never start a
// second server on the same files.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT_ROOT } from '../../../src/config';
import { openDatabase } from '../../../src/data/postgres/postgres';
import { ask } from '../../support/database';
import { lookAtEmbeddedPostgres } from '../../support/embedded-postgres';
import { prepareHome } from '../../support/run/prepared-home';

interface Shared {
  readonly home: string;
  /** A symbolic link to the home. */
  readonly link: string;
  /** Another process that holds the database. */
  hold(unshare: readonly string[]): Held;
}

interface Held {
  readonly child: ChildProcess;
  readonly said: Promise<{ url?: string; error?: string }>;
}

/** A test with its own home. All of them run at once, since they mostly wait. */
const inHome = (work: (shared: Shared) => Promise<void>) => async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-shared-'));
  const home = join(folder, 'home');
  const link = join(folder, 'link');
  mkdirSync(home);
  symlinkSync(home, link);
  const children: ChildProcess[] = [];
  const hold = (unshare: readonly string[]): Held => {
    const child = start(unshare, home);
    children.push(child);
    return { child, said: firstLine(child) };
  };
  try {
    await work({ home, link, hold });
  } finally {
    for (const child of children) for (const signal of ['SIGKILL', 'SIGCONT'] as const) child.kill(signal);
    for (let look = 0; serversOn(home).length > 0; look++) {
      if (look > 300) throw new Error(`Postgres still runs in ${home}`);
      await sleep(100);
    }
    // Retried, since the guard may be reading the folder.
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
};

const namespaces = ['--pid', '--ipc', '--fork', '--mount-proc', '--kill-child', '--'];
const elsewhere = canUnshare() ? test.concurrent : test.concurrent.skip;

test.concurrent(
  'a home that a symbolic link leads to has one server for both paths',
  inHome(async ({ home, link }) => {
    await prepareHome(home);
    const real = await open(home);
    const linked = await open(link);
    expect(linked.url).toBe(real.url);
    expect(serversOn(home)).toHaveLength(1);
    expect(lookAtEmbeddedPostgres(link)).toMatchObject({ holders: 2 });
    await real.close();
    expect(await ask(linked.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await linked.close();
    expect(serversOn(home)).toEqual([]);
  }),
);

elsewhere(
  'a process in another container (needs the right to make pid namespaces) is refused, and may start it later',
  inHome(async ({ home, hold }) => {
    await prepareHome(home);
    const first = await open(home);
    await ask(first.url, "INSERT INTO facts VALUES ('kept', '1')");
    const refused = hold(namespaces);
    expect((await refused.said).error).toMatch(
      /^DATABASE_UNAVAILABLE.*another container.*VITRINE_HOME of its own, or set DATABASE_URL/,
    );
    expect(serversOn(home)).toHaveLength(1);
    expect(await ask(first.url, 'SELECT name FROM facts')).toEqual([{ name: 'kept' }]);
    await first.close();
    const later = hold(namespaces);
    const { url = '' } = await later.said;
    expect(await ask(url, 'SELECT name FROM facts')).toEqual([{ name: 'kept' }]);
    expect(serversOn(home)).toHaveLength(1);
    await end(later.child);
  }),
);

elsewhere(
  'a container that was killed with its server leaves the data to the next (needs pid namespaces)',
  inHome(async ({ home, hold }) => {
    await prepareHome(home);
    const killed = hold(namespaces);
    const { url = '' } = await killed.said;
    await ask(url, "INSERT INTO facts VALUES ('committed', '1')");
    await end(killed.child);
    const next = await open(home);
    expect(await ask(next.url, 'SELECT name FROM facts')).toEqual([{ name: 'committed' }]);
    await next.close();
    expect(readdirSync(join(home, 'postgres', 'holders'))).toEqual([]);
  }),
);

elsewhere(
  'a container that stands still keeps its server (needs pid namespaces)',
  inHome(async ({ home, hold }) => {
    await prepareHome(home);
    const paused = hold(namespaces);
    const { url = '' } = await paused.said;
    await ask(url, "INSERT INTO facts VALUES ('before', '1')");
    const all = descendantsOf(paused.child.pid ?? 0);
    expect(all.length).toBeGreaterThan(5);
    // No heart beats now, as after `docker pause`.
    signalAll(all, 'SIGSTOP');
    try {
      await expect(open(home)).rejects.toThrow(/open in a Postgres that cannot be seen from here/);
    } finally {
      signalAll(all, 'SIGCONT');
    }
    expect(serversOn(home)).toHaveLength(1);
    expect(await ask(url, 'SELECT name FROM facts')).toEqual([{ name: 'before' }]);
    await end(paused.child);
  }),
);

elsewhere(
  'of processes in several containers that begin at once one has it, the others are refused (needs pid namespaces)',
  inHome(async ({ home, hold }) => {
    const held = [hold(namespaces), hold(namespaces), hold(namespaces)];
    const answers = await Promise.all(held.map(({ said }) => said));
    expect(answers.filter(({ url }) => url !== undefined)).toHaveLength(1);
    expect(answers.filter(({ error }) => error?.startsWith('DATABASE_UNAVAILABLE'))).toHaveLength(2);
    expect(serversOn(home)).toHaveLength(1);
    for (const { child } of held) await end(child);
  }),
);

function open(place: string): ReturnType<typeof openDatabase> {
  return openDatabase({ databaseUrl: undefined, home: place });
}

/** Starts a process that holds the database. `prefix` may put it into another namespace. */
function start(unshare: readonly string[], home: string): ChildProcess {
  const script = `
    const { openDatabase } = require(${JSON.stringify(join(PROJECT_ROOT, 'dist/src/data/postgres/postgres.js'))});
    openDatabase({ databaseUrl: undefined, home: ${JSON.stringify(home)} }).then(
      ({ url }) => { console.log(JSON.stringify({ url })); setInterval(() => undefined, 1000); },
      ({ code, message }) => console.log(JSON.stringify({ error: code + ': ' + message })),
    );`;
  return spawn('unshare', [...unshare, process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function firstLine(child: ChildProcess): Promise<{ url?: string; error?: string }> {
  if (child.stdout) for await (const line of createInterface(child.stdout)) return JSON.parse(line) as { url?: string };
  throw new Error('the other process ended without a word');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** The pids of postmasters on this home's cluster or its link, in all namespaces, from /proc. */
function serversOn(home: string): number[] {
  const liesThere = (word: string): boolean => word.startsWith(dirname(home));
  return processes()
    .filter(({ words: [program, ...args] }) => program?.endsWith('/bin/postgres') && args.some(liesThere))
    .map(({ pid }) => pid);
}

function descendantsOf(root: number): number[] {
  const all = processes();
  const found = new Set([root]);
  // The first process of the namespace has adopted the server.
  for (let before = 0; before < found.size;) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

function processes(): { pid: number; parent: number; words: string[] }[] {
  const output = execFileSync('ps', ['-ww', '-eo', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' });
  return output
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => state !== undefined && !state.startsWith('Z'))
    .map(([pid, parent, , ...words]) => ({ pid: Number(pid), parent: Number(parent), words }));
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // The process has ended in the meantime.
    }
  }
}

function canUnshare(): boolean {
  try {
    execFileSync('unshare', [...namespaces, 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
