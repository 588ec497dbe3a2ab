// The rights of every field: the table is whole, every plain query is answered to those who have
// its rights and refused to all others, and no other way to write a query reads more.

import { parse, validate, type DocumentNode } from 'graphql';
import { openPrincipal, type Principal } from '../../../../src/access/principal';
import { PUBLISHABLE_SCOPES, SCOPES, withIncluded, type Scope } from '../../../../src/access/scopes';
import { createRightsCheck } from '../../../../src/api/graphql/rights/check';
import { AS_PARENT, RIGHTS, rightOf } from '../../../../src/api/graphql/rights/table';
import { createSchema } from '../../../../src/api/graphql/schema';
import { createRandom } from '../../../../src/random';
import { openKeyedShop, tokenOf, type Credentials, type KeyedShop } from '../../../support/keyed-shop';
import { plainQueries, queryOf, type PlainQuery } from './plain-queries';
import { randomQuery } from './random-queries';

const schema = createSchema();
const PLAIN = plainQueries(schema);
const DOCUMENTS = 10_000;

test('the table has every field of the schema, and no others', () => {
  const listed = Object.entries(RIGHTS).flatMap(([type, fields]) =>
    Object.keys(fields).map((field) => `${type}.${field}`),
  );
  const introspection = ['Query.__schema', 'Query.__type'];
  expect(listed.sort()).toEqual([...new Set(PLAIN.map(({ coordinate }) => coordinate)), ...introspection].sort());
});

test('a field that is not in the table is for admins', () => {
  expect(rightOf('Customer', 'creditCard')).toEqual({ scope: 'admin', own: false });
  expect(rightOf('constructor', 'name')).toEqual({ scope: 'admin', own: false });
});

/** A slow reference: the rights of all steps, one by one. */
function isAllowed({ steps }: PlainQuery, scopes: readonly Scope[], hasToken: boolean): boolean {
  const held = withIncluded(scopes);
  return steps.every(({ type, field }) => {
    const right = RIGHTS[type][field];
    return right === AS_PARENT || held.has(right.scope) || (right.own && hasToken);
  });
}

describe('every operation and every field', () => {
  let keyed: KeyedShop;
  beforeAll(async () => {
    keyed = await openKeyedShop('rights');
  });
  afterAll(() => keyed.close());

  /** Sends all plain queries. Returns those whose answer is not the expected one. */
  async function surprises(
    credentials: Credentials,
    expected: (plain: PlainQuery) => string | undefined,
  ): Promise<string[]> {
    const wrong: string[] = [];
    for (const plain of PLAIN) {
      const { errors = [] } = await keyed.ask(plain.text, credentials);
      const code = errors[0]?.extensions.code;
      if (code !== expected(plain)) wrong.push(`${plain.text}: ${code ?? 'answered'} ${errors[0]?.message ?? ''}`);
    }
    return wrong;
  }

  test.each(SCOPES)('is answered to a key with %s if it has the rights, and refused otherwise', async (scope) => {
    const wrong = await surprises({ key: keyed.keyOf[scope] }, (plain) =>
      isAllowed(plain, [scope], false) ? undefined : 'FORBIDDEN',
    );
    expect(wrong).toEqual([]);
  });

  test('is refused to a publishable key if it is about a customer', async () => {
    const wrong = await surprises({ key: keyed.publishable }, (plain) => {
      const isPersonal = plain.steps.some(({ type, field }) => rightOf(type, field)?.own);
      return isAllowed(plain, PUBLISHABLE_SCOPES, false) && !isPersonal ? undefined : 'FORBIDDEN';
    });
    expect(wrong).toEqual([]);
  });

  test('is answered to a publishable key with a token, for the customer of the token', async () => {
    const token = await tokenOf('c-01');
    const wrong = await surprises({ key: keyed.publishable, token }, (plain) =>
      isAllowed(plain, PUBLISHABLE_SCOPES, true) ? undefined : 'FORBIDDEN',
    );
    expect(wrong).toEqual([]);
  });

  test.each(['publishable', 'admin'] as const)(
    'is refused to the %s key with the token of another customer',
    async (of) => {
      const key = of === 'admin' ? keyed.keyOf.admin : keyed.publishable;
      const wrong = await surprises({ key, token: await tokenOf('c-02') }, (plain) => {
        const isPersonal = plain.steps.some(({ type, field }) => rightOf(type, field)?.own);
        const scopes = of === 'admin' ? SCOPES : PUBLISHABLE_SCOPES;
        // Lists of customers are for keys without a token; admins may read them.
        const isList = plain.steps.some(({ field }) => field === 'customers' || field === 'activeCustomers');
        return isAllowed(plain, scopes, true) && (!isPersonal || isList) ? undefined : 'FORBIDDEN';
      });
      expect(wrong).toEqual([]);
    },
  );

  test.each<[string, (keyed: KeyedShop) => Promise<Credentials>]>([
    ['nothing', async () => ({})],
    ['a token without a key', async () => ({ token: await tokenOf('c-01') })],
    ['a key that is none', async () => ({ key: 'secret' })],
    ['an expired token', async ({ publishable: key }) => ({ key, token: await tokenOf('c-01', { expires: '-1m' }) })],
    [
      'a token that another shop has signed',
      async ({ publishable: key }) => ({
        key,
        token: await tokenOf('c-01', { secret: 'the secret of a stranger, long enough' }),
      }),
    ],
    [
      'a token without a signature',
      async ({ publishable: key }) => ({
        key,
        token: `${encoded({ alg: 'none' })}.${encoded({ sub: 'c-01', exp: 4e9 })}.`,
      }),
    ],
  ])('is refused to whoever sends %s', async (_what, credentials) => {
    const sent = await credentials(keyed);
    // More wrong keys than an address may send at once are refused for their number.
    const statuses = new Set<number>();
    for (const { text } of PLAIN.slice(0, 60)) statuses.add((await keyed.ask(text, sent)).status);
    expect([...statuses].every((status) => status === 401 || status === 429)).toBe(true);
  });
});

test(`${DOCUMENTS} random documents read no field that the plain query would be refused`, () => {
  const random = createRandom('rights');
  const check = createRightsCheck();
  const parsed = new Map<string, DocumentNode>();
  const allows = (text: string, principal: Principal): boolean => {
    const document = parsed.get(text) ?? parse(text);
    parsed.set(text, document);
    try {
      check.check({ schema, document, operationName: undefined }, principal);
      return true;
    } catch {
      return false;
    }
  };
  const seen = { documents: 0, allowed: 0, refused: 0 };
  while (seen.documents < DOCUMENTS) {
    const { text, paths } = randomQuery(schema, random);
    // Validation takes most of the time, and the documents are made in one way.
    if (seen.documents < 500) expect(validate(schema, parse(text))).toEqual([]);
    seen.documents += 1;
    const principal: Principal = {
      ...openPrincipal(),
      kind: 'key',
      name: 'random',
      scopes: withIncluded(SCOPES.filter(() => random.next() < 0.4)),
      customerId: random.next() < 0.5 ? 'c-01' : null,
    };
    const expected = paths.every((steps) => allows(queryOf(schema, steps), principal));
    if (allows(text, principal) !== expected)
      throw new Error(`expected ${expected ? 'an answer' : 'a refusal'}: ${text}`);
    seen[expected ? 'allowed' : 'refused'] += 1;
  }
  expect(seen.allowed).toBeGreaterThan(DOCUMENTS / 10);
  expect(seen.refused).toBeGreaterThan(DOCUMENTS / 10);
});

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
