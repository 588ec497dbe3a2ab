// Texts, numbers and times in arguments and input fields. Values that Postgres cannot store are
// refused before anything is read, with an error that names the argument or field.

import { getNamedType, isInputObjectType, isObjectType, type GraphQLArgument, type GraphQLInputField } from 'graphql';
import { createSchema } from '../../../src/api/graphql/schema';
import { createRandom } from '../../../src/random';
import { openShop, type GraphqlAnswer, type Shop } from '../../support/graphql-shop';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop('graphql_inputs');
});
afterAll(() => shop?.close());

const codes = (answer: GraphqlAnswer) => answer.errors?.map((error) => error.extensions.code);
const RECORD = 'mutation ($input: RecordPurchasesInput!) { recordPurchases(input: $input) { repeated } }';
const PIECE = { articleId: 'a-01' };
const MAKE_KEY = 'mutation ($input: MakeApiKeyInput!) { makeApiKey(input: $input) { text } }';
const ORDER = { requestId: 'r', customerId: 'c-01', purchases: [PIECE] };

/**
 * For every argument and input field that takes a text: a query that contains a given text there.
 */
const TEXTS: Readonly<Record<string, (text: string) => [query: string, variables: Record<string, unknown>]>> = {
  'Query.article(id:)': (id) => ['query ($id: ID!) { article(id: $id) { id } }', { id }],
  'Query.articles(after:)': (after) => [
    'query ($after: String) { articles(after: $after) { nodes { id } } }',
    { after },
  ],
  'Query.customer(id:)': (id) => ['query ($id: ID!) { customer(id: $id) { id } }', { id }],
  'Query.customers(after:)': (after) => [
    'query ($after: String) { customers(after: $after) { nodes { id } } }',
    { after },
  ],
  'Customer.purchases(after:)': (after) => [
    'query ($after: String) { customer(id: "c-01") { purchases(after: $after) { nodes { price } } } }',
    { after },
  ],
  'Customer.attribute(name:)': (name) => [
    'query ($name: String!) { customer(id: "c-01") { attribute(name: $name) { name } } }',
    { name },
  ],
  'Customer.attributes(names:)': (name) => [
    'query ($names: [String!]) { customer(id: "c-01") { attributes(names: $names) { name } } }',
    { names: [name] },
  ],
  'Article.attribute(name:)': (name) => [
    'query ($name: String!) { article(id: "a-01") { attribute(name: $name) { name } } }',
    { name },
  ],
  'Article.attributes(names:)': (name) => [
    'query ($names: [String!]) { article(id: "a-01") { attributes(names: $names) { name } } }',
    { names: [name] },
  ],
  'Query.recommendations(customerId:)': (id) => [
    'query ($id: ID!) { recommendations(customerId: $id) { rank } }',
    { id },
  ],
  'Query.similarArticles(articleId:)': (id) => [
    'query ($id: ID!) { similarArticles(articleId: $id) { rank } }',
    { id },
  ],
  'Query.searchArticles(text:)': (text) => [
    'query ($text: String!) { searchArticles(text: $text) { rank } }',
    { text },
  ],
  'RecordPurchasesInput.requestId': (requestId) => [RECORD, { input: { ...ORDER, requestId } }],
  'RecordPurchasesInput.orderId': (orderId) => [RECORD, { input: { ...ORDER, orderId } }],
  'RecordPurchasesInput.customerId': (customerId) => [RECORD, { input: { ...ORDER, customerId } }],
  'MakeApiKeyInput.name': (name) => [MAKE_KEY, { input: { name, scopes: ['recommend'] } }],
  'MakeApiKeyInput.scopes': (scope) => [MAKE_KEY, { input: { name: 'page', scopes: [scope] } }],
  'Mutation.revokeApiKeys(ids:)': (id) => [
    'mutation ($ids: [ID!]!) { revokeApiKeys(ids: $ids) { id } }',
    { ids: [id] },
  ],
  'Mutation.expireApiKeys(ids:)': (id) => [
    'mutation ($ids: [ID!]!) { expireApiKeys(ids: $ids, at: "2999-01-01T00:00:00Z") { id } }',
    { ids: [id] },
  ],
  'Query.auditEntries(after:)': (after) => [
    'query ($after: String) { auditEntries(after: $after) { nodes { id } } }',
    { after },
  ],
  'PurchaseInput.articleId': (articleId) => [RECORD, { input: { ...ORDER, purchases: [{ articleId }] } }],
};

test('the tests cover every argument and input field that takes a text', () => {
  const takesText = ({ type }: GraphQLArgument | GraphQLInputField) =>
    ['ID', 'String'].includes(getNamedType(type).name);
  const found = Object.values(createSchema().getTypeMap()).flatMap((type) => {
    if (type.name.startsWith('__')) return [];
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields());
      return fields.filter(takesText).map(({ name }) => `${type.name}.${name}`);
    }
    if (!isObjectType(type)) return [];
    return Object.values(type.getFields()).flatMap((field) =>
      field.args.filter(takesText).map(({ name }) => `${type.name}.${field.name}(${name}:)`),
    );
  });
  expect(Object.keys(TEXTS).sort()).toEqual(found.sort());
});

test.each(Object.keys(TEXTS))('%s refuses half a surrogate pair and NUL by name, before it reads', async (place) => {
  const argument = /(\w+)(:\))?$/.exec(place)?.[1];
  for (const text of ['a-01\ud800', '\udc00a-01', 'c-01\ud83d c-01', '\ude00\ud83d', 'a-01\0']) {
    shop.statements();
    shop.recommender.recommended.length = 0;
    const answer = await shop.query(...TEXTS[place](text));
    expect([text, codes(answer)]).toEqual([text, ['INPUT_INVALID']]);
    expect(answer.errors?.[0].message).toMatch(new RegExp(`^${argument}: expected`));
    // The customer is read before their purchases, and articles before their attributes.
    const before = place.startsWith('Article.') ? 'articles' : 'customers';
    expect(shop.statements().filter((table) => table !== before)).toEqual([]);
    expect(shop.recommender.recommended).toEqual([]);
  }
});

test('whole surrogate pairs are ordinary characters', async () => {
  const input = { ...ORDER, requestId: '👗', customerId: 'c-👗' };
  expect(await shop.query(RECORD, { input })).toEqual({ data: { recordPurchases: { repeated: false } } });
  const customer = await shop.query('{ customer(id: "c-👗") { id } }');
  expect(customer.data?.customer.id).toBe('c-👗');
});

test('a picture is refused if its id is no Unicode', async () => {
  for (const id of ['%ED%A0%80', 'a%FF', '%00', '%']) {
    const response = await shop.server.app.inject({ method: 'GET', url: `/images/${id}` });
    expect([id, response.statusCode]).toEqual([id, 400]);
  }
});

describe('an order', () => {
  const record = (more: object, piece: object = {}) =>
    shop.query(RECORD, {
      input: { ...ORDER, requestId: `r-${requests++}`, purchases: [{ ...PIECE, ...piece }], ...more },
    });
  let requests = 0;

  test.each([-5e-324, -1e-46, -1, 1e9, 1e39, 1.7e308])('refuses the price %d', async (price) => {
    const answer = await record({}, { price });
    expect(codes(answer)).toEqual(['INPUT_INVALID']);
    expect(answer.errors?.[0].message).toMatch(/^price: expected .* got /);
  });

  test.each([0, -0, 5e-324, 1e-46, 1e-44, 0.1, 999_999_999])('takes the price %d', async (price) => {
    expect(await record({}, { price })).toEqual({ data: { recordPurchases: { repeated: false } } });
  });

  test.each([
    '0000-01-01T00:00:00Z',
    '0000-12-31T23:59:59.999Z',
    '0001-01-01T00:00:00Z',
    '1989-12-31T23:59:59Z',
    '9999-12-31T23:59:59Z',
    '9999-12-31T23:59:59-14:00',
  ])('refuses the time %s', async (boughtAt) => {
    const answer = await record({ boughtAt });
    expect(codes(answer)).toEqual(['INPUT_INVALID']);
    expect(answer.errors?.[0].message).toMatch(/^boughtAt: expected .* got /);
  });

  test('takes the earliest time that is allowed, and its cursor works', async () => {
    const customerId = 'c-1990';
    for (let i = 0; i < 2; i++) {
      const answer = await record({ customerId, boughtAt: `1990-01-01T00:00:0${i}.5Z` });
      expect(answer.errors).toBeUndefined();
    }
    const page =
      'query ($after: String) { customer(id: "c-1990") { purchases(first: 1, after: $after) { nodes { article { id } } pageInfo { endCursor } } } }';
    const first = await shop.query(page);
    const after = first.data?.customer.purchases.pageInfo.endCursor;
    const second = await shop.query(page, { after });
    expect(second.errors).toBeUndefined();
    expect(second.data?.customer.purchases.nodes).toHaveLength(1);
  });
});

test('absurd values of arguments are the client’s fault', async () => {
  const random = createRandom('absurd values');
  const pick = <Item>(items: readonly Item[]): Item => items[random.int(items.length)];
  const INTS = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 1e21, 32_767, 32_768, null];
  const FLOATS = [0, -0, 5e-324, 1e-46, -1e-46, 1e-7, 1, 1.0000001, 3.5e38, 1.7e308, null];
  const cursor = (list: string, count: number) =>
    Buffer.from(
      [
        list,
        ...Array.from({ length: count }, () =>
          pick([0, -1, 1e21, 6e10, -6e10, 8.64e12, 2 ** 31, 2 ** 31 - 1, '', 'NaN', 1.5]),
        ),
      ].join(':'),
    ).toString('base64url');
  const TEXT = [
    '',
    ' ',
    '\u200b',
    '%',
    '_',
    "'",
    '\\',
    '\uffff',
    '\u0001',
    '💥',
    'a'.repeat(256),
    '{}',
    '1e400',
    'null',
  ];
  const TIMES = [
    '',
    '0000-00-00T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '2020-02-30T00:00:00Z',
    '2016-12-31T23:59:60Z',
    '2020-01-01',
    1e300,
    -1,
    0,
    1.5,
    null,
  ];
  const QUERIES: readonly [string, () => Record<string, unknown>][] = [
    [
      'query ($n: Int!, $after: String) { articles(first: $n, after: $after) { nodes { id } } }',
      () => ({ n: pick(INTS), after: cursor('articles', 1) }),
    ],
    [
      'query ($n: Int!, $after: String) { customers(first: $n, after: $after) { nodes { id } } }',
      () => ({ n: pick(INTS), after: cursor('customers', 1) }),
    ],
    [
      'query ($after: String) { customer(id: "c-01") { purchases(after: $after) { nodes { price } } } }',
      () => ({ after: cursor('purchases', 3) }),
    ],
    [
      'query ($id: ID!, $n: Int!) { article(id: $id) { variants(first: $n) { id } } customer(id: $id) { id } }',
      () => ({ id: pick(TEXT), n: pick(INTS) }),
    ],
    [
      'query ($id: ID!, $n: Int!, $share: Float!, $m: Int!) { similarArticles(articleId: $id, first: $n, coPurchase: $share, perProduct: $m) { score } }',
      () => ({ id: pick([...TEXT, 'a-01']), n: pick(INTS), share: pick(FLOATS), m: pick(INTS) }),
    ],
    [
      'query ($text: String!, $n: Int!) { searchArticles(text: $text, first: $n) { rank } }',
      () => ({ text: pick(['', ' ', '\u200b', '%', '💥', 'article 3']), n: pick(INTS) }),
    ],
    [
      'query ($id: ID!, $n: Int!) { recommendations(customerId: $id, first: $n) { rank } trending(first: $n) { rank } activeCustomers(first: $n) { id } }',
      () => ({ id: pick(TEXT), n: pick(INTS) }),
    ],
    [
      RECORD,
      () => {
        // Only one field gets unusual values at a time, since the first wrong field would hide the
        // others.
        const piece = {
          ...PIECE,
          ...pick([{}, { price: pick(FLOATS) }, { quantity: pick(INTS) }, { articleId: pick(TEXT) }]),
        };
        const ordered = { ...ORDER, requestId: `absurd ${random.int(1e9)}`, purchases: [piece] };
        const absurd = pick([
          {},
          { boughtAt: pick(TIMES) },
          { salesChannelId: pick(INTS) },
          { customerId: pick(TEXT) },
          { requestId: pick(TEXT) },
        ]);
        return { input: { ...ordered, ...absurd } };
      },
    ],
  ];
  const kinds = new Set<string>();
  for (let i = 0; i < 800; i++) {
    const [query, variables] = QUERIES[i % QUERIES.length];
    const values = variables();
    const answer = await shop.query(query, values);
    for (const code of codes(answer) ?? ['answered']) {
      kinds.add(code);
      expect([code, code === 'INTERNAL_SERVER_ERROR' && values]).toEqual([code, false]);
    }
  }
  // Exactly these outcomes occurred.
  expect([...kinds].sort()).toEqual(['BAD_USER_INPUT', 'INPUT_INVALID', 'LIMIT_EXCEEDED', 'answered']);
});
