// Requests whose client has gone or whose time is up. No new work is begun for them, but work that
// has begun is finished.

import type { Socket } from 'node:net';
import { Client } from 'pg';
import { LIMITS } from '../../../src/data/postgres/connections';
import { createServer, type Server, type ServerParts } from '../../../src/api/server';
import { gather } from '../../../src/serving/batching';
import type { RecommendationRequest } from '../../../src/serving/types';
import { openShop, type GraphqlAnswer, type Shop } from '../../support/graphql-shop';
import { heldRecommender, until } from '../../support/held-recommender';
import { connectTo, rawPost } from '../../support/raw-http';

let shop: Shop;
const closing: (() => unknown)[] = [];
beforeAll(async () => {
  shop = await openShop('lifetimes');
});
beforeEach(() => {
  shop.statements();
  shop.log.length = 0;
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  expect(shop.log.filter((line) => Number(line['level']) >= 50)).toEqual([]);
});
afterAll(() => shop?.close());

/** Makes another server over the same shop. */
async function serverWith(parts: Partial<ServerParts>): Promise<Server> {
  const server = await createServer({ ...shop.parts, ...parts });
  closing.push(() => server.close());
  return server;
}

/** Closes connections from the client's side, and resolves when the server has noticed. */
async function leave(server: Server, ...sockets: Socket[]): Promise<void> {
  for (const socket of sockets) socket.destroy();
  const connections = () =>
    new Promise<number>((resolve) => server.app.server.getConnections((_error, count) => resolve(count)));
  await until(async () => (await connections()) === 0);
}

async function post(
  server: Server,
  query: string,
): Promise<{ status: number; codes: string[]; answer: GraphqlAnswer }> {
  const response = await server.app.inject({ method: 'POST', url: '/graphql', payload: { query } });
  const answer = response.json<GraphqlAnswer>();
  return { status: response.statusCode, codes: (answer.errors ?? []).map(({ extensions }) => extensions.code), answer };
}

const orderOf = (requestId: string): string =>
  `recordPurchases(input: { requestId: "${requestId}", customerId: "c-01", purchases: [{ articleId: "a-01" }] }) {
     repeated customer { id }
   }`;
const receipts = () => shop.sql('SELECT request_id FROM receipts ORDER BY 1');

/** Makes orders of c-01 wait. Returns a function that lets them continue. */
const holdOrders = () => hold(`SELECT FROM customers WHERE customer_id = 'c-01' FOR UPDATE`);

/** Runs a statement and keeps the lock that it takes. Returns a function that releases the lock. */
async function hold(statement: string): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: shop.databaseUrl });
  await client.connect();
  closing.push(() => client.end());
  await client.query('BEGIN');
  await client.query(statement);
  return async () => {
    await client.query('COMMIT');
  };
}

/** Returns the number of statements that wait for the lock taken by `hold`. */
async function waitingForLocks(): Promise<number> {
  const waiting = await shop.sql(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return waiting.length;
}

describe('after clients disconnect', () => {
  test('900 requests are not computed, so the next client is in one of the next two batches', async () => {
    const held = heldRecommender();
    const batches: (readonly RecommendationRequest[])[] = [];
    const queue = gather(
      (requests: readonly RecommendationRequest[]) => {
        batches.push(requests);
        return held.recommend(requests);
      },
      { name: 'recommendations', maxBatchSize: 20, maxInFlight: 2 },
    );
    const server = await serverWith({ recommender: { ...held, recommend: (requests) => queue.run(requests) } });
    const url = await server.listen();
    const query = rawPost('{ recommendations(customerId: "c-01", first: 1) { rank } }');
    const clients = await Promise.all(Array.from({ length: 900 }, () => connectTo(url)));
    for (const client of clients) client.write(query);
    await until(() => queue.stats().queued + held.asked.length === clients.length);
    const begun = batches.length;
    await leave(server, ...clients);
    const next = post(server, '{ recommendations(customerId: "c-02", first: 1) { rank } }');
    await until(() => queue.stats().queued + held.asked.length === clients.length + 1);
    held.release();
    expect((await next).answer.data?.recommendations).toHaveLength(1);
    const place = batches.findIndex((requests) => requests.some(({ customerId }) => customerId === 'c-02'));
    expect(place - begun).toBeLessThan(2);
    expect(batches.slice(begun).flat()).toHaveLength(1);
    expect(queue.stats()).toMatchObject({ queued: 0, inFlight: 0 });
  });

  test('nothing more is read from the database for their requests', async () => {
    const recommender = heldRecommender();
    const server = await serverWith({ recommender });
    const client = await connectTo(await server.listen());
    client.write(rawPost('{ customer(id: "c-01") { recommendations(first: 5) { article { name } } } }'));
    await recommender.askedFor(1);
    await leave(server, client);
    expect(recommender.asked[0].lifetime?.over).toMatchObject({ code: 'OVERLOADED' });
    recommender.release();
    await until(() => shop.log.some(({ msg }) => msg === 'operation'));
    expect(shop.statements()).toEqual(['customers']);
  });

  test('900 reads that wait for a connection are not made', async () => {
    const server = await serverWith({});
    const url = await server.listen();
    const release = await hold('LOCK TABLE articles IN ACCESS EXCLUSIVE MODE');
    const query = rawPost('{ article(id: "a-01") { name } }');
    const clients = await Promise.all(Array.from({ length: 900 }, () => connectTo(url)));
    for (const client of clients) client.write(query);
    await until(async () => (await waitingForLocks()) === LIMITS.reads);
    await leave(server, ...clients);
    await release();
    await until(() => shop.log.filter(({ msg }) => msg === 'operation').length === clients.length);
    expect(shop.statements()).toEqual(Array(LIMITS.reads).fill('articles'));
    expect((await post(server, '{ article(id: "a-01") { name } }')).status).toBe(200);
  });

  test('an order already being recorded is finished, and the next order of the same request is not started', async () => {
    const release = await holdOrders();
    const server = await serverWith({});
    const client = await connectTo(await server.listen());
    client.write(rawPost(`mutation { first: ${orderOf('gone-1')} second: ${orderOf('gone-2')} }`));
    await until(async () => (await waitingForLocks()) > 0);
    await leave(server, client);
    await release();
    await until(() => shop.log.some(({ msg }) => msg === 'operation'));
    expect(await receipts()).toEqual([{ request_id: 'gone-1' }]);
    await shop.sql('DELETE FROM receipts');
  });
});

describe('a request whose time is up', () => {
  test('is answered with OVERLOADED, and the code that works for it learns of it', async () => {
    const recommender = heldRecommender();
    const server = await serverWith({ recommender, requestLimitMs: 1_000 });
    const { status, codes, answer } = await post(server, '{ recommendations(customerId: "c-01", first: 1) { rank } }');
    expect([status, codes]).toEqual([503, ['OVERLOADED']]);
    expect(answer.errors?.[0].message).toContain('1000 ms');
    expect(recommender.asked[0].lifetime?.over).toMatchObject({ code: 'OVERLOADED' });
    recommender.release();
    await until(() => shop.log.some(({ msg }) => msg === 'operation'));
    expect((await post(server, '{ __typename }')).status).toBe(200);
  });

  test('still records its order, so that sending it again returns what was recorded', async () => {
    const release = await holdOrders();
    const server = await serverWith({ requestLimitMs: 1_000 });
    expect((await post(server, `mutation { ${orderOf('late-1')} }`)).codes).toEqual(['OVERLOADED']);
    await release();
    await until(async () => (await receipts()).length === 1);
    const { answer } = await post(shop.server, `mutation { ${orderOf('late-1')} }`);
    expect(answer.data).toMatchObject({ recordPurchases: { repeated: true } });
  });
});

test('requests beyond the limit are refused with OVERLOADED, and the server still tells its health', async () => {
  const recommender = heldRecommender();
  const server = await serverWith({ recommender });
  const ask = () => post(server, '{ recommendations(customerId: "c-01", first: 1) { rank } }');
  const within = Array.from({ length: 1024 }, ask);
  await recommender.askedFor(within.length);
  expect(await ask()).toMatchObject({ status: 503, codes: ['OVERLOADED'] });
  expect((await server.app.inject('/health/live')).statusCode).toBe(200);
  recommender.release();
  expect((await Promise.all(within)).filter(({ status }) => status !== 200)).toEqual([]);
  expect((await ask()).status).toBe(200);
});
