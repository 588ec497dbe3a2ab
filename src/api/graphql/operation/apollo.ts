// Apollo Server over the schema. It checks the limits before an operation runs, masks errors and
// writes a debug line for each operation.

import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import type { Gate } from '../../../access/gate';
import type { Logger } from '../../../telemetry/log';
import type { Context } from '../context';
import type { ErrorMask } from '../../errors';
import { compilingGateway } from './executor';
import { admitOperations } from './admission';
import { LIMITS } from '../../limits';
import { traceRequests } from './trace';

export interface ApolloParts {
  readonly gate: Pick<Gate, 'spend'>;
  readonly schema: GraphQLSchema;
  readonly introspection: boolean;
  readonly log: Logger;
  readonly errors: ErrorMask;
  /** Serves the page that browsers get. */
  readonly landingPage: ApolloServerPlugin<Context>;
}

export function createApollo({
  gate,
  schema,
  introspection,
  log,
  errors,
  landingPage,
}: ApolloParts): ApolloServer<Context> {
  return new ApolloServer<Context>({
    gateway: compilingGateway(schema),
    introspection,
    // Apollo must neither read the environment (config.ts does) nor handle signals (cli/ does).
    nodeEnv: 'production',
    stopOnTerminationSignals: false,
    includeStacktraceInErrorResponses: false,
    // Several operations in one request would get around the cost limit.
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    parseOptions: { maxLexicalTokens: LIMITS.tokens },
    // Suggestions reveal names of the schema. Whoever may not read it gets none either
    // (admission.ts).
    validationOptions: { maxErrors: LIMITS.errors, hideSuggestions: !introspection },
    formatError: errors.format,
    logger: apolloLogger(log),
    plugins: [
      landingPage,
      admitOperations({ gate, introspection }),
      traceRequests,
      logOperations(log),
      // Nothing is reported to Apollo, even if APOLLO_ variables are set.
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginCacheControlDisabled(),
    ],
  });
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

/** Logs Apollo's own notices as texts. The error mask has logged the errors already. */
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
