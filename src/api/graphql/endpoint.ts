// The GraphQL endpoint at /graphql. A browser that opens this address gets Sandbox.

import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance } from 'fastify';
import type { Gate } from '../../access/gate';
import { LIMITS as STATEMENTS } from '../../data/postgres/connections';
import type { Store } from '../../data/store/store';
import { VitrineError } from '../../errors';
import type { Recommender } from '../../serving/types';
import type { Logger } from '../../telemetry/log';
import type { ErrorMask } from '../errors';
import { TOKEN_HEADER, type Door } from '../http/door';
import { wantsPage } from '../http/pages';
import { proposalOf } from './client/operations';
import { createSandbox } from './client/sandbox';
import { createContext } from './context';
import { createApollo } from './operation/apollo';
import { TRACE_HEADER } from './operation/trace';
import { createTurns } from './operation/turns';

export interface EndpointParts {
  readonly gate: Gate;
  readonly store: Store;
  readonly recommender: Recommender;
  readonly introspection: boolean;
  readonly log: Logger;
  readonly errors: ErrorMask;
}

export interface Endpoint {
  addTo(app: FastifyInstance, door: Door): void;
  stop(): Promise<void>;
}

/** Headers that pages of other origins may send to the endpoint. */
export const REQUEST_HEADERS = [
  'content-type',
  'authorization',
  TOKEN_HEADER,
  'apollo-require-preflight',
  'x-apollo-operation-name',
  TRACE_HEADER,
];

export async function startEndpoint({ gate, store, recommender, ...parts }: EndpointParts): Promise<Endpoint> {
  const sandbox = createSandbox(store, gate);
  const apollo = createApollo({ ...parts, landingPage: sandbox.plugin });
  await apollo.start();
  const contextParts = { store, recommender, turns: createTurns(STATEMENTS.reads, STATEMENTS.connectMs) };
  return {
    addTo(app, door) {
      app.route({
        method: ['GET', 'POST'],
        url: '/graphql',
        preHandler: async (request, reply) => {
          // Apollo's integration parses the address as a URL and would throw. The host needs no
          // check here: `refuseForeignHosts` has checked it.
          if (!request.url.startsWith('/graphql') && !URL.canParse(request.url, 'http://localhost/')) {
            throw new VitrineError('INPUT_INVALID', 'expected a well-formed URL');
          }
          // A browser that opens the address brings no key. Its page asks with the key that is typed
          // into it.
          if (request.method === 'GET' && wantsPage(request)) {
            const page = await sandbox.page(proposalOf(request.query as Readonly<Record<string, unknown>>));
            return reply.removeHeader('content-security-policy').type('text/html; charset=utf-8').send(page);
          }
          await door.identified.call(app, request, reply);
        },
        handler: fastifyApolloHandler(apollo, {
          context: async ({ principal, lifetime, headers }) =>
            createContext(contextParts, { principal, lifetime, traced: headers[TRACE_HEADER] === '1' }),
        }),
      });
    },
    stop: () => apollo.stop(),
  };
}
