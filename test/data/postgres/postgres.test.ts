import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT_ROOT } from '../../../src/config';
import { openDatabase } from '../../../src/data/postgres/postgres';
import { asError } from '../../../src/errors';
import { clusterFolders, type RunAs } from '../../../src/data/postgres/postgres-user';
import { markOf } from '../../../src/data/files/process-mark';
import { ask } from '../../support/database';
import { lookAtEmbeddedPostgres } from '../../support/embedded-postgres';
import { prepareHome } from '../../support/run/prepared-home';

const isRoot = process.getuid?.() === 0;

/** Only the owner can read this folder, as `mktemp -d` makes it. */
let home: string;
let children: ChildProcess[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vitrine-postgres-'));
  expect(statSync(home).mode & 0o777).toBe(0o700);
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await stopped(home);
  const [, elsewhere] = clusterFolders(join(home, 'postgres', 'server'));
  // Retried, since the guard may be reading the folder.
  for (const folder of [join(elsewhere, '..'), home]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

describe('the embedded Postgres', () => {
  test('starts with its first holder, is shared, and stops with its last holder', async () => {
    const first = await open();
    const second = await open();
    expect(first).toMatchObject({ embedded: true, url: second.url });
    expect(first.version).toMatch(/^1[89]\./);
    expect(lookAtEmbeddedPostgres(home)).toMatchObject({ initialised: true, holders: 2 });
    await first.close();
    await first.close();
    expect(await ask(second.url, 'SELECT count(*)::int AS n FROM articles')).toEqual([{ n: 0 }]);
    await second.close();
    expect(lookAtEmbeddedPostgres(home)).toEqual({ initialised: true, port: undefined, holders: 0 });
  });

  test('keeps its rows, and has a password that only its owner can read', async () => {
    await prepareHome(home);
    const before = await open();
    await ask(before.url, "INSERT INTO facts VALUES ('name', '1')");
    await before.close();
    const after = await open();
    expect(await ask(after.url, 'SELECT * FROM facts')).toEqual([{ name: 'name', value: 1 }]);
    expect(statSync(join(home, 'postgres', 'password')).mode & 0o777).toBe(0o600);
    const wrong = new URL(after.url);
    wrong.password = 'guessed';
    await expect(ask(wrong.toString(), 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    await after.close();
  });

  test('is one server for processes that start at the same moment', async () => {
    const urls = await Promise.all(
      [holdInProcess(), holdInProcess(), holdInProcess()].map(async (held) => (await held).url),
    );
    expect(new Set(urls).size).toBe(1);
    expect(lookAtEmbeddedPostgres(home).holders).toBe(3);
    await Promise.all(children.map((child) => end(child, 'SIGTERM')));
    await stopped(home);
  });

  test('outlives a process that is killed while another uses it', async () => {
    await prepareHome(home);
    const { child, url } = await holdInProcess();
    const mine = await open();
    await end(child, 'SIGKILL');
    expect(mine.url).toBe(url);
    expect(await ask(mine.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await mine.close();
    expect(lookAtEmbeddedPostgres(home)).toMatchObject({ port: undefined, holders: 0 });
  });

  test('does not outlive the last process for long, even if that is killed', async () => {
    await prepareHome(home);
    const { child } = await holdInProcess();
    await end(child, 'SIGKILL');
    expect(lookAtEmbeddedPostgres(home).port).toBeDefined();
    await stopped(home);
    const again = await open();
    await again.close();
  });

  test('stops when the last process ends without closing it', async () => {
    await prepareHome(home);
    const { child } = await holdInProcess();
    child.stdin?.end('exit\n');
    await once(child, 'exit');
    const before = Date.now();
    await stopped(home);
    // The process itself stops the server, before the guard looks.
    expect(Date.now() - before).toBeLessThan(2000);
  });

  test('starts after everything was killed at once, even if its pids belong to other processes', async () => {
    await prepareHome(home);
    const { child, url } = await holdInProcess();
    const data = String(await ask(url, 'SHOW data_directory').then(([row]) => row['data_directory']));
    const postmaster = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    await end(child, 'SIGKILL');
    process.kill(postmaster, 'SIGKILL');
    await stopped(home);
    // As after a restart of a container, the old pids belong to other processes.
    const other = spawn('sleep', ['1000']);
    children.push(other);
    const file = join(data, 'postmaster.pid');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^\d+/, String(other.pid)));
    for (const mark of ['lock', `holders/${other.pid}-00000000`]) {
      writeFileSync(join(home, 'postgres', mark), markOf(other.pid ?? 0).replace(/ \d+ /, ' 1 '));
    }
    const again = await open();
    expect(await ask(again.url, 'SELECT count(*)::int AS n FROM articles')).toEqual([{ n: 0 }]);
    await again.close();
    expect(readdirSync(join(home, 'postgres', 'holders'))).toEqual([]);
  });

  test('refuses to start after its password was lost', async () => {
    await prepareHome(home);
    await (await open()).close();
    rmSync(join(home, 'postgres', 'password'));
    await expect(open()).rejects.toThrow(/password is missing.*restore it, or remove that folder/);
  });
});

(isRoot ? describe : describe.skip)('the embedded Postgres of root, in a folder that no other user can reach', () => {
  test('runs in a user namespace if that is allowed', async () => {
    const database = await tryWays(['namespace']);
    if (!database) return;
    expect(await ask(database.url, 'SHOW data_directory')).toEqual([
      { data_directory: join(home, 'postgres', 'server', 'data') },
    ]);
    await database.close();
  });

  test('without namespaces, runs as another user in a folder which that user can reach, and finds its data there next time', async () => {
    const way: RunAs[] = ['user', 'elsewhere'];
    const before = await open({ runAs: way });
    const [{ data_directory: folder }] = await ask(before.url, 'SHOW data_directory');
    expect(String(folder)).toMatch(/^\/var\/tmp\/vitrine-/);
    await ask(before.url, "INSERT INTO facts VALUES ('name', '1')");
    await before.close();
    const after = await open({ runAs: way });
    expect(await ask(after.url, 'SELECT name FROM facts')).toEqual([{ name: 'name' }]);
    await after.close();
    // In a namespace, the server would use the home's own folder and start with an empty database.
    await expect(open({ runAs: ['namespace'] })).rejects.toThrow(/lies in \/var\/tmp\/vitrine-|cannot be run here/);
  });

  test('runs as another user in its own folder if that user can reach it', async () => {
    if (!reachable()) return;
    chmodSync(home, 0o755);
    const database = await open({ runAs: ['user'] });
    const [{ data_directory: folder }] = await ask(database.url, 'SHOW data_directory');
    expect(folder).toBe(join(home, 'postgres', 'server', 'data'));
    expect(statSync(String(folder)).uid).not.toBe(0);
    await database.close();
  });

  test('lists the ways that were tried if none works', async () => {
    await expect(open({ runAs: ['user'] })).rejects.toThrow(
      /cannot be run here; tried:\n.*it cannot write to(.|\n)*Set DATABASE_URL/,
    );
  });
});

describe('a database of the shop', () => {
  test('is migrated, and keeps running after use', async () => {
    await prepareHome(home);
    const server = await open();
    await ask(server.url, 'DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    const database = await openDatabase({ databaseUrl: server.url, home: join(home, 'unused') });
    expect(database).toMatchObject({ embedded: false, url: server.url, version: server.version });
    await database.close();
    expect(await ask(server.url, 'SELECT count(*)::int AS n FROM customers')).toEqual([{ n: 0 }]);
    expect(existsSync(join(home, 'unused'))).toBe(false);
    await server.close();
  });

  test('that cannot be reached is an error with its address and without its password', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const address = closed.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    closed.close();
    const opening = openDatabase({ databaseUrl: `postgresql://me:secret@127.0.0.1:${port}/shop`, home });
    await expect(opening).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: `no database at 127.0.0.1:${port}/shop: connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });
});

function open(options: Parameters<typeof openDatabase>[1] = {}): ReturnType<typeof openDatabase> {
  return openDatabase({ databaseUrl: undefined, home }, options);
}

/** undefined if this machine does not allow it. */
async function tryWays(runAs: RunAs[]): Promise<Awaited<ReturnType<typeof open>> | undefined> {
  return open({ runAs }).catch((thrown: unknown) => {
    if (/cannot be run here/.test(asError(thrown).message)) return undefined;
    throw thrown;
  });
}

/** Whether another user can run programs of this project. */
function reachable(): boolean {
  try {
    execFileSync('ls', [PROJECT_ROOT], { uid: 65534, gid: 65534, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Starts another process that holds the database until it reads 'exit' or gets a signal. */
async function holdInProcess(): Promise<{ child: ChildProcess; url: string }> {
  mkdirSync(home, { recursive: true });
  const script = `
    const { openDatabase } = require(${JSON.stringify(join(PROJECT_ROOT, 'dist/src/data/postgres/postgres.js'))});
    openDatabase({ databaseUrl: undefined, home: ${JSON.stringify(home)} }).then((database) => {
      console.log(database.url);
      process.on('SIGTERM', () => database.close().then(() => process.exit(0)));
      process.stdin.once('data', () => process.exit(0));
    });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  for await (const line of createInterface(child.stdout)) return { child, url: line };
  throw new Error('the other process ended without opening the database');
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

async function stopped(place: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (lookAtEmbeddedPostgres(place).port !== undefined) {
    if (Date.now() > deadline) throw new Error(`Postgres still runs in ${place}`);
    await sleep(50);
  }
}
