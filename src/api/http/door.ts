// The door: asks the gate who sends a request, and sets the headers that tell browsers what pages
// of other origins may do. Pictures, health and the shop window's files are for everyone.

import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { FastifyInstance, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import type { Gate } from '../../access/gate';
import type { Principal } from '../../access/principal';
import type { Config } from '../../config';
import { VitrineError } from '../../errors';
import { wantsPage } from './pages';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sends the request. Only routes behind the gate have it. */
    principal: Principal;
  }
}

/** The header with a customer's token. The key is in `Authorization`. */
export const TOKEN_HEADER = 'vitrine-customer-token';

export interface Door {
  /** Lets in whoever the gate knows. */
  readonly identified: preHandlerAsyncHookHandler;
  /** Lets in admins. */
  readonly admins: preHandlerAsyncHookHandler;
}

export function addDoor(app: FastifyInstance, gate: Gate): Door {
  app.decorateRequest('principal');
  const identify = async (request: FastifyRequest, authorization = request.headers.authorization): Promise<void> => {
    request.principal = await gate.identify({
      authorization,
      customerToken: headerOf(request, TOKEN_HEADER),
      address: request.socket.remoteAddress ?? '',
    });
  };
  return {
    identified: (request) => identify(request),
    async admins(request, reply) {
      // A browser asks its user for a password where the answer names this scheme.
      if (wantsPage(request)) reply.header('www-authenticate', 'Basic realm="a key for admins as the password"');
      await identify(request, asBearer(request.headers.authorization));
      reply.removeHeader('www-authenticate');
      const { scopes, name } = request.principal;
      if (scopes.has('admin')) return;
      throw new VitrineError('FORBIDDEN', `this page needs the scope admin; the key "${name}" does not have it`);
    },
  };
}

/** Reads the password of a browser's user as a key. The name does not matter. */
function asBearer(authorization: string | undefined): string | undefined {
  const [, encoded] = /^Basic +(\S+)$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return authorization;
  const [, ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return `Bearer ${password.join(':')}`;
}

function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

/**
 * Headers for browsers. An answer may not be framed, nor load anything; pages of this server have a
 * policy of their own.
 */
export async function addSecurityHeaders(app: FastifyInstance): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    // Pages of a shop on another origin show the pictures and call the API.
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    // The inspector opens Sandbox in a window of its own.
    crossOriginOpenerPolicy: { policy: 'same-origin-allow-popups' },
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
    // Whether hosts are reached by TLS only is for the proxy to say that has the certificate.
    strictTransportSecurity: false,
  });
}

/**
 * Lets pages of these origins (`*` for all) call the API from a browser. They send keys and tokens
 * as headers, never cookies.
 * @param headers names of headers that such pages may send
 */
export async function allowOrigins(
  app: FastifyInstance,
  { corsOrigins, corsHeaders }: Pick<Config, 'corsOrigins' | 'corsHeaders'>,
  headers: readonly string[],
): Promise<void> {
  if (corsOrigins.length === 0) return;
  await app.register(cors, {
    origin: corsOrigins.includes('*') ? '*' : [...corsOrigins],
    methods: ['GET', 'POST'],
    allowedHeaders: [...headers, ...corsHeaders],
    exposedHeaders: ['retry-after'],
    maxAge: 600,
  });
}
