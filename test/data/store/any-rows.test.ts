// Rows as any shop may have them: keys of 64 bits, prices that JSON cannot write, times of all
// centuries, states and quantities.
import { momentOf } from '../../../src/dataset/moments';
import { encodeDataset, readPurchaseLog } from '../../../src/dataset/read';
import type { Store } from '../../../src/data/store/store';
import { openStore } from '../../../src/data/store/open-store';
import { silentReporter } from '../../../src/telemetry/progress';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let database: TestDatabase;
let store: Store;
beforeAll(async () => {
  database = await createTestDatabase('any-rows');
  store = openStore(database.url);
});
afterAll(async () => {
  await store.close();
  await database.close();
});
beforeEach(() => store.clear());

const BIG = 2 ** 40;

test('keys beyond 32 bits are read, paged, bought, saved and learnt from', async () => {
  await database.sql(`INSERT INTO articles (key, article_id) VALUES (1, 'small'), (${BIG}, 'big')`);
  await database.sql(`INSERT INTO customers (key, customer_id) VALUES (7, 'ada'), (${BIG + 1}, 'bo')`);
  const lines = [{ articleId: 'big', price: 2, salesChannelId: null }];
  for (const customerId of ['ada', 'bo']) await store.recordOrder({ requestId: customerId, customerId, lines });
  expect((await store.articlesByKey([BIG, 1])).map((row) => row?.id)).toEqual(['big', 'small']);
  expect((await store.customersPage(5, BIG)).rows).toMatchObject([{ key: BIG + 1, id: 'bo' }]);
  const [[latest]] = await store.latestPurchases([BIG + 1], 1);
  expect(latest).toMatchObject({ articleKey: BIG, price: 2 });
  const [page] = await store.purchasesPages([{ customerKey: BIG + 1, first: 1, after: { ...latest, line: 2 } }]);
  expect(page).toMatchObject({ rows: [{ customerKey: BIG + 1, articleKey: BIG, line: 1 }] });
  expect([...(await store.articleSales([7])).sales.keys()]).toEqual([BIG]);
  await store.saveLists([{ customerKey: BIG + 1, articleKeys: [BIG, 1], scores: [1, 0.5] }], 'release');
  expect(await database.sql('SELECT article_id FROM recommendations ORDER BY rank')).toEqual([
    { article_id: 'big' },
    { article_id: 'small' },
  ]);
  const { customer, article } = await store.readPurchases();
  expect([[...customer], [...article]]).toEqual([
    [7, BIG + 1],
    [BIG, BIG],
  ]);
  const raw = await readPurchaseLog(store, silentReporter);
  const shop = await encodeDataset(store, raw, { before: Infinity }, silentReporter);
  expect([...shop.offsets]).toEqual([0, 1, 2]);
});

test('every field of an article comes as it was written', async () => {
  const name = 'Tab\t "quoted" \\ 😀 \u2028';
  const publishedAt = new Date('1899-12-31T23:59:59Z');
  await database.sql(
    `INSERT INTO articles (article_id, name, category, price, list_price, currency, availability, published_at, hidden, attributes)
     VALUES ('a', $2, '{Women,"Dresses, long"}', 'NaN', 1e300, 'EUR', 'preorder', $1, true,
       '{"__proto__": ["x"], "weight": 0.1, "care": "30°"}')`,
    [publishedAt, name],
  );
  const [row] = await store.articlesById(['a']);
  expect(row).toMatchObject({
    name,
    category: ['Women', 'Dresses, long'],
    price: Number.NaN,
    listPrice: 1e300,
    currency: 'EUR',
    availability: 'preorder',
    publishedAt,
    hidden: true,
    listed: true,
    brand: null,
  });
  expect(Object.entries(row?.attributes ?? {})).toEqual([
    ['care', '30°'],
    ['weight', 0.1],
    ['__proto__', ['x']],
  ]);
});

test('a purchase keeps its quantity, state, order id and price, also one that is not a number', async () => {
  await database.sql(`INSERT INTO articles (article_id) VALUES ('a')`);
  await database.sql(`INSERT INTO customers (customer_id) VALUES ('ada')`);
  await database.sql(
    `INSERT INTO purchases (customer_key, article_key, bought_at, line, price, quantity, state, order_id)
     SELECT c.key, a.key, '1999-12-31T23:59:59Z', line, p.price, quantity, state::purchase_state, order_id
     FROM customers c, articles a, (VALUES (1, 'NaN'::float8, 300, 'bought', 'W-1'), (2, -0.1, 1, 'cancelled', NULL), (3, 5, -1, 'returned', NULL))
       AS p(line, price, quantity, state, order_id)`,
  );
  const [customer] = await store.customersById(['ada']);
  const [page] = await store.purchasesPages([{ customerKey: customer?.key ?? 0, first: 5 }]);
  const boughtAt = new Date('1999-12-31T23:59:59Z');
  expect(page).toMatchObject({
    rows: [
      { boughtAt, line: 3, price: 5, quantity: -1, state: 'returned', orderId: null },
      { boughtAt, line: 2, price: -0.1, quantity: 1, state: 'cancelled', orderId: null },
      { boughtAt, line: 1, price: Number.NaN, quantity: 300, state: 'bought', orderId: 'W-1' },
    ],
  });
  const [latest] = await store.latestPurchases([customer?.key ?? 0], 5);
  expect(latest).toMatchObject([{ boughtAt, price: Number.NaN }]);
  const { quantity, price } = await store.readPurchases();
  expect([[...quantity], [...price]]).toEqual([[300], [Number.NaN]]);
});

test('only purchases that count are sold pieces, and training counts the same as serving', async () => {
  await database.sql(`INSERT INTO articles (article_id) SELECT 'a' || i FROM generate_series(1, 6) AS i`);
  await database.sql(`INSERT INTO customers (customer_id) SELECT 'c' || i FROM generate_series(1, 9) AS i`);
  await database.sql(
    `INSERT INTO purchases (customer_key, article_key, bought_at, line, price, quantity, state)
     SELECT c.key, a.key, '2020-09-22Z'::timestamptz - (i * 5 + c.key % 9) * interval '1 day', i,
       CASE WHEN i % 4 > 0 THEN (a.key * 7 + c.key * 3 + i * i) % 11 + 0.25 END, 1 + (c.key + i) % 3,
       CASE WHEN (c.key + a.key * 3 + i) % 7 = 0 THEN 'cancelled' ELSE 'bought' END::purchase_state
     FROM customers c, articles a, generate_series(0, 9) AS i WHERE (c.key * 5 + a.key + i) % 3 = 0`,
  );
  const { clock, sales } = await store.articleSales([7, 28]);
  const history = await store.salesHistory(91);
  const raw = await readPurchaseLog(store, silentReporter);
  const shop = await encodeDataset(store, raw, { before: Infinity }, silentReporter);
  const moment = momentOf(shop, clock.at.getTime() / 1000 + 1);
  const served = shop.catalogue.keys.map((key) => {
    const sold = sales.get(key);
    const all = history.get(key);
    return [sold?.buyers[0], sold?.buyers[1], Math.fround(sold?.price ?? Number.NaN), all?.units, all?.lately];
  });
  const learnt = shop.catalogue.keys.map((_key, i) => [
    moment.sales.week[i],
    moment.sales.month[i],
    moment.prices[i],
    moment.long.ever[i],
    moment.long.quarter[i],
  ]);
  expect(learnt).toEqual(served);
  expect(new Set(learnt.map(String)).size).toBeGreaterThan(3);
});
