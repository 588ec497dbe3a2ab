// Records orders on a real Postgres: as a whole or not at all, only once, dated by the shop's
// clock, and numbered without gaps under concurrency.
import type { Order, Store } from '../../../src/data/store/store';
import { openStore } from '../../../src/data/store/open-store';
import { VitrineError } from '../../../src/errors';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let database: TestDatabase;
let store: Store;
beforeAll(async () => {
  database = await createTestDatabase('orders');
  await database.sql(`INSERT INTO articles (article_id) SELECT 'a' || i FROM generate_series(1, 9) AS i`);
  await database.sql(`INSERT INTO customers (customer_id, age) VALUES ('ada', 36), ('bo', 20)`);
  await database.sql(`INSERT INTO purchases (customer_key, article_key, bought_at) VALUES (1, 1, '2020-09-22Z')`);
  store = openStore(database.url);
});
afterAll(async () => {
  await store.close();
  await database.close();
});
beforeEach(async () => {
  await database.sql(`DELETE FROM receipts`);
  await database.sql(`DELETE FROM purchases WHERE bought_at <> '2020-09-22Z'`);
});

const line = (articleId: string, price: number | null = null) => ({ articleId, price, salesChannelId: 2 });
const order = (requestId: string, ids: readonly string[], more: Partial<Order> = {}): Order => ({
  requestId,
  customerId: 'ada',
  lines: ids.map((id) => line(id)),
  ...more,
});
const stored = () =>
  database.sql<{ customer_key: number; article_key: number; line: number }>(
    `SELECT customer_key, article_key, line FROM purchases WHERE bought_at <> '2020-09-22Z' ORDER BY 1, 2, 3`,
  );

test('an order becomes purchases in the order of its lines, and pieces of one article are numbered', async () => {
  const { purchases, repeated } = await store.recordOrder({
    ...order('one', []),
    lines: [line('a3', 0.5), line('a2'), line('a3', 0.25)],
  });
  expect(repeated).toBe(false);
  expect(purchases.map(({ articleKey, line: count, price }) => [articleKey, count, price])).toEqual([
    [3, 1, 0.5],
    [2, 1, null],
    [3, 2, 0.25],
  ]);
  expect(await stored()).toHaveLength(3);
  expect((await store.latestPurchases([1], 10))[0]).toHaveLength(4);
});

test('an order that is sent again changes nothing and gets the same answer', async () => {
  const tries = await Promise.all(Array.from({ length: 8 }, () => store.recordOrder(order('again', ['a4', 'a5']))));
  tries.push(await store.recordOrder(order('again', ['a4', 'a5'])));
  expect(tries.filter(({ repeated }) => !repeated)).toHaveLength(1);
  for (const { purchases } of tries) expect(purchases).toEqual(tries[0].purchases);
  expect(await stored()).toHaveLength(2);
});

test.each<[string, Order]>([
  ['of other articles', order('taken', ['a2'])],
  ['at another price', { ...order('taken', []), lines: [line('a1', 3)] }],
  ['of another customer', order('taken', ['a1'], { customerId: 'bo' })],
  ['at another time', order('taken', ['a1'], { boughtAt: new Date('2020-01-01Z') })],
])('an id that stands for another order is refused: one %s', async (_what, another) => {
  await store.recordOrder(order('taken', ['a1']));
  await expect(store.recordOrder(another)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  expect(await stored()).toHaveLength(1);
});

test('an order with an unknown article records nothing, not even the customer', async () => {
  const refused = store.recordOrder(order('bad', ['a1', 'P1001', 'nope'], { customerId: 'nobody' }));
  await expect(refused).rejects.toThrow('there is no "P1001", "nope"; nothing was recorded');
  await expect(refused).rejects.toBeInstanceOf(VitrineError);
  expect(await stored()).toEqual([]);
  expect(await store.customersById(['nobody'])).toEqual([null]);
  // The id can still be used.
  expect((await store.recordOrder(order('bad', ['a1']))).repeated).toBe(false);
});

test('an unknown customer is made', async () => {
  const { customerKey } = await store.recordOrder(order('new', ['a1'], { customerId: 'visitor' }));
  const [customer] = await store.customersById(['visitor']);
  expect(customer).toMatchObject({ key: customerKey, age: null });
});

test('orders of one customer at the same time are numbered without a gap', async () => {
  const boughtAt = new Date('2020-09-23T10:00:00Z');
  const ids = Array.from({ length: 12 }, (_, i) => `burst-${String(i)}`);
  await Promise.all(ids.map((id) => store.recordOrder(order(id, ['a1', 'a1'], { boughtAt }))));
  expect((await stored()).map((row) => row.line)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
});

describe('a key of a customer is taken by', () => {
  /** The last key of the sequence. */
  const lastKey = async () =>
    (await database.sql<{ last: string }>('SELECT last_value AS last FROM customers_key_seq'))[0].last;
  let before: string;
  beforeEach(async () => {
    // The next new customer takes the following key.
    await store.recordOrder(order('warm', ['a1'], { customerId: `warm-${String(Math.random())}` }));
    before = await lastKey();
  });

  test('no order of a known customer, and no repeated or refused order', async () => {
    await store.recordOrder(order('known', ['a1']));
    await store.recordOrder(order('known', ['a1']));
    for (const customerId of ['ada', 'stranger']) {
      const refused: Order[] = [
        order('refused', ['a1', 'no such article'], { customerId }),
        order('refused', ['a1'], { customerId, boughtAt: new Date(Date.now() + 3_600_000) }),
        order('known', ['a2'], { customerId }),
      ];
      for (const each of refused) {
        await expect(store.recordOrder(each)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      }
    }
    expect(await lastKey()).toBe(before);
    expect(await store.customersById(['stranger'])).toEqual([null]);
  });

  test("only one of a new customer's first orders at the same time", async () => {
    const ids = Array.from({ length: 6 }, (_, i) => `first-${String(i)}`);
    const customerId = 'many at once';
    const boughtAt = new Date('2020-09-23T11:00:00Z');
    const made = await Promise.all(ids.map((id) => store.recordOrder(order(id, ['a1'], { customerId, boughtAt }))));
    expect(new Set(made.map(({ customerKey }) => customerKey)).size).toBe(1);
    // The orders were recorded one after another, and numbered without a gap.
    expect(made.map(({ purchases }) => purchases[0].line).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(Number(await lastKey())).toBe(Number(before) + 1);
  });

  test('only one of two new customers whose orders have the same id', async () => {
    const tries = await Promise.allSettled(
      ['one of two', 'two of two'].map((customerId) => store.recordOrder(order('same', ['a1'], { customerId }))),
    );
    expect(tries.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(Number(await lastKey())).toBe(Number(before) + 1);
  });

  test('no new customer once keys have run out, while known customers can still order', async () => {
    await database.sql(`SELECT setval('customers_key_seq', 9223372036854775807)`);
    try {
      expect((await store.recordOrder(order('last', ['a1']))).repeated).toBe(false);
      await expect(store.recordOrder(order('too late', ['a1'], { customerId: 'too late' }))).rejects.toMatchObject({
        code: 'DATABASE_UNAVAILABLE',
        message: expect.stringContaining(`setval('customers_key_seq'`) as string,
      });
    } finally {
      await database.sql(`SELECT setval('customers_key_seq', $1)`, [before]);
    }
  });
});

describe('without a time an order is dated', () => {
  test('just after the newest purchase if the data is historic', async () => {
    const { purchases } = await store.recordOrder(order('past', ['a1']));
    expect(purchases[0].boughtAt).toEqual(new Date('2020-09-22T00:00:01Z'));
  });

  test('now if the data is live', async () => {
    await database.sql(
      `INSERT INTO purchases (customer_key, article_key, bought_at) VALUES (2, 2, now() - interval '1 day')`,
    );
    const { purchases } = await store.recordOrder(order('alive', ['a1']));
    expect(Math.abs(purchases[0].boughtAt.getTime() - Date.now())).toBeLessThan(60_000);
  });
});

test('a time in the future is refused', async () => {
  const boughtAt = new Date(Date.now() + 3_600_000);
  await expect(store.recordOrder(order('future', ['a1'], { boughtAt }))).rejects.toThrow(
    'expected a time that is not in the future',
  );
});

test('an order is on disk before the answer, whatever the settings of the server', async () => {
  await database.sql(`ALTER DATABASE "${new URL(database.url).pathname.slice(1)}" SET synchronous_commit = off`);
  await database.sql(
    `CREATE TABLE heard (setting text);
     CREATE FUNCTION hear() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN INSERT INTO heard VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;
     CREATE TRIGGER hear BEFORE INSERT ON purchases FOR EACH ROW EXECUTE FUNCTION hear()`,
  );
  const careless = openStore(database.url);
  await careless.recordOrder(order('durable', ['a1']));
  await careless.close();
  expect(await database.sql('SELECT setting FROM heard')).toEqual([{ setting: 'on' }]);
});
