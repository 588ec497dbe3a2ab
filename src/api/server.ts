// Puts the server together: the shop window at /, GraphQL at /graphql, pictures, health, metrics
// and the report of the release. Building the server is separate from listening, so that tests need
// no port.

import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { openGate, type Gate } from '../access/gate';
import type { Config } from '../config';
import type { Store } from '../data/store/store';
import { asError, VitrineError, type ErrorCode } from '../errors';
import type { Recommender } from '../serving/types';
import type { Logger } from '../telemetry/log';
import { createErrorMask, type ErrorMask, type PublicError } from './errors';
import { REQUEST_HEADERS, startEndpoint } from './graphql/endpoint';
import { addDoor, addSecurityHeaders, allowOrigins, type Door } from './http/door';
import { checkReady, type Readiness } from './http/health';
import { refuseForeignHosts } from './http/hosts';
import { addImages, type DrawArticle } from './http/images';
import { limitLifetimes } from './http/lifetimes';
import { addMetrics, type Counters } from './http/metrics';
import { NO_REPORT_PAGE, SIGNPOST, SIGNPOST_PAGE, wantsPage } from './http/pages';
import { NO_PHOTOS, type Photos } from './http/photos';
import { addShopWindow, PAGE_HEADERS, readShopWindow, type ShopWindow } from './http/shop-window';
import { limitSockets, type Sockets } from './http/sockets';
import { LIMITS } from './limits';

export interface ServerParts {
  /** Who may ask for what. Default: everybody for everything. */
  readonly gate?: Gate;
  readonly store: Store;
  readonly recommender: Recommender;
  readonly config: Pick<Config, 'host' | 'port' | 'introspection' | 'corsOrigins'> &
    Partial<Pick<Config, 'allowedHosts' | 'corsHeaders' | 'trusted'>>;
  readonly log: Logger;
  /** Whether there is a release to recommend from. The database is checked separately. */
  readonly ready: () => Readiness | Promise<Readiness>;
  /**
   * Returns the page with the measurements of the served release, or undefined if there is none.
   */
  readonly report: () => string | undefined;
  /** The shop's photos of its articles. Default: no photos. */
  readonly photos?: Photos;
  /** Draws articles that have no photo. If omitted, such articles have no picture. */
  readonly draw?: DrawArticle;
  /** Absolute path of the built shop window's folder. If omitted, / shows a list of addresses. */
  readonly shopWindow?: string;
  /** Further counters for /metrics, in addition to those of requests. */
  readonly counters?: Counters;
  /**
   * Time that requests in flight may take to finish when the server closes, in ms. Default: 10,000.
   */
  readonly closeLimitMs?: number;
  /** Time that computing one request may take, in ms. Default: 30,000. */
  readonly requestLimitMs?: number;
  /**
   * Time that a client may go without reading any of its answer, in ms. It must exceed
   * `requestLimitMs`. Default: 60,000.
   */
  readonly unreadLimitMs?: number;
}

/** Limits for all clients together. */
const MOST = {
  connections: 4_096,
  /** Requests that are computed at the same time. */
  inFlight: 1_024,
  /** Requests on one connection that wait for an earlier answer. */
  waitingEach: 32,
  /** Requests on all connections together that wait for an earlier answer. */
  waiting: 1_024,
  unreadBytes: 64 * 1024 * 1024,
};

const HTTP_LIMITS = {
  bodyLimit: LIMITS.bodyBytes,
  // The time for a whole request to arrive, the time for its head, and how often both are checked.
  requestTimeout: 30_000,
  http: { headersTimeout: 15_000, connectionsCheckingInterval: 5_000 },
  // Most load balancers keep unused connections for 60 s. The load balancer must end a connection
  // before the server does.
  keepAliveTimeout: 72_000,
};

export interface Server {
  /** Answers `app.inject` even before `listen` is called. */
  readonly app: FastifyInstance;
  /** Listens on the configured host and port. Returns the address as a URL. */
  listen(): Promise<string>;
  /**
   * Accepts no more requests, waits up to the limit for the requests in flight, then closes. May be
   * called more than once.
   */
  close(): Promise<void>;
}

/**
 * Builds the server. The server does not close the store and the recommender: the caller opened
 * them and must close them.
 */
export async function createServer(parts: ServerParts): Promise<Server> {
  const { config, log, store, recommender, closeLimitMs = 10_000 } = parts;
  const { requestLimitMs = 30_000, unreadLimitMs = 60_000 } = parts;
  const errors = createErrorMask(log);
  const gate = parts.gate ?? openGate();
  const { introspection, trusted } = config;
  const graphql = await startEndpoint({ gate, store, recommender, introspection, trusted, log, errors });

  const state = { closing: false };
  const app = fastify({
    logger: false,
    ...HTTP_LIMITS,
    connectionTimeout: unreadLimitMs,
    return503OnClosing: false,
    // Addresses of pictures contain ids, and one character of an id can take nine characters in an
    // address.
    routerOptions: { maxParamLength: LIMITS.idLength * 9 },
  });
  const window = readShopWindow(parts.shopWindow);
  app.server.maxConnections = MOST.connections;
  // When there are too many connections, the idle ones are closed to make room.
  app.server.on('drop', () => app.server.closeIdleConnections());
  answerErrors(app, errors, window);
  const sockets = limitSockets(app, MOST);
  refuseForeignHosts(app, config);
  refuseWhileClosing(app, state);
  await addSecurityHeaders(app);
  await allowOrigins(app, { corsHeaders: [], ...config }, REQUEST_HEADERS);
  limitLifetimes(app, { inFlight: MOST.inFlight, ms: requestLimitMs });
  const door = addDoor(app, gate);
  graphql.addTo(app, door);
  addHealth(app, parts, state);
  addMetrics(app, door, parts.counters);
  addReport(app, door, parts.report);
  addImages(app, { store, photos: parts.photos ?? NO_PHOTOS, draw: parts.draw });
  if (window) addShopWindow(app, window);
  addFront(app, window);
  await app.ready();

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    state.closing = true;
    const late = setTimeout(cutOff, closeLimitMs, { app, sockets, log, closeLimitMs });
    try {
      await app.close();
      await graphql.stop();
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

interface Late {
  readonly app: FastifyInstance;
  readonly sockets: Sockets;
  readonly log: Logger;
  readonly closeLimitMs: number;
}

function cutOff({ app, sockets, log, closeLimitMs }: Late): void {
  log.warn(`requests still in flight after ${closeLimitMs} ms are cut off`);
  app.server.closeAllConnections();
  sockets.destroyBusy();
}

/**
 * Answers / with the shop window. If it has not been built, browsers get a page of addresses.
 * Programs get the addresses as JSON.
 */
function addFront(app: FastifyInstance, window: ShopWindow | undefined): void {
  app.get('/', (request, reply) => {
    if (!wantsPage(request)) return SIGNPOST;
    return window === undefined
      ? reply.type('text/html').send(SIGNPOST_PAGE)
      : reply.headers(PAGE_HEADERS).send(window.page);
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

/**
 * The report is a single file with its styles. The page may load nothing else and run no script.
 */
function addReport(app: FastifyInstance, { admins }: Door, report: ServerParts['report']): void {
  app.get('/report', { preHandler: admins }, (request, reply) => {
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
        // Another release, with another report, may be served soon.
        'cache-control': 'no-cache',
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      })
      .type('text/html; charset=utf-8')
      .send(page ?? NO_REPORT_PAGE);
  });
}

function answerErrors(app: FastifyInstance, errors: ErrorMask, window: ShopWindow | undefined): void {
  const answer = (reply: FastifyReply, status: number, { message, code }: PublicError) => {
    const asks = reply.getHeader('www-authenticate') !== undefined;
    if (status === 401 && !asks) reply.header('www-authenticate', 'Bearer realm="Vitrine"');
    return reply.code(status).send({ errors: [{ message, extensions: { code } }] });
  };

  app.setErrorHandler((thrown: FastifyError, _request, reply) => {
    const status = thrown.statusCode ?? (thrown instanceof VitrineError ? (STATUSES[thrown.code] ?? 500) : 500);
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
  // Otherwise connections that are kept alive would keep the server open until they time out.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (state.closing) reply.header('connection', 'close');
    done();
  });
}

/** The HTTP status of each error that is not the server's fault. */
const STATUSES: Readonly<Partial<Record<ErrorCode, number>>> = {
  INPUT_INVALID: 400,
  LIMIT_EXCEEDED: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  RATE_LIMITED: 429,
  OVERLOADED: 503,
  SHUTTING_DOWN: 503,
};

function pathOf(request: FastifyRequest): string {
  return (request.url.split('?')[0] ?? '').slice(0, 200);
}
