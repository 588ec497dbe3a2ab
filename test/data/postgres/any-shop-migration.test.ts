// The migration from H&M's columns to the tables of any shop.
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { migrate, MIGRATIONS_FOLDER } from '../../../src/data/postgres/migrate';
import { createTestDatabase, type TestDatabase } from '../../support/database';

const MIGRATION = '20261201060000_any_shop';

let database: TestDatabase;
let client: Client;
let before: string;

beforeAll(async () => {
  database = await createTestDatabase('any-shop');
  before = mkdtempSync(join(tmpdir(), 'vitrine-migrations-'));
  for (const name of readdirSync(MIGRATIONS_FOLDER)) {
    if (name < MIGRATION) cpSync(join(MIGRATIONS_FOLDER, name), join(before, name), { recursive: true });
  }
});
afterAll(async () => {
  rmSync(before, { recursive: true });
  await database.close();
});
beforeEach(async () => {
  // A database of the version before has its tables in a schema of its own.
  await database.sql('DROP SCHEMA IF EXISTS former CASCADE');
  await database.sql('CREATE SCHEMA former');
  client = new Client({ connectionString: database.url, options: '-c search_path=former' });
  await client.connect();
  await migrate(client, before);
  await client.query(FORMER_ROWS);
});
afterEach(() => client.end());

const FORMER_ROWS = `
  INSERT INTO articles (article_id, product_code, prod_name, product_type_name, product_group_name, index_group_name,
    colour_group_name, department_no, department_name, detail_desc, attributes)
  VALUES ('0108775015', '0108775', 'Strap top', 'Vest top', 'Garment Upper body', 'Ladieswear', 'Black', 1676,
    'Jersey Basic', 'Jersey top.', '{"brand": ["acme"], "weight": 1.2}'), ('bare', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}');
  INSERT INTO customers (customer_id, fn, active, club_member_status, age, postal_code)
  VALUES ('ada', true, NULL, 'ACTIVE', 36, '52043');
  INSERT INTO purchases (customer_key, article_key, bought_at, price, sales_channel_id)
  SELECT c.key, a.key, '2020-09-15', 20.96, 2 FROM customers c, articles a WHERE a.article_id = 'bare';
  INSERT INTO receipts VALUES ('r1', 1, 'hash', '2020-09-15', '{2}', '{1}');
  INSERT INTO recommendation_lists VALUES (1, '{1,2}', '{.5,.25}', 'release', '2020-09-15')`;

test('fields, attributes, purchases and stored lists of the version before are kept', async () => {
  const versions = async () =>
    (await client.query<{ key: unknown }>('SELECT key, updated_at FROM articles ORDER BY key')).rows;
  const then = await versions();
  expect(await migrate(client)).toContain(MIGRATION);
  expect(await versions()).toEqual(then.map((row) => ({ ...row, key: String(row.key) })));
  const { rows: articles } = await client.query(
    'SELECT article_id, name, description, product_id, category, colour, availability, listed, attributes FROM articles ORDER BY key',
  );
  expect(articles).toEqual([
    {
      article_id: '0108775015',
      name: 'Strap top',
      description: 'Jersey top.',
      product_id: '0108775',
      category: ['Ladieswear', 'Garment Upper body', 'Vest top'],
      colour: 'Black',
      availability: 'in_stock',
      listed: true,
      attributes: {
        brand: ['acme'],
        weight: 1.2,
        colour_group_name: ['Black'],
        department_name: ['Jersey Basic'],
        department_no: ['1676'],
        index_group_name: ['Ladieswear'],
        product_group_name: ['Garment Upper body'],
        product_type_name: ['Vest top'],
      },
    },
    expect.objectContaining({ article_id: 'bare', name: null, attributes: {} }),
  ]);
  expect((await client.query('SELECT age, attributes FROM customers')).rows).toEqual([
    { age: 36, attributes: { fn: true, postal_code: '52043', club_member_status: ['ACTIVE'] } },
  ]);
  // A price of 32 bits keeps its digits in 64.
  expect((await client.query('SELECT price, quantity, state, line, order_id FROM purchases')).rows).toEqual([
    { price: 20.96, quantity: 1, state: 'bought', line: 1, order_id: null },
  ]);
  expect((await client.query('SELECT article_id, score FROM recommendations ORDER BY rank')).rows).toEqual([
    { article_id: '0108775015', score: 0.5 },
    { article_id: 'bare', score: 0.25 },
  ]);
});

test('SQL that writes the former columns still works for one release', async () => {
  await migrate(client);
  await client.query(`
    INSERT INTO articles (article_id, prod_name, product_type_name, colour_group_name, department_name, detail_desc)
    VALUES ('new-1', 'Ada leggings', 'Leggings', 'Cream', 'Jersey essentials', 'Soft leggings.');
    UPDATE articles SET prod_name = 'Ada tights' WHERE article_id = 'new-1';
    INSERT INTO customers (customer_id, age, club_member_status) VALUES ('bob', 40, 'ACTIVE')`);
  const { rows } = await client.query(
    `SELECT name, description, colour, prod_name, attributes -> 'product_type_name' AS type FROM articles WHERE article_id = 'new-1'`,
  );
  expect(rows).toEqual([
    { name: 'Ada tights', description: 'Soft leggings.', colour: 'Cream', prod_name: null, type: ['Leggings'] },
  ]);
  const { rows: customers } = await client.query(`SELECT attributes FROM customers WHERE customer_id = 'bob'`);
  expect(customers).toEqual([{ attributes: { club_member_status: ['ACTIVE'] } }]);
});

test('a migration that is cut off changes nothing, and the next one does all', async () => {
  const reader = new Client({ connectionString: database.url, options: '-c search_path=former' });
  await reader.connect();
  try {
    // Somebody reads the purchases, so that the migration waits in its middle, and is killed there.
    await reader.query('BEGIN; SELECT * FROM purchases');
    const failing = migrate(client).then(
      () => 'done',
      () => 'cut off',
    );
    client.on('error', () => undefined);
    const pid = async () =>
      (
        await database.sql<{ pid: number }>(
          `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
        )
      )[0]?.pid;
    let waiting: number | undefined;
    while ((waiting = await pid()) === undefined);
    await database.sql('SELECT pg_terminate_backend($1)', [waiting]);
    expect(await failing).toBe('cut off');
    await reader.query('COMMIT');
    const { rows } = await reader.query(`SELECT prod_name FROM articles WHERE article_id = '0108775015'`);
    expect(rows).toEqual([{ prod_name: 'Strap top' }]);
    expect(await migrate(reader)).toContain(MIGRATION);
  } finally {
    await reader.end();
  }
});
