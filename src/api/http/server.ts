// The HTTP server: the shop window at /, GraphQL at /graphql, pictures, health, metrics, the report
// of the release that is served, and an orderly end. Building it is separate from listening, so
// tests use either. Knows nothing of where the store and the recommender come from.

import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Config } from '../../config';
import { LIMITS as STATEMENTS } from '../../data/postgres/connections';
import type { Store } from '../../data/store/store';
import { asError, VitrineError } from '../../errors';
import { NO_PHOTOS, type Photos } from './photos';
import type { Recommender } from '../../serving/types';
import type { Logger } from '../../telemetry/log';
import { createApollo } from '../graphql/operation/apollo';
import { createContext, type Context } from '../graphql/context';
import { createErrorMask, type ErrorMask, type PublicError } from '../graphql/operation/errors';
import { checkReady, type Readiness } from './health';
import { refuseForeignHosts } from './hosts';
import { addImages, type DrawArticle } from './images';
import { createSandbox, NO_REPORT_PAGE, proposalOf, SIGNPOST, SIGNPOST_PAGE, type Sandbox } from './landing';
import { limitLifetimes } from './lifetimes';
import { LIMITS } from '../graphql/operation/limits';
import { addMetrics, type Counters } from './metrics';
import { addShopWindow, PAGE_HEADERS, readShopWindow, type ShopWindow } from './shop-window';
import { limitSockets } from './sockets';
import { TRACE_HEADER } from '../graphql/operation/trace';
import { createTurns } from '../graphql/turns';

export interface ServerParts {
  readonly store: Store;
  readonly recommender: Recommender;
  readonly config: Pick<Config, 'host' | 'port' | 'introspection' | 'corsOrigins'> &
    Partial<Pick<Config, 'allowedHosts'>>;
  readonly log: Logger;
  /** Whether there is a release to recommend from. The database is asked beside it. */
  readonly ready: () => Readiness | Promise<Readiness>;
  /** The page on how the release that is served was measured; undefined if there is none. */
  readonly report: () => string | undefined;
  /** The shop's photos of its articles. Default: none. */
  readonly photos?: Photos;
  /** Draws articles that have no photo. Default: they have no picture. */
  readonly draw?: DrawArticle;
  /**
   * Absolute: where the shop window was built. Default, and where it was not: a signpost is at /.
   */
  readonly shopWindow?: string;
  /** What /metrics counts besides requests. */
  readonly counters?: Counters;
  /** How long requests in flight may take to finish when the server closes. Default 10,000. */
  readonly closeLimitMs?: number;
  /** How long one request may be computed. Default 30,000. */
  readonly requestLimitMs?: number;
  /** How long a client may read nothing of its answer; longer than a request. Default 60,000. */
  readonly unreadLimitMs?: number;
}

/** What all clients together may take. */
const MOST = {
  connections: 4_096,
  /** Requests that are computed at once. */
  inFlight: 1_024,
  /** Requests that wait on one connection, and on all, for the answer before. */
  waitingEach: 32,
  waiting: 1_024,
  unreadBytes: 64 * 1024 * 1024,
};

const HTTP_LIMITS = {
  bodyLimit: LIMITS.bodyBytes,
  // A request has this long to arrive in full, and its head this long; looked at every few seconds.
  requestTimeout: 30_000,
  http: { headersTimeout: 15_000, connectionsCheckingInterval: 5_000 },
  // Longer than load balancers keep a connection that nobody uses, mostly 60 s, so that they end
  // it.
  keepAliveTimeout: 72_000,
};

export interface Server {
  /** Ready for `inject`; listens only after `listen`. */
  readonly app: FastifyInstance;
  /** Listens on the configured host and port; the address as a URL. */
  listen(): Promise<string>;
  /**
   * Accepts no more, lets requests in flight finish within the limit, then closes. Safe to call
   * again.
   */
  close(): Promise<void>;
}

/**
 * The server, built and not listening. It closes neither the store nor the recommender: whoever
 * opened them does.
 */
export async function createServer(parts: ServerParts): Promise<Server> {
  const { config, log, store, closeLimitMs = 10_000, requestLimitMs = 30_000, unreadLimitMs = 60_000 } = parts;
  const errors = createErrorMask(log);
  const { introspection } = config;
  const sandbox = createSandbox(store);
  const apollo = createApollo({ introspection, log, errors, landingPage: sandbox.plugin });
  await apollo.start();

  const state = { closing: false };
  const app = fastify({
    logger: false,
    ...HTTP_LIMITS,
    connectionTimeout: unreadLimitMs,
    return503OnClosing: false,
    // Ids stand in addresses of pictures, each character as up to nine.
    routerOptions: { maxParamLength: LIMITS.idLength * 9 },
  });
  const window = readShopWindow(parts.shopWindow);
  app.server.maxConnections = MOST.connections;
  // Beyond it connections are refused, until those that are only kept alive have made room.
  app.server.on('drop', () => app.server.closeIdleConnections());
  answerErrors(app, errors, window);
  const sockets = limitSockets(app, MOST);
  refuseForeignHosts(app, config);
  refuseWhileClosing(app, state);
  if (config.corsOrigins.length > 0) allowOrigins(app, config.corsOrigins);
  limitLifetimes(app, { inFlight: MOST.inFlight, ms: requestLimitMs });
  const contextParts = { store, recommender: parts.recommender, turns: createTurns(STATEMENTS.reads) };
  addGraphql(app, apollo, sandbox, (request) =>
    createContext(contextParts, { lifetime: request.lifetime, traced: request.headers[TRACE_HEADER] === '1' }),
  );
  addHealth(app, parts, state);
  addMetrics(app, parts.counters);
  addReport(app, parts);
  addImages(app, { store, photos: parts.photos ?? NO_PHOTOS, draw: parts.draw });
  if (window) addShopWindow(app, window);
  app.get('/', (request, reply) => {
    if (!wantsPage(request)) return SIGNPOST;
    return window === undefined
      ? reply.type('text/html').send(SIGNPOST_PAGE)
      : reply.headers(PAGE_HEADERS).send(window.page);
  });
  await app.ready();

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    state.closing = true;
    const late = setTimeout(() => {
      log.warn(`requests still in flight after ${closeLimitMs} ms are cut off`);
      app.server.closeAllConnections();
      sockets.destroyBusy();
    }, closeLimitMs);
    try {
      await app.close();
      await apollo.stop();
    } finally {
      clearTimeout(late);
    }
  };
  return {
    app,
    listen: () => app.listen({ host: config.host, port: config.port }),
    close: () => (closed ??= close()),
  };
}

function addGraphql(
  app: FastifyInstance,
  apollo: ApolloServer<Context>,
  sandbox: Sandbox,
  context: (request: FastifyRequest) => Context,
): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    preHandler: (request, reply, done) => {
      // Apollo's integration makes a URL of it and would throw. The host is sound:
      // `refuseForeignHosts`.
      if (!request.url.startsWith('/graphql') && !URL.canParse(request.url, 'http://localhost/')) {
        done(new VitrineError('INPUT_INVALID', 'expected a well-formed URL'));
        return;
      }
      const page = request.method === 'GET' && wantsPage(request);
      const proposal = page ? proposalOf(request.query as Readonly<Record<string, unknown>>) : undefined;
      if (!proposal) done();
      else void sandbox.page(proposal).then((text) => reply.type('text/html; charset=utf-8').send(text), done);
    },
    handler: fastifyApolloHandler(apollo, { context: async (request) => context(request) }),
  });
}

function addHealth(app: FastifyInstance, parts: ServerParts, state: { readonly closing: boolean }): void {
  app.get('/health/live', () => ({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => {
    const readiness: Readiness = state.closing ? { ready: false, reason: 'shutting down' } : await checkReady(parts);
    const { ready, ...details } = readiness;
    reply.header('cache-control', 'no-store').code(ready ? 200 : 503);
    return { status: ready ? 'ready' : 'not ready', ...details };
  });
}

/** The page is one file with its styles; it needs nothing else, and nothing else may run in it. */
function addReport(app: FastifyInstance, { report }: ServerParts): void {
  app.get('/report', (request, reply) => {
    const page = report();
    if (page === undefined && !wantsPage(request)) {
      throw new VitrineError(
        'NOT_FOUND',
        'there is no report of the release that is served; `npx vitrine train` makes one',
      );
    }
    return reply
      .code(page === undefined ? 404 : 200)
      .headers({
        // Another release may be served in a moment.
        'cache-control': 'no-cache',
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
      })
      .type('text/html; charset=utf-8')
      .send(page ?? NO_REPORT_PAGE);
  });
}

function wantsPage({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') ?? false;
}

function answerErrors(app: FastifyInstance, errors: ErrorMask, window: ShopWindow | undefined): void {
  const answer = (reply: FastifyReply, status: number, { message, code }: PublicError) =>
    reply.code(status).send({ errors: [{ message, extensions: { code } }] });

  app.setErrorHandler((thrown: FastifyError, _request, reply) => {
    const status = thrown.statusCode ?? (thrown instanceof VitrineError ? statusOf(thrown) : 500);
    if (status === 413) {
      const message = `the body of a request may have ${LIMITS.bodyBytes} bytes; send less at once`;
      return answer(reply, 413, { code: 'LIMIT_EXCEEDED', message });
    }
    const ownFault = status >= 500 || thrown instanceof VitrineError;
    return answer(
      reply,
      status,
      ownFault ? errors.toPublic(asError(thrown)) : { code: 'BAD_REQUEST', message: thrown.message },
    );
  });
  app.setNotFoundHandler((request: FastifyRequest, reply) =>
    window && wantsPage(request)
      ? reply.code(404).headers(PAGE_HEADERS).send(window.page)
      : answer(reply, 404, { code: 'NOT_FOUND', message: `nothing at ${request.method} ${pathOf(request)}; see /` }),
  );
}

function refuseWhileClosing(app: FastifyInstance, state: { readonly closing: boolean }): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const refused = state.closing && !request.url.startsWith('/health/');
    done(refused ? new VitrineError('SHUTTING_DOWN', 'this server is shutting down; ask another') : undefined);
  });
  // Kept-alive connections would hold the server open until they time out.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (state.closing) reply.header('connection', 'close');
    done();
  });
}

/**
 * Lets pages of these origins query from a browser. `*`: every origin. No cookies or credentials
 * either way.
 */
function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    const everyone = origins.includes('*');
    if (!everyone) reply.header('vary', 'Origin');
    if (origin === undefined || !(everyone || origins.includes(origin))) return;
    reply.header('access-control-allow-origin', everyone ? '*' : origin);
    if (request.method !== 'OPTIONS') return;
    reply.header('access-control-allow-methods', 'GET, POST');
    reply.header(
      'access-control-allow-headers',
      `content-type, apollo-require-preflight, x-apollo-operation-name, ${TRACE_HEADER}`,
    );
    reply.header('access-control-max-age', '600');
    await reply.code(204).send();
  });
}

function statusOf(error: VitrineError): number {
  if (error.code === 'NOT_FOUND') return 404;
  if (error.code === 'SHUTTING_DOWN' || error.code === 'OVERLOADED') return 503;
  return error.code === 'INPUT_INVALID' || error.code === 'LIMIT_EXCEEDED' ? 400 : 500;
}

function pathOf(request: FastifyRequest): string {
  return (request.url.split('?')[0] ?? '').slice(0, 200);
}
