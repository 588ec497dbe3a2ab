// The GraphQL endpoint at /graphql. A browser that opens this address gets Sandbox.

import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Gate } from '../../access/gate';
import { openKeys } from '../../access/keys';
import { LIMITS as STATEMENTS } from '../../data/postgres/connections';
import type { Store } from '../../data/store/store';
import { VitrineError } from '../../errors';
import type { Recommender } from '../../serving/types';
import type { Logger } from '../../telemetry/log';
import type { ErrorMask } from '../errors';
import { TOKEN_HEADER, type Door } from '../http/door';
import { wantsPage } from '../http/pages';
import { OWN_MANIFEST, proposalOf } from './client/operations';
import { createSandbox } from './client/sandbox';
import { createContext } from './context';
import { createApollo } from './operation/apollo';
import { createSchema } from './schema';
import { TRACE_HEADER } from './operation/trace';
import { openTrustedDocuments, type Asked, type TrustedDocuments, type TrustedSettings } from './operation/trusted';
import { createTurns } from './operation/turns';

export interface EndpointParts {
  readonly gate: Gate;
  readonly store: Store;
  readonly recommender: Recommender;
  readonly introspection: boolean;
  /** Default: any document runs. */
  readonly trusted?: TrustedSettings | undefined;
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

const ANY: TrustedSettings = { only: false, manifests: [] };

export async function startEndpoint({
  gate,
  store,
  recommender,
  trusted = ANY,
  ...parts
}: EndpointParts): Promise<Endpoint> {
  const schema = createSchema();
  const documents = openTrustedDocuments(schema, { ...trusted, manifests: [OWN_MANIFEST, ...trusted.manifests] });
  const sandbox = createSandbox(store, gate);
  const apollo = createApollo({ gate, schema, ...parts, landingPage: sandbox.plugin });
  await apollo.start();
  const contextParts = {
    keys: openKeys(store.access),
    store,
    recommender,
    turns: createTurns(STATEMENTS.reads, STATEMENTS.connectMs),
  };
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
          // A browser that opens the address brings no key. Its page asks with the key that is
          // typed into it.
          if (request.method === 'GET' && wantsPage(request)) {
            const page = await sandbox.page(proposalOf(request.query as Readonly<Record<string, unknown>>));
            return reply.removeHeader('content-security-policy').type('text/html; charset=utf-8').send(page);
          }
          await door.identified.call(app, request, reply);
          resolveDocument(request, documents);
        },
        handler: fastifyApolloHandler(apollo, {
          context: async ({ principal, lifetime, headers }) =>
            createContext(contextParts, {
              principal,
              lifetime,
              // How a list is made is not for pages that anyone can read.
              traced: headers[TRACE_HEADER] === '1' && !principal.publishable,
            }),
        }),
      });
    },
    stop: () => apollo.stop(),
  };
}

/**
 * Puts the text of the document that a request names into the request, where Apollo looks for it.
 */
function resolveDocument(request: FastifyRequest, documents: TrustedDocuments): void {
  const asked = (request.method === 'GET' ? request.query : request.body) as Asked | null | undefined;
  // Apollo refuses bodies that are no objects.
  if (typeof asked !== 'object' || asked === null || Array.isArray(asked)) return;
  const resolved = documents.resolve(asked);
  if (resolved === asked) return;
  if (request.method === 'GET') {
    const given = Object.entries(resolved).filter(([, value]) => typeof value === 'string') as [string, string][];
    request.raw.url = `/graphql?${new URLSearchParams(given).toString()}`;
  } else {
    request.body = resolved;
  }
}
