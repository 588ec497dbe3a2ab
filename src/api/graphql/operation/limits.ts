// What one query may ask for: list lengths, ids, depth and cost. Everything here throws
// VitrineError with the limit, what came and what to do. Knows the schema only through the costs
// that its fields declare; introspection.ts reckons what the schema itself costs.

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
import { introspectionEstimator } from './introspection';

export const LIMITS = Object.freeze({
  /** Items in one list. */
  first: 100,
  /** Characters in an id or a cursor. */
  idLength: 256,
  /** Characters in the words of a search. */
  searchLength: 200,
  /** Pieces in one order. */
  orderPieces: 100,
  /** Fields below one another; fragments and introspection do not count. */
  depth: 12,
  /** See `listCost`: roughly, values in the answer. */
  cost: 10_000,
  /**
   * Fields looked at while the cost is reckoned: fragments within fragments can double without end.
   */
  costedFields: 5_000,
  /**
   * Characters in a name that a query makes up, such as an alias: each item of a list repeats it in
   * the answer.
   */
  nameLength: 100,
  /**
   * Errors that are told of one document that is not valid, and characters in the message of one.
   */
  errors: 20,
  messageLength: 500,
  /**
   * Words and signs in a document. Validation compares fields pairwise, so its time grows with
   * their square.
   */
  tokens: 3_000,
  /** Bytes in the body of an HTTP request. */
  bodyBytes: 128 * 1024,
});

/** `first` as given, when it is one that a list can have. */
export function checkFirst(first: number): number {
  if (first > LIMITS.first) {
    throw new VitrineError(
      'LIMIT_EXCEEDED',
      `first: at most ${LIMITS.first} at once, got ${first}; connections go on with after`,
    );
  }
  if (!Number.isInteger(first) || first < 1) {
    throw new VitrineError('INPUT_INVALID', `first: expected a whole number from 1 to ${LIMITS.first}, got ${first}`);
  }
  return first;
}

/** An id as given, when it is one that the store can look up. */
export function checkId(argument: string, id: string): string {
  if (id === '') throw new VitrineError('INPUT_INVALID', `${argument}: expected an id, got an empty text`);
  if (id.length > LIMITS.idLength) {
    const message = `${argument}: expected at most ${LIMITS.idLength} characters, got ${id.length}`;
    throw new VitrineError('INPUT_INVALID', message);
  }
  return checkText(argument, id);
}

/**
 * A text as given, when Postgres can hold it: it has no NUL character, and half of a surrogate pair
 * would become another character on the way.
 */
function checkText(argument: string, text: string): string {
  if (text.includes('\0')) {
    throw new VitrineError('INPUT_INVALID', `${argument}: expected a text, got one with a NUL character`);
  }
  if (/\p{Surrogate}/u.test(text)) {
    const message = `${argument}: expected Unicode, got half of a surrogate pair in ${JSON.stringify(text)}; send the whole character`;
    throw new VitrineError('INPUT_INVALID', message);
  }
  return text;
}

/** The words of a search as given, when they are some. */
export function checkWords(text: string): string {
  if (text.length > LIMITS.searchLength) {
    throw new VitrineError(
      'LIMIT_EXCEEDED',
      `text: at most ${LIMITS.searchLength} characters, got ${text.length}; a few words find more than many`,
    );
  }
  if (!/[\p{L}\p{N}]/u.test(text)) {
    throw new VitrineError('INPUT_INVALID', `text: expected some words, got ${JSON.stringify(text)}`);
  }
  return checkText('text', text);
}

/** A share as given, when it is from 0 to 1. */
export function checkShare(argument: string, share: number): number {
  if (share >= 0 && share <= 1) return share;
  throw new VitrineError('INPUT_INVALID', `${argument}: expected a number from 0 to 1, got ${share}`);
}

/** A count as given, when it is from 1 to `most`. */
export function checkCount(argument: string, count: number, most: number): number {
  if (count >= 1 && count <= most) return count;
  throw new VitrineError('INPUT_INVALID', `${argument}: expected a whole number from 1 to ${most}, got ${count}`);
}

/**
 * The cost of a list field: `own` for the work behind it, and what one item costs as often as
 * `first` says. One unit is one value of the answer, some microseconds; `own` is in the same unit.
 */
export function listCost(own: number): ComplexityEstimator {
  return ({ args, childComplexity }) => own + boundedFirst(args['first']) * Math.max(1, childComplexity);
}

/**
 * The work behind fields, in values: a statement of its own, one customer's inference, one
 * article's neighbours.
 */
export const WORK = Object.freeze({ statement: 50, recommendations: 50, similar: 20, order: 200 });

export interface OperationToCheck {
  readonly schema: GraphQLSchema;
  /** Valid against the schema. */
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown>;
}

/**
 * Refuses an operation that is too deep or too costly, before anything of it runs.
 * @throws VitrineError LIMIT_EXCEEDED, or GraphQLError BAD_USER_INPUT where variables do not fit.
 */
export function checkOperation(operation: OperationToCheck): void {
  checkDocument(operation);
  const cost = knownCostOf(operation);
  if (cost > LIMITS.cost) {
    const remedy = 'ask for fewer items (first), fewer fields or fewer lists within lists';
    throw new VitrineError('LIMIT_EXCEEDED', `the query costs ${cost}, the limit is ${LIMITS.cost}: ${remedy}`);
  }
}

/** Documents whose names are short and that are not too deep, whatever their variables. */
const CHECKED = new WeakSet<DocumentNode>();

function checkDocument({ schema, document }: OperationToCheck): void {
  if (CHECKED.has(document)) return;
  checkNames(document);
  checkDepth(schema, document);
  CHECKED.add(document);
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

/** What operations cost, by `costKey`; those that came last. */
const COSTS = new LRUCache<string, number>({ max: 5_000 });
const KEY_LENGTH = 200;
const DOCUMENTS = new WeakMap<DocumentNode, number>();
let documents = 0;

/**
 * `costOf`, reckoned once for all requests that differ in texts alone: what is in a text costs
 * nothing, but for `__type`.
 */
function knownCostOf(operation: OperationToCheck): number {
  const key = costKey(operation);
  if (key === undefined) return costOf(operation);
  let cost = COSTS.get(key);
  if (cost === undefined) COSTS.set(key, (cost = costOf(operation)));
  return cost;
}

/**
 * Tells operations of other costs apart; undefined: one with variables that are lists or objects,
 * or with very many.
 */
function costKey({ schema, document, operationName, variables }: OperationToCheck): string | undefined {
  let number = DOCUMENTS.get(document);
  if (number === undefined) DOCUMENTS.set(document, (number = ++documents));
  let key = `${number} ${operationName ?? ''}`;
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
  // Where they do not fit, getComplexity says so.
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
    // Variables that do not fit. To go on would let a query with one faulty argument past the cost
    // limit.
    throw new GraphQLError(thrown.message, {
      ...(thrown.nodes ? { nodes: thrown.nodes } : {}),
      extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
    });
  }
}

/** `first` within its bounds: a faulty one is the resolver's to refuse, with a better message. */
function boundedFirst(first: unknown): number {
  return typeof first === 'number' ? Math.min(Math.max(first, 1), LIMITS.first) : LIMITS.first;
}
