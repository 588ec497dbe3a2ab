// The depth and the cost of an operation, which are checked before it runs. Fields declare their
// own costs; introspection.ts counts the cost of introspection.

import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import {
  getOperationAST,
  getVariableValues,
  GraphQLError,
  Kind,
  validate,
  visit,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import {
  fieldExtensionsEstimator,
  getComplexity,
  simpleEstimator,
  type ComplexityEstimator,
} from 'graphql-query-complexity';
import { LRUCache } from 'lru-cache';
import { VitrineError } from '../../../errors';
import { LIMITS } from '../../limits';
import { introspectionEstimator } from './introspection';

/**
 * The cost of a list field. `own` is the work behind the list. Each of its `first` items costs as
 * much as its fields. The unit is one value of the answer, which takes some microseconds.
 */
export function listCost(own: number): ComplexityEstimator {
  return ({ args, childComplexity }) => own + boundedFirst(args['first']) * Math.max(1, childComplexity);
}

/** `first` within its bounds. The resolver refuses a wrong one with a better message. */
function boundedFirst(first: unknown): number {
  return typeof first === 'number' ? Math.min(Math.max(first, 1), LIMITS.first) : LIMITS.first;
}

/** The work behind one field, in the unit of `listCost`. */
export const WORK = Object.freeze({ statement: 50, recommendations: 50, similar: 20, order: 200 });

export interface OperationToCheck {
  readonly schema: GraphQLSchema;
  /** Valid against the schema. */
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown>;
}

/**
 * Refuses an operation that is too deep or too costly.
 * @throws VitrineError LIMIT_EXCEEDED, or GraphQLError BAD_USER_INPUT if the variables do not fit
 */
export type OperationCheck = (operation: OperationToCheck) => void;

/** The check remembers documents and costs, since clients send the same ones again and again. */
export function createOperationCheck(): OperationCheck {
  /** Documents that are not too deep and have no long names. Their variables do not matter. */
  const checked = new WeakSet<DocumentNode>();
  const knownCostOf = createCosts();
  return (operation) => {
    const { schema, document } = operation;
    if (!checked.has(document)) {
      checkNames(document);
      checkDepth(schema, document);
      checked.add(document);
    }
    const cost = knownCostOf(operation);
    if (cost > LIMITS.cost) {
      const remedy = 'ask for fewer items (first), fewer fields or fewer lists within lists';
      throw new VitrineError('LIMIT_EXCEEDED', `the query costs ${cost}, the limit is ${LIMITS.cost}: ${remedy}`);
    }
  };
}

function checkNames(document: DocumentNode): void {
  visit(document, {
    Name({ value }) {
      if (value.length <= LIMITS.nameLength) return;
      const message = `a name in a query has at most ${LIMITS.nameLength} characters, got ${value.length}: ${value.slice(0, 20)}…`;
      throw new VitrineError('LIMIT_EXCEEDED', message);
    },
  });
}

function checkDepth(schema: GraphQLSchema, document: DocumentNode): void {
  const rule = maxDepthRule({
    n: LIMITS.depth,
    flattenFragments: true,
    propagateOnRejection: false,
    onReject: [(context, error) => context?.reportError(error)],
  });
  const [tooDeep] = validate(schema, document, [rule]);
  if (!tooDeep) return;
  const found = /found (\d+)/.exec(tooDeep.message)?.[1] ?? 'more';
  throw new VitrineError('LIMIT_EXCEEDED', `the query is ${found} fields deep, the limit is ${LIMITS.depth}`);
}

const KNOWN_COSTS = 5_000;
const KEY_LENGTH = 200;

/**
 * `costOf` with a memory of the latest costs. Requests that differ in texts alone share a cost: a
 * text costs nothing, unless it names a type for `__type`.
 */
function createCosts(): (operation: OperationToCheck) => number {
  const costs = new LRUCache<string, number>({ max: KNOWN_COSTS });
  const numbers = new WeakMap<DocumentNode, number>();
  let documents = 0;
  return (operation) => {
    let number = numbers.get(operation.document);
    if (number === undefined) numbers.set(operation.document, (number = ++documents));
    const key = costKey(operation, number);
    if (key === undefined) return costOf(operation);
    let cost = costs.get(key);
    if (cost === undefined) costs.set(key, (cost = costOf(operation)));
    return cost;
  };
}

/**
 * Tells operations of different costs apart. Undefined: its variables are lists or objects, or
 * there are very many.
 */
function costKey(
  { schema, document, operationName, variables }: OperationToCheck,
  documentNumber: number,
): string | undefined {
  let key = `${documentNumber} ${operationName ?? ''}`;
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    for (const { variable } of definition.variableDefinitions ?? []) {
      const value = variables[variable.name.value];
      if (typeof value === 'object' && value !== null) return undefined;
      key += ` ${typeof value === 'string' && !schema.getType(value) ? 'text' : String(value)}`;
      if (key.length > KEY_LENGTH) return undefined;
    }
  }
  return key;
}

/** The cost of an operation, see `listCost`. */
export function costOf({ schema, document, operationName, variables }: OperationToCheck): number {
  const variableDefinitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
  // If the variables do not fit, getComplexity says so below.
  const { coerced = {} } = getVariableValues(schema, variableDefinitions, variables);
  try {
    return getComplexity({
      schema,
      query: document,
      variables,
      ...(operationName === undefined ? {} : { operationName }),
      estimators: [
        introspectionEstimator(schema, document, coerced, LIMITS.cost),
        fieldExtensionsEstimator(),
        simpleEstimator({ defaultComplexity: 1 }),
      ],
      maxQueryNodes: LIMITS.costedFields,
    });
  } catch (thrown) {
    if (!(thrown instanceof GraphQLError)) throw thrown;
    if (thrown.message.includes('maximum allowed number of nodes')) {
      const message = `the query selects more than ${LIMITS.costedFields} fields, which is the limit`;
      throw new VitrineError('LIMIT_EXCEEDED', message, { cause: thrown });
    }
    // The variables do not fit. The operation must stop here: one faulty argument would otherwise
    // let it past the cost limit.
    throw new GraphQLError(thrown.message, {
      ...(thrown.nodes ? { nodes: thrown.nodes } : {}),
      extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
    });
  }
}
