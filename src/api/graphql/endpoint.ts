// The GraphQL endpoint at /graphql. A browser that opens this address gets Sandbox.

import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance } from 'fastify';
import { LIMITS as STATEMENTS } from '../../data/postgres/connections';
import type { Store } from '../../data/store/store';
import { VitrineError } from '../../errors';
import type { Recommender } from '../../serving/types';
import type { Logger } from '../../telemetry/log';
import type { ErrorMask } from '../errors';
import { wantsPage } from '../http/pages';
import { proposalOf } from './client/operations';
import { createSandbox } from './client/sandbox';
import { createContext } from './context';
import { createApollo } from './operation/apollo';
import { TRACE_HEADER } from './operation/trace';
import { createTurns } from './operation/turns';

export interface EndpointParts {
  readonly store: Store;
  readonly recommender: Recommender;
  readonly introspection: boolean;
  readonly log: Logger;
  readonly errors: ErrorMask;
}

export interface Endpoint {
  addTo(app: FastifyInstance): void;
  stop(): Promise<void>;
}

/** Headers that pages of other origins may send to the endpoint. */
export const REQUEST_HEADERS = ['content-type', 'apollo-require-preflight', 'x-apollo-operation-name', TRACE_HEADER];

export async function startEndpoint({ store, recommender, ...parts }: EndpointParts): Promise<Endpoint> {
  const sandbox = createSandbox(store);
  const apollo = createApollo({ ...parts, landingPage: sandbox.plugin });
  await apollo.start();
  const contextParts = { store, recommender, turns: createTurns(STATEMENTS.reads, STATEMENTS.connectMs) };
  return {
    addTo(app) {
      app.route({
        method: ['GET', 'POST'],
        url: '/graphql',
        preHandler: (request, reply, done) => {
          // Apollo's integration parses the address as a URL and would throw. The host needs no
          // check here: `refuseForeignHosts` has checked it.
          if (!request.url.startsWith('/graphql') && !URL.canParse(request.url, 'http://localhost/')) {
            done(new VitrineError('INPUT_INVALID', 'expected a well-formed URL'));
            return;
          }
          const page = request.method === 'GET' && wantsPage(request);
          const proposal = page ? proposalOf(request.query as Readonly<Record<string, unknown>>) : undefined;
          if (!proposal) done();
          else void sandbox.page(proposal).then((text) => reply.type('text/html; charset=utf-8').send(text), done);
        },
        handler: fastifyApolloHandler(apollo, {
          context: async ({ lifetime, headers }) =>
            createContext(contextParts, { lifetime, traced: headers[TRACE_HEADER] === '1' }),
        }),
      });
    },
    stop: () => apollo.stop(),
  };
}
