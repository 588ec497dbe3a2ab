// Queries that are sent repeatedly are compiled. Their answers and errors must stay the same as
// those of GraphQL.js.
import { readFileSync } from 'node:fs';
import { getIntrospectionQuery } from 'graphql';
import { openShop, type Shop } from '../../support/graphql-shop';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop('graphql_compiled');
});
afterAll(() => shop?.close());

/** Number of runs that is more than enough for a query to be compiled. */
const TIMES = 6;

const CUSTOMER = 'query ($id: ID!, $first: Int = 3, $with: Boolean = true)';
const CASES: [what: string, query: string, variables?: readonly Record<string, unknown>[]][] = [
  [
    'variables, of which some are left out and others null',
    `${CUSTOMER} { recommendations(customerId: $id, first: $first) { rank source score article { id name } } }`,
    [{ id: 'c-01' }, { id: 'c-02', first: 5 }, { id: 'c-01', first: null }],
  ],
  [
    'variables that must not be null and have a default, given, left out and null',
    `query ($id: ID! = "c-01", $first: Int! = 3, $share: Float! = 0.5) {
       recommendations(customerId: $id, first: $first) { rank article { id similar(first: 2, coPurchase: $share) { score } } } }`,
    [{}, { first: 2 }, { first: null }, { id: 'c-02', share: 1 }],
  ],
  [
    'fragments, aliases and type names',
    `query ($id: ID!) { a: customer(id: $id) { ...Person } b: customer(id: "c-02") { __typename ... on Customer { id } } }
     fragment Person on Customer { key: id purchases(first: 2) { nodes { article { ...Card } } pageInfo { hasNextPage } } }
     fragment Card on Article { __typename id image attributes { name value } }`,
    [{ id: 'c-01' }, { id: 'nobody' }],
  ],
  [
    'fields that variables take in and leave out',
    `${CUSTOMER} { customer(id: $id) { id purchases(first: $first) @include(if: $with) { nodes { price article { id @skip(if: $with) name } } } } }`,
    [{ id: 'c-01' }, { id: 'c-01', with: false }, { id: 'c-01', with: true }],
  ],
  [
    'lists in lists',
    '{ articles(first: 4) { edges { cursor node { id similar(first: 2) { rank article { id } } } } } }',
  ],
  [
    'what is not there',
    '{ article(id: "a-99") { id } similarArticles(articleId: "a-99") { rank } customer(id: "nobody") { id } }',
  ],
  [
    'arguments that the resolver refuses, beside fields that it answers',
    '{ good: article(id: "a-01") { id } bad: article(id: "") { id } }',
  ],
  ['a refusal in a list that may not be null', '{ recommendations(customerId: "c-01", first: 1000) { rank } }'],
  ['a refusal within a list', '{ articles(first: 3) { nodes { id similar(perProduct: 0) { rank } } } }'],
  [
    'variables that do not fit',
    'query ($id: ID!) { article(id: $id) { id } }',
    [{}, { id: { no: 'text' } }, { id: 'a-01' }],
  ],
  [
    'a fragment that one place takes in by a condition and another always',
    `query ($id: ID!, $x: Boolean!) { recommendations(customerId: $id, first: 1) { rank article { ...Card @include(if: $x) } }
       trending(first: 1) { rank article { ...Card } } } fragment Card on Article { id name }`,
    [
      { id: 'c-01', x: false },
      { id: 'c-01', x: true },
    ],
  ],
  [
    'a spread after one that is skipped',
    `query ($b: Boolean!) { trending(first: 1) { ...F @skip(if: $b) ...F rank } }
     fragment F on TrendingArticle { rank n: buyersLastWeek }`,
    [{ b: true }, { b: false }],
  ],
  [
    'an inline fragment with a condition around a spread that is also outside of it',
    `query ($b: Boolean!) { trending(first: 1) { ... @include(if: $b) { article { ...Card } } article { price ...Card } } }
     fragment Card on Article { id name }`,
    [{ b: false }, { b: true }],
  ],
  [
    'fields that come first only where a condition holds',
    'query ($b: Boolean!) { article(id: "a-01") { name @include(if: $b) id name } }',
    [{ b: false }, { b: true }],
  ],
  ['an alias that is no ordinary property', '{ trending(first: 1) { __proto__: rank constructor: rank rank } }'],
  ['what the schema itself says', getIntrospectionQuery()],
];

test.each(CASES)('%s: compiled and interpreted answers agree', async (_what, query, variables = [{}]) => {
  for (const values of variables) {
    // A comment makes the text a different query, which is still interpreted.
    const interpreted = await shop.query(`${query} # ${JSON.stringify(values)}`, values);
    expect(interpreted.data !== undefined || interpreted.errors !== undefined).toBe(true);
    for (let time = 0; time < TIMES; time++)
      expect(withoutIds(await shop.query(query, values))).toBe(withoutIds(interpreted));
  }
});

test('operations of one document do not affect each other, whichever is compiled first', async () => {
  const query = `query A($x: Boolean!) { article(id: "a-01") { ...Card @include(if: $x) } }
    query B { article(id: "a-01") { ...Card } } fragment Card on Article { id name }`;
  for (let time = 0; time < TIMES; time++) {
    expect(await ask(query, 'A', { x: false })).toEqual({ data: { article: {} } });
    expect(await ask(query, 'B')).toEqual({ data: { article: { id: 'a-01', name: 'Article 1' } } });
    expect(await ask(query, 'A', { x: true })).toEqual({ data: { article: { id: 'a-01', name: 'Article 1' } } });
  }
});

test('every combination of conditions is answered, even if there are too many to compile', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const declared = names.map((name) => `$${name}: Boolean!`).join(', ');
  const query = `query (${declared}) { trending(first: 1) { ${names.map((name) => `${name}: rank @include(if: $${name})`).join(' ')} } }`;
  for (let bits = 0; bits < 2 ** names.length; bits++) {
    const values = Object.fromEntries(names.map((name, i) => [name, (bits & (1 << i)) !== 0]));
    const asked = Object.fromEntries(names.filter((name) => values[name]).map((name) => [name, 1]));
    expect(await shop.query(query, values)).toEqual({ data: { trending: [asked] } });
  }
});

test('fragments that double at every level cost nothing if they are left out', async () => {
  const levels = Array.from({ length: 40 }, (_, i) => `fragment F${i} on Article { ...F${i + 1} ...F${i + 1} }`);
  const query = `query ($no: Boolean!) { article(id: "a-01") { id ...F0 @include(if: $no) } }
    ${levels.join(' ')} fragment F40 on Article { name }`;
  for (let time = 0; time < TIMES; time++) {
    expect(await shop.query(query, { no: false })).toEqual({ data: { article: { id: 'a-01' } } });
  }
});

test('a text in a query never becomes code', async () => {
  const library = readFileSync(require.resolve('graphql-jit/dist/execution.js'), 'utf8');
  // In its output graphql-jit replaces these texts with code.
  const replaced = [...new Set(library.match(/__MAGIC_[A-Z_]+__[0-9a-f_]+/g))];
  expect(replaced.length).toBeGreaterThan(2);
  const world = globalThis as { reached?: boolean };
  for (const text of replaced) {
    const query = `{ recommendations(customerId: ${JSON.stringify(`${text} globalThis.reached = true`)}, first: 1) { rank } }`;
    for (let time = 0; time < TIMES; time++) {
      expect(await shop.query(query)).toEqual({ data: { recommendations: [{ rank: 1 }] } });
    }
  }
  expect(world.reached).toBeUndefined();
});

test('a variable is absent even if every object has a property of its name', async () => {
  for (const name of ['constructor', 'toString']) {
    const text = `query ($id: ID!, $${name}: Int) { article(id: $id) { similar(first: $${name}) { rank } } }`;
    const [first, ...again] = await Promise.all(
      Array.from({ length: TIMES }, async () => withoutIds(await shop.query(text, { id: 'a-01' }))),
    );
    expect(first).toContain('"rank":1');
    expect(new Set([first, ...again]).size).toBe(1);
  }
});

async function ask(query: string, operationName: string, variables: Record<string, unknown> = {}): Promise<unknown> {
  const payload = { query, operationName, variables };
  return (await shop.server.app.inject({ method: 'POST', url: '/graphql', payload })).json();
}

/**
 * Returns the answer as text, since the order of keys matters. The ids of unexpected errors are
 * removed.
 */
function withoutIds(answer: unknown): string {
  return JSON.stringify(answer).replace(/error id [0-9a-f-]{36}/g, 'error id');
}
