// A small schema with an interface, a union, an enum and an input type. Its resolvers answer,
// throw, reject, or return null even for fields that must not be null. The same field at the same
// path always behaves in the same way.

import { buildSchema, isObjectType, type GraphQLFieldResolver } from 'graphql';
import { hash } from '../../../src/random';

/**
 * Counts the calls of resolvers in compiled queries, which are recognised by paths without type
 * names.
 */
export interface FuzzContext {
  compiledCalls: number;
}

const ECHO =
  '(text: String, n: Int! = 3, m: Int! = 4, share: Float = 0.25, kind: Kind = TWO, ids: [ID!], filter: Filter)';
const SHARED = `
  echo${ECHO}: String
  must${ECHO}: String!
  kind: Kind
  node: Node
  pet: AnyPet
  pets(first: Int! = 2): [AnyPet!]!
  nodes: [Node]
  cat: Cat
  mustDog: Dog!`;

export const fuzzSchema = buildSchema(`
  type Query { ${SHARED} }
  interface Node { id: ID! plain: String ${SHARED} }
  type Cat implements Node { id: ID! plain: String purrs: Boolean ${SHARED} }
  type Dog implements Node { id: ID! plain: String barks: Int! ${SHARED} }
  union AnyPet = Cat | Dog
  enum Kind { ONE TWO THREE }
  input Filter { ids: [ID!] least: Float = 0.5 kind: Kind! = ONE note: String }`);

interface Parent {
  readonly seed: number;
}

interface Args {
  readonly first?: number;
}

type Resolver = GraphQLFieldResolver<Parent | undefined, FuzzContext, Args>;

interface Pet extends Parent {
  readonly __typename: 'Cat' | 'Dog';
  readonly id: string | null;
  readonly plain: string | null;
}

/** Makes a pet. One pet in eight has no id, although the schema does not allow that. */
function petOf(seed: number): Pet {
  const bits = hash(seed, ['pet']) >>> 0;
  return {
    __typename: bits % 2 === 0 ? 'Cat' : 'Dog',
    seed: bits,
    id: bits % 8 === 7 ? null : String(bits % 100),
    plain: bits % 5 === 0 ? null : `plain ${bits % 10}`,
  };
}

/** Makes a pet that always has an id. Lists use such pets; see `mustAnswer`. */
const petWithId = (seed: number): Pet => ({ ...petOf(seed), id: String(seed) });

/** Makes a resolver that answers in most cases. */
function answers(make: (seed: number, args: Args) => unknown): Resolver {
  return (parent, args, context, info) => {
    if (!('typename' in info.path)) context.compiledCalls += 1;
    const seed = hash(parent?.seed ?? 1, [info.path.key]) >>> 0;
    if (seed % 29 === 0) throw new Error(`${info.fieldName} throws`);
    if (seed % 31 === 0) return Promise.reject(new Error(`${info.fieldName} rejects`));
    if (seed % 23 === 0) return null;
    const value = make(seed, args);
    return seed % 3 === 0 ? Promise.resolve(value) : value;
  };
}

/**
 * Makes a resolver for a field that must not be null. The resolver never fails synchronously. For
 * the same reason no list contains a pet without an id. GraphQL.js itself leaves a rejection
 * unhandled if one item of a list fails synchronously and another item fails later.
 */
function mustAnswer(make: (seed: number, args: Args) => unknown): Resolver {
  const resolve = answers(make);
  return async (...asked) => resolve(...asked);
}

/** Writes arguments as text, sorted by name, since their order varies. */
const sorted = (args: Args): string =>
  JSON.stringify(args, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );

/** The fields `id` and `plain` are read from properties, so they have no resolvers here. */
const RESOLVERS: Readonly<Record<string, Resolver>> = {
  echo: answers((_seed, args) => sorted(args)),
  must: mustAnswer((_seed, args) => sorted(args)),
  kind: answers((seed) => ['ONE', 'TWO', 'THREE', 'not a kind'][seed % 4]),
  node: answers(petOf),
  pet: answers(petOf),
  pets: mustAnswer((seed, { first }) => Array.from({ length: first ?? 0 }, (_, i) => petWithId(seed + i))),
  nodes: answers((seed) => [petWithId(seed), null, petWithId(seed + 1)]),
  cat: answers((seed) => ({ ...petOf(seed), __typename: 'Cat' })),
  mustDog: mustAnswer((seed) => ({ ...petOf(seed), __typename: 'Dog' })),
  purrs: answers((seed) => seed % 2 === 0),
  barks: mustAnswer((seed) => seed % 9),
};

for (const type of Object.values(fuzzSchema.getTypeMap())) {
  if (!isObjectType(type) || type.name.startsWith('__')) continue;
  for (const field of Object.values(type.getFields())) {
    const resolve = RESOLVERS[field.name];
    if (resolve) field.resolve = resolve;
  }
}
