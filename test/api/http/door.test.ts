// The door: which addresses ask for a key, and which headers browsers and caches get.

import { openKeyedShop, headersOf, tokenOf, type Credentials, type KeyedShop } from '../../support/keyed-shop';

let keyed: KeyedShop;
beforeAll(async () => {
  keyed = await openKeyedShop('door');
});
afterAll(() => keyed.close());

const get = (url: string, credentials: Credentials = {}, headers: Record<string, string> = {}) =>
  keyed.server.app.inject({ url, headers: { ...headersOf(credentials), ...headers } });

describe('a server with keys', () => {
  test.each(['/metrics', '/report'])('shows %s to admins only', async (url) => {
    const without = await get(url);
    expect(without.statusCode).toBe(401);
    expect(without.headers['www-authenticate']).toBe('Bearer realm="Vitrine"');
    expect((await get(url, { key: keyed.keyOf['customers:read'] })).statusCode).toBe(403);
    expect([200, 404]).toContain((await get(url, { key: keyed.keyOf.admin })).statusCode);
  });

  test('lets a browser’s user in by a key as the password, for pages of admins only', async () => {
    const page = { accept: 'text/html' };
    const asked = await get('/report', {}, page);
    expect([asked.statusCode, asked.headers['www-authenticate']]).toEqual([401, expect.stringMatching(/^Basic /)]);
    const basic = `Basic ${Buffer.from(`me:${keyed.keyOf.admin}`).toString('base64')}`;
    const shown = await get('/report', {}, { ...page, authorization: basic });
    expect([shown.statusCode, shown.headers['www-authenticate']]).toEqual([404, undefined]);
    const query = await keyed.server.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { authorization: basic },
      payload: { query: '{ articles { nodes { id } } }' },
    });
    expect(query.statusCode).toBe(401);
  });

  test.each(['/health/live', '/health/ready', '/images/a-01', '/'])('shows %s to everyone', async (url) => {
    expect((await get(url)).statusCode).toBe(200);
  });

  test('answers no query without a key, in the form of a GraphQL error', async () => {
    const { status, errors } = await keyed.ask('{ articles { nodes { id } } }');
    expect(status).toBe(401);
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'UNAUTHENTICATED' } });
  });

  test('opens Sandbox to a browser without ids of customers, with a place for a key', async () => {
    const { statusCode, body } = await get('/graphql', {}, { accept: 'text/html' });
    expect(statusCode).toBe(200);
    expect(body).toContain('YOUR_KEY');
    expect(body).not.toContain('c-01');
  });

  test('says what is missing to whoever may not do something', async () => {
    const { status, errors } = await keyed.ask('{ customer(id: "c-01") { age } }', { key: keyed.keyOf.recommend });
    expect(status).toBe(403);
    expect(errors?.[0].message).toBe(
      'Query.customer needs the scope customers:read; the key "recommend" has recommend, catalogue:read',
    );
  });

  test('suggests no names of the schema to whoever may not read it', async () => {
    const wrong = '{ artcles { nodes { id } } }';
    const { errors } = await keyed.ask(wrong, { key: keyed.publishable });
    expect(errors?.[0].message).toBe('Cannot query field "artcles" on type "Query".');
    const admins = await keyed.ask(wrong, { key: keyed.keyOf.admin });
    expect(admins.errors?.[0].message).toContain('Did you mean');
    expect((await keyed.ask('{ __schema { types { name } } }', { key: keyed.publishable })).status).toBe(403);
  });
});

describe('a publishable key', () => {
  test('is not told how a list was made', async () => {
    const send = (key: string) =>
      keyed.server.app.inject({
        method: 'POST',
        url: '/graphql',
        headers: { ...headersOf({ key }), 'vitrine-trace': '1' },
        payload: { query: '{ recommendations(first: 2) { rank } }' },
      });
    expect((await send(keyed.publishable)).json()).not.toHaveProperty('extensions');
    expect((await send(keyed.keyOf.recommend)).json()).toHaveProperty('extensions.trace');
  });

  test('gets a list for guests, and the list of a token’s customer without naming the customer', async () => {
    const query = '{ recommendations(first: 2) { coldStart article { id } } }';
    const guest = await keyed.ask<Lists>(query, { key: keyed.publishable });
    expect(guest.data?.recommendations[0].coldStart).toBe(true);
    const known = await keyed.ask<Lists>(query, { key: keyed.publishable, token: await tokenOf('c-05') });
    expect(known.data?.recommendations[0]).toMatchObject({ coldStart: false, article: { id: 'a-05' } });
  });

  test('with a token records orders of its customer alone', async () => {
    const record = 'mutation ($input: RecordPurchasesInput!) { recordPurchases(input: $input) { repeated } }';
    const credentials = { key: keyed.publishable, token: await tokenOf('c-07') };
    const input = (customerId: string) => ({
      input: { requestId: `door ${customerId}`, customerId, purchases: [{ articleId: 'a-01' }] },
    });
    const before = await keyed.shop.sql('SELECT count(*) FROM purchases');
    expect((await keyed.ask(record, credentials, input('c-08'))).errors?.[0].extensions.code).toBe('FORBIDDEN');
    expect(await keyed.shop.sql('SELECT count(*) FROM purchases')).toEqual(before);
    expect((await keyed.ask(record, credentials, input('c-07'))).errors).toBeUndefined();
  });
});

interface Lists {
  readonly recommendations: readonly { readonly coldStart: boolean; readonly article: { readonly id: string } }[];
}

describe('caches', () => {
  const ask = (query: string) => keyed.ask(query, { key: keyed.keyOf.admin });

  test('may keep what is the same for everybody', async () => {
    const { headers } = await ask('{ trending(first: 1) { article { id name } } }');
    expect(headers['cache-control']).toBe('public, max-age=30');
    expect(headers['vary']).toContain('authorization');
  });

  test.each([
    '{ recommendations(customerId: "c-01") { rank } }',
    '{ customer(id: "c-01") { id } }',
    '{ trending(first: 1) { article { id } } customers { nodes { id } } }',
    '{ article(id: "a-01") { nothing } }',
    '{ trending(first: 1000) { rank } }',
  ])('may not keep the answer to %s', async (query) => {
    expect((await ask(query)).headers['cache-control']).toBe('no-store');
  });
});

describe('browsers', () => {
  test('load nothing from an answer, and frame no page of this server', async () => {
    const { headers } = await get('/health/live');
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'cross-origin',
    });
  });

  test('may send keys and tokens from allowed origins, and the headers of the settings', async () => {
    const config = { ...keyed.shop.parts.config, corsOrigins: ['https://shop.example'], corsHeaders: ['x-shop'] };
    const server = await keyed.another({}, { config });
    const { headers } = await server.app.inject({
      method: 'OPTIONS',
      url: '/graphql',
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' },
    });
    expect(String(headers['access-control-allow-headers']).split(', ')).toEqual(
      expect.arrayContaining(['authorization', 'vitrine-customer-token', 'x-shop']),
    );
    await server.close();
  });
});

test('a budget is told with each answer, and with Retry-After when it is spent', async () => {
  const server = await keyed.another({ budgets: { key: 200, customer: undefined } });
  const send = () =>
    server.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: headersOf({ key: keyed.keyOf.admin }),
      payload: { query: '{ articles(first: 40) { nodes { id } } }' },
    });
  const first = await send();
  const { extensions } = first.json<{
    extensions: { cost: { requested: number; limit: number; remaining: number } };
  }>();
  expect(extensions.cost).toMatchObject({ requested: 130, limit: 200, remaining: 70 });
  const second = await send();
  expect(second.statusCode).toBe(429);
  expect(second.headers['retry-after']).toBe('1');
  expect(second.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
  await server.close();
});

test('an open server answers without a key, whatever a gateway puts into Authorization', async () => {
  const server = await keyed.another({ open: true });
  const { statusCode } = await server.app.inject({
    method: 'POST',
    url: '/graphql',
    headers: { authorization: 'Basic Z2F0ZXdheQ==' },
    payload: { query: '{ customers(first: 1) { nodes { age } } }' },
  });
  expect(statusCode).toBe(200);
  await server.close();
});
