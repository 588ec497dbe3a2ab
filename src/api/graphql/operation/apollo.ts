// Apollo Server over the schema: limits before an operation runs, masked errors, one debug line for
// each operation. Knows nothing of HTTP.

import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { GraphQLError } from 'graphql';
import { VitrineError } from '../../../errors';
import type { Logger } from '../../../telemetry/log';
import type { Context } from '../context';
import type { ErrorMask } from './errors';
import { compilingGateway } from './executor';
import { checkOperation, LIMITS } from './limits';
import { createSchema } from '../schema';
import { traceRequests } from './trace';

export interface ApolloParts {
  readonly introspection: boolean;
  readonly log: Logger;
  readonly errors: ErrorMask;
  /** The page that a browser gets. */
  readonly landingPage: ApolloServerPlugin<Context>;
}

export function createApollo({ introspection, log, errors, landingPage }: ApolloParts): ApolloServer<Context> {
  return new ApolloServer<Context>({
    gateway: compilingGateway(createSchema()),
    introspection,
    // The environment is config.ts's to read, and signals are main.ts's to handle.
    nodeEnv: 'production',
    stopOnTerminationSignals: false,
    includeStacktraceInErrorResponses: false,
    // One operation a request: a batch of them would slip past the cost limit.
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    parseOptions: { maxLexicalTokens: LIMITS.tokens },
    // A suggestion tells names of the schema.
    validationOptions: { maxErrors: LIMITS.errors, hideSuggestions: !introspection },
    formatError: errors.format,
    logger: apolloLogger(log),
    plugins: [
      landingPage,
      refuseCostly,
      traceRequests,
      logOperations(log),
      // Nothing leaves this machine, whatever APOLLO_ variables are set.
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginCacheControlDisabled(),
    ],
  });
}

const refuseCostly: ApolloServerPlugin<Context> = {
  async requestDidStart() {
    return {
      async didResolveOperation({ schema, document, operation, request }) {
        if (!operation) return; // Several and none named: Apollo refuses by itself.
        if (!schema.getRootType(operation.operation)) {
          // GraphQL itself finds out only when it executes, and then calls it a fault of the
          // server.
          throw refusal(`this API has no ${operation.operation}`, { code: 'GRAPHQL_VALIDATION_FAILED' });
        }
        try {
          checkOperation({
            schema,
            document,
            operationName: operation.name?.value,
            variables: request.variables ?? {},
          });
        } catch (thrown) {
          throw thrown instanceof VitrineError ? refusal(thrown.message, { originalError: thrown }) : thrown;
        }
      },
    };
  },
};

/** An error about the operation as a whole, answered with HTTP status 400. */
function refusal(message: string, { code, originalError }: { code?: string; originalError?: Error }): GraphQLError {
  const extensions = { ...(code === undefined ? {} : { code }), http: { status: 400 } };
  return new GraphQLError(message, { extensions, ...(originalError ? { originalError } : {}) });
}

function logOperations(log: Logger): ApolloServerPlugin<Context> {
  return {
    async requestDidStart() {
      if (!log.isLevelEnabled('debug')) return;
      const started = performance.now();
      return {
        async willSendResponse({ operationName, contextValue, errors, response }) {
          const stages = Object.fromEntries([...contextValue.timer.spans].map(([stage, ms]) => [stage, round(ms)]));
          const ms = round(performance.now() - started);
          const result = response.body.kind === 'single' ? response.body.singleResult : undefined;
          const failed = errors?.length ?? result?.errors?.length ?? 0;
          log.debug({ operation: operationName ?? '(no name)', ms, stages, errors: failed }, 'operation');
        },
      };
    },
  };
}

/**
 * Apollo's own notices: texts only, and nothing that it repeats about errors which the mask has
 * logged.
 */
function apolloLogger(log: Logger) {
  return {
    debug: (message: unknown) => log.debug(String(message)),
    info: (message: unknown) => log.debug(String(message)),
    warn: (message: unknown) => log.warn(String(message)),
    error: (message: unknown) => log.error(String(message)),
  };
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
