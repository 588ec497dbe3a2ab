// Runs operations. A query that is sent repeatedly is compiled (compile.ts); GraphQL.js interprets
// all other operations. The answers are the same either way. Apollo Server accepts an executor only
// from a gateway, so this executor is presented as a gateway.

import type { ApolloServerOptionsWithGateway } from '@apollo/server';
import {
  execute,
  getVariableValues,
  GraphQLError,
  OperationTypeNode,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { compilableQuery, compile, type CompilableQuery, type CompiledQuery } from './compile';

export type Gateway = ApolloServerOptionsWithGateway<never>['gateway'];

/** Returns the schema and a compiling executor, in the form that Apollo Server accepts. */
export function compilingGateway(schema: GraphQLSchema): Gateway {
  const run = compilingExecutor(schema);
  return {
    onSchemaLoadOrUpdate(tell) {
      tell({ apiSchema: schema, coreSupergraphSdl: '' });
      return () => undefined;
    },
    load: async () => ({
      executor: ({ document, operation, context, request }) =>
        run({
          document,
          // Despite its type, `operation` is undefined if no operation has the requested name.
          operation: operation,
          operationName: request.operationName ?? null,
          variables: request.variables ?? {},
          context,
        }),
    }),
    stop: async () => undefined,
  };
}

export interface OperationToRun {
  /**
   * Valid against the schema. Requests with the same text share one document object, as long as
   * Apollo caches it.
   */
  readonly document: DocumentNode;
  /** The operation called `operationName`. */
  readonly operation: OperationDefinitionNode | undefined;
  readonly operationName: string | null;
  /** As the client sent them, not coerced. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: unknown;
}

/**
 * A query is compiled when it is run for the third time. Compiling takes as long as interpreting
 * the query some dozens of times, and many queries are sent only once.
 */
const COMPILE_AT = 3;
/**
 * Size of the cache of compiled forms, in characters of their documents. A form takes some 130
 * bytes of memory for each character of its document.
 */
const MOST_COMPILED = 1_000_000;
/** A document with more characters is not compiled. */
const LONGEST_COMPILED = 20_000;
/**
 * Maximum number of compiled forms of one operation. There is one form for each combination of
 * values of its conditions. Further combinations are interpreted.
 */
const MOST_FORMS = 16;

interface Seen {
  times: number;
  /**
   * Undefined if the query has not been examined yet; null if only GraphQL.js answers it correctly.
   */
  query?: CompilableQuery | null;
  /**
   * Compiled forms by the values of the conditions. Null if graphql-jit cannot compile the form.
   */
  readonly forms: Map<string, Form | null>;
}

/**
 * Key of a compiled form in the cache. A form that has been dropped from the cache is compiled
 * again.
 */
type Form = symbol;

export function compilingExecutor(schema: GraphQLSchema): (operation: OperationToRun) => Promise<ExecutionResult> {
  // Apollo keeps parsed documents in a cache of bounded size. When Apollo drops a document, the
  // entry here disappears too.
  const seen = new WeakMap<OperationDefinitionNode, Seen>();
  const kept = new LRUCache<Form, CompiledQuery>({ maxSize: MOST_COMPILED });

  function compiledOf(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Readonly<Record<string, unknown>>,
  ): CompiledQuery | null {
    const uses = seen.get(operation) ?? { times: 0, forms: new Map<string, Form | null>() };
    seen.set(operation, uses);
    uses.times += 1;
    const size = document.loc?.source.body.length ?? Infinity;
    if (uses.times < COMPILE_AT || size > LONGEST_COMPILED) return null;
    if (uses.query === undefined) uses.query = compilableQuery(schema, document, operation) ?? null;
    if (uses.query === null) return null;
    const values = uses.query.conditions.map((name) => variables[name]);
    // If a condition is null, the query is interpreted: GraphQL.js reports the error at the right
    // field.
    if (!values.every((value) => typeof value === 'boolean')) return null;
    const known = uses.forms.get(values.join());
    if (known === null) return null;
    const before = known && kept.get(known);
    if (before) return before;
    if (!known && uses.forms.size >= MOST_FORMS) return null;
    const compiled = compile(schema, uses.query, variables) ?? null;
    const form = compiled && (known ?? Symbol('form'));
    uses.forms.set(values.join(), form);
    if (form) kept.set(form, compiled, { size });
    return compiled;
  }

  return async ({ document, operation, operationName, variables, context }) => {
    if (operation?.operation === OperationTypeNode.QUERY) {
      const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
      const compiled = coerced && compiledOf(document, operation, coerced);
      if (compiled) {
        const { errors, ...result } = await compiled.query(undefined, context, withoutPrototype(coerced));
        return errors ? { ...result, errors: wholeErrors(errors) } : result;
      }
    }
    return execute({ schema, document, operationName, contextValue: context, variableValues: variables });
  };
}

/**
 * Copies the variables to an object without a prototype. Otherwise graphql-jit would find a missing
 * variable `constructor` in the prototype.
 */
function withoutPrototype(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.assign(Object.create(null) as Record<string, unknown>, values);
}

/**
 * Makes graphql-jit's errors look like those of GraphQL.js: one error for each field, and
 * `extensions` on each error, even if they are empty.
 */
function wholeErrors(errors: readonly GraphQLError[]): GraphQLError[] {
  const byField = new Map<string, GraphQLError>();
  for (const { message, path, originalError, locations } of errors) {
    const field = (path ?? []).join('.');
    if (byField.has(field)) continue;
    const error = new GraphQLError(message, { path: path ?? null, originalError: originalError ?? null });
    byField.set(field, Object.assign(error, { locations }));
  }
  return [...byField.values()];
}
