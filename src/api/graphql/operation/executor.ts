// Runs operations. A query that comes again is compiled (compile.ts); GraphQL.js interprets all
// others. Both give the same answers. Apollo Server takes an executor only from a gateway, so this
// one looks like a gateway.

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

/** The schema and a compiling executor, in the form that Apollo Server takes. */
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
          // Undefined, in spite of its type, if no operation has the name that was asked for.
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
  /** Valid against the schema. The same text gives the same object each time. */
  readonly document: DocumentNode;
  /** The operation called `operationName`. */
  readonly operation: OperationDefinitionNode | undefined;
  readonly operationName: string | null;
  /** As the client sent them, not coerced. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: unknown;
}

/**
 * A query is compiled when it comes for this time. Compiling takes as long as interpreting it some
 * dozens of times, and a query that came once may never come again.
 */
const COMPILE_AT = 3;
/**
 * Characters of all documents whose compiled forms are kept. A form takes some 130 bytes of memory
 * for each character of its document.
 */
const MOST_COMPILED = 1_000_000;
/** A document with more characters is not compiled. */
const LONGEST_COMPILED = 20_000;
/**
 * Compiled forms of one operation. There is one for each combination of its conditions; further
 * combinations are interpreted.
 */
const MOST_FORMS = 16;

interface Seen {
  times: number;
  /** Undefined: not examined yet. Null: only GraphQL.js answers it correctly. */
  query?: CompilableQuery | null;
  /** By the values of the conditions. Null: graphql-jit cannot compile it. */
  readonly forms: Map<string, Form | null>;
}

/** Key of a compiled form in the cache. A form that left the cache is compiled again. */
type Form = symbol;

export function compilingExecutor(schema: GraphQLSchema): (operation: OperationToRun) => Promise<ExecutionResult> {
  // Apollo keeps parsed documents in a cache of bounded size. When it drops one, this entry goes
  // too.
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
    // A condition is null. GraphQL.js reports that in the right place.
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

/** Without this, graphql-jit would find an absent variable `constructor` in the prototype. */
function withoutPrototype(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.assign(Object.create(null) as Record<string, unknown>, values);
}

/**
 * Makes graphql-jit's errors like those of GraphQL.js: one for each field, each with `extensions`,
 * even if they are empty.
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
