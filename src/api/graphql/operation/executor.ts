// Runs operations: a query that comes again is compiled (compile.ts), all else is interpreted by
// GraphQL.js. Both answer alike. Apollo Server takes an executor by way of a gateway, so it is one
// in form. Knows nothing of what is asked.

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

/** The schema with an executor that compiles, as Apollo Server takes both. */
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
          // Whatever the type says, there is none where no operation has the name that was asked
          // for.
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
  /** Valid against the schema. The same object each time that the same text comes. */
  readonly document: DocumentNode;
  /** The one that `operationName` names. */
  readonly operation: OperationDefinitionNode | undefined;
  readonly operationName: string | null;
  /** As the client sent them. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: unknown;
}

/**
 * Compiling takes as long as interpreting some dozens of times, and keeps code: a query that came
 * once may never come again.
 */
const COMPILE_AT = 3;
/**
 * Characters of the documents whose compiled forms are kept, all together, and of one that is
 * compiled at all. A form takes some 130 bytes of memory for each character of its document.
 */
const MOST_COMPILED = 1_000_000;
const LONGEST_COMPILED = 20_000;
/**
 * Compiled forms of one operation, one for each combination of its conditions. Those that come
 * later are interpreted.
 */
const MOST_FORMS = 16;

interface Seen {
  times: number;
  /** undefined: not looked at yet; `null`: only GraphQL.js gets it right. */
  query?: CompilableQuery | null;
  /** By the values of the conditions; `null`: graphql-jit cannot. */
  readonly forms: Map<string, Form | null>;
}

/** Stands for a compiled form, which is kept elsewhere and may have to be compiled again. */
type Form = symbol;

export function compilingExecutor(schema: GraphQLSchema): (operation: OperationToRun) => Promise<ExecutionResult> {
  // Apollo keeps parsed documents in a cache of bounded size, by their text: what it lets go is let
  // go here.
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
    // A null where a Boolean must be: GraphQL.js says so in the right place.
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

/** graphql-jit would find an absent variable `constructor` in the prototype. */
function withoutPrototype(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.assign(Object.create(null) as Record<string, unknown>, values);
}

/**
 * graphql-jit's errors as GraphQL.js has them: one for each field, each with the `extensions` that
 * every GraphQLError has, if only empty.
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
