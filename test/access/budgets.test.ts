// Budgets that processes share, limits on failures, and ids of sessions.

import { openBudgets, type Budgets } from '../../src/access/budgets';
import { limitFailures } from '../../src/access/failures';
import { openPrincipal, type Principal } from '../../src/access/principal';
import { checkSessionId, newSessionId } from '../../src/access/sessions';
import { openStore } from '../../src/data/store/open-store';
import type { Store } from '../../src/data/store/store';
import { createTestDatabase, type TestDatabase } from '../support/database';

const RATE = 1_000;
const KEY: Principal = { ...openPrincipal(), kind: 'key', keyId: 'k1', name: 'page' };

let database: TestDatabase;
let stores: Store[];
beforeAll(async () => {
  database = await createTestDatabase('budgets');
  stores = [openStore(database.url), openStore(database.url)];
});
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await database.close();
});
beforeEach(() => database.sql('TRUNCATE budgets'));

const budgetsOf = (customer?: number): Budgets[] =>
  stores.map((store) => openBudgets(store.access, { key: RATE, customer }));

/** Spends until the time is over. Returns what was let through. */
async function spendFor(ms: number, all: readonly Budgets[], cost: number): Promise<number> {
  let spent = 0;
  const until = performance.now() + ms;
  await Promise.all(
    all.map(async (budgets) => {
      while (performance.now() < until) {
        try {
          await budgets.spend(KEY, cost);
          spent += cost;
        } catch {
          await pause(5);
        }
      }
    }),
  );
  return spent;
}

describe('a budget', () => {
  test('is shared by processes: two of them spend no more than one lease over it', async () => {
    const seconds = 2.5;
    const started = performance.now();
    const spent = await spendFor(seconds * 1000, budgetsOf(), 20);
    const elapsed = (performance.now() - started) / 1000;
    // A full budget has a second's worth to begin with.
    expect(spent).toBeLessThanOrEqual(RATE * (1 + elapsed) + RATE / 2);
    expect(spent).toBeGreaterThan(RATE * seconds * 0.6);
  });

  test('tells what is left, and how long to wait when it is spent', async () => {
    const [budgets] = budgetsOf();
    expect(await budgets.spend(KEY, 100)).toEqual({ limit: RATE, remaining: 900 });
    await budgets.spend(KEY, 850);
    await expect(budgets.spend(KEY, 900)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      message: expect.stringContaining('1000 units of cost per second') as string,
      retryAfterSeconds: 1,
    });
  });

  test('pays once for an operation that costs more than a second, and then waits for it', async () => {
    const [budgets] = budgetsOf();
    await budgets.spend(KEY, 3 * RATE);
    await expect(budgets.spend(KEY, 500)).rejects.toMatchObject({ retryAfterSeconds: 3 });
  });

  test('that is spent is not asked of the database for every refusal', async () => {
    let leases = 0;
    const { access } = stores[0];
    const budgets = openBudgets(
      { ...access, lease: (request) => ((leases += 1), access.lease(request)) },
      { key: RATE, customer: undefined },
    );
    await budgets.spend(KEY, 5 * RATE);
    for (let i = 0; i < 50; i++) await expect(budgets.spend(KEY, 10)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(leases).toBeLessThanOrEqual(2);
  });

  test('of a customer counts whichever key is used', async () => {
    const [budgets] = budgetsOf(50);
    const ada = { ...KEY, customerId: 'ada' };
    await budgets.spend(ada, 50);
    await expect(budgets.spend({ ...ada, keyId: 'k2' }, 50)).rejects.toThrow('the budget of this customer');
    expect(await budgets.spend({ ...ada, customerId: 'bo' }, 50)).toMatchObject({ limit: 50 });
  });

  test('costs nothing where there is none', () => {
    const [store] = stores;
    expect(openBudgets(store.access, { key: undefined, customer: undefined }).spend(KEY, 100)).toBeUndefined();
  });
});

test('an address may fail twenty times at once, and then once a second', () => {
  let now = 0;
  const failures = limitFailures(() => now);
  for (let i = 0; i < 20; i++) {
    expect(failures.areTooMany('a')).toBe(false);
    failures.add('a');
  }
  expect(failures.areTooMany('a')).toBe(true);
  expect(failures.areTooMany('b')).toBe(false);
  now = 1_000;
  expect(failures.areTooMany('a')).toBe(false);
  failures.add('a');
  expect(failures.areTooMany('a')).toBe(true);
});

describe('the id of a session', () => {
  test('is random where the server makes it', () => {
    const made = Array.from({ length: 100 }, newSessionId);
    expect(new Set(made.map((id) => checkSessionId('sessionId', id))).size).toBe(100);
  });

  test.each(['1', 'guest', 'a'.repeat(40), '1234567890123456789012345', '00000000-0000-4000-8000-000000000000'])(
    '%s can be guessed and is refused',
    (id) => {
      expect(() => checkSessionId('sessionId', id)).toThrow('cannot be guessed');
    },
  );
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
