// An embedded Postgres that dies in use is started again at the same port with all committed rows.
// In the meantime, the health check says that the database is down.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT_ROOT } from '../../../src/config';
import { hasCode, withFileLock } from '../../../src/data/files/file-lock';
import { openDatabase, type Database } from '../../../src/data/postgres/postgres';
import type { Store } from '../../../src/data/store/store';
import { openStore } from '../../../src/data/store/open-store';
import { checkReady } from '../../../src/api/http/health';
import { lookAtEmbeddedPostgres } from '../../support/embedded-postgres';
import { prepareHome } from '../../support/run/prepared-home';

interface Opened {
  readonly home: string;
  readonly said: string[];
  readonly database: Database;
  readonly store: Store;
}

/** A test with its own server. All of them run at once, since they mostly wait. */
function restarting(name: string, work: (opened: Opened) => Promise<void>): void {
  test.concurrent(name, async () => {
    const home = mkdtempSync(join(tmpdir(), 'vitrine-restart-'));
    await prepareHome(home);
    const said: string[] = [];
    const database = await openDatabase({ databaseUrl: undefined, home }, { say: (line) => said.push(line) });
    const store = openStore(database.url);
    try {
      await work({ home, said, database, store });
    } finally {
      await store.close();
      await database.close();
      await until(() => lookAtEmbeddedPostgres(home).port === undefined);
      // Retried, since the guard may be reading the folder.
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    }
  });
}

restarting(
  'a killed Postgres is started again at its port, and nothing that was acknowledged is lost',
  async ({ home, said, store }) => {
    const { port } = lookAtEmbeddedPostgres(home);
    for (let row = 0; row < 20; row++) await store.setFact(`row ${row}`, row);
    process.kill(postmaster(home), 'SIGKILL');
    await until(() => said.length > 0);
    await until(() => answers(store));
    const rows = await Promise.all(Array.from({ length: 20 }, (_, row) => store.fact(`row ${row}`)));
    expect(rows).toEqual(Array.from({ length: 20 }, (_, row) => row));
    await store.setFact('after', 1);
    expect(lookAtEmbeddedPostgres(home)).toMatchObject({ port, holders: 1 });
    expect(said).toEqual([expect.stringMatching(/Postgres had died.*runs again/)]);
  },
);

restarting('so is one of which every process was killed, the guard too', async ({ home, said, store }) => {
  await store.setFact('name', 1);
  const server = postmaster(home);
  const processes = execFileSync('ps', ['-ww', '-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) =>
        line.split(/\s+/)[1] === String(server) || (line.includes('vitrine-postgres-guard') && line.includes(home)),
    )
    .map((line) => Number(line.split(' ')[0]));
  expect(processes.length).toBeGreaterThan(3);
  for (const pid of [server, ...processes]) killIfThere(pid);
  await until(() => said.length > 0);
  await until(() => answers(store));
  expect(await store.fact('name')).toBe(1);
});

restarting('of the processes that use it one starts it again, for all', async ({ home, said, database, store }) => {
  const [child, url] = await holdInProcess(home);
  expect(url).toBe(database.url);
  const before = postmaster(home);
  process.kill(before, 'SIGKILL');
  await until(() => said.length > 0);
  // The other holder has noticed by then, too.
  await sleep(2500);
  const after = postmaster(home);
  expect(after).not.toBe(before);
  expect(lookAtEmbeddedPostgres(home).holders).toBe(2);
  expect(startsInLog(home)).toBe(2);
  child.kill('SIGKILL');
  await store.ping();
});

restarting('the server is not ready until Postgres runs again', async ({ home, store }) => {
  const ready = () => checkReady({ store, ready: () => ({ ready: true }) });
  expect(await ready()).toEqual({ ready: true });
  // Holders cannot start the server while this test has the lock.
  await withFileLock(join(home, 'postgres', 'lock'), async () => {
    process.kill(postmaster(home), 'SIGKILL');
    await until(async () => !(await answers(store)));
    expect(await ready()).toMatchObject({ ready: false });
  });
  await until(async () => (await ready()).ready);
});

restarting('one that cannot be started is retried until it starts', async ({ home, said, store }) => {
  const server = postmaster(home);
  const settings = join(home, 'postgres', 'server', 'data', 'postgresql.auto.conf');
  const before = readFileSync(settings, 'utf8');
  writeFileSync(settings, `${before}\nno_such_setting = 1\n`);
  process.kill(server, 'SIGKILL');
  await until(() => said.length > 0);
  expect(said[0]).toMatch(/could not be started again: (.|\n)*no_such_setting/);
  await expect(store.ping()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  // There are more failed starts than the allowed number of deaths.
  await until(() => failuresInLog(home) > 4);
  writeFileSync(settings, before);
  await until(() => answers(store));
});

restarting('one that dies again and again is left, and its last words are told', async ({ home, said, store }) => {
  while (!said.some((line) => line.includes('not started again'))) {
    const deaths = said.length;
    killIfThere(postmaster(home));
    await until(() => said.length > deaths);
  }
  expect(said.slice(0, -1)).toHaveLength(4);
  expect(said.at(-1)).toMatch(/died 5 times within ten minutes and is not started again(.|\n)*ready to accept/);
  await expect(store.ping()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
});

function postmaster(home: string): number {
  return Number(readFileSync(join(home, 'postgres', 'server', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

function startsInLog(home: string): number {
  return timesInLog(home, 'ready to accept connections');
}

function failuresInLog(home: string): number {
  return timesInLog(home, 'unrecognized configuration parameter');
}

function timesInLog(home: string, words: string): number {
  return readFileSync(join(home, 'postgres', 'postgres.log'), 'utf8').split(words).length - 1;
}

/** Waits for the processes of a killed server, which end by themselves. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (thrown) {
    if (!hasCode(thrown, 'ESRCH')) throw thrown;
  }
}

async function answers(store: Store): Promise<boolean> {
  return store.ping().then(
    () => true,
    () => false,
  );
}

/** Starts another process that holds the database until it is killed, and returns the URL. */
async function holdInProcess(home: string): Promise<[ChildProcess, string]> {
  const script = `
    const { openDatabase } = require(${JSON.stringify(join(PROJECT_ROOT, 'dist/src/data/postgres/postgres.js'))});
    openDatabase({ databaseUrl: undefined, home: ${JSON.stringify(home)} }).then(({ url }) => {
      console.log(url);
      setInterval(() => undefined, 1000);
    });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface(child.stdout)) return [child, line];
  throw new Error('the other process ended without opening the database');
}

async function until(happened: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await happened())) {
    if (Date.now() > deadline) throw new Error('it did not happen within a minute');
    await sleep(50);
  }
}
