// Runs operations: a query that comes again is compiled to a function by graphql-jit, whose only importer this is; all else is
// interpreted by GraphQL.js. Apollo Server takes an executor by way of a gateway, so it is one in form. Knows nothing of what is asked.

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
  type VariableDefinitionNode,
  valueFromASTUntyped,
} from 'graphql';
import { compileQuery, type CompiledQuery } from 'graphql-jit';

export type Gateway = ApolloServerOptionsWithGateway<never>['gateway'];

/** Compiling takes as long as interpreting some dozens of times, and keeps code: a query that came once may never come again. */
const COMPILE_AT = 3;

interface Uses {
  count: number;
  /** By name of the operation; `false`: graphql-jit cannot. */
  readonly compiled: Map<string | null, CompiledQuery | false>;
}

/** The schema with an executor that compiles, as Apollo Server takes both. */
export function compilingGateway(schema: GraphQLSchema): Gateway {
  // Apollo keeps parsed documents in a cache of bounded size, by their text: what it lets go is let go here.
  const uses = new WeakMap<DocumentNode, Uses>();

  function compiledOf(document: DocumentNode, operation: string | null): CompiledQuery | undefined {
    const seen: Uses = uses.get(document) ?? { count: 0, compiled: new Map() };
    uses.set(document, seen);
    seen.count += 1;
    if (seen.count < COMPILE_AT) return undefined;
    let compiled = seen.compiled.get(operation);
    if (compiled === undefined) {
      const made = compileQuery(schema, document, operation ?? undefined);
      compiled = 'query' in made ? made : false;
      seen.compiled.set(operation, compiled);
    }
    return compiled || undefined;
  }

  return {
    onSchemaLoadOrUpdate(tell) {
      tell({ apiSchema: schema, coreSupergraphSdl: '' });
      return () => undefined;
    },
    load: async () => ({
      async executor({ document, operation, operationName, context, request }): Promise<ExecutionResult> {
        const variableValues = request.variables ?? {};
        // Whatever the type says, there is none where no operation has the name that was asked for.
        const kind = (operation as OperationDefinitionNode | undefined)?.operation;
        const compiled = kind === OperationTypeNode.QUERY ? compiledOf(document, operationName) : undefined;
        if (!compiled) {
          const named = request.operationName ?? null;
          return execute({ schema, document, operationName: named, contextValue: context, variableValues });
        }
        const definitions = operation.variableDefinitions ?? [];
        const { errors: faulty } = getVariableValues(schema, definitions, variableValues);
        if (faulty) return { errors: faulty };
        const { errors, ...result } = await compiled.query(
          undefined,
          context,
          withDefaults(definitions, variableValues),
        );
        return errors ? { ...result, errors: errors.map(whole) } : result;
      },
    }),
    stop: async () => undefined,
  };
}

/** graphql-jit asks for variables that must not be null though they have a default. */
function withDefaults(
  definitions: readonly VariableDefinitionNode[],
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const values = { ...given };
  for (const { variable, defaultValue } of definitions) {
    const { value: name } = variable.name;
    if (defaultValue && values[name] === undefined) values[name] = valueFromASTUntyped(defaultValue);
  }
  return values;
}

/** graphql-jit's errors lack the `extensions` that every GraphQLError has, if only empty. */
function whole({ message, path, originalError, locations }: GraphQLError): GraphQLError {
  const error = new GraphQLError(message, { path: path ?? null, originalError: originalError ?? null });
  return Object.assign(error, { locations });
}
