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
 * Returns an estimator for a list field. `own` is the cost of making the list; each of its `first`
 * items costs as much as the fields selected on it. The unit is the cost of one value in the
 * answer, which takes some microseconds.
 */
export function listCost(own: number): ComplexityEstimator {
  return ({ args, childComplexity }) => own + boundedFirst(args['first']) * Math.max(1, childComplexity);
}

/**
 * Returns `first`, moved into its bounds. The resolver refuses a `first` out of bounds with a
 * better message.
 */
function boundedFirst(first: unknown): number {
  return typeof first === 'number' ? Math.min(Math.max(first, 1), LIMITS.first) : LIMITS.first;
}

/** Cost of the work behind one field, in the unit of `listCost`. */
export const WORK = Object.freeze({ statement: 50, recommendations: 50, similar: 20, order: 200 });

export interface OperationToCheck {
  readonly schema: GraphQLSchema;
  /** Valid against the schema. */
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown>;
}

/**
 * Returns the cost of an operation, in the unit of `listCost`, and refuses one that is too deep or
 * too costly.
 * @throws VitrineError LIMIT_EXCEEDED, or GraphQLError BAD_USER_INPUT if the variables do not fit
 */
export type OperationCheck = (operation: OperationToCheck) => number;

/**
 * The check remembers documents and their costs, since clients send the same documents again and
 * again.
 */
export function createOperationCheck(): OperationCheck {
  /** Documents that passed the checks of depth and of names, which do not depend on variables. */
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
    return cost;
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
 * Returns `costOf` with a cache of the latest costs. Requests that differ only in the texts of
 * their variables share a cost. The exception is a text that names a type of the schema, since
 * `__type` may use it.
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
 * Returns a key that differs between operations of different costs. Returns undefined if a variable
 * is a list or an object, or if the key would be too long.
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

/** Returns the cost of an operation in the unit of `listCost`. */
export function costOf({ schema, document, operationName, variables }: OperationToCheck): number {
  const variableDefinitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
  // If the variables do not fit their types, getComplexity reports that below.
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
    // The variables do not fit their types. The operation must stop here; otherwise one wrong
    // argument would let the operation get around the cost limit.
    throw new GraphQLError(thrown.message, {
      ...(thrown.nodes ? { nodes: thrown.nodes } : {}),
      extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
    });
  }
}
