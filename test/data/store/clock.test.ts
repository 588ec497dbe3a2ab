// The shop's clock: the present in a live shop, the end of the data in a replayed one. Mistakes do
// not move it.
import type { Store } from '../../../src/data/store/store';
import { openStore } from '../../../src/data/store/open-store';
import { createTestDatabase, type TestDatabase } from '../../support/database';

const END = new Date('2020-09-22T12:00:00Z');
const CUSTOMERS = 50;

let database: TestDatabase;
let store: Store;
beforeAll(async () => {
  database = await createTestDatabase('clock');
  await database.sql(`INSERT INTO articles (article_id) SELECT 'a' || i FROM generate_series(1, 100) AS i`);
  await database.sql(`INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, ${CUSTOMERS}) AS i`);
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.sql('TRUNCATE purchases, receipts, facts');
  store = openStore(database.url);
});
afterEach(() => store.close());

/** Purchases of all articles in turn, an hour apart, the last one at the end. */
const sell = (count: number, end: string) =>
  database.sql(
    `INSERT INTO purchases (customer_key, article_key, bought_at, price)
     SELECT 1 + i % ${CUSTOMERS}, 1 + i % 100, (${end})::timestamptz - (i - 1) * interval '1 hour', 10
     FROM generate_series(1, ${count}) AS i`,
  );
const historic = (count: number) => sell(count, `'${END.toISOString()}'`);
/** Orders of one purchase each, by different customers. */
const stray = (count: number, time: string) =>
  database.sql(
    `INSERT INTO purchases (customer_key, article_key, bought_at, price)
     SELECT i, 1, ${time}, 99 FROM generate_series(1, ${count}) AS i`,
  );
const REPLAY = { mode: 'replay', at: END };

test('a shop without purchases is live', async () => {
  const { mode, at } = await store.clock();
  expect(mode).toBe('live');
  expect(Math.abs(at.getTime() - Date.now())).toBeLessThan(60_000);
});

test('a shop whose newest purchase is younger than 30 days is live, and else its data is replayed', async () => {
  await sell(200, `now() - interval '29 days'`);
  const live = await store.clock();
  expect(live.mode).toBe('live');
  expect(Math.abs(live.at.getTime() - Date.now())).toBeLessThan(60_000);
  await database.sql(`UPDATE purchases SET bought_at = bought_at - interval '2 days'`);
  const [{ newest }] = await database.sql<{ newest: Date }>('SELECT max(bought_at) AS newest FROM purchases');
  expect(await store.clock()).toEqual({ mode: 'replay', at: newest });
});

test('the setting wins over the description of the shop, which wins over the data', async () => {
  await historic(200);
  await store.setFact('mapping', { clock: 'live' });
  expect((await store.clock()).mode).toBe('live');
  const replaying = openStore(database.url, { clock: 'replay' });
  expect(await replaying.clock()).toEqual(REPLAY);
  await replaying.close();
});

test('one order that is dated now does not take trending articles and prices from a historic shop', async () => {
  await historic(200);
  const before = await store.articleSales([7, 28]);
  expect(before.sales.size).toBe(100);
  await stray(1, 'now()');
  expect(await store.articleSales([7, 28])).toEqual(before);
});

describe('a newer part of the data is a mistake', () => {
  test('if it is one order of several lines', async () => {
    await historic(200);
    await database.sql(
      `INSERT INTO purchases (customer_key, article_key, bought_at) SELECT 7, i, '2021-05-01Z' FROM generate_series(1, 15) AS i`,
    );
    expect(await store.clock()).toEqual(REPLAY);
  });

  test('if it is less than a thousandth, and not if it is more', async () => {
    await historic(3_500);
    await stray(3, `'2021-05-01Z'::timestamptz + i * interval '1 day'`);
    expect(await store.clock()).toEqual(REPLAY);
    await stray(1, `'2021-05-06Z'`);
    expect((await store.clock()).at).toEqual(new Date('2021-05-06Z'));
  });

  test('but not if it follows within 30 days', async () => {
    await historic(200);
    await stray(1, `'2020-10-20Z'`);
    expect((await store.clock()).at).toEqual(new Date('2020-10-20Z'));
  });

  test('but not if there are few other purchases', async () => {
    await historic(3);
    await stray(1, `'2021-05-01Z'`);
    expect((await store.clock()).at).toEqual(new Date('2021-05-01Z'));
  });
});

test('purchases in the future, returned and cancelled ones do not move the clock', async () => {
  await historic(200);
  await database.sql(
    `INSERT INTO purchases (customer_key, article_key, bought_at, quantity, state)
     VALUES (1, 1, '2099-01-01Z', 1, 'bought'), (1, 1, '2020-09-25Z', 1, 'cancelled'), (1, 1, '2020-09-26Z', -1, 'returned')`,
  );
  expect(await store.clock()).toEqual(REPLAY);
});

describe('orders through the API', () => {
  const order = (requestId: string, boughtAt?: Date) =>
    store.recordOrder({
      requestId,
      customerId: 'c1',
      ...(boughtAt && { boughtAt }),
      lines: [{ articleId: 'a1', price: 1, salesChannelId: null }],
    });

  test('do not move the clock of a replay, and count as sales', async () => {
    await historic(200);
    const { sales } = await store.articleSales([7]);
    await order('next');
    await order('a day later', new Date(END.getTime() + 86_400_000));
    expect(await store.clock()).toEqual(REPLAY);
    const later = await store.articleSales([7]);
    // A purchase is still within the bounds of sales just before the end of the day.
    expect(later.sales.get(1)?.units).toBe((sales.get(1)?.units ?? 0) + 1);
  });

  test('move it if they were recorded when the shop was live', async () => {
    await historic(200);
    await database.sql(
      `INSERT INTO purchases (customer_key, article_key, bought_at) SELECT i, 1, '2020-12-01Z' FROM generate_series(1, 20) AS i;
       INSERT INTO receipts SELECT 'r' || i, i, '', '2020-12-01Z', '{1}', '{1}' FROM generate_series(1, 20) AS i`,
    );
    expect((await store.clock()).at).toEqual(new Date('2020-12-01Z'));
  });
});

test('a clock that has moved is followed at once, forwards and backwards', async () => {
  await historic(200);
  expect(await store.clock()).toEqual(REPLAY);
  await stray(20, `'2020-10-01Z'`);
  expect((await store.clock()).at).toEqual(new Date('2020-10-01Z'));
  await database.sql(`DELETE FROM purchases WHERE bought_at = '2020-10-01Z'`);
  expect(await store.clock()).toEqual(REPLAY);
});
