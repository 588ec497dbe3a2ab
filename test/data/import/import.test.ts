import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Client } from 'pg';
import { importShop, type ImportOptions, type ImportResult } from '../../../src/data/import/import';
import { generateShop } from '../../../src/demo/synthetic/generate';
import { silentReporter } from '../../../src/telemetry/progress';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let base: string;
let shops = 0;
let database: TestDatabase;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'vitrine-import-'));
  database = await createTestDatabase('import');
});
afterAll(async () => {
  await database.close();
  await rm(base, { recursive: true });
});
beforeEach(() => database.sql('TRUNCATE articles, customers, purchases, facts RESTART IDENTITY CASCADE'));

const ARTICLES = 'sku,title,text,price_band,brand,tags,weight\n';
const SALES = 'when,who,what,paid\n';
/** A made-up layout: what a shop.json is for. */
const MAPPING = {
  articles: {
    id: 'sku',
    name: 'title',
    description: 'text',
    categorical: ['brand'],
    multiValued: { tags: '|' },
    numeric: ['weight'],
  },
  transactions: { date: 'when', customer: 'who', article: 'what', price: 'paid' },
};
const BASIC = {
  'shop.json': JSON.stringify(MAPPING),
  'articles.csv': `${ARTICLES}s1,Soap,"Smells, good",low,acme,bath|hand | bath,0.2\ns2,Oil,,,,,\ns3,Brush,Soft,high,other,bath,1e1\n`,
  'transactions.csv': `${SALES}2021-03-01,ann,s1,2.5\n2021-03-01,ann,s1,2.5\n2021-03-02T10:30:00+02:00,bob,s3,\n`,
};

async function shop(files: Record<string, string | Buffer>): Promise<string> {
  const dir = join(base, String(++shops));
  await mkdir(dir);
  for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content);
  return dir;
}

const rejectsFile = () => join(base, 'rejects.csv');

function importInto(dir: string, options: Partial<ImportOptions> = {}): Promise<ImportResult> {
  return importShop(dir, {
    databaseUrl: database.url,
    rejectsFile: rejectsFile(),
    reporter: silentReporter,
    ...options,
  });
}

/** Everything that an import writes, but for the times of change. */
async function dump(of: TestDatabase = database): Promise<unknown[]> {
  return [
    await of.sql('SELECT a.*, NULL AS updated_at FROM articles AS a ORDER BY article_id'),
    await of.sql('SELECT * FROM customers ORDER BY customer_id'),
    await of.sql('SELECT * FROM purchases ORDER BY customer_key, bought_at, article_key, line'),
    await of.sql('SELECT * FROM facts ORDER BY name'),
  ];
}

const brief = ({ inserted, updated, unchanged, rejected }: ImportResult['articles']) => ({
  inserted,
  updated,
  unchanged,
  rejected,
});

test('a layout of its own is imported by the mapping of its shop.json, without a customers file', async () => {
  const result = await importInto(await shop(BASIC));
  expect(result).toMatchObject({ customers: null, bareCustomers: 2, rejected: 0, rejectsFile: null, synthetic: false });
  expect(brief(result.articles)).toEqual({ inserted: 3, updated: 0, unchanged: 0, rejected: 0 });
  expect(
    await database.sql('SELECT article_id, prod_name, detail_desc, attributes FROM articles ORDER BY key'),
  ).toEqual([
    {
      article_id: 's1',
      prod_name: 'Soap',
      detail_desc: 'Smells, good',
      attributes: { brand: ['acme'], tags: ['bath', 'hand'], weight: 0.2 },
    },
    { article_id: 's2', prod_name: 'Oil', detail_desc: null, attributes: {} },
    {
      article_id: 's3',
      prod_name: 'Brush',
      detail_desc: 'Soft',
      attributes: { brand: ['other'], tags: ['bath'], weight: 10 },
    },
  ]);
  expect(
    await database.sql(
      'SELECT customer_id, article_id, bought_at, price, line FROM purchases JOIN customers c ON c.key = customer_key JOIN articles a ON a.key = article_key ORDER BY 1, 5',
    ),
  ).toEqual([
    { customer_id: 'ann', article_id: 's1', bought_at: new Date('2021-03-01T00:00:00Z'), price: 2.5, line: 1 },
    { customer_id: 'ann', article_id: 's1', bought_at: new Date('2021-03-01T00:00:00Z'), price: 2.5, line: 2 },
    { customer_id: 'bob', article_id: 's3', bought_at: new Date('2021-03-02T08:30:00Z'), price: null, line: 1 },
  ]);
  expect(await database.sql('SELECT * FROM facts')).toEqual([{ name: 'mapping', value: MAPPING }]);
});

test("the built-in mapping reads H&M's layout, gzipped or not, and keeps that it is synthetic", async () => {
  const dir = join(base, 'synthetic');
  const options = await generateShop(
    dir,
    { customers: 200, articles: 150, transactions: 2_000, days: 60, seed: 3 },
    silentReporter,
  );
  await writeFile(join(dir, 'customers.csv.gz'), gzipSync(await readFile(join(dir, 'customers.csv'))));
  await rm(join(dir, 'customers.csv'));
  const result = await importInto(dir);
  expect(result).toMatchObject({ bareCustomers: 0, rejected: 0, synthetic: true });
  expect(brief(result.transactions)).toEqual({ inserted: 2_000, updated: 0, unchanged: 0, rejected: 0 });
  expect(await database.sql(`SELECT value FROM facts WHERE name = 'synthetic'`)).toEqual([
    { value: { ...options, generator: 1 } },
  ]);
  const header = (await readFile(join(dir, 'articles.csv'), 'utf8')).split('\n')[0].split(',');
  const columns = (
    await database.sql<{ name: string }>(
      `SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'articles'`,
    )
  ).map(({ name }) => name);
  expect(columns).toEqual(expect.arrayContaining(header));
  const [filled] = await database.sql<Record<string, number>>(
    `SELECT ${header.map((name) => `count(${name})::int AS ${name}`).join(', ')} FROM articles`,
  );
  for (const name of header) expect([name, filled[name]]).toEqual([name, 150]);

  await importInto(await shop(BASIC));
  expect(await database.sql(`SELECT value FROM facts WHERE name = 'synthetic'`)).toEqual([]);
});

test('importing the same files again changes nothing, not even when an article changed last', async () => {
  const dir = await shop(BASIC);
  await importInto(dir);
  const before = [await dump(), await database.sql('SELECT key, updated_at FROM articles')];
  const again = await importInto(dir);
  expect([await dump(), await database.sql('SELECT key, updated_at FROM articles')]).toEqual(before);
  expect(brief(again.articles)).toEqual({ inserted: 0, updated: 0, unchanged: 3, rejected: 0 });
  expect(brief(again.transactions)).toEqual({ inserted: 0, updated: 0, unchanged: 3, rejected: 0 });
  expect(again.bareCustomers).toBe(0);
});

test('rows that differ are updated, and only their articles count as changed', async () => {
  await importInto(await shop(BASIC));
  const versions = await database.sql<{ article_id: string; updated_at: Date }>(
    'SELECT article_id, updated_at FROM articles ORDER BY 1',
  );
  const result = await importInto(
    await shop({
      ...BASIC,
      'articles.csv': BASIC['articles.csv'].replace('Oil', 'Olive oil') + 's4,Comb,,,,,\n',
      'transactions.csv': BASIC['transactions.csv'].replace('s3,', 's3,9.5') + '2021-03-03,cy,s4,1\n',
    }),
  );
  expect(brief(result.articles)).toEqual({ inserted: 1, updated: 1, unchanged: 2, rejected: 0 });
  expect(brief(result.transactions)).toEqual({ inserted: 1, updated: 1, unchanged: 2, rejected: 0 });
  const now = await database.sql<{ article_id: string; updated_at: Date }>(
    'SELECT article_id, updated_at FROM articles ORDER BY 1',
  );
  const moved = now.filter(({ updated_at }, i) => updated_at.getTime() !== versions[i]?.updated_at.getTime());
  expect(moved.map(({ article_id }) => article_id)).toEqual(['s2', 's4']);
});

test('bad rows are written to the rejects file with line, reason and content; the rest is imported', async () => {
  const good = Array.from({ length: 60 }, (_, i) => `2021-03-01,ann,s${1 + (i % 3)},${i}`).join('\n');
  const bad = [
    '2021-02-30,ann,s1,1',
    'yesterday,ann,s1,1',
    '2021-03-01,,s1,1',
    `2021-03-01,${'x'.repeat(300)},s1,1`,
    '2021-03-01,ann,s1,1e99',
    '2021-03-01,ann,s1,cheap',
    '2021-03-01,ann,s9,1',
    '2021-03-01,a\0n,s1,1',
    '2021-03-01,ann',
    '2021-03-01,"ann"x,s1,1',
  ];
  const dir = await shop({
    ...BASIC,
    'transactions.csv': `${SALES}${good}\n${bad.join('\n')}\n2021-03-09T23:59:59.9Z,dee,s1,1\n`,
  });
  const result = await importInto(dir, { maxRejects: 0.2 });
  expect(brief(result.transactions)).toEqual({ inserted: 61, updated: 0, unchanged: 0, rejected: 10 });
  expect(result.transactions.rows).toBe(71);
  const lines = (await readFile(result.rejectsFile ?? '', 'utf8')).trim().split('\n');
  expect(lines[0]).toBe('file,line,reason,raw');
  const reasons = new Map(lines.slice(1).map((line) => [Number(line.split(',')[1]), line]));
  expect([...reasons.keys()].sort((a, b) => a - b)).toEqual([62, 63, 64, 65, 66, 67, 68, 69, 70, 71]);
  expect(reasons.get(62)).toContain("there is no such time as '2021-02-30'");
  expect(reasons.get(63)).toContain('when: expected a date such as');
  expect(reasons.get(64)).toContain('who: expected an id, got nothing');
  expect(reasons.get(65)).toContain('at most 256 characters, got 300');
  expect(reasons.get(66)).toContain('paid: expected a number');
  expect(reasons.get(67)).toContain("got 'cheap'");
  expect(reasons.get(68)).toContain('there is no article s9');
  expect(reasons.get(69)).toContain('NUL');
  expect(reasons.get(70)).toContain('expected 4 fields, got 2');
  expect(reasons.get(71)).toContain('a closing quote is followed by');
  // Kept to the second; who only has rejected rows is no customer.
  expect(await database.sql('SELECT max(bought_at) AS last FROM purchases')).toEqual([
    { last: new Date('2021-03-09T23:59:59Z') },
  ]);
  expect(await database.sql('SELECT customer_id FROM customers ORDER BY 1')).toEqual([
    { customer_id: 'ann' },
    { customer_id: 'dee' },
  ]);
});

test('an id that comes twice counts where it comes first', async () => {
  const dir = await shop({ ...BASIC, 'articles.csv': `${BASIC['articles.csv']}s1,Another soap,,,,,\n` });
  const result = await importInto(dir, { maxRejects: 0.25 });
  expect(brief(result.articles)).toEqual({ inserted: 3, updated: 0, unchanged: 0, rejected: 1 });
  expect(await readFile(rejectsFile(), 'utf8')).toContain('articles.csv,5,s1 was already on line 2,s1');
  expect(await database.sql(`SELECT prod_name FROM articles WHERE article_id = 's1'`)).toEqual([{ prod_name: 'Soap' }]);
});

test('more rejects than allowed are an error that names the rejects file, and nothing is imported', async () => {
  for (const bad of ['2021-03-01,ann,s1,much\n', '2021-03-01,ann,nothing,1\n']) {
    const rows = '2021-03-01,ann,s1,1\n'.repeat(98);
    const dir = await shop({ ...BASIC, 'transactions.csv': SALES + rows + bad + bad });
    await expect(importInto(dir)).rejects.toMatchObject({
      code: 'IMPORT_REJECTED',
      message: expect.stringMatching(/2 of 100 rows of transactions\.csv.*rejects\.csv/s) as string,
    });
    expect(await dump()).toEqual([[], [], [], []]);
    expect(await readFile(rejectsFile(), 'utf8')).toContain('transactions.csv,100,');
  }
  const dir = await shop({
    ...BASIC,
    'transactions.csv': `${SALES}${'2021-03-01,ann,s1,1\n'.repeat(99)}2021-03-01,ann,s1,much\n`,
  });
  expect((await importInto(dir)).rejected).toBe(1);
});

test('a mapping may be named instead of lying in the folder', async () => {
  const { 'shop.json': mapping, ...files } = BASIC;
  const path = join(base, 'mine.json');
  await writeFile(path, mapping);
  expect((await importInto(await shop(files), { mapping: path })).articles.inserted).toBe(3);
});

test('all faults of a mapping are told at once', async () => {
  const faulty = {
    articles: { name: 7, colour: 'c', multiValued: { tags: '' } },
    purchases: {},
    transactions: { date: 'when' },
  };
  const failure = importInto(await shop({ ...BASIC, 'shop.json': JSON.stringify(faulty) }));
  await expect(failure).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  const { message } = await failure.then(
    () => new Error(),
    (thrown: unknown) => thrown as Error,
  );
  for (const part of [
    'articles.id',
    'articles.name',
    'colour',
    'multiValued.tags',
    'purchases',
    'transactions.customer',
    'transactions.article',
  ]) {
    expect(message).toContain(part);
  }
  await expect(importInto(await shop({ ...BASIC, 'shop.json': '{' }))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});

test('columns and files that are not there are told at once, with what is there', async () => {
  const wrong = {
    articles: { id: 'id', name: 'title' },
    transactions: { date: 'day', customer: 'who', article: 'what' },
  };
  await expect(importInto(await shop({ ...BASIC, 'shop.json': JSON.stringify(wrong) }))).rejects.toThrow(
    /articles\.csv has no column 'id' \(for id\); its columns are sku, title.*\n.*transactions\.csv has no column 'day'/,
  );
  await expect(importInto(await shop({ 'articles.csv': BASIC['articles.csv'] }))).rejects.toThrow(
    /H&M's layout.*shop\.json[^]*prod_name[^]*no file of transactions: expected transactions_train\.csv/,
  );
  await expect(importInto(await shop({ ...BASIC, 'articles.csv': '' }))).rejects.toThrow('articles.csv is empty');
  await expect(importInto(await shop({ ...BASIC, 'articles.csv.gz': '' }))).rejects.toThrow(
    'both articles.csv and articles.csv.gz',
  );
  await expect(importInto(join(base, 'nowhere'))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});

test('a file that is cut off imports nothing', async () => {
  const whole = gzipSync(
    SALES + Array.from({ length: 20_000 }, (_, i) => `2021-03-01,c${(i * 7919) % 20_000},s1,${i}\n`).join(''),
  );
  const { 'transactions.csv': _, ...files } = BASIC;
  const dir = await shop({ ...files, 'transactions.csv.gz': whole.subarray(0, whole.length - 500) });
  await expect(importInto(dir)).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringContaining('transactions.csv.gz') as string,
  });
  expect(await dump()).toEqual([[], [], [], []]);
});

describe('what a mapping does not name, a later import does not touch:', () => {
  const FILES = {
    'shop.json': JSON.stringify({
      articles: { ...MAPPING.articles, productTypeName: 'price_band' },
      customers: { id: 'id', age: 'age', fn: 'news', categorical: ['country'], numeric: ['visits'] },
      transactions: { ...MAPPING.transactions, salesChannelId: 'channel' },
    }),
    'articles.csv': BASIC['articles.csv'],
    'customers.csv': 'id,age,news,country,visits\nann,36,1,FR,3\nbob,40,0,DE,\n',
    // Two pieces of one article at one time, and the dearer one in the channel that comes first.
    'transactions.csv':
      'when,who,what,paid,channel\n2021-03-01,ann,s1,2.5,2\n2021-03-01,ann,s1,9,1\n2021-03-02,bob,s3,4,1\n',
  };
  const fewer = (sections: object, files: object = {}) =>
    shop({ ...FILES, ...files, 'shop.json': JSON.stringify(sections) });
  const IDS = {
    articles: { id: 'sku' },
    customers: { id: 'id' },
    transactions: { date: 'when', customer: 'who', article: 'what' },
  };
  let whole: string;
  let before: unknown[];
  /** All rows, and when the articles were changed. */
  const everything = async () => [
    (await dump()).slice(0, 3),
    await database.sql('SELECT key, updated_at FROM articles ORDER BY 1'),
  ];
  beforeEach(async () => {
    whole = await shop(FILES);
    await importInto(whole);
    before = await everything();
  });

  test('an import of ids alone changes nothing, and neither does the first mapping after it', async () => {
    for (const dir of [await fewer(IDS), await fewer(IDS), whole]) {
      const result = await importInto(dir);
      expect([result.articles, result.customers, result.transactions].map((file) => file && brief(file))).toEqual([
        { inserted: 0, updated: 0, unchanged: 3, rejected: 0 },
        { inserted: 0, updated: 0, unchanged: 2, rejected: 0 },
        { inserted: 0, updated: 0, unchanged: 3, rejected: 0 },
      ]);
      expect(await everything()).toEqual(before);
    }
  });

  test('of articles and customers, neither columns nor attributes', async () => {
    const dir = await fewer(
      {
        ...IDS,
        articles: { id: 'sku', name: 'title', categorical: ['brand'] },
        customers: { id: 'id', numeric: ['visits'] },
      },
      {
        'articles.csv': FILES['articles.csv'].replace('Soap', 'Soft soap').replace('acme', 'new').replace('other', ''),
        'customers.csv': FILES['customers.csv'].replace('36,1,FR,3', '37,0,IT,4') + 'cy,1,1,FR,\n',
      },
    );
    expect(brief((await importInto(dir)).articles)).toEqual({ inserted: 0, updated: 2, unchanged: 1, rejected: 0 });
    const articles = await database.sql(
      'SELECT article_id, prod_name, detail_desc, product_type_name AS type, attributes FROM articles ORDER BY key',
    );
    expect(articles).toEqual([
      {
        article_id: 's1',
        prod_name: 'Soft soap',
        detail_desc: 'Smells, good',
        type: 'low',
        attributes: { brand: ['new'], tags: ['bath', 'hand'], weight: 0.2 },
      },
      { article_id: 's2', prod_name: 'Oil', detail_desc: null, type: null, attributes: {} },
      // An empty value of a column that is mapped says that it is unknown.
      {
        article_id: 's3',
        prod_name: 'Brush',
        detail_desc: 'Soft',
        type: 'high',
        attributes: { tags: ['bath'], weight: 10 },
      },
    ]);
    expect(await database.sql('SELECT customer_id, age, fn, attributes FROM customers ORDER BY 1')).toEqual([
      { customer_id: 'ann', age: 36, fn: true, attributes: { country: ['FR'], visits: 4 } },
      { customer_id: 'bob', age: 40, fn: false, attributes: { country: ['DE'] } },
      { customer_id: 'cy', age: null, fn: null, attributes: {} },
    ]);
    expect(await everything()).toMatchObject([{ 2: (before[0] as unknown[])[2] }, {}]);
  });

  const purchases = () =>
    database.sql<{ id: string; line: number; price: number | null; channel: number | null }>(
      `SELECT article_id AS id, line, price, sales_channel_id AS channel
       FROM purchases JOIN articles ON key = article_key ORDER BY 1, 2`,
    );

  test('of purchases neither prices nor channels, which stay together', async () => {
    const { date, customer, article } = MAPPING.transactions;
    for (const column of [{ price: 'paid' }, { salesChannelId: 'channel' }]) {
      const result = await importInto(await fewer({ ...IDS, transactions: { date, customer, article, ...column } }));
      expect(brief(result.transactions)).toEqual({ inserted: 0, updated: 0, unchanged: 3, rejected: 0 });
    }
    expect(await everything()).toEqual(before);
    // What is mapped is updated, and more pieces than are there are added, with nothing in the
    // other column.
    const dir = await fewer(
      { ...IDS, transactions: { date, customer, article, price: 'paid' } },
      {
        'transactions.csv':
          FILES['transactions.csv'].replace('9,1', '8,7') + '2021-03-01,ann,s1,30,7\n2021-03-02,bob,s3,,7\n',
      },
    );
    for (const counts of [
      { inserted: 2, updated: 1, unchanged: 2, rejected: 0 },
      { inserted: 0, updated: 0, unchanged: 5, rejected: 0 },
    ]) {
      expect(brief((await importInto(dir)).transactions)).toEqual(counts);
      expect(await purchases()).toEqual([
        { id: 's1', line: 1, price: 2.5, channel: 2 },
        { id: 's1', line: 2, price: 8, channel: 1 },
        { id: 's1', line: 3, price: 30, channel: null },
        { id: 's3', line: 1, price: 4, channel: 1 },
        { id: 's3', line: 2, price: null, channel: null },
      ]);
    }
  });

  test('a column that is mapped and empty says that the value is unknown, in every table', async () => {
    await importInto(
      await shop({
        ...FILES,
        'articles.csv': `${ARTICLES}s1,,,,,,\n`,
        'customers.csv': 'id,age,news,country,visits\nann,,,,\n',
        'transactions.csv': 'when,who,what,paid,channel\n2021-03-02,bob,s3,,\n',
      }),
    );
    expect(await database.sql(`SELECT prod_name, attributes FROM articles WHERE article_id = 's1'`)).toEqual([
      { prod_name: null, attributes: {} },
    ]);
    expect(await database.sql(`SELECT age, fn, attributes FROM customers WHERE customer_id = 'ann'`)).toEqual([
      { age: null, fn: null, attributes: {} },
    ]);
    expect((await purchases()).at(-1)).toEqual({ id: 's3', line: 1, price: null, channel: null });
  });

  test('a purchase is found again though orders were numbered in another order, or with gaps', async () => {
    await database.sql(`UPDATE purchases SET line = 7 WHERE price = 2.5`);
    expect(brief((await importInto(whole)).transactions)).toMatchObject({ inserted: 0, updated: 0, unchanged: 3 });
    const more = await shop({ ...FILES, 'transactions.csv': `${FILES['transactions.csv']}2021-03-01,ann,s1,50,1\n` });
    expect(brief((await importInto(more)).transactions)).toMatchObject({ inserted: 1, updated: 0, unchanged: 3 });
    expect((await purchases()).slice(0, 3).map(({ line, price }) => [line, price])).toEqual([
      [2, 9],
      [7, 2.5],
      [8, 50],
    ]);
  });
});

describe('keys of articles and customers', () => {
  const lastKeys = () =>
    database.sql(
      `SELECT (SELECT last_value FROM articles_key_seq) AS article, (SELECT last_value FROM customers_key_seq) AS customer`,
    );
  const CUSTOMERS = {
    'shop.json': JSON.stringify({ ...MAPPING, customers: { id: 'id', age: 'age' } }),
    'customers.csv': 'id,age\nann,36\ncy,20\n',
  };

  test('are taken by new rows alone: the same files again take none', async () => {
    const dir = await shop({ ...BASIC, ...CUSTOMERS });
    await importInto(dir);
    expect(await lastKeys()).toEqual([{ article: '3', customer: '3' }]);
    await importInto(dir);
    await importInto(await shop({ ...BASIC, ...CUSTOMERS, 'customers.csv': 'id,age\nann,37\ncy,21\ndee,1\n' }));
    expect(await lastKeys()).toEqual([{ article: '3', customer: '4' }]);
  });

  test('are taken by no import that is refused', async () => {
    const before = await lastKeys();
    const dir = await shop({ ...BASIC, ...CUSTOMERS, 'transactions.csv': `${SALES}2021-03-01,ann,s9,1\n` });
    await expect(importInto(dir)).rejects.toMatchObject({ code: 'IMPORT_REJECTED' });
    expect(await lastKeys()).toEqual(before);
  });

  test('that are used up are an error with the remedy', async () => {
    await database.sql(`SELECT setval('customers_key_seq', 2147483647)`);
    await expect(importInto(await shop(BASIC))).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringMatching(/customers_key_seq.*setval\('customers_key_seq'/s) as string,
    });
    expect(await dump()).toEqual([[], [], [], []]);
  });
});

describe('a file that is not UTF-8 imports nothing, and the message says where:', () => {
  const latin1 = (text: string) => Buffer.from(text, 'latin1');
  const FILES = {
    ...BASIC,
    'shop.json': JSON.stringify({ ...MAPPING, customers: { id: 'id', age: 'age' } }),
    'customers.csv': 'id,age\nann,36\n',
  };
  const { 'customers.csv': customers, ...without } = FILES;

  test.each<[string, Record<string, string | Buffer>, RegExp]>([
    [
      'articles whose ids differ in that byte alone',
      { ...FILES, 'articles.csv': latin1(`${ARTICLES}grö,a,,,,,\ngrü,b,,,,,\n`) },
      /articles\.csv, line 2: .*0xF6 at offset 46/,
    ],
    [
      'customers',
      { ...without, 'customers.csv.gz': gzipSync(latin1(`${customers}bö,1\n`)) },
      /customers\.csv\.gz, line 3: .*0xF6/,
    ],
    [
      'transactions',
      { ...FILES, 'transactions.csv': latin1(`${BASIC['transactions.csv']}2021-03-01,bö,s1,1\n`) },
      /transactions\.csv, line 5: .*0xF6/,
    ],
    [
      'the mapping',
      { ...FILES, 'shop.json': latin1('{\n "articles": { "id": "größe" }\n}') },
      /shop\.json, line 2: .*0xF6/,
    ],
    [
      'a mapping in UTF-16',
      { ...FILES, 'shop.json': Buffer.from('\ufeff{}', 'utf16le') },
      /shop\.json, line 1: .*UTF-16/,
    ],
  ])('%s', async (_what, files, message) => {
    await expect(importInto(await shop(files))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(message) as string,
    });
    expect(await dump()).toEqual([[], [], [], []]);
  });

  test('a mapping may begin with a byte order mark', async () => {
    const result = await importInto(await shop({ ...BASIC, 'shop.json': `\ufeff${BASIC['shop.json']}` }));
    expect(result.articles.inserted).toBe(3);
  });
});

test('numbers, times and ids that the database cannot hold are rejects with a reason, in every file', async () => {
  const mapping = {
    articles: { ...MAPPING.articles, productTypeNo: 'price_band' },
    customers: { id: 'id', age: 'age', active: 'active' },
    transactions: { ...MAPPING.transactions, salesChannelId: 'channel' },
  };
  const sale = (when: string, paid = '1', channel = '1', who = 'ann') => `${when},${who},s1,${paid},${channel}`;
  const bad: Record<string, [row: string, reason: string][]> = {
    'articles.csv': [
      [',a,,,,,', 'sku: expected an id'],
      [`${'x'.repeat(257)},a,,,,,`, 'at most 256 characters, got 257'],
      ['n\0,a,,,,,', 'sku: contains a NUL character'],
      ['n1,a\0,,,,,', 'title: contains a NUL character'],
      ['n2,a,,,b\0,,', 'brand: contains a NUL character'],
      ['n3,a,,2147483648,,,', 'price_band: expected a number up to'],
      ['n4,a,,,,,1e999', 'weight: expected a number up to'],
      ['n5,a,,,,,Infinity', 'weight: expected a number up to'],
    ],
    'customers.csv': [
      ['b1,1e10,', 'age: expected a number up to'],
      ['b2,36.5,', 'age: expected a whole number'],
      ['b3,NaN,', 'age: expected a number'],
      ['b4,,maybe', 'active: expected yes or no'],
    ],
    'transactions.csv': [
      [sale('2021-03-01', '1e-46'), "paid: expected 0 or a number beyond ±1e-45, got '1e-46'"],
      [sale('2021-03-01', '-1e-999'), "got '-1e-999'"],
      [sale('2021-03-01', '1e39'), 'paid: expected a number up to'],
      [sale('2021-03-01', 'NaN'), 'paid: expected a number'],
      [sale('2021-03-01', '-Infinity'), 'paid: expected a number'],
      [sale('2021-03-01', '1', '32768'), 'channel: expected a number up to'],
      [sale('0000-03-01'), 'there is no such time'],
      [sale('99999-03-01'), 'when: expected a date such as'],
      [sale('2021-02-31'), 'there is no such time'],
      [sale('2021-02-28T24:00:00'), 'there is no such time'],
      [sale('2021-02-28T10:00:00+99:99'), 'there is no such time'],
      [sale('9999-12-31T23:59:59-12:00'), 'there is no such time'],
      [sale('0100-01-01T00:00:00+01:00'), 'there is no such time'],
      [sale('2021-03-01', '1', '1', '\0'), 'who: contains a NUL character'],
    ],
  };
  const good: Record<string, string> = {
    'articles.csv': `${ARTICLES}s1,Soap,,2147483647,,,1e300\n`,
    'customers.csv': 'id,age,active\nann,0,yes\n',
    'transactions.csv': `when,who,what,paid,channel\n${sale('2021-03-01', '1e-45')}\n${sale('9999-12-31', '3.4e38', '32767')}\n${sale('0100-01-01', '0e-999')}\n`,
  };
  const files: Record<string, string> = { 'shop.json': JSON.stringify(mapping) };
  for (const [name, rows] of Object.entries(bad)) files[name] = good[name] + rows.map(([row]) => `${row}\n`).join('');
  const result = await importInto(await shop(files), { maxRejects: 1 });
  expect([result.articles, result.customers, result.transactions].map((file) => file && brief(file))).toEqual([
    { inserted: 1, updated: 0, unchanged: 0, rejected: bad['articles.csv'].length },
    { inserted: 1, updated: 0, unchanged: 0, rejected: bad['customers.csv'].length },
    { inserted: 3, updated: 0, unchanged: 0, rejected: bad['transactions.csv'].length },
  ]);
  const rejects = (await readFile(rejectsFile(), 'utf8')).split('\n');
  for (const [name, rows] of Object.entries(bad)) {
    const first = good[name].split('\n').length;
    for (const [i, [, reason]] of rows.entries()) {
      expect(rejects.find((line) => line.startsWith(`${name},${first + i},`))).toContain(reason);
    }
  }
});

test('more purchases of one article at one time than can be counted are rejects', async () => {
  const rows = `2021-03-01,ann,s1,1\n`.repeat(32_769);
  const dir = await shop({ ...BASIC, 'transactions.csv': `${SALES}2021-03-01,bob,s3,1\n${rows}` });
  const result = await importInto(dir);
  expect(brief(result.transactions)).toEqual({ inserted: 32_768, updated: 0, unchanged: 0, rejected: 2 });
  expect(await readFile(rejectsFile(), 'utf8')).toMatch(/transactions\.csv,32770,.*at most 32767 purchases/);
  expect(brief((await importInto(dir)).transactions)).toEqual({
    inserted: 0,
    updated: 0,
    unchanged: 32_768,
    rejected: 2,
  });
});

test("a row that a rule of the shop's own database refuses is a clear error", async () => {
  await database.sql(`ALTER TABLE articles ADD CONSTRAINT no_oil CHECK (prod_name <> 'Oil')`);
  try {
    await expect(importInto(await shop(BASIC))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/no_oil.*nothing was imported/s) as string,
    });
  } finally {
    await database.sql('ALTER TABLE articles DROP CONSTRAINT no_oil');
  }
});

test('texts of a mapping that the database cannot keep are faults of it', async () => {
  for (const odd of ['\0', '\ud800']) {
    const mapping = { ...MAPPING, articles: { id: 'sku', multiValued: { tags: odd } } };
    await expect(importInto(await shop({ ...BASIC, 'shop.json': JSON.stringify(mapping) }))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('articles.multiValued.tags') as string,
    });
  }
});

describe('rejects that cannot be written end the import with what to do, and nothing is imported:', () => {
  const bad = () => shop({ ...BASIC, 'transactions.csv': `${SALES}${'2021-03-01,ann,s1,much\n'.repeat(9)}` });
  const unwritable = (path: string) => ({
    code: 'STORAGE_UNAVAILABLE',
    message: expect.stringContaining(path) as string,
  });

  test('the folder cannot be made', async () => {
    await writeFile(join(base, 'plain'), '');
    for (const folder of [join(base, 'plain', 'below'), base]) {
      const rejectsFile = folder === base ? base : join(folder, 'rejects.csv');
      await expect(importInto(await bad(), { rejectsFile })).rejects.toMatchObject(unwritable(folder));
    }
  });

  test('the disk is full', async () => {
    const path = join(base, 'full', 'rejects.csv');
    const reporter = {
      ...silentReporter,
      progress: (label: string) => ({ ...silentReporter.progress(label), tick: () => void full() }),
    };
    // What is written there has no room. Made when the file of an earlier import is gone.
    const full = () => symlink('/dev/full', path).catch(() => undefined);
    const importing = importInto(await bad(), { rejectsFile: path, maxRejects: 1, reporter });
    await expect(importing).rejects.toMatchObject(unwritable(path));
    await expect(importing).rejects.toThrow('the disk is full');
    expect(await dump()).toEqual([[], [], [], []]);
  });
});

test('an import that is aborted ends with the reason and changes nothing', async () => {
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

test('a first import leaves keys and indexes of purchases as they were', async () => {
  const definitions = () =>
    database.sql(`
      SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conrelid = 'purchases'::regclass
      UNION ALL SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'purchases'::regclass
      ORDER BY name, definition`);
  const before = await definitions();
  const oids = () => database.sql(`SELECT indexrelid FROM pg_index WHERE indrelid = 'purchases'::regclass`);
  const former = await oids();
  await importInto(await shop(BASIC));
  expect(await definitions()).toEqual(before);
  // A primary key, two foreign ones, and an index by time at least; made anew.
  expect(before.length).toBeGreaterThanOrEqual(4);
  expect(await oids()).not.toEqual(former);
});

test('who may write rows but owns no table imports too, and keys and indexes stay the same ones', async () => {
  const role = `importer_${process.pid}`;
  await database.sql(`CREATE ROLE ${role}`);
  await database.sql(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`);
  await database.sql(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role}`);
  const oids = () => database.sql(`SELECT indexrelid FROM pg_index WHERE indrelid = 'purchases'::regclass ORDER BY 1`);
  const before = await oids();
  try {
    const url = new URL(database.url);
    url.searchParams.set('options', `-c role=${role}`);
    const result = await importInto(await shop(BASIC), { databaseUrl: url.toString() });
    expect(brief(result.transactions)).toEqual({ inserted: 3, updated: 0, unchanged: 0, rejected: 0 });
    expect(await oids()).toEqual(before);
  } finally {
    await database.sql(`DROP OWNED BY ${role}`);
    await database.sql(`DROP ROLE ${role}`);
  }
});

describe('while others use the tables, a first import', () => {
  let other: Client;
  beforeEach(async () => {
    other = new Client({ connectionString: database.url });
    await other.connect();
    await other.query('BEGIN');
  });
  afterEach(() => other.end());

  test('goes on beside one who reads and does not end', async () => {
    await other.query('SELECT count(*) FROM purchases');
    const result = await importInto(await shop(BASIC));
    expect(result.transactions.inserted).toBe(3);
    // In whatever order they read: the import is done, nobody waits.
    await other.query('SELECT count(*) FROM customers, articles');
    await other.query('COMMIT');
  });

  test('sees what was ordered before it had them to itself', async () => {
    await importInto(await shop(BASIC));
    await database.sql('TRUNCATE purchases');
    await other.query(`
      INSERT INTO purchases (customer_key, article_key, bought_at, line)
      SELECT c.key, a.key, '2021-03-02T08:30:00Z', 1 FROM customers AS c, articles AS a WHERE customer_id = 'bob' AND article_id = 's3'`);
    const importing = importInto(await shop(BASIC));
    for (let waiting = true; waiting;) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      // The import's transaction has written its articles' temporary tables and looks for its
      // moment.
      const [{ looking }] = await database.sql<{ looking: boolean }>(
        `SELECT count(*) > 0 AS looking FROM pg_stat_activity WHERE datname = current_database()
           AND application_name = 'vitrine import' AND query ~ '(LOCK TABLE|ROLLBACK TO|ALTER TABLE)'`,
      );
      waiting = !looking;
    }
    await other.query('COMMIT');
    expect(brief((await importing).transactions)).toEqual({ inserted: 2, updated: 0, unchanged: 1, rejected: 0 });
  });
});

test('what is stopped or fails when everything is imported takes nothing back', async () => {
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
  expect(await database.sql('SELECT count(*)::int AS n FROM purchases')).toEqual([{ n: 3 }]);
});

test('two imports at once are refused with a clear message', async () => {
  const other = new Client({ connectionString: database.url });
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

test('an import killed while it reads or merges leaves nothing, and run again ends in the same state', async () => {
  const dir = join(base, 'killed');
  await generateShop(dir, { customers: 2_000, articles: 1_000, transactions: 60_000, days: 200 }, silentReporter);
  const clean = await createTestDatabase('clean');
  await importInto(dir, { databaseUrl: clean.url });

  for (const label of ['Importing transactions_train.csv', 'Merging']) {
    await killedImport(dir, label);
    const result = await importInto(dir);
    expect(result.transactions.inserted).toBe(60_000);
    expect(await digest(database)).toEqual(await digest(clean));
    await database.sql('TRUNCATE articles, customers, purchases, facts RESTART IDENTITY CASCADE');
  }
  await clean.close();
});

/**
 * A digest of every table by the shop's ids: keys come from sequences, which a transaction that
 * fails moves as well.
 */
async function digest(of: TestDatabase): Promise<unknown[]> {
  return of.sql(`
    SELECT md5(string_agg((to_jsonb(a) - 'key' - 'updated_at')::text, ' ' ORDER BY article_id)) FROM articles AS a
    UNION ALL SELECT md5(string_agg((to_jsonb(c) - 'key')::text, ' ' ORDER BY customer_id)) FROM customers AS c
    UNION ALL SELECT md5(string_agg(row(customer_id, article_id, bought_at, price, sales_channel_id, line)::text, ' '
        ORDER BY customer_id, bought_at, article_id, line))
      FROM purchases JOIN customers AS c ON c.key = customer_key JOIN articles AS a ON a.key = article_key
    UNION ALL SELECT md5(string_agg(f::text, ' ' ORDER BY name)) FROM facts AS f`);
}

/**
 * Runs the import in a process of its own and kills it a moment after the step of this label has
 * begun.
 */
async function killedImport(dir: string, label: string): Promise<void> {
  const script = `
    const { importShop } = require(${JSON.stringify(require.resolve('../../../src/data/import/import'))});
    const progress = (label) => (console.log(label), { tick() {}, done() {} });
    importShop(process.argv[1], { databaseUrl: process.argv[2], rejectsFile: process.argv[3], reporter: { progress, say() {} } });`;
  const child = spawn(process.execPath, ['-e', script, dir, database.url, `${rejectsFile()}.killed`], {
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
    await database.sql('SELECT (SELECT count(*) FROM articles)::int AS a, (SELECT count(*) FROM purchases)::int AS p'),
  ).toEqual([{ a: 0, p: 0 }]);
}
