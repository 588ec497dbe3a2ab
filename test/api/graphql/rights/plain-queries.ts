// Plain queries: for each field of the schema, one query without aliases, fragments and variables
// that reaches it.

import {
  getNamedType,
  isObjectType,
  isRequiredArgument,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';

/** Literals for required arguments, by name. Ids of articles and customers depend on the field. */
const LITERALS: Readonly<Record<string, string>> = {
  text: '"article 3"',
  name: '"material"',
  articleId: '"a-01"',
  ids: '["none"]',
  at: '"2999-01-01T00:00:00Z"',
  'makeApiKey.input': '{ name: "page", scopes: ["recommend"] }',
  'recordPurchases.input': '{ requestId: "r-1", customerId: "c-01", purchases: [{ articleId: "a-01" }] }',
};

export interface Step {
  readonly type: string;
  readonly field: string;
}

export interface PlainQuery {
  /** `Type.field` of the last step. */
  readonly coordinate: string;
  readonly steps: readonly Step[];
  readonly text: string;
}

/** The literal arguments of a field in a plain query: what it requires, and ids of customers. */
export function argumentsOf(type: string, { name, args }: GraphQLField<unknown, unknown>): string {
  const given = args.flatMap((argument) => {
    if (argument.name === 'first') return ['first: 1'];
    if (argument.name === 'customerId') return ['customerId: "c-01"'];
    if (!isRequiredArgument(argument)) return [];
    const literal =
      argument.name === 'id'
        ? name === 'customer'
          ? '"c-01"'
          : '"a-01"'
        : (LITERALS[argument.name] ?? LITERALS[`${name}.${argument.name}`]);
    if (literal === undefined) throw new Error(`${type}.${name}(${argument.name}:) has no literal in plain-queries.ts`);
    return [`${argument.name}: ${literal}`];
  });
  return given.length === 0 ? '' : `(${given.join(', ')})`;
}

/** The query of a path of fields. A last field that has fields itself is asked for `__typename`. */
export function queryOf(schema: GraphQLSchema, steps: readonly Step[]): string {
  const text = [...steps].reverse().reduce((inner, { type, field }) => {
    const found = (schema.getType(type) as GraphQLObjectType).getFields()[field];
    const isObject = isObjectType(getNamedType(found.type));
    const below = inner === '' && isObject ? '__typename' : inner;
    return `${field}${argumentsOf(type, found)}${below === '' ? '' : ` { ${below} }`}`;
  }, '');
  return `${steps[0].type === 'Mutation' ? 'mutation' : 'query'} { ${text} }`;
}

/**
 * For each field of a root type and each field below it, the shortest way that passes no type
 * twice.
 */
export function plainQueries(schema: GraphQLSchema): PlainQuery[] {
  const found = new Map<string, PlainQuery>();
  const visit = (type: GraphQLObjectType, before: readonly Step[]): void => {
    for (const field of Object.values(type.getFields())) {
      const steps = [...before, { type: type.name, field: field.name }];
      const coordinate = `${type.name}.${field.name}`;
      const key = `${steps[0].field} ${coordinate}`;
      const known = found.get(key);
      if (!known || known.steps.length > steps.length)
        found.set(key, { coordinate, steps, text: queryOf(schema, steps) });
      const next = getNamedType(field.type);
      if (isObjectType(next) && !steps.some((step) => step.type === next.name)) visit(next, steps);
    }
  };
  for (const root of [schema.getQueryType(), schema.getMutationType()]) if (root) visit(root, []);
  return [...found.values()];
}
