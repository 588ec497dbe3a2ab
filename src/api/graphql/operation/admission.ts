// Admits operations before they run: whoever sends one must have the rights to its fields, and it
// must not be too deep or too costly. Also tells browsers and caches who may keep the answer.

import type { ApolloServerPlugin, GraphQLRequestContextDidResolveOperation } from '@apollo/server';
import { GraphQLError, OperationTypeNode, type OperationDefinitionNode } from 'graphql';
import { VitrineError } from '../../../errors';
import type { Context } from '../context';
import { createRightsCheck } from '../rights/check';
import { createOperationCheck } from './cost';

/** Time that an answer which is the same for everybody may be kept, in seconds. */
const SHARED_SECONDS = 30;

/** @param introspection whether anyone may read the schema at all */
export function admitOperations({ introspection }: { readonly introspection: boolean }): ApolloServerPlugin<Context> {
  const costs = createOperationCheck();
  const rights = createRightsCheck();

  function admit({ schema, document, operation, request, contextValue }: Resolved): boolean {
    if (!schema.getRootType(operation.operation)) {
      // GraphQL.js would notice this only during execution, and would report an error of the
      // server.
      throw refusal(`this API has no ${operation.operation}`, { code: 'GRAPHQL_VALIDATION_FAILED' });
    }
    const operationName = operation.name?.value;
    const asked = { schema, document, operationName };
    try {
      rights.check(asked, contextValue.principal);
      costs({ ...asked, variables: request.variables ?? {} });
    } catch (thrown) {
      throw thrown instanceof VitrineError ? refusal(thrown.message, { originalError: thrown }) : thrown;
    }
    return operation.operation === OperationTypeNode.QUERY && !rights.rightsOf(asked).personal;
  }

  return {
    async requestDidStart({ contextValue }) {
      let isShared = false;
      return {
        async didResolveOperation(resolved) {
          // The request does not say which of several operations to run, or names one that is not
          // in the document. Apollo refuses both.
          if (resolved.operation) isShared = admit(resolved as Resolved);
        },
        async willSendResponse({ response, errors }) {
          const isWhole = isShared && !errors?.length;
          response.http.headers.set('cache-control', isWhole ? `public, max-age=${SHARED_SECONDS}` : 'no-store');
          if (isWhole) response.http.headers.set('vary', 'authorization, vitrine-customer-token');
          const mayRead = introspection && contextValue.principal.scopes.has('admin');
          if (mayRead || response.body.kind !== 'single') return;
          for (const error of response.body.singleResult.errors ?? []) Object.assign(error, withoutSuggestion(error));
        },
      };
    },
  };
}

type Resolved = GraphQLRequestContextDidResolveOperation<Context> & {
  readonly operation: OperationDefinitionNode;
};

/** GraphQL.js ends a message with “Did you mean …?” where it knows a similar name. */
function withoutSuggestion({ message }: { readonly message: string }): { readonly message: string } {
  return { message: message.replace(/ Did you mean [^?]*\?$/, '') };
}

const STATUSES: Readonly<Partial<Record<string, number>>> = { UNAUTHENTICATED: 401, FORBIDDEN: 403, RATE_LIMITED: 429 };

/** Makes an error about the whole operation, with its HTTP status. */
function refusal(
  message: string,
  { code, originalError }: { code?: string; originalError?: VitrineError },
): GraphQLError {
  const status = STATUSES[originalError?.code ?? ''] ?? 400;
  const extensions = { ...(code === undefined ? {} : { code }), http: { status } };
  return new GraphQLError(message, { extensions, ...(originalError ? { originalError } : {}) });
}
