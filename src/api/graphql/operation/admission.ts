// Admits operations before they run: whoever sends one must have the rights to its fields, and it
// must not be too deep or too costly. Also tells browsers and caches who may keep the answer.

import type { ApolloServerPlugin, GraphQLRequestContextDidResolveOperation } from '@apollo/server';
import { GraphQLError, OperationTypeNode, type OperationDefinitionNode } from 'graphql';
import { BudgetSpent, type Spent } from '../../../access/budgets';
import type { Gate } from '../../../access/gate';
import { VitrineError } from '../../../errors';
import type { Context } from '../context';
import { createRightsCheck, type OperationToAllow } from '../rights/check';
import { createOperationCheck } from './cost';

/** Time that an answer which is the same for everybody may be kept, in seconds. */
const SHARED_SECONDS = 30;

export interface Admission {
  readonly gate: Pick<Gate, 'spend'>;
  /** Whether anyone may read the schema at all. */
  readonly introspection: boolean;
}

export function admitOperations({ gate, introspection }: Admission): ApolloServerPlugin<Context> {
  const costs = createOperationCheck();
  const rights = createRightsCheck();

  async function admit({ schema, document, operation, request, contextValue }: Resolved): Promise<Admitted> {
    if (!schema.getRootType(operation.operation)) {
      // GraphQL.js would notice this only during execution, and would report an error of the
      // server.
      throw refusal(`this API has no ${operation.operation}`, { code: 'GRAPHQL_VALIDATION_FAILED' });
    }
    const operationName = operation.name?.value;
    const asked = { schema, document, operationName };
    try {
      rights.check(asked, contextValue.principal);
      const cost = costs({ ...asked, variables: request.variables ?? {} });
      const spent = await gate.spend(contextValue.principal, cost);
      return { isShared: isShared(asked, operation), cost: spent && { requested: cost, ...spent } };
    } catch (thrown) {
      throw thrown instanceof VitrineError ? refusal(thrown.message, { originalError: thrown }) : thrown;
    }
  }

  function isShared(asked: OperationToAllow, operation: OperationDefinitionNode): boolean {
    return operation.operation === OperationTypeNode.QUERY && !rights.rightsOf(asked).personal;
  }

  return {
    async requestDidStart({ contextValue }) {
      let admitted: Admitted = { isShared: false, cost: undefined };
      return {
        async didResolveOperation(resolved) {
          // The request does not say which of several operations to run, or names one that is not
          // in the document. Apollo refuses both.
          if (resolved.operation) admitted = await admit(resolved as Resolved);
        },
        async willSendResponse({ response, errors }) {
          const isWhole = admitted.isShared && !errors?.length;
          response.http.headers.set('cache-control', isWhole ? `public, max-age=${SHARED_SECONDS}` : 'no-store');
          if (isWhole) response.http.headers.set('vary', 'authorization, vitrine-customer-token');
          const retry = errors?.map(({ originalError }) => originalError).find((error) => error instanceof BudgetSpent);
          if (retry) response.http.headers.set('retry-after', String(retry.retryAfterSeconds));
          if (admitted.cost && response.body.kind === 'single') {
            const { singleResult } = response.body;
            singleResult.extensions = { ...singleResult.extensions, cost: admitted.cost };
          }
          const mayRead = introspection && contextValue.principal.scopes.has('admin');
          if (mayRead || response.body.kind !== 'single') return;
          for (const error of response.body.singleResult.errors ?? []) Object.assign(error, withoutSuggestion(error));
        },
      };
    },
  };
}

interface Admitted {
  /** Whether everybody gets the same answer. */
  readonly isShared: boolean;
  /** For `extensions.cost`; undefined without a budget. */
  readonly cost: (Spent & { readonly requested: number }) | undefined;
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
