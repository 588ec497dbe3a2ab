// A database that falls silent. Requests fail within their limits, nothing piles up, and requests
// succeed at once when it answers again. A proxy with real sockets plays the network.

import type { Store } from '../../../src/data/store/store';
import { openStore } from '../../../src/data/store/open-store';
import type { ConnectionLimits } from '../../../src/data/postgres/connections';
import { checkReady } from '../../../src/api/http/health';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { openProxy, type Proxy } from '../../support/proxy';

/** These limits are short, but long enough for a busy machine to open a connection. */
const LIMITS: Partial<ConnectionLimits> = {
  connectMs: 1_500,
  statementMs: 1_000,
  graceMs: 500,
  pingMs: 1_000,
  missedPings: 2,
  closeMs: 500,
};

let database: TestDatabase;
let proxy: Proxy;
let store: Store;
beforeAll(async () => {
  database = await createTestDatabase('silent');
  await database.sql(`INSERT INTO articles (article_id) VALUES ('a1'), ('a2')`);
  await database.sql(`INSERT INTO customers (customer_id) VALUES ('ada'), ('bo')`);
  await database.sql(
    `INSERT INTO purchases (customer_key, article_key, bought_at, line)
     SELECT 1, 1, '2020-09-22Z'::timestamptz - i * interval '1 second', 1 FROM generate_series(1, 50000) AS i`,
  );
});
afterAll(() => database.close());
beforeEach(async () => {
  proxy = await openProxy(database.url);
  store = openStore(proxy.url, { limits: LIMITS });
});
afterEach(async () => {
  await answerOf(store.close());
  await proxy.close();
});

/** The code of the error, 'answered', or 'nothing' after all limits together have passed. */
async function answerOf(asked: Promise<unknown>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const nothing = new Promise<string>((resolve) => (timer = setTimeout(() => resolve('nothing'), 25_000)));
  const answer = asked.then(
    () => 'answered',
    (thrown: unknown) => String(thrown instanceof Error && 'code' in thrown ? thrown.code : thrown),
  );
  return Promise.race([answer, nothing]).finally(() => clearTimeout(timer));
}

/** The database is silent, or all connections wait for a silent one. */
const FAILED = /^(DATABASE_UNAVAILABLE|OVERLOADED)$/;

let orders = 0;
const order = (requestId = `order-${(orders += 1)}`) => ({
  requestId,
  customerId: 'bo',
  lines: [{ articleId: 'a2', price: 1, salesChannelId: null }],
});

/** A request by `pg`, one by Prisma, and an order. */
const REQUESTS: ((opened: Store) => Promise<unknown>)[] = [
  (opened) => opened.articlesById(['a1']),
  (opened) => opened.customersWithPurchases(['ada'], 100),
  (opened) => opened.purchasesPages([{ customerKey: 1, first: 10 }]),
  (opened) => opened.customersPage(2),
  (opened) => opened.articlesPage(2),
  (opened) => opened.activeCustomers(2),
  (opened) => opened.recordOrder(order()),
];
const ask = (count: number) =>
  Promise.all(Array.from({ length: count }, (_, i) => answerOf(REQUESTS[i % REQUESTS.length](store))));
const all = (count: number, answer: string) => Array.from({ length: count }, () => answer);

test.each([
  ['stopped and goes on', true],
  ['cut off without a word and reached again by new connections only', false],
])('112 requests to a database that is %s fail with a code, and the next ones succeed', async (_how, held) => {
  expect(await ask(28)).toEqual(all(28, 'answered'));
  proxy.silence();
  const answers = await ask(112);
  expect(answers.filter((answer) => !FAILED.test(answer))).toEqual([]);
  expect(answers).toContain('DATABASE_UNAVAILABLE');
  proxy.speak(held);
  expect(await ask(28)).toEqual(all(28, 'answered'));
});

test('after the database fell silent, requests share one ping and open no connections', async () => {
  await ask(7);
  proxy.silence();
  await ask(1);
  const before = proxy.accepted();
  expect(await ask(50)).toEqual(all(50, 'DATABASE_UNAVAILABLE'));
  expect(proxy.accepted() - before).toBeLessThanOrEqual(1);
});

test('after one silent connection all idle ones are thrown away', async () => {
  await Promise.all(Array.from({ length: 10 }, () => store.articlesById(['a1'])));
  proxy.silence();
  expect(await answerOf(store.articlesById(['a1']))).toBe('DATABASE_UNAVAILABLE');
  proxy.speak(false);
  expect(await Promise.all(Array.from({ length: 10 }, () => answerOf(store.articlesById(['a1']))))).toEqual(
    all(10, 'answered'),
  );
});

test('an order that got no answer may be sent again and is recorded once', async () => {
  await store.ping();
  proxy.silence();
  expect(await answerOf(store.recordOrder(order('again')))).toBe('DATABASE_UNAVAILABLE');
  proxy.speak(false);
  await store.recordOrder(order('again'));
  expect(await store.recordOrder(order('again'))).toMatchObject({ repeated: true });
  expect(await database.sql(`SELECT 1 FROM receipts WHERE request_id = 'again'`)).toHaveLength(1);
});

const first = async (rows: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of rows) return;
};

test('all other methods fail on a silent database as well, also long statements', async () => {
  await store.ping();
  proxy.silence();
  const asked: Record<string, Promise<unknown>> = {
    versions: store.articleVersions(60),
    allVersions: store.articleVersions(),
    state: store.articlesState(),
    sales: store.articleSales([7]),
    history: store.salesHistory(7),
    peers: store.salesByAge(new Date(), 7, [30]),
    articles: first(store.streamArticles()),
    customers: first(store.streamCustomers()),
    purchases: store.readPurchases(),
    counts: store.counts(),
    lists: store.saveLists([{ customerKey: 1, articleKeys: [1], scores: [1] }], 'release'),
    fact: store.fact('x'),
    setFact: store.setFact('x', 1),
    alone: store.alone('work', () => Promise.resolve()),
    ping: store.ping(),
  };
  const answers = await Promise.all(
    Object.entries(asked).map(async ([name, answer]) => `${name}: ${await answerOf(answer)}`),
  );
  for (const answer of answers) expect(answer).toMatch(/: (DATABASE_UNAVAILABLE|OVERLOADED)$/);
});

test('a long statement is given up after the database fell silent', async () => {
  await database.sql('BEGIN');
  await database.sql('LOCK purchases IN ACCESS EXCLUSIVE MODE');
  const counted = answerOf(store.counts());
  await waiting(1);
  proxy.silence();
  expect(await counted).toBe('DATABASE_UNAVAILABLE');
  await database.sql('COMMIT');
});

test('a long statement goes on while the database answers pings, but one of a request is ended', async () => {
  await database.sql('BEGIN');
  await database.sql('LOCK purchases IN ACCESS EXCLUSIVE MODE');
  const counted = answerOf(store.counts());
  expect(await answerOf(store.latestPurchases([1], 5))).toBe('OVERLOADED');
  expect(await answerOf(store.latestPurchases([1], 5))).toBe('OVERLOADED');
  expect(await answerOf(store.latestPurchases([1], 5))).toBe('OVERLOADED');
  await waiting(1);
  await database.sql('COMMIT');
  expect(await counted).toBe('answered');
});

test('reading all purchases fails with a code if the connection breaks in the middle', async () => {
  let cut = false;
  const reading = store.readPurchases(() => {
    if (!cut) proxy.cut();
    cut = true;
  });
  expect(await answerOf(reading)).toBe('DATABASE_UNAVAILABLE');
  expect(cut).toBe(true);
});

test('an order whose connection breaks fails with a code and records nothing, and the next order succeeds', async () => {
  await database.sql('BEGIN');
  await database.sql(`SELECT 1 FROM customers WHERE customer_id = 'bo' FOR UPDATE`);
  const recorded = answerOf(store.recordOrder(order('broken')));
  await waiting(1);
  proxy.cut();
  expect(await recorded).toBe('DATABASE_UNAVAILABLE');
  await database.sql('COMMIT');
  expect(await store.recordOrder(order('broken'))).toMatchObject({ repeated: false });
});

test('closing ends on a silent database, even with statements in flight', async () => {
  await ask(14);
  const held = store.alone('work', () => new Promise((resolve) => setTimeout(resolve, 100)));
  proxy.silence();
  const asked = [...REQUESTS.map((request) => answerOf(request(store))), answerOf(store.counts()), answerOf(held)];
  expect(await answerOf(store.close())).toBe('answered');
  for (const answer of await Promise.all(asked)) expect(answer).not.toBe('nothing');
  expect(await answerOf(store.articlesById(['a1']))).toBe('SHUTTING_DOWN');
});

describe('whether the server is ready', () => {
  const ready = async (opened: Store) =>
    (await checkReady({ store: opened, ready: () => ({ ready: true }), pingLimitMs: 1_000 })).ready;

  test('changes with the silence of the database, with one ping for all requests', async () => {
    expect(await ready(store)).toBe(true);
    proxy.silence();
    const before = proxy.accepted();
    const asked = await Promise.all(Array.from({ length: 100 }, () => ready(store)));
    expect(asked).toEqual(Array.from({ length: 100 }, () => false));
    expect(proxy.accepted() - before).toBeLessThanOrEqual(1);
    proxy.speak(false);
    await answerOf(store.ping()); // the ping in flight may have been sent into the silence
    expect(await ready(store)).toBe(true);
  });

  test('does not depend on free connections', async () => {
    await database.sql('BEGIN');
    await database.sql('LOCK articles, customers, purchases IN ACCESS EXCLUSIVE MODE');
    const patient = openStore(database.url);
    const asked = Promise.all([...REQUESTS, ...REQUESTS].map((request) => answerOf(request(patient))));
    await waiting(10);
    expect(await ready(patient)).toBe(true);
    await database.sql('COMMIT');
    await asked;
    await patient.close();
  });
});

/** Waits until this many statements of other connections wait for locks. */
async function waiting(count: number): Promise<void> {
  for (;;) {
    // a snapshot would stay the same within a transaction
    await database.sql('SELECT pg_stat_clear_snapshot()');
    const [{ held }] = await database.sql<{ held: number }>(
      `SELECT count(*)::int AS held FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (held >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
