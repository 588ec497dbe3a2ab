// The data set: questions about a moment see what came before it, and nothing later.

import type { Store } from '../../src/data/store/store';
import { openStore } from '../../src/data/store/open-store';
import { openTrainingEngine } from '../../src/engine/training-engine';
import type { Dataset } from '../../src/dataset/dataset';
import { encodeDataset, readPurchaseLog } from '../../src/dataset/read';
import type { HistoryPurchase } from '../../src/features/customers';
import { silentReporter } from '../../src/telemetry/progress';
import { trainingConfig } from '../../src/training/config';
import { momentOf } from '../../src/dataset/moments';
import { towerTrainer } from '../../src/training/stages/train-towers';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { NOON, shopOf, type Line } from '../support/hand-made-shop';
import { DAY } from '../../src/time';

const historyOf = (shop: Dataset, customer: number, before: number, limit = 100): HistoryPurchase[] =>
  shop.historyUntil(customer, shop.historyEnds({ before })[customer], limit);
const articlesOf = (shop: Dataset, customer: number, days: number, limit = 100): number[] =>
  historyOf(shop, customer, NOON + days * DAY, limit).map(({ article }) => article);

describe('the history of a customer', () => {
  const shop = shopOf([11, 101, 0], [11, 102, 1], [11, 103, 1], [11, 104, 2], [13, 105, 1]);

  test('is newest first, and holds only their own purchases', () => {
    expect(articlesOf(shop, 0, 9)).toEqual([3, 2, 1, 0]);
    expect(articlesOf(shop, 2, 9)).toEqual([4]);
    expect(historyOf(shop, 2, Infinity, 9)).toEqual([{ article: 4, at: NOON + DAY, price: 0 }]);
  });

  test('ends before the moment, without purchases of the same time', () => {
    expect(articlesOf(shop, 0, 1)).toEqual([0]);
    expect(articlesOf(shop, 0, 1.01)).toEqual([2, 1, 0]);
    expect(articlesOf(shop, 0, 0)).toEqual([]);
  });

  test('is cut to the newest purchases', () => {
    expect(articlesOf(shop, 0, 9, 2)).toEqual([3, 2]);
    // Later purchases do not count towards the limit.
    expect(articlesOf(shop, 0, 2, 1)).toEqual([2]);
    expect(articlesOf(shop, 0, 9, 0)).toEqual([]);
  });

  test('is empty for customers without purchases, whether first, last or between', () => {
    const gaps = shopOf([12, 101, 0]);
    expect([0, 1, 2, 3].map((customer) => articlesOf(gaps, customer, 9))).toEqual([[], [0], [], []]);
    expect([0, 3].map((customer) => articlesOf(shopOf(), customer, 9))).toEqual([[], []]);
  });
});

test('purchases of customers and articles that have gone are left out', () => {
  const shop = shopOf([7, 101, 0], [11, 101, 0], [11, 999, 1], [11, 102, 2], [12, 999, 0], [14, 103, 0], [15, 101, 0]);
  expect([0, 1, 2, 3].map((customer) => articlesOf(shop, customer, 9))).toEqual([[1, 0], [], [], [2]]);
  expect([...shop.article]).toEqual([0, 1, 2]);
  expect([...shop.customer]).toEqual([0, 0, 3]);
  expect([...shop.offsets]).toEqual([0, 2, 2, 2, 3]);
});

test('every purchase is in the range of its customer', () => {
  const shop = shopOf([12, 101, 0], [12, 101, 0], [14, 102, 3]);
  expect([...shop.offsets]).toEqual([0, 0, 2, 2, 3]);
  expect([...shop.customer]).toEqual([1, 1, 3]);
});

describe('sales before a moment', () => {
  const soldAt = (...days: number[]) => {
    const shop = shopOf(...days.map((day, i): Line => [11 + i, 103, day]));
    const { week, month } = momentOf(shop, NOON).sales;
    return [week[2], month[2]];
  };

  test('leave out sales at the moment and later', () => {
    expect(soldAt(0, 0.5, 3)).toEqual([0, 0]);
    expect(soldAt(-0.001)).toEqual([1, 1]);
  });

  test('reach back exactly 7 and 28 days', () => {
    expect(soldAt(-7)).toEqual([1, 1]);
    expect(soldAt(-7.001)).toEqual([0, 1]);
    expect(soldAt(-28)).toEqual([0, 1]);
    expect(soldAt(-28.001)).toEqual([0, 0]);
  });

  test('count a customer once, even one who bought the article again', () => {
    const shop = shopOf([11, 101, -9], [11, 104, -5], [11, 101, -1], [11, 101, -1], [12, 101, -9], [12, 104, -2]);
    expect([...momentOf(shop, NOON).sales.week]).toEqual([1, 0, 0, 2, 0]);
    expect([...momentOf(shop, NOON).sales.month]).toEqual([2, 0, 0, 2, 0]);
  });
});

describe('the articles bought within a time', () => {
  const shop = shopOf([11, 101, 0], [11, 102, 1], [12, 103, 1], [12, 103, 1.5], [12, 104, 2], [14, 105, 5]);
  const within = (from: number, to: number) =>
    [...shop.boughtWithin(NOON + from * DAY, NOON + to * DAY)].map(([customer, articles]) => [customer, ...articles]);

  test('include the first moment and exclude the last', () => {
    expect(within(1, 2)).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(within(0, 1)).toEqual([[0, 0]]);
  });

  test('are listed once for each customer who bought any', () => {
    expect(within(1, 9)).toEqual([
      [0, 1],
      [1, 2, 3],
      [3, 4],
    ]);
    expect(within(3, 5)).toEqual([]);
  });
});

test('the rows of customers come in the order given, and again if a customer is given again', () => {
  const shop = shopOf();
  const { single } = shop.encodedCustomers;
  expect([...shop.customerRows([2, 0, 2]).single]).toEqual([single[2], single[0], single[2]]);
  expect(shop.customerRows([])).toMatchObject({ rows: 0, single: new Int32Array(0) });
});

describe('a data set of the time before a moment', () => {
  const CUT = '2021-03-01';
  const until = Date.parse(CUT) / 1000;
  let database: TestDatabase;
  let store: Store;
  beforeAll(async () => {
    database = await createTestDatabase('dataset');
    store = openStore(database.url);
    await database.sql(
      `INSERT INTO articles (article_id, colour_group_name, product_type_name)
       SELECT 'a' || i, 'colour ' || i % 4, 'type ' || i % 3 FROM generate_series(1, 30) AS i`,
    );
    await database.sql(
      `INSERT INTO customers (customer_id, age) SELECT 'c' || i, 20 + i % 40 FROM generate_series(1, 60) AS i`,
    );
    // Articles 1 to 20, in the forty days before the cut.
    await database.sql(
      `INSERT INTO purchases (customer_key, article_key, bought_at)
       SELECT c.key, a.key, timestamptz '${CUT} 00:00Z' - make_interval(days => (1 + (c.key * 7 + i * 3) % 40)::int)
       FROM customers c, generate_series(1, 8) AS i JOIN articles a ON a.article_id = 'a' || (1 + (i * 5) % 20)`,
    );
  });
  afterAll(async () => {
    await store.close();
    await database.close();
  });

  /** All results of training on the time before the cut. */
  async function learnt() {
    const raw = await readPurchaseLog(store, silentReporter);
    const shop = await encodeDataset(store, raw, { before: until }, silentReporter);
    const engine = openTrainingEngine();
    const { towers } = trainingConfig('tiny', 1);
    const trainer = await towerTrainer(engine, shop, { config: towers, seed: 1 }, silentReporter);
    await trainer.learn({ name: 'towers', known: shop.historyEnds({ before: until }), epochs: 3 });
    await engine.close();
    const everybody = Array.from({ length: shop.customers }, (_, customer) => customer);
    return {
      fingerprint: shop.encoder.fingerprint,
      weights: Object.fromEntries([...trainer.weights].map(([name, values]) => [name, [...values]])),
      moment: momentOf(shop, until),
      histories: everybody.map((customer) => historyOf(shop, customer, until)),
      bought: shop.boughtWithin(until - 7 * DAY, until),
      purchases: raw.purchases.at.length,
    };
  }

  test('does not change with purchases at that moment or later', async () => {
    const { purchases: before, ...first } = await learnt();
    // Adds purchases at the moment itself and long after it, of new and of popular articles.
    await database.sql(
      `INSERT INTO purchases (customer_key, article_key, bought_at)
       SELECT c.key, a.key, timestamptz '${CUT} 00:00Z' + make_interval(days => ((a.key + c.key) % 3 * 20)::int)
       FROM customers c, articles a WHERE (a.key + c.key) % 4 = 0`,
    );
    const { purchases: after, ...second } = await learnt();
    expect(after).toBe(before + 450);
    expect(second).toEqual(first);
    await database.sql(`DELETE FROM purchases WHERE bought_at >= timestamptz '${CUT} 00:00Z'`);
  });

  test('changes with purchases before it', async () => {
    const { fingerprint } = await learnt();
    await database.sql(
      `INSERT INTO purchases (customer_key, article_key, bought_at)
       SELECT (SELECT min(key) FROM customers), key, timestamptz '${CUT} 00:00Z' - interval '1 second'
       FROM articles WHERE article_id = 'a30'`,
    );
    expect((await learnt()).fingerprint).not.toBe(fingerprint);
  });

  test('gives embeddings of their own only to articles that were bought before it', async () => {
    await database.sql(
      `INSERT INTO purchases (customer_key, article_key, bought_at)
       SELECT (SELECT min(key) FROM customers), key, timestamptz '${CUT} 00:00Z'
       FROM articles WHERE article_id = 'a29'`,
    );
    const shop = await encodeDataset(
      store,
      await readPurchaseLog(store, silentReporter),
      { before: until },
      silentReporter,
    );
    const rows = await store.articlesById(['a6', 'a29', 'a27']);
    const slots = rows.map((row) => shop.catalogue.slot(shop.catalogue.indexOf(row?.key ?? -1) ?? -1));
    expect(slots[0]).toBeGreaterThan(0);
    expect(slots.slice(1)).toEqual([0, 0]);
  });

  describe('leaves out purchases that are dated', () => {
    const readSaying = async (opened: Store) => {
      const said: string[] = [];
      const log = await readPurchaseLog(opened, { ...silentReporter, say: (line) => said.push(line) });
      return { ...log, said };
    };
    const stray = async (boughtAt: string, read: () => Promise<void>) => {
      const [{ time }] = await database.sql<{ time: Date }>(
        `INSERT INTO purchases (customer_key, article_key, bought_at)
         SELECT (SELECT min(key) FROM customers), (SELECT min(key) FROM articles), ${boughtAt} RETURNING bought_at AS time`,
      );
      await read();
      await database.sql('DELETE FROM purchases WHERE bought_at = $1', [time]);
    };

    test('in the future, and says so', async () => {
      const live = openStore(database.url, { clock: 'live' });
      const { purchases: all, last } = await readPurchaseLog(live, silentReporter);
      await stray(`'2099-01-01Z'`, async () => {
        const found = await readSaying(live);
        expect(found.said).toEqual(['1 purchases are dated in the future and left out (the first is of 2099-01-01)']);
        expect([found.purchases, found.last]).toEqual([all, last]);
      });
      await live.close();
    });

    test('long after historic data, and says so', async () => {
      const { purchases: all, last } = await readPurchaseLog(store, silentReporter);
      await stray('now()', async () => {
        const found = await readSaying(store);
        expect(found.said).toEqual([
          expect.stringMatching(/^1 purchases are dated long after the others, whose last is of \S+, and left out/),
        ]);
        expect([found.purchases, found.last]).toEqual([all, last]);
      });
    });
  });

  test('is refused if all purchases are in the future, or were returned or cancelled', async () => {
    const reasons: string[] = [];
    for (const change of [`bought_at = bought_at + interval '80 years'`, `state = 'cancelled'`]) {
      await database.sql(`BEGIN; CREATE TABLE kept AS SELECT * FROM purchases; UPDATE purchases SET ${change}; COMMIT`);
      reasons.push(await readPurchaseLog(store, silentReporter).then(String, String));
      await database.sql('TRUNCATE purchases; INSERT INTO purchases SELECT * FROM kept; DROP TABLE kept');
    }
    expect(reasons).toEqual([
      expect.stringMatching(/All \d+ purchases are dated in the future \(first 2101-01-20\)/),
      expect.stringMatching(/All \d+ purchases in the store were returned or cancelled/),
    ]);
  });

  test('is refused without any purchase', async () => {
    await database.sql('TRUNCATE purchases');
    await expect(readPurchaseLog(store, silentReporter)).rejects.toMatchObject({ code: 'NOTHING_TO_LEARN' });
  });
});
