import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { generateShop } from '../../../src/demo/synthetic/generate';
import { silentReporter } from '../../../src/telemetry/progress';
import { ARTICLES, BASIC, brief, MAPPING, SALES, useImports } from '../../support/imports';

const { dump, importInto, place, shop, sql } = useImports();

test('a shop with its own layout is imported by its shop.json, without a customers file', async () => {
  const result = await importInto(await shop(BASIC));
  expect(result).toMatchObject({ customers: null, bareCustomers: 2, rejected: 0, rejectsFile: null, synthetic: false });
  expect(brief(result.articles)).toEqual({ inserted: 3, updated: 0, unchanged: 0, rejected: 0 });
  expect(await sql('SELECT article_id, name, description, attributes FROM articles ORDER BY key')).toEqual([
    {
      article_id: 's1',
      name: 'Soap',
      description: 'Smells, good',
      attributes: { brand: ['acme'], tags: ['bath', 'hand'], weight: 0.2 },
    },
    { article_id: 's2', name: 'Oil', description: null, attributes: {} },
    {
      article_id: 's3',
      name: 'Brush',
      description: 'Soft',
      attributes: { brand: ['other'], tags: ['bath'], weight: 10 },
    },
  ]);
  expect(
    await sql(
      'SELECT customer_id, article_id, bought_at, p.price, line FROM purchases p JOIN customers c ON c.key = customer_key JOIN articles a ON a.key = article_key ORDER BY 1, 5',
    ),
  ).toEqual([
    { customer_id: 'ann', article_id: 's1', bought_at: new Date('2021-03-01T00:00:00Z'), price: 2.5, line: 1 },
    { customer_id: 'ann', article_id: 's1', bought_at: new Date('2021-03-01T00:00:00Z'), price: 2.5, line: 2 },
    { customer_id: 'bob', article_id: 's3', bought_at: new Date('2021-03-02T08:30:00Z'), price: null, line: 1 },
  ]);
  expect(await sql('SELECT * FROM facts')).toEqual([{ name: 'mapping', value: MAPPING }]);
});

test("the built-in mapping reads H&M's layout, gzipped or not, and stores that the shop is synthetic", async () => {
  const dir = place('synthetic');
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
  expect(await sql(`SELECT value FROM facts WHERE name = 'synthetic'`)).toEqual([
    { value: { ...options, generator: 1 } },
  ]);
  const header = (await readFile(join(dir, 'articles.csv'), 'utf8')).split('\n')[0].split(',');
  // Every column of the file is reachable: as a field, or as an attribute of its name.
  const fields = {
    article_id: 'article_id',
    prod_name: 'name',
    detail_desc: 'description',
    product_code: 'product_id',
  };
  for (const name of header) {
    const value = name in fields ? fields[name as keyof typeof fields] : `attributes -> '${name}' ->> 0`;
    const [{ filled }] = await sql<{ filled: number }>(`SELECT count(${value})::int AS filled FROM articles`);
    expect([name, filled]).toEqual([name, 150]);
  }

  await importInto(await shop(BASIC));
  expect(await sql(`SELECT value FROM facts WHERE name = 'synthetic'`)).toEqual([]);
});

test('importing the same files again changes nothing, not even updated_at', async () => {
  const dir = await shop(BASIC);
  await importInto(dir);
  const before = [await dump(), await sql('SELECT key, updated_at FROM articles')];
  const again = await importInto(dir);
  expect([await dump(), await sql('SELECT key, updated_at FROM articles')]).toEqual(before);
  expect(brief(again.articles)).toEqual({ inserted: 0, updated: 0, unchanged: 3, rejected: 0 });
  expect(brief(again.transactions)).toEqual({ inserted: 0, updated: 0, unchanged: 3, rejected: 0 });
  expect(again.bareCustomers).toBe(0);
});

test('rows that differ are updated, and updated_at changes for their articles only', async () => {
  await importInto(await shop(BASIC));
  const versions = await sql<{ article_id: string; updated_at: Date }>(
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
  const now = await sql<{ article_id: string; updated_at: Date }>(
    'SELECT article_id, updated_at FROM articles ORDER BY 1',
  );
  const moved = now.filter(({ updated_at }, i) => updated_at.getTime() !== versions[i]?.updated_at.getTime());
  expect(moved.map(({ article_id }) => article_id)).toEqual(['s2', 's4']);
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

describe('a later import does not touch columns that its mapping does not name:', () => {
  const FILES = {
    'shop.json': JSON.stringify({
      articles: { ...MAPPING.articles, productTypeName: 'price_band' },
      customers: { id: 'id', age: 'age', fn: 'news', categorical: ['country'], numeric: ['visits'] },
      transactions: { ...MAPPING.transactions, salesChannelId: 'channel' },
    }),
    'articles.csv': BASIC['articles.csv'],
    'customers.csv': 'id,age,news,country,visits\nann,36,1,FR,3\nbob,40,0,DE,\n',
    // Two pieces of one article at one time. The dearer one is in the first channel.
    'transactions.csv':
      'when,who,what,paid,channel\n2021-03-01T10:00Z,ann,s1,2.5,2\n2021-03-01T10:00Z,ann,s1,9,1\n2021-03-02T09:30Z,bob,s3,4,1\n',
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
  /** All rows, and the times at which articles changed. */
  const everything = async () => [
    (await dump()).slice(0, 3),
    await sql('SELECT key, updated_at FROM articles ORDER BY 1'),
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

  test('neither columns nor attributes of articles and customers', async () => {
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
    const articles = await sql('SELECT article_id, name, description, attributes FROM articles ORDER BY key');
    expect(articles).toEqual([
      {
        article_id: 's1',
        name: 'Soft soap',
        description: 'Smells, good',
        attributes: { brand: ['new'], product_type_name: ['low'], tags: ['bath', 'hand'], weight: 0.2 },
      },
      { article_id: 's2', name: 'Oil', description: null, attributes: {} },
      // An empty value of a mapped column means that it is unknown.
      {
        article_id: 's3',
        name: 'Brush',
        description: 'Soft',
        attributes: { product_type_name: ['high'], tags: ['bath'], weight: 10 },
      },
    ]);
    expect(await sql('SELECT customer_id, age, attributes FROM customers ORDER BY 1')).toEqual([
      { customer_id: 'ann', age: 36, attributes: { fn: true, country: ['FR'], visits: 4 } },
      { customer_id: 'bob', age: 40, attributes: { fn: false, country: ['DE'] } },
      { customer_id: 'cy', age: null, attributes: {} },
    ]);
    expect(await everything()).toMatchObject([{ 2: (before[0] as unknown[])[2] }, {}]);
  });

  const purchases = () =>
    sql<{ id: string; line: number; price: number | null; channel: number | null }>(
      `SELECT article_id AS id, line, purchases.price, sales_channel_id AS channel
       FROM purchases JOIN articles ON key = article_key ORDER BY 1, 2`,
    );

  test('neither prices nor channels of purchases, which stay together', async () => {
    const { date, customer, article } = MAPPING.transactions;
    for (const column of [{ price: 'paid' }, { salesChannelId: 'channel' }]) {
      const result = await importInto(await fewer({ ...IDS, transactions: { date, customer, article, ...column } }));
      expect(brief(result.transactions)).toEqual({ inserted: 0, updated: 0, unchanged: 3, rejected: 0 });
    }
    expect(await everything()).toEqual(before);
    // The mapped column is updated. Further pieces are added with null in the other column.
    const dir = await fewer(
      { ...IDS, transactions: { date, customer, article, price: 'paid' } },
      {
        'transactions.csv':
          FILES['transactions.csv'].replace('9,1', '8,7') +
          '2021-03-01T10:00Z,ann,s1,30,7\n2021-03-02T09:30Z,bob,s3,,7\n',
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

  test('but an empty value of a mapped column becomes null, in every table', async () => {
    await importInto(
      await shop({
        ...FILES,
        'articles.csv': `${ARTICLES}s1,,,,,,\n`,
        'customers.csv': 'id,age,news,country,visits\nann,,,,\n',
        'transactions.csv': 'when,who,what,paid,channel\n2021-03-02T09:30Z,bob,s3,,\n',
      }),
    );
    expect(await sql(`SELECT name, attributes FROM articles WHERE article_id = 's1'`)).toEqual([
      { name: null, attributes: {} },
    ]);
    expect(await sql(`SELECT age, attributes FROM customers WHERE customer_id = 'ann'`)).toEqual([
      { age: null, attributes: {} },
    ]);
    expect((await purchases()).at(-1)).toEqual({ id: 's3', line: 1, price: null, channel: null });
  });

  test('purchases are matched even if their lines have another order or gaps', async () => {
    await sql(`UPDATE purchases SET line = 7 WHERE price = 2.5`);
    expect(brief((await importInto(whole)).transactions)).toMatchObject({ inserted: 0, updated: 0, unchanged: 3 });
    const more = await shop({
      ...FILES,
      'transactions.csv': `${FILES['transactions.csv']}2021-03-01T10:00Z,ann,s1,50,1\n`,
    });
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
    sql(
      `SELECT (SELECT last_value FROM articles_key_seq) AS article, (SELECT last_value FROM customers_key_seq) AS customer`,
    );
  const CUSTOMERS = {
    'shop.json': JSON.stringify({ ...MAPPING, customers: { id: 'id', age: 'age' } }),
    'customers.csv': 'id,age\nann,36\ncy,20\n',
  };

  test('are taken by new rows only', async () => {
    const dir = await shop({ ...BASIC, ...CUSTOMERS });
    await importInto(dir);
    expect(await lastKeys()).toEqual([{ article: '3', customer: '3' }]);
    await importInto(dir);
    await importInto(await shop({ ...BASIC, ...CUSTOMERS, 'customers.csv': 'id,age\nann,37\ncy,21\ndee,1\n' }));
    expect(await lastKeys()).toEqual([{ article: '3', customer: '4' }]);
  });

  test('are not taken by a refused import', async () => {
    const before = await lastKeys();
    const dir = await shop({ ...BASIC, ...CUSTOMERS, 'transactions.csv': `${SALES}yesterday,ann,s9,1\n` });
    await expect(importInto(dir)).rejects.toMatchObject({ code: 'IMPORT_REJECTED' });
    expect(await lastKeys()).toEqual(before);
  });

  test('that have run out are an error with the remedy', async () => {
    await sql(`SELECT setval('customers_key_seq', 9223372036854775807)`);
    await expect(importInto(await shop(BASIC))).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringMatching(/customers_key_seq.*setval\('customers_key_seq'/s) as string,
    });
    expect(await dump()).toEqual([[], [], [], []]);
  });
});
