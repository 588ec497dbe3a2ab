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
  const boughtAt = new Date('2020-09-22T10:00:00Z');
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
    const boughtAt = new Date('2020-09-22T11:00:00Z');
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
  test('just after the newest purchase if historic data is replayed', async () => {
    const { purchases } = await store.recordOrder(order('past', ['a1']));
    expect(purchases[0].boughtAt).toEqual(new Date('2020-09-22T00:00:01Z'));
  });

  test("and after the customer's other orders, so that the newest order stays the newest", async () => {
    for (const article of ['a3', 'a2', 'a4']) await store.recordOrder(order(`one of ${article}`, [article]));
    const [latest] = await store.latestPurchases([1], 3);
    expect(latest.map(({ articleKey }) => articleKey)).toEqual([4, 2, 3]);
    expect((await store.clock()).at).toEqual(new Date('2020-09-22Z'));
  });

  test('now if the data is live', async () => {
    await database.sql(
      `INSERT INTO purchases (customer_key, article_key, bought_at) VALUES (2, 2, now() - interval '1 day')`,
    );
    const { purchases } = await store.recordOrder(order('alive', ['a1']));
    expect(Math.abs(purchases[0].boughtAt.getTime() - Date.now())).toBeLessThan(60_000);
  });
});

describe('a time beyond the bounds is refused with both bounds', () => {
  const refused = (boughtAt: string | number) =>
    expect(store.recordOrder(order('beyond', ['a1'], { boughtAt: new Date(boughtAt) }))).rejects;

  test('during a replay a day after the clock, and before 1990', async () => {
    const bounds =
      'from 1990-01-01T00:00:00.000Z to 2020-09-23T00:00:00.000Z, a day after the clock of the shop, whose data is replayed';
    await refused('2020-09-23T00:00:01Z').toThrow(`${bounds}, got 2020-09-23T00:00:01.000Z`);
    await refused('1989-12-31T23:59:59Z').toThrow(bounds);
    await refused(Date.now()).toMatchObject({ code: 'INPUT_INVALID' });
    const { purchases } = await store.recordOrder(
      order('within', ['a1'], { boughtAt: new Date('2020-09-23T00:00:00Z') }),
    );
    expect(purchases[0].boughtAt).toEqual(new Date('2020-09-23T00:00:00Z'));
  });

  test('in a live shop a minute after now', async () => {
    const live = openStore(database.url, { clock: 'live' });
    const boughtAt = new Date(Date.now() + 3_600_000);
    await expect(live.recordOrder(order('future', ['a1'], { boughtAt }))).rejects.toThrow(
      new RegExp(`from 1990-01-01T00:00:00.000Z to \\S+Z, got ${boughtAt.toISOString()}`),
    );
    await live.recordOrder(order('soon', ['a1'], { boughtAt: new Date(Date.now() + 30_000) }));
    await live.close();
  });
});

describe('quantities', () => {
  const pieces = (articleId: string, quantity: number) => ({ ...line(articleId), quantity });
  const states = () =>
    database.sql(
      `SELECT quantity, state FROM purchases WHERE bought_at > '2020-09-22Z' ORDER BY bought_at, quantity DESC`,
    );

  test('of a line are kept, and a line of one piece may leave its quantity out', async () => {
    const lines = [pieces('a1', 3), pieces('a2', 1)];
    const { purchases } = await store.recordOrder(order('three', [], { lines, orderId: 'W-17' }));
    expect(purchases.map(({ quantity, state, orderId }) => [quantity, state, orderId])).toEqual([
      [3, 'bought', 'W-17'],
      [1, 'bought', 'W-17'],
    ]);
    const same = { lines: [pieces('a1', 3), line('a2')], orderId: 'W-17' };
    expect((await store.recordOrder(order('three', [], same))).repeated).toBe(true);
    const other = { lines: [pieces('a1', 2), line('a2')], orderId: 'W-17' };
    await expect(store.recordOrder(order('three', [], other))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test.each([0, 0.5, Number.NaN, 2_000_000])('of %p are refused', async (quantity) => {
    const refused = store.recordOrder(order('wrong', [], { lines: [line('a1'), pieces('a2', quantity)] }));
    await expect(refused).rejects.toThrow(`got ${quantity} in line 2`);
    expect(await stored()).toEqual([]);
  });

  test('that are negative take back earlier purchases, which then no longer count', async () => {
    await store.recordOrder(order('bought', [], { lines: [pieces('a1', 2), pieces('a2', 1)] }));
    await store.recordOrder(order('one back', [], { lines: [pieces('a1', -1)] }));
    expect(await states()).toEqual([
      { quantity: 2, state: 'bought' },
      { quantity: 1, state: 'bought' },
      { quantity: -1, state: 'returned' },
    ]);
    await store.recordOrder(order('all back', [], { lines: [pieces('a1', -1)] }));
    expect((await states())[0]).toEqual({ quantity: 2, state: 'returned' });
    const [latest] = await store.latestPurchases([1], 10);
    expect(latest.map(({ articleKey }) => articleKey)).toEqual([2, 1]); // the other a1 is older
    const { sales } = await store.articleSales([7]);
    expect([sales.get(1)?.units, sales.get(2)?.units]).toEqual([1, 1]);
  });
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
