import { Client } from 'pg';
import { VitrineError } from '../../../src/errors';
import type { Store } from '../../../src/data/store/store';
import { openStore } from '../../../src/data/store/open-store';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let database: TestDatabase;
let store: Store;
const statements: string[] = [];

const ARTICLES = 12_000;
const day = (n: number) => new Date(Date.UTC(2020, 0, n));

beforeAll(async () => {
  database = await createTestDatabase('store');
  await database.sql(
    `INSERT INTO articles (article_id, prod_name, attributes)
     SELECT 'a' || i, 'Article ' || i, jsonb_build_object('weight', i) FROM generate_series(1, $1::int) AS i`,
    [ARTICLES],
  );
  await database.sql(
    `INSERT INTO customers (customer_id, age, fn) SELECT 'c' || i, 20 + i, i % 2 = 0 FROM generate_series(1, 30) AS i`,
  );
  // Customer 1 bought article d on day d of January. Customer 2 bought article 7 three times on one
  // day. The others bought nothing.
  await database.sql(
    `INSERT INTO purchases SELECT 1, d, '2020-01-01Z'::timestamptz + (d - 1) * interval '1 day', d / 10.0, 2, 1 FROM generate_series(1, 30) AS d`,
  );
  await database.sql(
    `INSERT INTO purchases SELECT 2, 7, '2020-01-20Z', NULL, NULL, line FROM generate_series(1, 3) AS line`,
  );
  store = openStore(database.url, { onQuery: (table) => statements.push(table) });
});
afterAll(async () => {
  await store.close();
  await database.close();
});
beforeEach(() => {
  statements.length = 0;
});

test('rows come in the order of their ids, null for missing ones, by one statement', async () => {
  const articles = await store.articlesById(['a5', 'nothing', 'a2', 'a5']);
  expect(articles.map((row) => row?.name)).toEqual(['Article 5', undefined, 'Article 2', 'Article 5']);
  expect(articles[1]).toBeNull();
  expect(statements).toEqual(['articles']);
  const customers = await store.customersById(['c3', 'C3', '']);
  expect(customers.map((row) => row?.age)).toEqual([23, undefined, undefined]);
  expect((await store.articlesByKey([3, -1])).map((row) => row?.id)).toEqual(['a3', undefined]);
  expect(statements).toEqual(['articles', 'customers', 'articles']);
});

test('a row has every field of the schema with its type', async () => {
  const [
    [read],
    {
      rows: [paged],
    },
  ] = [await store.articlesById(['a1']), await store.articlesPage(1)];
  expect(read).toEqual(paged);
  expect(read).toMatchObject({ key: 1, id: 'a1', description: null, attributes: { weight: 1 } });
  expect(read?.updatedAt).toBeInstanceOf(Date);
  const [
    [customer],
    {
      rows: [first],
    },
  ] = [await store.customersById(['c1']), await store.customersPage(1)];
  expect(customer).toEqual(first);
  expect(customer).toMatchObject({ age: 21, attributes: { fn: false } });
});

test('rows can be read by no key, or by more keys than a statement takes', async () => {
  expect(await store.articlesById([])).toEqual([]);
  expect(await store.latestPurchases([], 5)).toEqual([]);
  expect(statements).toEqual([]);
  const keys = Array.from({ length: ARTICLES }, (_, i) => ARTICLES - i);
  expect((await store.articlesByKey(keys)).map((row) => row?.key)).toEqual(keys);
  expect(statements).toEqual(['articles', 'articles']);
});

test('pages follow each other in the order of keys to the end', async () => {
  const first = await store.customersPage(20);
  expect(first.rows.map((row) => row.key)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(first.hasNext).toBe(true);
  const second = await store.customersPage(20, 20);
  expect(second.rows.map((row) => row.key)).toEqual(Array.from({ length: 10 }, (_, i) => i + 21));
  expect(second.hasNext).toBe(false);
});

test('the latest purchases of many customers are read by one statement, newest first', async () => {
  const [one, none, two, again] = await store.latestPurchases([1, 30, 2, 1], 4);
  expect(one.map((row) => row.articleKey)).toEqual([30, 29, 28, 27]);
  expect(one[0]).toEqual({ articleKey: 30, boughtAt: day(30), price: 3 });
  expect(none).toEqual([]);
  expect(two).toEqual(Array(3).fill({ articleKey: 7, boughtAt: day(20), price: null }));
  expect(again).toEqual(one);
  expect(statements).toEqual(['purchases']);
});

test('customers and their latest purchases are read by one statement', async () => {
  const [two, nobody, none, one] = await store.customersWithPurchases(['c2', 'nobody', 'c30', 'c1'], 4);
  expect(nobody).toBeNull();
  expect(none?.purchases).toEqual([]);
  expect(statements).toHaveLength(1);
  const [row, ...rest] = await store.customersById(['c1', 'c2']);
  expect([one?.customer, two?.customer]).toEqual([row, ...rest]);
  expect([one?.purchases, two?.purchases]).toEqual(await store.latestPurchases([1, 2], 4));
});

test('pages of purchases begin behind the cursor of each request, by one statement', async () => {
  const [first, other] = await store.purchasesPages([
    { customerKey: 1, first: 20 },
    { customerKey: 2, first: 2 },
  ]);
  if (first instanceof Error || other instanceof Error) throw new Error('expected pages');
  expect(first.rows.map((row) => row.articleKey)).toEqual(Array.from({ length: 20 }, (_, i) => 30 - i));
  expect([first.hasNext, other.hasNext]).toEqual([true, true]);
  expect(statements).toEqual(['purchases']);

  const rest = await store.purchasesPages([
    { customerKey: 1, first: 20, after: first.rows[19] },
    { customerKey: 2, first: 2, after: other.rows[1] },
    { customerKey: 1, first: -1 },
    { customerKey: 999, first: 5 },
    { customerKey: 1, first: 0 },
  ]);
  expect(rest.map((page) => (page instanceof Error ? page.name : page.rows.map((row) => row.articleKey)))).toEqual([
    [10, 9, 8, 7, 6, 5, 4, 3, 2, 1],
    [7],
    'VitrineError',
    [],
    [],
  ]);
  expect(rest[0]).toMatchObject({ hasNext: false });
  expect(rest[4]).toMatchObject({ hasNext: true });
});

test('sales are counted back from the newest purchase', async () => {
  await store.clock();
  statements.length = 0;
  const { clock, sales } = await store.articleSales([7, 28]);
  expect(clock).toEqual({ mode: 'replay', at: day(30) });
  const soldOf = (key: number) => [sales.get(key)?.units, sales.get(key)?.buyers];
  expect(soldOf(30)).toEqual([1, [1, 1]]);
  expect(soldOf(24)).toEqual([1, [1, 1]]);
  expect(soldOf(23)).toEqual([1, [0, 1]]);
  // Three of the four purchases are one customer's.
  expect(soldOf(7)).toEqual([4, [0, 2]]);
  expect(sales.has(2)).toBe(false);
  // The first statement reads the clock, which has not moved, the second one the sales before it.
  expect(statements).toEqual(['purchases', 'purchases']);
});

test('sales have the median of known prices, and the first sale of the window', async () => {
  const { sales } = await store.articleSales([7, 14]);
  expect(sales.get(30)).toEqual({ units: 1, buyers: [1, 1], price: 3, first: day(30), last: day(30) });
  // Article 7 was bought three times for an unknown price.
  expect(sales.get(7)).toEqual({ units: 3, buyers: [0, 1], price: null, first: day(20), last: day(20) });
});

test('the sales history of an article has all sales, and those of the last days before the clock', async () => {
  const history = await store.salesHistory(7);
  expect(history.get(1)).toEqual({ first: day(1), last: day(1), units: 1, lately: 0 });
  expect(history.get(7)).toMatchObject({ first: day(7), units: 4, lately: 0 });
  expect(history.get(30)).toMatchObject({ units: 1, lately: 1 });
  expect(history.get(31)).toBeUndefined();
  // The first statement reads the clock, the second one all purchases.
  expect(statements).toEqual(['purchases', 'purchases']);
});

test('sales by age are those of the window, with a band for customers of unknown age', async () => {
  await database.sql(`INSERT INTO purchases (customer_key, article_key, bought_at) VALUES (30, 5, '2020-01-29Z')`);
  await database.sql(`UPDATE customers SET age = NULL WHERE customer_id = 'c30'`);
  // Customer 1 is 21, customer 2 is 22.
  const bands = await store.salesByAge(day(30), 2, [21, 22]);
  expect(bands).toEqual([
    { band: 0, keys: [5], buyers: [1] },
    { band: 2, keys: [29, 30], buyers: [1, 1] },
  ]);
  const [, , third] = await store.salesByAge(day(30), 28, [21, 22]);
  expect(third).toEqual({ band: 3, keys: [7], buyers: [1] });
  expect((await store.salesByAge(day(30), 1, []))[0].band).toBe(1);
  expect(await store.salesByAge(day(1), 0, [21])).toEqual([]);
  await database.sql(`DELETE FROM purchases WHERE customer_key = 30`);
});

test('a changed article changes the latest versions and the state of all articles', async () => {
  await database.sql(`UPDATE articles SET prod_name = prod_name`);
  const versions = await store.articleVersions();
  expect(versions).toHaveLength(ARTICLES);
  const newest = Math.max(...versions.map(({ updatedAt }) => updatedAt.getTime()));
  const before = await store.articlesState();
  expect(await store.articlesState()).toBe(before);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await database.sql(`UPDATE articles SET prod_name = 'Changed' WHERE article_id = 'a77'`);
  const later = (await store.articleVersions(60)).filter(({ updatedAt }) => updatedAt.getTime() > newest);
  expect(later.map(({ key }) => key)).toEqual([77]);
  expect(await store.articleVersions(0)).toEqual([]);
  expect(await store.articleVersions(60)).toHaveLength(ARTICLES);
  expect(await store.articlesState()).not.toBe(before);
});

test('lists of customers who are being deleted are dropped, and other lists are saved', async () => {
  await database.sql(`INSERT INTO customers (customer_id) VALUES ('leaves'), ('stays')`);
  const keys = await database.sql<{ key: number }>(
    `SELECT key FROM customers WHERE customer_id IN ('leaves', 'stays') ORDER BY customer_id`,
  );
  await database.sql('BEGIN');
  await database.sql(`DELETE FROM customers WHERE customer_id = 'leaves'`);
  const saving = store.saveLists(
    keys.map(({ key }) => ({ customerKey: key, articleKeys: [1], scores: [0.5] })),
    'release',
  );
  const saved = saving.then(() => 'saved');
  await Promise.race([saved, new Promise((resolve) => setTimeout(resolve, 300))]);
  await database.sql('COMMIT');
  await saving;
  expect(await database.sql('SELECT customer_key AS key FROM recommendation_lists')).toEqual([keys[1]]);
  await database.sql(`DELETE FROM customers WHERE customer_id = 'stays'`);
});

test('while exclusive work runs, others are refused the same work until it ends or fails', async () => {
  const other = openStore(database.url);
  await store.alone('work', async () => {
    await expect(other.alone('work', async () => 1)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await other.alone('other work', async () => 2)).toBe(2);
  });
  await expect(store.alone('work', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await other.alone('work', async () => 3)).toBe(3);
  await other.close();
});

test('a statement is named by its text, and has no name behind a pooler', async () => {
  const query = jest.spyOn(Client.prototype, 'query');
  const namesIn = async (url: string) => {
    query.mockClear();
    const opened = openStore(url, { limits: { reads: 1, long: 1 } });
    await opened.customersById(['c1']);
    await opened.counts();
    await opened.close();
    return query.mock.calls.map(([asked]) => (asked as unknown as { name?: string }).name);
  };
  try {
    const names = await namesIn(database.url);
    expect(names.length).toBeGreaterThanOrEqual(2);
    for (const name of names) expect(name).toMatch(/^vitrine_[0-9a-f]{24}$/);
    expect(new Set(names).size).toBe(names.length);
    expect(await namesIn(database.url)).toEqual(names);
    const url = new URL(database.url);
    url.searchParams.set('pgbouncer', 'true');
    expect(await namesIn(url.toString())).toEqual(names.map(() => undefined));
  } finally {
    query.mockRestore();
  }
});

test('a purchase dated in the future does not set the clock', async () => {
  await database.sql(`INSERT INTO purchases (customer_key, article_key, bought_at) VALUES (1, 1, '2099-01-01')`);
  expect((await store.articleSales([7])).clock.at).toEqual(day(30));
  await database.sql(`DELETE FROM purchases WHERE bought_at > '2098-01-01'`);
});

test('times are the same in a database of another time zone, by `pg` and by Prisma', async () => {
  const other = await createTestDatabase('tokyo');
  await other.sql(`ALTER DATABASE "${new URL(other.url).pathname.slice(1)}" SET timezone = 'Asia/Tokyo'`);
  await other.sql(`INSERT INTO articles (article_id, updated_at) VALUES ('a1', '2020-01-02T03:04:05Z')`);
  const tokyo = openStore(other.url);
  const boughtAt = new Date('2020-01-03T00:00:00Z');
  const lines = [{ articleId: 'a1', price: null, salesChannelId: null }];
  await tokyo.recordOrder({ requestId: 'one', customerId: 'ada', boughtAt, lines });
  expect(await other.sql(`SELECT extract(epoch FROM bought_at)::float8 AS at FROM purchases`)).toEqual([
    { at: boughtAt.getTime() / 1000 },
  ]);
  const updatedAt = new Date('2020-01-02T03:04:05Z');
  expect((await tokyo.articlesPage(1)).rows).toEqual(await tokyo.articlesById(['a1']));
  expect(await tokyo.articleVersions()).toEqual([{ key: 1, updatedAt }]);
  for await (const [row] of tokyo.streamArticles()) expect(row.updatedAt).toEqual(updatedAt);
  expect((await tokyo.articleSales([7])).clock.at).toEqual(boughtAt);
  expect(await tokyo.purchasesPages([{ customerKey: 1, first: 1 }])).toMatchObject([{ rows: [{ boughtAt }] }]);
  await tokyo.close();
  await other.close();
});

test('clear deletes rows and facts', async () => {
  const other = await createTestDatabase('cleared');
  const emptied = openStore(other.url);
  await other.sql(`INSERT INTO articles (article_id) VALUES ('a')`);
  await emptied.setFact('kept', true);
  await emptied.clear();
  expect(await emptied.counts()).toMatchObject({ articles: 0, customers: 0, purchases: 0 });
  expect(await emptied.fact('kept')).toBeUndefined();
  await emptied.close();
  await other.close();
});

test('streams give every row once, in the order of keys', async () => {
  const keys: number[] = [];
  for await (const rows of store.streamArticles()) keys.push(...rows.map((row) => row.key));
  expect(keys).toEqual(Array.from({ length: ARTICLES }, (_, i) => i + 1));
  let customers = 0;
  for await (const rows of store.streamCustomers()) customers += rows.length;
  expect(customers).toBe(30);
});

test('all purchases are read as columns, ordered by customer, time, article and line', async () => {
  const { customer, article, at, price } = await store.readPurchases();
  expect(Array.from(customer)).toEqual([...new Array<number>(30).fill(1), 2, 2, 2]);
  expect(Array.from(article)).toEqual([...Array.from({ length: 30 }, (_, i) => i + 1), 7, 7, 7]);
  expect(at[0]).toBe(day(1).getTime() / 1_000);
  expect(at[32]).toBe(day(20).getTime() / 1_000);
  expect(price[3]).toBeCloseTo(0.4, 6);
  expect(Array.from(price.slice(30))).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  expect(statements).toEqual(['purchases']);
});

test('counts are right in a shop, and in an empty one', async () => {
  expect(await store.counts()).toEqual({
    articles: ARTICLES,
    customers: 30,
    purchases: 33,
    firstPurchase: day(1),
    lastPurchase: day(30),
  });
  const empty = await createTestDatabase('empty');
  const other = openStore(empty.url);
  expect(await other.counts()).toEqual({
    articles: 0,
    customers: 0,
    purchases: 0,
    firstPurchase: null,
    lastPurchase: null,
  });
  expect(await other.articleSales([7])).toMatchObject({ clock: { mode: 'live' }, sales: new Map() });
  expect((await other.readPurchases()).at).toHaveLength(0);
  await other.close();
  await empty.close();
});

test('facts are stored, replaced and deleted', async () => {
  expect(await store.fact('colour')).toBeUndefined();
  await store.setFact('colour', { name: 'red' });
  await store.setFact('colour', { name: 'blue', shades: [1, null] });
  expect(await store.fact('colour')).toEqual({ name: 'blue', shades: [1, null] });
  await store.setFact('colour', undefined);
  expect(await store.fact('colour')).toBeUndefined();
});

test('every method fails with a code if the database cannot be reached', async () => {
  const lost = openStore('postgresql://nobody:secret@127.0.0.1:1/nowhere');
  for (const question of [
    lost.ping(),
    lost.articlesById(['a']),
    lost.customersPage(1),
    lost.readPurchases(),
    lost.fact('x'),
  ]) {
    const error = await question.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(VitrineError);
    expect(error).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(String(error)).not.toContain('secret');
  }
  await lost.close();
});
