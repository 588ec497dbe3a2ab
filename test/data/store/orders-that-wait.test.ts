// Orders that wait for a locked customer give up soon and may be sent again. Reads do not wait for
// them.

import type { Store } from '../../../src/data/store/store';
import { openStore } from '../../../src/data/store/open-store';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let database: TestDatabase;
let store: Store;
beforeAll(async () => {
  database = await createTestDatabase('waiting');
  await database.sql(`INSERT INTO articles (article_id) VALUES ('a1')`);
  await database.sql(`INSERT INTO customers (customer_id) VALUES ('ada'), ('bo')`);
  store = openStore(database.url, { limits: { lockMs: 1_500 } });
});
afterAll(async () => {
  await store.close();
  await database.close();
});

const order = (requestId: string, customerId = 'ada') => ({
  requestId,
  customerId,
  lines: [{ articleId: 'a1', price: null, salesChannelId: null }],
});
const ORDERS = Array.from({ length: 14 }, (_, i) => `waits-${i}`);

test('fourteen orders that wait for one lock fail as OVERLOADED while reads go on, and succeed later', async () => {
  await database.sql('BEGIN');
  await database.sql(`SELECT 1 FROM customers WHERE customer_id = 'ada' FOR UPDATE`);
  let failed = 0;
  const answers = ORDERS.map((id) =>
    store.recordOrder(order(id)).then(
      () => 'recorded',
      (thrown: unknown) => {
        failed += 1;
        return thrown;
      },
    ),
  );
  // All orders now wait for the lock or for a connection.
  await lockedOut();
  const reads = Array.from({ length: 20 }, (_, i) => (i % 2 ? store.articlesById(['a1']) : store.customersPage(1)));
  expect(await Promise.all(reads)).toHaveLength(20);
  expect(failed).toBeLessThan(ORDERS.length); // they still waited during the reads
  for (const answer of answers) {
    expect(await answer).toMatchObject({
      code: 'OVERLOADED',
      message: expect.stringMatching(/send the same request again in a moment/) as string,
    });
  }
  expect((await store.recordOrder(order('another', 'bo'))).repeated).toBe(false);
  await database.sql('COMMIT');

  const again = await Promise.all(ORDERS.map((id) => store.recordOrder(order(id))));
  expect(again.filter(({ repeated }) => repeated)).toEqual([]);
  expect(await database.sql(`SELECT 1 FROM purchases WHERE customer_key = 1`)).toHaveLength(ORDERS.length);
});

/** Waits until a statement waits for the row. */
async function lockedOut(): Promise<void> {
  for (;;) {
    // a snapshot would stay the same within a transaction
    await database.sql('SELECT pg_stat_clear_snapshot()');
    const [{ held }] = await database.sql<{ held: number }>(
      `SELECT count(*)::int AS held FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (held >= 3) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
