import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { migrate, MIGRATIONS_FOLDER } from '../../../src/data/postgres/migrate';
import { VitrineError } from '../../../src/errors';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let database: TestDatabase;
let clients: Client[];
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase('migrate');
});
afterAll(() => database.close());

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitrine-migrations-'));
  // Each test has an empty schema of its own, which its connections use like a database.
  await database.sql('DROP SCHEMA IF EXISTS trial CASCADE');
  await database.sql('CREATE SCHEMA trial');
  clients = [];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.end()));
  rmSync(folder, { recursive: true });
});

describe('migrations', () => {
  test('are applied in the order of their names, once', async () => {
    write('2_second', 'ALTER TABLE things ADD COLUMN colour TEXT');
    write('1_first', 'CREATE TABLE things (id INT)');
    const client = await connect();
    expect(await migrate(client, folder)).toEqual(['1_first', '2_second']);
    expect(await migrate(client, folder)).toEqual([]);
    write('3_third', 'ALTER TABLE things ADD COLUMN size INT; ALTER TABLE things ADD COLUMN weight INT');
    expect(await migrate(client, folder)).toEqual(['3_third']);
  });

  test('are recorded as Prisma does: checksum of the file, finished, one step', async () => {
    write('1_first', 'CREATE TABLE things (id INT)');
    await migrate(await connect(), folder);
    const [row] = await database.sql('SELECT * FROM trial._prisma_migrations');
    expect(row).toMatchObject({
      // sha256sum of the file
      checksum: 'ab7db22fe95c9841aa9f648ed4413c99a0f652856ea92d42d91232849d814d7f',
      migration_name: '1_first',
      logs: null,
      rolled_back_at: null,
      applied_steps_count: 1,
    });
    expect(row['finished_at']).toBeInstanceOf(Date);
  });

  test('are refused after a file has changed, and nothing is applied', async () => {
    write('1_first', 'CREATE TABLE things (id INT)');
    const client = await connect();
    await migrate(client, folder);
    write('1_first', 'CREATE TABLE things (id BIGINT)');
    write('2_second', 'CREATE TABLE more (id INT)');
    await expect(migrate(client, folder)).rejects.toThrow(/1_first was applied to this database with other contents/);
    expect(await database.sql("SELECT to_regclass('trial.more') AS more")).toEqual([{ more: null }]);
  });

  test('are all undone when one fails', async () => {
    write('1_first', 'CREATE TABLE things (id INT)');
    write('2_second', 'CREATE TABLE things (id INT)');
    const client = await connect();
    const failed = await migrate(client, folder).catch((thrown: unknown) => thrown);
    expect(failed).toBeInstanceOf(VitrineError);
    expect(failed).toMatchObject({ message: 'migration 2_second failed: relation "things" already exists' });
    expect(await database.sql("SELECT to_regclass('trial.things') AS things")).toEqual([{ things: null }]);
    write('2_second', 'SELECT 1');
    expect(await migrate(client, folder)).toEqual(['1_first', '2_second']);
  });

  test('that Prisma left half-way are reported and not repeated', async () => {
    write('1_first', 'CREATE TABLE things (id INT)');
    const client = await connect();
    await migrate(client, folder);
    await database.sql('UPDATE trial._prisma_migrations SET finished_at = NULL');
    await expect(migrate(client, folder)).rejects.toThrow(
      /1_first has failed half-way.*prisma migrate resolve --rolled-back 1_first/,
    );
    await database.sql('UPDATE trial._prisma_migrations SET rolled_back_at = now()');
    await database.sql('DROP TABLE trial.things');
    expect(await migrate(client, folder)).toEqual(['1_first']);
  });

  test('of a newer program are refused by their name, and nothing is applied', async () => {
    write('1_first', 'CREATE TABLE things (id INT)');
    write('3_third', 'SELECT 1');
    const client = await connect();
    await migrate(client, folder);
    // The older program has only the first migration, and another migration that it would apply.
    rmSync(join(folder, '3_third'), { recursive: true });
    write('2_second', 'CREATE TABLE more (id INT)');
    await expect(migrate(client, folder)).rejects.toMatchObject({
      code: 'DATABASE_NEWER',
      message: expect.stringMatching(/migration 3_third, which this version.*it knows is 2_second/) as string,
    });
    expect(await database.sql("SELECT to_regclass('trial.more') AS more")).toEqual([{ more: null }]);
    // A migration that failed half-way has changed the database. One that was rolled back has not.
    await database.sql("UPDATE trial._prisma_migrations SET finished_at = NULL WHERE migration_name = '3_third'");
    await expect(migrate(client, folder)).rejects.toMatchObject({ code: 'DATABASE_NEWER' });
    await database.sql("UPDATE trial._prisma_migrations SET rolled_back_at = now() WHERE migration_name = '3_third'");
    expect(await migrate(client, folder)).toEqual(['2_second']);
  });

  test('of another program are refused', async () => {
    write('1_theirs', 'CREATE TABLE users (id INT)');
    const client = await connect();
    await migrate(client, folder);
    rmSync(join(folder, '1_theirs'), { recursive: true });
    write('1_first', 'CREATE TABLE things (id INT)');
    await expect(migrate(client, folder)).rejects.toThrow(/another program.*1_theirs.*a database of its own/);
    expect(await database.sql("SELECT to_regclass('trial.things') AS things")).toEqual([{ things: null }]);
  });

  test('are applied once if several processes start together', async () => {
    write('1_first', 'SELECT pg_sleep(0.1); CREATE TABLE things (id INT)');
    const all = await Promise.all([connect(), connect(), connect(), connect()]);
    const applied = await Promise.all(all.map((client) => migrate(client, folder)));
    expect(applied.flat()).toEqual(['1_first']);
  });
});

describe("the shop's schema", () => {
  test('is the result of the migrations, and leaves nothing to apply', async () => {
    expect(await migrate(await connect('public'), MIGRATIONS_FOLDER)).toEqual([]);
  });

  test('changes updated_at with every change of an article, also within one transaction', async () => {
    await database.sql("INSERT INTO articles (article_id) VALUES ('a'), ('b')");
    const times = async () =>
      (
        await database.sql<{ at: Date; id: string }>(
          'SELECT article_id AS id, updated_at::text AS at FROM articles ORDER BY 1',
        )
      ).map(({ at }) => String(at));
    const [a, b] = await times();
    const client = await connect('public');
    await client.query('BEGIN');
    await client.query("UPDATE articles SET prod_name = 'A' WHERE article_id = 'a'");
    await client.query("UPDATE articles SET prod_name = 'B', updated_at = 'epoch' WHERE article_id = 'b'");
    await client.query('COMMIT');
    const [laterA, laterB] = await times();
    expect(laterA > a && laterB > b && laterB > laterA).toBe(true);
  });

  test('deletes purchases with their customer or article', async () => {
    await expect(database.sql("INSERT INTO purchases VALUES (1, 999, '2020-01-01')")).rejects.toThrow(/foreign key/);
    const [{ article }] = await database.sql<{ article: number }>(
      "INSERT INTO articles (article_id) VALUES ('c') RETURNING key AS article",
    );
    const [{ customer }] = await database.sql<{ customer: number }>(
      "INSERT INTO customers (customer_id) VALUES ('c') RETURNING key AS customer",
    );
    await database.sql("INSERT INTO purchases VALUES ($1, $2, '2020-01-01')", [customer, article]);
    await database.sql('DELETE FROM customers WHERE key = $1', [customer]);
    expect(await database.sql('SELECT * FROM purchases')).toEqual([]);
  });
});

function write(name: string, sql: string): void {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'migration.sql'), sql);
}

async function connect(schema = 'trial'): Promise<Client> {
  const client = new Client({ connectionString: database.url, options: `-c search_path=${schema}` });
  await client.connect();
  clients.push(client);
  return client;
}
