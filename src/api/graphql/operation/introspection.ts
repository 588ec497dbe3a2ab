// The cost of introspection: the number of values in its answer. The values are counted on the
// schema itself, since a query of a few hundred bytes can ask for megabytes.

import {
  getArgumentValues,
  getNamedType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
} from 'graphql';
import { collectSubfields } from 'graphql/execution/collectFields.js';
import type { ComplexityEstimator } from 'graphql-query-complexity';

/** This many characters of a text cost as much as one value. */
const TEXT_OF_ONE = 50;

/**
 * Returns an estimator for the fields `__schema` and `__type` of one operation. Other estimators
 * handle all other fields.
 * @param variables coerced values
 * @param most the cost at which counting ends, since a higher one is refused anyway
 */
export function introspectionEstimator(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Record<string, unknown>,
  most: number,
): ComplexityEstimator {
  const fragments: Record<string, FragmentDefinitionNode> = {};
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  // The resolvers of introspection use nothing but the schema.
  const info = { schema } as GraphQLResolveInfo;
  let left = most;

  /** Counts the values of a field and of all fields below that field, for these source objects. */
  function valuesOf(field: GraphQLField<unknown, unknown>, sources: readonly unknown[], nodes: readonly FieldNode[]) {
    const args = getArgumentValues(field, nodes[0], variables);
    const answers = sources.flatMap((source) => field.resolve?.(source, args, undefined, info) ?? []);
    const type = getNamedType(field.type);
    const own = sources.length + answers.reduce((sum: number, answer) => sum + costOfText(answer), 0);
    left -= own;
    return isObjectType(type) ? own + valuesBelow(type, answers, nodes) : own;
  }

  function valuesBelow(type: GraphQLObjectType, sources: readonly unknown[], nodes: readonly FieldNode[]): number {
    let values = 0;
    for (const [, below] of collectSubfields(schema, fragments, variables, type, nodes)) {
      if (left < 0) break;
      const field = type.getFields()[below[0].name.value] as GraphQLField<unknown, unknown> | undefined;
      // `__typename` is the only selection without a field in the type.
      values += field ? valuesOf(field, sources, below) : sources.length;
    }
    return values;
  }

  return ({ field, node }) => {
    if (field !== SchemaMetaFieldDef && field !== TypeMetaFieldDef) return undefined;
    return left < 0 ? 1 : valuesOf(field, [undefined], [node]);
  };
}

function costOfText(answer: unknown): number {
  return typeof answer === 'string' ? Math.floor(answer.length / TEXT_OF_ONE) : 0;
}
