// The cost of queries. Ordinary queries stay well below the limit. Queries with huge answers are
// refused, and no trick gets around the limit.

import { getIntrospectionQuery, isObjectType, parse, validate } from 'graphql';
import { createOperationCheck, costOf, type OperationToCheck } from '../../../src/api/graphql/operation/cost';
import { checkFirst, checkId, LIMITS } from '../../../src/api/limits';
import { readOperations } from '../../../src/api/graphql/client/operations';
import { createSchema } from '../../../src/api/graphql/schema';

const schema = createSchema();
const checkOperation = createOperationCheck();

function operation(text: string, variables: Record<string, unknown> = {}, operationName?: string): OperationToCheck {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  return { schema, document, operationName, variables };
}

const check = (text: string, variables?: Record<string, unknown>) => () => checkOperation(operation(text, variables));
const cost = (text: string, variables?: Record<string, unknown>) => costOf(operation(text, variables));

const CUSTOMER = 'id age clubMemberStatus attributes { name values }';
const ARTICLE = fieldsOf('Article')
  .filter((name) => !['attribute', 'attributes', 'similar', 'variants'].includes(name))
  .join(' ');

/** The largest `first` that passes, for operations with lists within lists. */
const MOST: Partial<Record<string, number>> = { CustomersPage: 50, HomePage: 60, CustomerChoice: 60 };

describe('the cost limit lets pass', () => {
  test.each([
    [
      'a page of customers with recommendations',
      'customers(first: 20) { nodes { recommendations(first: 12) { article { name } } } }',
    ],
    ['the largest page of customers', `customers(first: 100) { nodes { ${CUSTOMER} } pageInfo { endCursor } }`],
    ['the largest page of articles', `articles(first: 100) { nodes { ${ARTICLE} attributes { name values } } }`],
    ['the same with cursors', `articles(first: 100) { edges { cursor node { ${ARTICLE} } } pageInfo { hasNextPage } }`],
    [
      'a hundred customers with twelve each',
      'customers(first: 100) { nodes { id recommendations { rank article { id } } } }',
    ],
    ['the most recommendations', `recommendations(customerId: "1", first: 100) { score article { ${ARTICLE} } }`],
    [
      'recommendations with what is like them',
      'recommendations(customerId: "1") { article { id similar { article { name } } } }',
    ],
    ['purchases of a page of customers', 'customers { nodes { purchases { nodes { boughtAt article { name } } } } }'],
  ])('%s', (_what, selection) => {
    expect(check(`{ ${selection} }`)).not.toThrow();
  });

  test('every named operation, with its largest list', () => {
    const names = [...readOperations().matchAll(/^(?:query|mutation) (\w+)/gm)].map((match) => match[1]);
    expect(names.length).toBeGreaterThan(4);
    for (const name of names) {
      const first = MOST[name] ?? 100;
      const order = { requestId: '1', customerId: '1', purchases: [] };
      const input = name === 'MakeApiKey' ? { name: 'page', scopes: ['recommend'] } : order;
      const keys = { ids: Array.from({ length: 100 }, String), at: '2999-01-01T00:00:00Z' };
      const variables = { customerId: '1', articleId: '1', text: 'pink sweater', input, first, ...keys };
      expect(() => checkOperation(operation(readOperations(), variables, name))).not.toThrow();
    }
  });

  test('introspection by tools, with room for a schema twice as large', () => {
    const everything = {
      descriptions: true,
      schemaDescription: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      inputValueDeprecation: true,
      oneOf: true,
      typeDepth: 9,
    };
    for (const options of [undefined, everything, { descriptions: false }]) {
      const query = getIntrospectionQuery(options);
      expect(check(query)).not.toThrow();
      expect(cost(query)).toBeLessThan(LIMITS.cost / 2);
    }
  });
});

const TYPE_FRAGMENT = 'fragment T on __Type { name description fields { name description } }';

describe('the cost limit refuses', () => {
  const aliases = (count: number, selection: string) =>
    Array.from({ length: count }, (_, i) => `a${i}: ${selection}`).join(' ');
  const spread = (depth: number) =>
    Array.from({ length: depth }, (_, i) => `fragment F${i} on Article { ...F${i + 1} ...F${i + 1} }`).join(' ') +
    ` fragment F${depth} on Article { id }`;

  test.each([
    ['lists within lists', '{ customers(first: 100) { nodes { recommendations(first: 100) { article { name } } } } }'],
    [
      'a list within a list within a list',
      '{ articles { nodes { similar { article { similar { article { name } } } } } } }',
    ],
    ['pages within pages', '{ customers(first: 100) { nodes { purchases(first: 100) { nodes { price } } } } }'],
    ['many aliases of a query that infers', `{ ${aliases(200, 'recommendations(customerId: "1") { rank }')} }`],
    ['many aliases of a query that reads', `{ ${aliases(250, 'articles(first: 1) { nodes { id } }')} }`],
    ['many aliases of a field in a list', `{ articles(first: 100) { nodes { ${aliases(120, 'name')} } } }`],
    [
      'the same within a fragment',
      `{ articles(first: 100) { nodes { ...N } } } fragment N on Article { ${aliases(120, 'name')} }`,
    ],
    ['fragments that double at every level', `{ article(id: "1") { ...F0 } } ${spread(30)}`],
    ['the schema many times', `{ ${aliases(30, '__schema { types { fields { name description } } }')} }`],
    [
      'the types of the schema many times',
      `{ __schema { ${aliases(40, 'types { name description fields { name type { name } } }')} } }`,
    ],
    ['the same within fragments', `{ __schema { ${aliases(100, 'types { ...T }')} } } ${TYPE_FRAGMENT}`],
    ['one type many times', `{ ${aliases(200, '__type(name: "Article") { fields { name description } }')} }`],
  ])('%s', (_what, text) => {
    expect(thrownBy(check(text))).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  test('a large list whose size comes from a variable, from its default or from an invalid `first`', () => {
    const query =
      'query ($n: Int! = 100) { customers(first: $n) { nodes { recommendations(first: $n) { article { name } } } } }';
    expect(check(query)).toThrow(/costs [\d]+, the limit is 10000: ask for fewer/);
    expect(check(query, { n: 10 })).not.toThrow();
    expect(cost(query, { n: 1_000_000 })).toBe(cost(query, { n: 100 }));
    expect(cost(query, { n: -1_000_000 })).toBe(cost(query, { n: 1 }));
  });

  test('variables that do not fit, so that the rest of the query does not pass uncounted', () => {
    const query = 'query ($n: Int = 5) { a: customers(first: $n) { nodes { id } } }';
    expect(thrownBy(check(query, { n: null }))).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    expect(thrownBy(check(query, { n: 'many' }))).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
  });

  test('an operation that passed before, if its new variables ask for more', () => {
    const page = operation('query ($n: Int!) { customers(first: $n) { nodes { recommendations { rank } } } }');
    const asked = (variables: Record<string, unknown>) => () => checkOperation({ ...page, variables });
    expect(asked({ n: 10 })).not.toThrow();
    expect(asked({ n: 10 })).not.toThrow();
    expect(thrownBy(asked({ n: 100.5 }))).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    const both = operation(
      'query ($all: Boolean!) { articles(first: 100) { nodes { id, similar(first: 100) @include(if: $all) { rank } } } }',
    );
    const orTwice = (all: boolean) => () => checkOperation({ ...both, variables: { all } });
    expect(orTwice(false)).not.toThrow();
    expect(thrownBy(orTwice(true))).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    const order = operation(
      'mutation ($input: RecordPurchasesInput!) { recordPurchases(input: $input) { purchases { article { similar(first: 100) { rank } } } } }',
    );
    const pieces = (count: number) => () => {
      const purchases = Array.from({ length: count }, () => ({ articleId: '1' }));
      checkOperation({ ...order, variables: { input: { requestId: '1', customerId: '1', purchases } } });
    };
    expect(pieces(1)).not.toThrow();
    expect(thrownBy(pieces(100))).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  test('introspection of a large type, even if the same operation passed with a small type as its variable', () => {
    const fields = Array.from({ length: 200 }, (_, i) => `a${i}: __type(name: $name) { fields { name description } }`);
    const types = operation(`query ($name: String!) { ${fields.join(' ')} }`);
    const named = (name: string) => () => checkOperation({ ...types, variables: { name } });
    expect(named('no type')).not.toThrow();
    expect(named('Attribute')).not.toThrow();
    expect(thrownBy(named('Article'))).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(named('no type either')).not.toThrow();
  });

  test('a long name that each item of a list would repeat', () => {
    const named = (length: number) => `{ articles(first: 100) { nodes { ${'a'.repeat(length)}: id } } }`;
    expect(check(named(LIMITS.nameLength))).not.toThrow();
    const thrown = thrownBy(check(named(LIMITS.nameLength + 1)));
    expect(thrown).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(String(thrown)).toContain('at most 100 characters, got 101');
  });

  test('no query for unused variables, however many and deep they are', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 5_000; level++) deep = [deep];
    expect(check('{ __typename }', { deep })).not.toThrow();
  });

  test('one of several operations of a document, whatever the others cost', () => {
    const { document } = operation(
      'query Small { articles { nodes { id } } } query Large { articles(first: 100) { nodes { similar(first: 100) { rank } } } }',
    );
    const named = (operationName: string) => () => checkOperation({ schema, document, operationName, variables: {} });
    expect(named('Small')).not.toThrow();
    expect(thrownBy(named('Large'))).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });
});

describe('the cost of a query', () => {
  test('is the number of its values, times first, and the work behind them', () => {
    expect(cost('{ article(id: "1") { id name } }')).toBe(3);
    // The statement costs 50. Each of the two articles costs 2: 1 for `nodes` and 1 for `id`.
    expect(cost('{ articles(first: 2) { nodes { id } } }')).toBe(50 + 2 * 2);
    // The statement costs 50. Each customer costs 1 for `nodes`, 50 for the recommendations, and 12
    // times 3 for `rank`, `article` and `name`.
    expect(cost('{ customers(first: 20) { nodes { recommendations { rank article { name } } } } }')).toBe(
      50 + 20 * (1 + 50 + 12 * 3),
    );
  });

  test('of introspection is the number of its values, and its texts', () => {
    expect(cost('{ __typename }')).toBe(1);
    expect(cost('{ __type(name: "Attribute") { name } }')).toBe(2);
    // `__type` costs 1, `fields` costs 1, and the names of five fields cost 5.
    expect(cost('{ __type(name: "Attribute") { fields { name } } }')).toBe(1 + 1 + 5);
    const { description } = schema.getType('Attribute') ?? {};
    expect(cost('{ __type(name: "Attribute") { description } }')).toBe(2 + Math.floor((description?.length ?? 0) / 50));
    const types = Object.keys(schema.getTypeMap()).length;
    expect(cost('{ __schema { types { kind } } }')).toBe(1 + 1 + types);
    expect(cost('{ __schema { types { kind @include(if: false) } } }')).toBe(1 + 1);
  });

  test('counts only the fields that @include and @skip leave', () => {
    const query =
      'query ($all: Boolean!) { article(id: "1") { id name @include(if: $all) description @skip(if: $all) } }';
    expect(cost(query, { all: true })).toBe(3);
    expect(cost(query, { all: false })).toBe(3);
  });
});

describe('the depth limit', () => {
  const nested = (levels: number): string =>
    levels === 0 ? 'id' : `similar(first: 1) { article { ${nested(levels - 1)} } }`;

  test('leaves room for the deepest query that a page needs', () => {
    const page =
      '{ customers { edges { node { purchases(first: 1) { edges { node { article { similar(first: 1) { article { id } } } } } } } } } }';
    expect(check(page)).not.toThrow();
  });

  test('refuses deeper queries, also through fragments', () => {
    const message = `fields deep, the limit is ${LIMITS.depth}`;
    expect(check(`{ article(id: "1") { ${nested(6)} } }`)).toThrow(message);
    const fragments = `{ article(id: "1") { ...A } } fragment A on Article { ${nested(3).replace('id', '...B')} } fragment B on Article { ${nested(3)} }`;
    expect(check(fragments)).toThrow(message);
  });

  test('does not count fragments themselves', () => {
    const wraps =
      'fragment A on Article { ...B } fragment B on Article { ...C } fragment C on Article { ... on Article { id } }';
    expect(check(`{ article(id: "1") { ${nested(4).replace('id', '...A')} } } ${wraps}`)).not.toThrow();
  });
});

describe('arguments', () => {
  test.each([1, 12, 100])('first: %d is taken', (first) => {
    expect(checkFirst(first)).toBe(first);
  });

  test.each([
    [101, 'LIMIT_EXCEEDED', 'at most 100 at once, got 101'],
    [2 ** 31 - 1, 'LIMIT_EXCEEDED', 'at most 100'],
    [0, 'INPUT_INVALID', 'expected a whole number from 1 to 100, got 0'],
    [-1, 'INPUT_INVALID', 'got -1'],
    [NaN, 'INPUT_INVALID', 'got NaN'],
  ])('first: %d is refused', (first, code, message) => {
    const thrown = thrownBy(() => checkFirst(first));
    expect(thrown).toMatchObject({ code });
    expect(String(thrown)).toContain(message);
  });

  test.each([
    ['an empty one', ''],
    ['one with a NUL character', 'a\0b'],
    ['one that is too long', 'x'.repeat(257)],
  ])('an id: %s is refused, and the message names the argument', (_what, id) => {
    const thrown = thrownBy(() => checkId('articleId', id));
    expect(thrown).toMatchObject({ code: 'INPUT_INVALID' });
    expect(String(thrown)).toContain('articleId: ');
  });

  test.each(['0108775015', 'x'.repeat(256), "Robert'); DROP TABLE articles;--", '日本', ' '])(
    'an id: %j is taken',
    (id) => {
      expect(checkId('id', id)).toBe(id);
    },
  );
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (thrown) {
    return thrown;
  }
  throw new Error('expected it to throw');
}

function fieldsOf(name: string): string[] {
  const type = schema.getType(name);
  return isObjectType(type) ? Object.keys(type.getFields()) : [];
}
