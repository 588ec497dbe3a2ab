// Careless and hostile requests. Each request gets a clear error with a stable code, and no request
// reaches the store or the models.

import { openShop, type GraphqlAnswer, type Shop } from '../../support/graphql-shop';
import { LIMITS } from '../../../src/api/limits';
import { createServer } from '../../../src/api/server';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop('graphql_abuse');
});
afterAll(() => shop?.close());
beforeEach(() => {
  shop.statements();
  shop.recommender.recommended.length = 0;
  shop.log.length = 0;
});
afterEach(() => {
  expect(shop.statements()).toEqual([]);
  expect(shop.recommender.recommended).toEqual([]);
  expect(shop.log.filter((line) => Number(line['level']) >= 50)).toEqual([]);
});

const codes = (answer: GraphqlAnswer) => answer.errors?.map((error) => error.extensions.code);
const message = (answer: GraphqlAnswer) => answer.errors?.[0].message;
const post = async (
  payload: string | object,
  headers: Record<string, string> = { 'content-type': 'application/json' },
) => {
  const response = await shop.server.app.inject({ method: 'POST', url: '/graphql', payload, headers });
  return { status: response.statusCode, answer: response.json<GraphqlAnswer>(), text: response.body };
};

describe('arguments', () => {
  const lists = [
    'customers(first: FIRST) { nodes { id } }',
    'articles(first: FIRST) { nodes { id } }',
    'recommendations(customerId: "c-01", first: FIRST) { rank }',
    'similarArticles(articleId: "a-01", first: FIRST) { rank }',
  ];

  test.each(lists)('%s: 0, −1 and 101 are refused', async (list) => {
    for (const [first, code] of [
      ['0', 'INPUT_INVALID'],
      ['-1', 'INPUT_INVALID'],
      ['-2147483648', 'INPUT_INVALID'],
      ['101', 'LIMIT_EXCEEDED'],
    ]) {
      const answer = await shop.query(`{ ${list.replace('FIRST', first)} }`);
      expect(codes(answer)).toEqual([code]);
      expect(message(answer)).toContain(first);
    }
  });

  test('first: GraphQL itself refuses anything but a whole number', async () => {
    for (const first of ['1.5', '"12"', '99999999999', 'null']) {
      const answer = await shop.query(`{ articles(first: ${first}) { nodes { id } } }`);
      expect(codes(answer)).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    }
    const byVariable = await shop.query('query ($n: Int!) { articles(first: $n) { nodes { id } } }', { n: 1.5 });
    expect(codes(byVariable)).toEqual(['BAD_USER_INPUT']);
  });

  test.each([
    ['customer(id: $id) { id }', 'id'],
    ['article(id: $id) { id }', 'id'],
    ['recommendations(customerId: $id) { rank }', 'customerId'],
    ['similarArticles(articleId: $id) { rank }', 'articleId'],
  ])('%s: an id that is empty, too long or has a NUL byte is refused by name', async (field, argument) => {
    for (const id of ['', 'x'.repeat(257), '\0', 'a-01\0']) {
      const answer = await shop.query(`query ($id: ID!) { ${field} }`, { id });
      expect(codes(answer)).toEqual(['INPUT_INVALID']);
      expect(message(answer)).toMatch(new RegExp(`^${argument}: expected`));
    }
  });

  test('malformed cursors and cursors of other lists are refused', async () => {
    const forged = (text: string) => Buffer.from(text).toString('base64url');
    const cursors = [
      'x',
      '!!!!',
      '\0',
      'y'.repeat(5000),
      forged('articles'),
      forged('articles:'),
      forged('articles:1.5'),
      forged('articles:NaN'),
      forged('articles:1e3'),
      forged('articles:0x10'),
      forged('articles:1:2'),
      forged('articles:99999999999999999999'),
      forged('customers:1'),
      `${forged('articles:1')}=`,
      ` ${forged('articles:1')}`,
    ];
    for (const after of cursors) {
      const answer = await shop.query('query ($after: String) { articles(after: $after) { nodes { id } } }', { after });
      expect([after.slice(0, 30), codes(answer)]).toEqual([after.slice(0, 30), ['INPUT_INVALID']]);
      expect(message(answer)).toMatch(/^after: expected a cursor of articles, got/);
      expect(message(answer)?.length).toBeLessThan(300);
    }
  });

  test('numbers in cursors that are too large for the store’s keys are refused', async () => {
    const beyond = Buffer.from(`articles:${2 ** 53}`).toString('base64url');
    const answer = await shop.query('query ($after: String) { articles(after: $after) { nodes { id } } }', {
      after: beyond,
    });
    expect(codes(answer)).toEqual(['INPUT_INVALID']);
  });
});

describe('documents', () => {
  test('that are too deep are refused', async () => {
    const deep = 'similar(first: 1) { article { '.repeat(20) + 'id' + ' } }'.repeat(20);
    const { status, answer } = await post({ query: `{ article(id: "a-01") { ${deep} } }` });
    expect(status).toBe(400);
    expect(codes(answer)).toEqual(['LIMIT_EXCEEDED']);
    expect(message(answer)).toContain('42 fields deep');
  });

  test('that explode by aliases are refused', async () => {
    const aliases = Array.from(
      { length: 150 },
      (_, i) => `a${i}: recommendations(customerId: "c-${i}") { rank score }`,
    );
    const { status, answer } = await post({ query: `{ ${aliases.join(' ')} }` });
    expect(status).toBe(400);
    expect(codes(answer)).toEqual(['LIMIT_EXCEEDED']);
    expect(message(answer)).toMatch(/the query costs \d+, the limit is 10000/);
  });

  test('in batches are refused', async () => {
    const batch = Array.from({ length: 10 }, () => ({ query: '{ articles { nodes { id } } }' }));
    expect(codes((await post(batch)).answer)).toEqual(['BAD_REQUEST']);
  });

  test('that repeat a field thousands of times are refused within a second', async () => {
    const started = performance.now();
    const { answer } = await post({ query: `{ article(id: "a-01") { ${'name '.repeat(20_000)} } }` });
    expect(codes(answer)).toEqual(['GRAPHQL_PARSE_FAILED']);
    expect(message(answer)).toContain('3000 tokens');
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('with as many fields as the limit allows are answered within a second', async () => {
    const started = performance.now();
    await post({ query: `{ __type(name: "Article") { ${'name '.repeat(LIMITS.tokens - 20)} } }` });
    expect(performance.now() - started).toBeLessThan(1000);
  });

  const many = (count: number, make: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => make(i)).join(' ');
  const long = 'L'.repeat(100_000);
  test.each([
    ['a long name', `query ${long}(${many(400, (i) => `$v${i}: ID`)}) { __typename }`],
    ['fields that are not there', `{ ${many(2900, (i) => `artikel${i}`)} }`],
    ['long fields that are not there', `{ ${many(100, (i) => `${'x'.repeat(1200)}${i}`)} }`],
    ['fields that conflict', `{ ${many(100, (i) => `a: articles(first: ${i}) { nodes { id } }`)} }`],
    ['a long text', `{ articles(first: "${long}") { nodes { id } } }`],
    ['a long name where none may be', `{ articles(first: 1 { nodes { id } } ${long} }`],
  ])('with %s get few and short errors', async (_what, query) => {
    const { status, answer, text } = await post({ query });
    expect(status).toBe(400);
    expect(answer.errors?.length).toBeGreaterThan(0);
    expect(text.length).toBeLessThan(16_000);
  });

  test('with a long alias in a list are refused', async () => {
    const { status, answer } = await post({ query: `{ articles(first: 40) { nodes { ${long}: name } } }` });
    expect(status).toBe(400);
    expect(codes(answer)).toEqual(['LIMIT_EXCEEDED']);
  });

  test('that ask for the schema many times are refused', async () => {
    const query = `{ ${many(40, (i) => `a${i}: __schema { types { name fields { name description } } }`)} }`;
    const { status, answer } = await post({ query });
    expect(status).toBe(400);
    expect(codes(answer)).toEqual(['LIMIT_EXCEEDED']);
  });

  test('without introspection get few errors, which reveal nothing of the schema', async () => {
    const config = { ...shop.parts.config, introspection: false };
    const server = await createServer({ ...shop.parts, config });
    const ask = (query: string) => server.app.inject({ method: 'POST', url: '/graphql', payload: { query } });
    const misspelt = await ask('{ artikle(id: "a-01") { id } }');
    expect(misspelt.body).not.toContain('Did you mean');
    const schemas = await ask(`{ ${many(290, (i) => `a${i}: __schema { types { name } }`)} }`);
    expect(schemas.statusCode).toBe(400);
    expect(schemas.body.length).toBeLessThan(16_000);
    await server.close();
  });

  test('with fragments in a circle are refused by GraphQL itself', async () => {
    const query =
      '{ article(id: "a-01") { ...A } } fragment A on Article { similar { article { ...B } } } fragment B on Article { ...A }';
    const { answer } = await post({ query });
    expect(codes(answer)).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  });

  test.each([
    ['nothing', {}, 'BAD_REQUEST'],
    ['no text', { query: 5 }, 'BAD_REQUEST'],
    ['an empty text', { query: '' }, 'BAD_REQUEST'],
    ['no GraphQL', { query: '}{' }, 'GRAPHQL_PARSE_FAILED'],
    ['unknown fields', { query: '{ articles { nodes { secret } } }' }, 'GRAPHQL_VALIDATION_FAILED'],
    ['an unknown mutation', { query: 'mutation { deleteArticles }' }, 'GRAPHQL_VALIDATION_FAILED'],
    ['a subscription', { query: 'subscription { articles }' }, 'GRAPHQL_VALIDATION_FAILED'],
    ['a missing variable', { query: 'query ($id: ID!) { article(id: $id) { id } }' }, 'BAD_USER_INPUT'],
    [
      'an unknown operation',
      { query: 'query A { article(id: "1") { id } }', operationName: 'B' },
      'OPERATION_RESOLUTION_FAILURE',
    ],
    ['variables that are a text', { query: '{ article(id: "1") { id } }', variables: '{}' }, 'BAD_REQUEST'],
    [
      'a false hash',
      { query: '{ article(id: "1") { id } }', extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } },
      'BAD_REQUEST',
    ],
  ])('with %s are refused with their own code', async (_what, payload, code) => {
    const { status, answer } = await post(payload);
    expect(status).toBe(400);
    expect([...new Set(codes(answer))]).toEqual([code]);
  });
});

describe('requests', () => {
  test('with huge bodies are refused before they are read', async () => {
    const { status, answer } = await post({ query: `{ articles { nodes { id } } } # ${'x'.repeat(LIMITS.bodyBytes)}` });
    expect(status).toBe(413);
    expect(codes(answer)).toEqual(['LIMIT_EXCEEDED']);
    expect(message(answer)).toContain(`${LIMITS.bodyBytes} bytes`);
  });

  test.each([
    ['broken JSON', '{ "query": ', 400],
    ['an empty body', '', 400],
    ['a prototype', '{ "__proto__": { "query": "{ articles { nodes { id } } }" } }', 400],
  ])('with %s are refused', async (_what, payload, expected) => {
    const { status, answer } = await post(payload);
    expect(status).toBe(expected);
    expect(codes(answer)).toEqual(['BAD_REQUEST']);
  });

  test('that a form on a foreign page could send are refused', async () => {
    const query = '{ articles { nodes { id } } }';
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const { status } = await post(JSON.stringify({ query }), { 'content-type': type });
      expect([type, status]).toEqual([type, type === 'text/plain' ? 400 : 415]);
    }
    const url = `/graphql?query=${encodeURIComponent(query)}`;
    const simple = await shop.server.app.inject({ method: 'GET', url });
    expect(simple.statusCode).toBe(400);
    expect(simple.body).toContain('CSRF');
  });

  test('with a mutation by GET are refused, with and without the preflight header', async () => {
    const url = `/graphql?query=${encodeURIComponent('mutation { __typename }')}`;
    for (const headers of [{}, { 'apollo-require-preflight': 'true' }]) {
      const response = await shop.server.app.inject({ method: 'GET', url, headers });
      expect([400, 405]).toContain(response.statusCode);
    }
  });

  test.each(['PUT', 'DELETE', 'PATCH'] as const)('by %s are not found', async (method) => {
    const response = await shop.server.app.inject({ method, url: '/graphql' });
    expect(response.statusCode).toBe(404);
    expect(codes(response.json())).toEqual(['NOT_FOUND']);
  });

  test('with a malformed Host header are the client’s fault, not ours', async () => {
    const payload = { query: '{ __typename }' };
    const response = await shop.server.app.inject({ method: 'POST', url: '/graphql', payload, headers: { host: '[' } });
    expect(response.statusCode).toBe(400);
    expect(codes(response.json())).toEqual(['INPUT_INVALID']);
  });

  test('get no stack and no path of this machine', async () => {
    const answers = await Promise.all([
      post({ query: '{ nothing }' }),
      post('{'),
      post({ query: '{ articles(first: 0) { nodes { id } } }' }),
      post({ query: '{ articles(after: "x") { nodes { id } } }' }),
    ]);
    for (const { text } of answers) expect(text).not.toMatch(/stack|node_modules|\.js|\bat /i);
  });
});
