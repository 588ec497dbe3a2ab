// The host names for which the server answers. A foreign page that points its own name to this
// server (DNS rebinding) must not get any data.

import { createServer, type Server, type ServerParts } from '../../../src/api/server';
import { openShop, type GraphqlAnswer, type Shop } from '../../support/graphql-shop';
import { exchange } from '../../support/raw-http';

let shop: Shop;
const opened: Server[] = [];
beforeAll(async () => {
  shop = await openShop('hosts');
});
afterAll(async () => {
  for (const server of opened) await server.close();
  await shop?.close();
});

/** Makes a server over the same shop that does not listen. */
async function serverOn(config: Partial<ServerParts['config']>): Promise<Server> {
  const server = await createServer({ ...shop.parts, config: { ...shop.parts.config, ...config } });
  opened.push(server);
  return server;
}

async function statusOf(server: Server, host: string, url = '/metrics'): Promise<number> {
  return (await server.app.inject({ url, headers: { host } })).statusCode;
}

/** Sends a request with these lines. Returns the first line of the answer. */
async function answerTo(...lines: string[]): Promise<string | undefined> {
  const server = await serverOn({});
  return (await exchange(await server.listen(), [...lines, 'Connection: close', '', ''].join('\r\n'))).split('\r\n')[0];
}

const ORDER = `mutation { recordPurchases(input: { requestId: "r-1", customerId: "c-01", purchases: [{ articleId: "a-01" }] }) { repeated } }`;

describe('a server on loopback', () => {
  test('records no order for a page that rebound its name, and names the setting that would allow it', async () => {
    const response = await shop.server.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { host: 'evil.example:4000', origin: 'http://evil.example:4000' },
      payload: { query: ORDER },
    });
    expect(response.statusCode).toBe(421);
    const [error] = response.json<GraphqlAnswer>().errors ?? [];
    expect(error.extensions.code).toBe('INPUT_INVALID');
    expect(error.message).toContain('"evil.example"');
    expect(error.message).toContain('ALLOWED_HOSTS');
    expect(await shop.sql('SELECT FROM receipts')).toEqual([]);
  });

  test.each(['/', '/graphql', '/report', '/metrics', '/images/a-01', '/nowhere', '/health/../graphql'])(
    'refuses %s to requests for another host',
    async (url) => {
      for (const accept of ['text/html', '*/*']) {
        const headers = { host: 'evil.example', accept };
        expect((await shop.server.app.inject({ url, headers })).statusCode).toBe(421);
      }
    },
  );

  test('tells its health under any name, which load balancers need', async () => {
    for (const url of ['/health/live', '/health/ready', '/health/live?probe=1']) {
      expect(await statusOf(shop.server, '10.1.2.3:4000', url)).toBe(200);
      expect(await statusOf(shop.server, 'balancer.internal', url)).toBe(200);
    }
  });

  test.each([
    'localhost',
    'localhost:4000',
    'LOCALHOST',
    'localhost.',
    'shop.localhost:8080',
    '127.0.0.1',
    '127.9.8.7:4000',
    '[::1]',
    '[::1]:4000',
    '[0:0:0:0:0:0:0:1]',
  ])('answers to %s', async (host) => {
    expect(await statusOf(shop.server, host)).toBe(200);
  });

  test.each([
    'evil.example',
    'localhost.evil.example',
    'notlocalhost',
    '127.0.0.1.evil.example',
    '10.0.0.7',
    '0.0.0.0',
    '[fe80::1]',
    '[::ffff:10.0.0.7]',
    '192.168.1.20:4000',
  ])('does not answer to %s', async (host) => {
    expect(await statusOf(shop.server, host)).toBe(421);
  });

  test.each([':4000', '[', 'localhost:99999', 'evil.example@localhost', 'localhost/x', 'local host', 'localhost#x'])(
    'rejects %j as an invalid host',
    async (host) => {
      expect(await statusOf(shop.server, host)).toBe(400);
    },
  );

  test('ignores the headers of proxies', async () => {
    const headers = { 'x-forwarded-host': 'localhost', forwarded: 'host=localhost' };
    const asked = (host: string) => shop.server.app.inject({ url: '/metrics', headers: { ...headers, host } });
    expect((await asked('evil.example')).statusCode).toBe(421);
    expect((await asked('localhost')).statusCode).toBe(200);
  });

  test('accepts exactly one host, in the first line or in a Host header', async () => {
    expect(await answerTo('GET /metrics HTTP/1.1', 'Host: localhost')).toContain(' 200 ');
    expect(await answerTo('GET http://localhost/metrics HTTP/1.1', 'Host: localhost')).toContain(' 200 ');
    expect(await answerTo('GET http://evil.example/metrics HTTP/1.1', 'Host: localhost')).toContain(' 421 ');
    expect(await answerTo('GET HTTP://evil.example HTTP/1.1', 'Host: localhost')).toMatch(/ 4\d\d /);
    expect(await answerTo('GET http://localhost/metrics HTTP/1.1', 'Host: evil.example')).toContain(' 421 ');
    expect(await answerTo('GET /metrics HTTP/1.1', 'Host: localhost', 'HOST: evil.example')).toContain(' 400 ');
    expect(await answerTo('GET /metrics HTTP/1.1', 'Host: localhost', 'Host: localhost')).toContain(' 400 ');
    expect(await answerTo('GET /metrics HTTP/1.0')).toContain(' 400 ');
    expect(await answerTo('GET /metrics HTTP/1.1')).toContain(' 400 ');
    expect(await answerTo('GET /metrics HTTP/1.1', 'Host:')).toContain(' 400 ');
    expect(await answerTo('GET /health/live HTTP/1.0')).toContain(' 200 ');
  });
});

describe('a server that other machines reach', () => {
  test.each(['0.0.0.0', '::', '192.168.1.20'])('on %s answers to addresses but to no foreign name', async (host) => {
    const server = await serverOn({ host });
    for (const address of ['192.168.1.20:4000', '10.0.0.7', '[fe80::1]:4000', 'localhost:4000']) {
      expect(await statusOf(server, address)).toBe(200);
    }
    expect(await statusOf(server, 'evil.example')).toBe(421);
    expect(await statusOf(server, '10.0.0.7.evil.example')).toBe(421);
  });

  test('answers to the name in HOST', async () => {
    const server = await serverOn({ host: 'Shop.internal' });
    expect(await statusOf(server, 'shop.INTERNAL.:4000')).toBe(200);
    expect(await statusOf(server, 'other.internal')).toBe(421);
  });
});

describe('names in ALLOWED_HOSTS', () => {
  test('pass, with any port', async () => {
    const server = await serverOn({ allowedHosts: ['Shop.example:8443', '10.0.0.7', '[fe80::1]'] });
    for (const host of ['shop.example', 'shop.example:4000', '10.0.0.7:1', '[FE80::1]']) {
      expect(await statusOf(server, host)).toBe(200);
    }
    for (const host of ['www.shop.example', 'myshop.example', '10.0.0.8']) {
      expect(await statusOf(server, host)).toBe(421);
    }
  });

  test.each(['.shop.example', '*.shop.example'])('%s includes the name and all names below it', async (entry) => {
    const server = await serverOn({ allowedHosts: [entry] });
    expect(await statusOf(server, 'shop.example')).toBe(200);
    expect(await statusOf(server, 'a.b.shop.example')).toBe(200);
    expect(await statusOf(server, 'myshop.example')).toBe(421);
    expect(await statusOf(server, 'shop.example.evil.example')).toBe(421);
  });

  test('* includes all names', async () => {
    expect(await statusOf(await serverOn({ allowedHosts: ['*'] }), 'evil.example')).toBe(200);
  });
});

test('a page cannot record an order with any request that needs no permission', async () => {
  const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', undefined];
  const requests = [
    ...types.map((type) => ({
      method: 'POST' as const,
      url: '/graphql',
      payload: JSON.stringify({ query: ORDER }),
      headers: { origin: 'http://evil.example', ...(type === undefined ? {} : { 'content-type': type }) },
    })),
    { method: 'GET' as const, url: `/graphql?query=${encodeURIComponent(ORDER)}` },
    { method: 'POST' as const, url: `/graphql?query=${encodeURIComponent(ORDER)}` },
    { method: 'HEAD' as const, url: `/graphql?query=${encodeURIComponent(ORDER)}` },
  ];
  for (const request of requests) {
    expect((await shop.server.app.inject(request)).statusCode).toBeGreaterThanOrEqual(400);
  }
  expect(await shop.sql('SELECT FROM receipts')).toEqual([]);
});
