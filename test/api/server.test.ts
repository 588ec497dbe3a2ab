// The HTTP server: its pages, its health, requests from other origins, and its shutdown. Real
// sockets are used if they make a difference.

import { setTimeout as sleep } from 'node:timers/promises';
import { checkReady, type Readiness } from '../../src/api/http/health';
import { createServer, type Server, type ServerParts } from '../../src/api/server';
import type { Recommender } from '../../src/serving/types';
import { openShop, plainRecommender, type GraphqlAnswer, type Shop } from '../support/graphql-shop';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop('graphql_server');
});
afterAll(() => shop?.close());

/** Makes another server over the same shop. The test must close the server. */
function anotherServer(parts: Partial<ServerParts> = {}): Promise<Server> {
  return createServer({ ...shop.parts, ...parts });
}

const post = (url: string, query: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
    ...init,
  });

describe('pages', () => {
  test('/ leads people and programs to the API and its health', async () => {
    const page = await shop.server.app.inject({ url: '/', headers: { accept: 'text/html,*/*' } });
    expect(page.headers['content-type']).toContain('text/html');
    for (const path of ['/graphql', '/report', '/metrics', '/health/live', '/health/ready'])
      expect(page.body).toContain(`href="${path}"`);
    const json = await shop.server.app.inject({ url: '/' });
    expect(json.json()).toEqual({
      name: 'Vitrine',
      graphql: '/graphql',
      report: '/report',
      metrics: '/metrics',
      images: '/images/{articleId}',
      health: { live: '/health/live', ready: '/health/ready' },
    });
  });

  test('/graphql opens Apollo Sandbox in a browser, with the named operations and ids that exist', async () => {
    const page = await shop.server.app.inject({
      url: '/graphql',
      headers: { accept: 'text/html,application/xhtml+xml' },
    });
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.body).toContain('EmbeddedSandbox');
    expect(page.body).toContain('query Recommendations(');
    expect(page.body).toContain('"variables":{"customerId":"c-01","articleId":"a-01","first":12}');
  });

  test('/graphql opens with one operation and variables from the address, without anything that could break out', async () => {
    const open = async (operation: string, variables: unknown): Promise<string> => {
      const query = new URLSearchParams({ operation, variables: JSON.stringify(variables) });
      const url = `/graphql?${query.toString()}`;
      return (await shop.server.app.inject({ url, headers: { accept: 'text/html' } })).body;
    };
    const page = await open('Search', { text: 'rosa Pullover', first: 5, more: '</script><script>alert(1)' });
    expect(page).toContain('EmbeddedSandbox');
    expect(page).toContain('query Search(');
    expect(page).not.toContain('query HomePage(');
    expect(page).toContain('"variables":{"text":"rosa Pullover","first":5}');
    expect(page).not.toContain('alert(1)');
    for (const operation of ['Nothing', '__proto__', 'constructor']) {
      expect(await open(operation, {})).toContain('query HomePage(');
    }
  });

  test('ids that could break out of Sandbox’s page are left out of it', async () => {
    await shop.sql(`UPDATE customers SET customer_id = '</script><script>alert(1)</script>' WHERE key = 1`);
    const page = await shop.server.app.inject({ url: '/graphql', headers: { accept: 'text/html' } });
    await shop.sql(`UPDATE customers SET customer_id = 'c-01' WHERE key = 1`);
    expect(page.body).not.toContain('alert(1)');
    expect(page.body).toContain('"customerId":"CUSTOMER_ID"');
  });

  test('/report shows the report of the served release, and lets nothing else run in it', async () => {
    let report: string | undefined = '<!doctype html><p>first</p>';
    const server = await anotherServer({ report: () => report });
    const url = await server.listen();
    const response = await fetch(`${url}/report`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).toBe(report);
    report = '<!doctype html><p>second</p>';
    expect(await (await fetch(`${url}/report`)).text()).toBe(report);
    await server.close();
  });

  test('/report without a report says how to get one: people get a page, programs an error', async () => {
    const page = await shop.server.app.inject({ url: '/report', headers: { accept: 'text/html' } });
    expect(page.statusCode).toBe(404);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.body).toContain('npx vitrine train');
    const json = await shop.server.app.inject({ url: '/report' });
    expect(json.statusCode).toBe(404);
    const [error] = json.json<GraphqlAnswer>().errors ?? [];
    expect(error.extensions.code).toBe('NOT_FOUND');
    expect(error.message).toContain('npx vitrine train');
  });

  test('an unknown address is not found', async () => {
    const response = await shop.server.app.inject({ url: '/nowhere?secret=1' });
    expect(response.statusCode).toBe(404);
    expect(response.json()).toEqual({
      errors: [{ message: 'nothing at GET /nowhere; see /', extensions: { code: 'NOT_FOUND' } }],
    });
  });
});

describe('GraphQL over HTTP', () => {
  test('queries may come by GET with a header that foreign pages cannot send', async () => {
    const url = `/graphql?query=${encodeURIComponent('{ article(id: "a-01") { name } }')}`;
    const response = await shop.server.app.inject({ url, headers: { 'apollo-require-preflight': 'true' } });
    expect(response.json()).toEqual({ data: { article: { name: 'Article 1' } } });
  });

  test('introspection follows the settings', async () => {
    const hidden = await anotherServer({
      config: { host: '127.0.0.1', port: 0, introspection: false, corsOrigins: [] },
    });
    const payload = { query: '{ __schema { queryType { name } } }' };
    const ask = (server: Server) => server.app.inject({ method: 'POST', url: '/graphql', payload });
    expect((await ask(shop.server)).json()).toEqual({ data: { __schema: { queryType: { name: 'Query' } } } });
    const refused = (await ask(hidden)).json<GraphqlAnswer>();
    expect(refused.errors?.[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    await hidden.close();
  });
});

describe('health', () => {
  const answerOf = async (ready: () => Readiness | Promise<Readiness>) => {
    const server = await anotherServer({ ready });
    const response = await server.app.inject({ url: '/health/ready' });
    await server.close();
    return [response.statusCode, response.json<unknown>()];
  };

  test('is live as soon as it runs, ready or not', async () => {
    const server = await anotherServer({ ready: () => ({ ready: false, reason: 'no release' }) });
    const response = await server.app.inject({ url: '/health/live' });
    expect([response.statusCode, response.json()]).toEqual([200, { status: 'live' }]);
    await server.close();
  });

  test('is ready when the database answers and there is a release', async () => {
    expect(await answerOf(() => ({ ready: true }))).toEqual([200, { status: 'ready' }]);
    expect(await answerOf(async () => ({ ready: true }))).toEqual([200, { status: 'ready' }]);
  });

  test('says why it is not ready', async () => {
    const ready = () => ({ ready: false, reason: 'no release yet' }) as const;
    expect(await answerOf(ready)).toEqual([503, { status: 'not ready', reason: 'no release yet' }]);
  });

  test('never fails, whatever fails below, and never tells strangers the details', async () => {
    const broken = () => {
      throw new Error('/srv/models is gone');
    };
    const reason = 'the state of the server is unknown';
    expect(await answerOf(broken)).toEqual([503, { status: 'not ready', reason }]);
    const ready = () => ({ ready: true }) as const;
    const refused = { ping: () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.7:5432')) };
    expect(await checkReady({ store: refused, ready })).toEqual({
      ready: false,
      reason: 'the database does not answer',
    });
    const silent = { ping: () => new Promise<void>(() => undefined) };
    expect(await checkReady({ store: silent, ready, pingLimitMs: 20 })).toEqual({
      ready: false,
      reason: 'the database took over 20 ms',
    });
  });
});

describe('pages of other origins', () => {
  const preflight = (server: Server, origin: string) =>
    server.app.inject({
      method: 'OPTIONS',
      url: '/graphql',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    });
  const withOrigins = (corsOrigins: string[]) =>
    anotherServer({ config: { host: '127.0.0.1', port: 0, introspection: true, corsOrigins } });

  test('may not query by default', async () => {
    const response = await preflight(shop.server, 'https://shop.example');
    expect(response.statusCode).toBe(404);
    expect(response.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('may query if they are listed, and no others may', async () => {
    const server = await withOrigins(['https://shop.example']);
    const allowed = await preflight(server, 'https://shop.example');
    expect(allowed.statusCode).toBe(204);
    expect(allowed.headers).toMatchObject({ 'access-control-allow-origin': 'https://shop.example', vary: 'Origin' });
    expect(allowed.headers['access-control-allow-headers']).toContain('content-type');
    expect((await preflight(server, 'https://evil.example')).headers['access-control-allow-origin']).toBeUndefined();
    const payload = { query: '{ __typename }' };
    const headers = { origin: 'https://shop.example' };
    const response = await server.app.inject({ method: 'POST', url: '/graphql', payload, headers });
    expect(response.json()).toEqual({ data: { __typename: 'Query' } });
    expect(response.headers['access-control-allow-origin']).toBe('https://shop.example');
    await server.close();
  });

  test('may all query with *', async () => {
    const server = await withOrigins(['*']);
    expect((await preflight(server, 'https://a.example')).headers['access-control-allow-origin']).toBe('*');
    await server.close();
  });
});

describe('the end', () => {
  /** Makes a recommender that answers only when the test tells it to. */
  function slowRecommender() {
    const plain = plainRecommender();
    let answer = (): void => undefined;
    let arrived = (): void => undefined;
    const released = new Promise<void>((resolve) => (answer = resolve));
    const asked = new Promise<void>((resolve) => (arrived = resolve));
    const recommender: Recommender = {
      ...plain,
      async recommend(requests) {
        arrived();
        await released;
        return plain.recommend(requests);
      },
    };
    return { recommender, asked, answer: () => answer() };
  }
  const QUERY = '{ recommendations(customerId: "c-01", first: 1) { rank } }';

  test('lets requests in flight finish, accepts no more and closes', async () => {
    const { recommender, asked, answer } = slowRecommender();
    const server = await anotherServer({ recommender });
    const url = await server.listen();
    const inFlight = post(url, QUERY);
    await asked;
    const closing = server.close();
    await sleep(50);
    await expect(post(url, '{ __typename }')).rejects.toThrow();
    answer();
    const response = await inFlight;
    expect(await response.json()).toEqual({ data: { recommendations: [{ rank: 1 }] } });
    expect(response.headers.get('connection')).toBe('close');
    await closing;
    await expect(post(url, '{ __typename }')).rejects.toThrow();
  });

  test('does not wait for connections that are only kept alive', async () => {
    const server = await anotherServer();
    const url = await server.listen();
    await (await post(url, '{ __typename }')).text();
    const started = performance.now();
    await server.close();
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('sends late requests to another server, and is not ready', async () => {
    const { recommender, asked, answer } = slowRecommender();
    const server = await anotherServer({ recommender });
    const inFlight = post(await server.listen(), QUERY);
    await asked;
    const closing = server.close();
    const [late, health] = await Promise.all([
      server.app.inject({ method: 'POST', url: '/graphql', payload: { query: '{ __typename }' } }),
      server.app.inject({ url: '/health/ready' }),
    ]);
    expect(late.statusCode).toBe(503);
    expect(late.json<GraphqlAnswer>().errors?.[0].extensions.code).toBe('SHUTTING_DOWN');
    expect(health.statusCode).toBe(503);
    expect(health.json()).toEqual({ status: 'not ready', reason: 'shutting down' });
    answer();
    expect((await inFlight).status).toBe(200);
    await closing;
  });

  test('cuts off requests that take longer than the limit', async () => {
    const { recommender, asked, answer } = slowRecommender();
    const server = await anotherServer({ recommender, closeLimitMs: 100 });
    const url = await server.listen();
    const inFlight = post(url, QUERY).then(
      () => 'answered',
      () => 'cut off',
    );
    await asked;
    const started = performance.now();
    await server.close();
    expect(performance.now() - started).toBeLessThan(2000);
    expect(await inFlight).toBe('cut off');
    answer();
  });

  test('is harmless if asked for twice, or before the server listens', async () => {
    const server = await anotherServer();
    await Promise.all([server.close(), server.close()]);
    await server.close();
  });
});
