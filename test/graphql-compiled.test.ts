// Queries that come again are compiled: what they are answered then is what they are answered at first, by GraphQL.js, faults included.
import { getIntrospectionQuery } from 'graphql';
import { openShop, type Shop } from './graphql-shop';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop('graphql_compiled');
});
afterAll(() => shop?.close());

/** More than enough for it to be compiled. */
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
  ['what the schema itself says', getIntrospectionQuery()],
];

test.each(CASES)('%s: compiled and interpreted answers agree', async (_what, query, variables = [{}]) => {
  for (const values of variables) {
    // Another text each time is another query: it is interpreted.
    const interpreted = await shop.query(`${query} # ${JSON.stringify(values)}`, values);
    expect(interpreted.data !== undefined || interpreted.errors !== undefined).toBe(true);
    for (let time = 0; time < TIMES; time++)
      expect(withoutIds(await shop.query(query, values))).toEqual(withoutIds(interpreted));
  }
});

/** An unexpected error has an id of its own each time. */
function withoutIds(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer).replace(/error id [0-9a-f-]{36}/g, 'error id'));
}
