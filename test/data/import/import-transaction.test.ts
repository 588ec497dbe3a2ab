import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Client } from 'pg';
import { generateShop } from '../../../src/demo/synthetic/generate';
import { silentReporter } from '../../../src/telemetry/progress';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { BASIC, brief, useImports } from '../../support/imports';

const { database, dump, importInto, place, rejectsFile, shop, sql } = useImports();

test("a row that breaks a constraint of the shop's own is an error that names the constraint", async () => {
  await sql(`ALTER TABLE articles ADD CONSTRAINT no_oil CHECK (name <> 'Oil')`);
  try {
    await expect(importInto(await shop(BASIC))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/no_oil.*nothing was imported/s) as string,
    });
  } finally {
    await sql('ALTER TABLE articles DROP CONSTRAINT no_oil');
  }
});

test('an aborted import fails with the reason and changes nothing', async () => {
  const control = new AbortController();
  const reporter = {
    ...silentReporter,
    progress: (label: string) => {
      if (label === 'Merging') control.abort(new Error('stopped by hand'));
      return silentReporter.progress(label);
    },
  };
  await expect(importInto(await shop(BASIC), { reporter, signal: control.signal })).rejects.toThrow('stopped by hand');
  expect(await dump()).toEqual([[], [], [], []]);
});

test('a first import makes the same keys and indexes of purchases again', async () => {
  const definitions = () =>
    sql(`
      SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conrelid = 'purchases'::regclass
      UNION ALL SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'purchases'::regclass
      ORDER BY name, definition`);
  const before = await definitions();
  const oids = () => sql(`SELECT indexrelid FROM pg_index WHERE indrelid = 'purchases'::regclass`);
  const former = await oids();
  await importInto(await shop(BASIC));
  expect(await definitions()).toEqual(before);
  // There are at least a primary key, two foreign keys and an index by time, all made again.
  expect(before.length).toBeGreaterThanOrEqual(4);
  expect(await oids()).not.toEqual(former);
});

test('a user who may write rows but owns no table can import, and keeps keys and indexes', async () => {
  const role = `importer_${process.pid}`;
  await sql(`CREATE ROLE ${role}`);
  await sql(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`);
  await sql(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role}`);
  const oids = () => sql(`SELECT indexrelid FROM pg_index WHERE indrelid = 'purchases'::regclass ORDER BY 1`);
  const before = await oids();
  try {
    const url = new URL(database().url);
    url.searchParams.set('options', `-c role=${role}`);
    const result = await importInto(await shop(BASIC), { databaseUrl: url.toString() });
    expect(brief(result.transactions)).toEqual({ inserted: 3, updated: 0, unchanged: 0, rejected: 0 });
    expect(await oids()).toEqual(before);
  } finally {
    await sql(`DROP OWNED BY ${role}`);
    await sql(`DROP ROLE ${role}`);
  }
});

describe('while another connection uses the tables, a first import', () => {
  let other: Client;
  beforeEach(async () => {
    other = new Client({ connectionString: database().url });
    await other.connect();
    await other.query('BEGIN');
  });
  afterEach(() => other.end());

  test('does not wait for a long read', async () => {
    await other.query('SELECT count(*) FROM purchases');
    const result = await importInto(await shop(BASIC));
    expect(result.transactions?.inserted).toBe(3);
    // The import is done, so nothing waits whatever is read next.
    await other.query('SELECT count(*) FROM customers, articles');
    await other.query('COMMIT');
  });

  test('keeps orders that were recorded before it locked the tables', async () => {
    await importInto(await shop(BASIC));
    await sql('TRUNCATE purchases');
    await other.query(`
      INSERT INTO purchases (customer_key, article_key, bought_at, line)
      SELECT c.key, a.key, '2021-03-02T08:30:00Z', 1 FROM customers AS c, articles AS a WHERE customer_id = 'bob' AND article_id = 's3'`);
    const importing = importInto(await shop(BASIC));
    for (let waiting = true; waiting;) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      // Waits until the import tries to lock the tables.
      const [{ looking }] = await sql<{ looking: boolean }>(
        `SELECT count(*) > 0 AS looking FROM pg_stat_activity WHERE datname = current_database()
           AND application_name = 'vitrine import' AND query ~ '(LOCK TABLE|ROLLBACK TO|ALTER TABLE)'`,
      );
      waiting = !looking;
    }
    await other.query('COMMIT');
    expect(brief((await importing).transactions)).toEqual({ inserted: 2, updated: 0, unchanged: 1, rejected: 0 });
  });
});

test('a failure or an abort after the commit takes nothing back', async () => {
  const control = new AbortController();
  const said: string[] = [];
  const reporter = {
    say: (line: string) => said.push(line),
    progress: (label: string) => ({
      ...silentReporter.progress(label),
      tick(_done: number, note?: string) {
        if (note === 'statistics') control.abort(new Error('stopped by hand'));
      },
    }),
  };
  const result = await importInto(await shop(BASIC), { reporter, signal: control.signal });
  expect(result).toMatchObject({ transactions: { inserted: 3 }, databaseBytes: null });
  expect(said.at(-1)).toContain('Everything is imported');
  expect(await sql('SELECT count(*)::int AS n FROM purchases')).toEqual([{ n: 3 }]);
});

test('a second import waits a while for the first one, then fails with a clear message', async () => {
  const other = new Client({ connectionString: database().url });
  await other.connect();
  await other.query('SELECT pg_advisory_lock(7641302)');
  const said: string[] = [];
  const waiting = importInto(await shop(BASIC), { reporter: { ...silentReporter, say: (line) => said.push(line) } });
  await expect(waiting).rejects.toMatchObject({
    code: 'DATABASE_UNAVAILABLE',
    message: expect.stringContaining('Another import') as string,
  });
  expect(said[0]).toContain('waiting');
  await other.end();
});

test('a killed import leaves nothing behind, and running it again gives the same rows as a clean one', async () => {
  const dir = place('killed');
  await generateShop(dir, { customers: 2_000, articles: 1_000, transactions: 60_000, days: 200 }, silentReporter);
  const clean = await createTestDatabase('clean');
  await importInto(dir, { databaseUrl: clean.url });

  for (const label of ['Importing transactions_train.csv', 'Merging']) {
    await killedImport(dir, label);
    const result = await importInto(dir);
    expect(result.transactions?.inserted).toBe(60_000);
    expect(await digest(database())).toEqual(await digest(clean));
    await sql('TRUNCATE articles, customers, purchases, facts RESTART IDENTITY CASCADE');
  }
  await clean.close();
});

/** A digest of all tables without keys, since sequences also advance in failed transactions. */
async function digest(of: TestDatabase): Promise<unknown[]> {
  return of.sql(`
    SELECT md5(string_agg((to_jsonb(a) - 'key' - 'updated_at')::text, ' ' ORDER BY article_id)) FROM articles AS a
    UNION ALL SELECT md5(string_agg((to_jsonb(c) - 'key')::text, ' ' ORDER BY customer_id)) FROM customers AS c
    UNION ALL SELECT md5(string_agg(row(customer_id, article_id, bought_at, purchases.price, sales_channel_id, line)::text, ' '
        ORDER BY customer_id, bought_at, article_id, line))
      FROM purchases JOIN customers AS c ON c.key = customer_key JOIN articles AS a ON a.key = article_key
    UNION ALL SELECT md5(string_agg(f::text, ' ' ORDER BY name)) FROM facts AS f`);
}

/** Runs the import in another process and kills it a moment after the step of this label began. */
async function killedImport(dir: string, label: string): Promise<void> {
  const script = `
    const { importShop } = require(${JSON.stringify(require.resolve('../../../src/data/import/import'))});
    const progress = (label) => (console.log(label), { tick() {}, done() {} });
    importShop(process.argv[1], { databaseUrl: process.argv[2], rejectsFile: process.argv[3], reporter: { progress, say() {} } });`;
  const child = spawn(process.execPath, ['-e', script, dir, database().url, `${rejectsFile()}.killed`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (text) => String(text).includes(label) && resolve());
    child.on('exit', () => reject(new Error(`the import ended before '${label}'`)));
  });
  await new Promise((resolve) => setTimeout(resolve, 60));
  child.kill('SIGKILL');
  expect((await ended)[1]).toBe('SIGKILL');
  expect(
    await sql('SELECT (SELECT count(*) FROM articles)::int AS a, (SELECT count(*) FROM purchases)::int AS p'),
  ).toEqual([{ a: 0, p: 0 }]);
}
