// The shop window: static files that were built ahead (src/web), with one page for all its
// addresses. Knows nothing of what they show; they ask the same GraphQL API as everybody.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Addresses of pages; what is shown there the page's own script decides. */
const PAGES = ['/article/*', '/search', '/basket'];

/** Nothing but this server's own files and API, whatever gets into the page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** As it was built. */
export interface ShopWindow {
  readonly folder: string;
  /** The one page. At an address that leads nowhere it says so. */
  readonly page: string;
}

/** Undefined where it was not built. */
export function readShopWindow(folder: string | undefined): ShopWindow | undefined {
  if (folder === undefined || !existsSync(join(folder, 'index.html'))) return undefined;
  return { folder, page: readFileSync(join(folder, 'index.html'), 'utf8') };
}

/** Serves the files and the pages; / and what leads nowhere are the server's. */
export function addShopWindow(app: FastifyInstance, { folder, page }: ShopWindow): void {
  // The names of these files change with what is in them.
  app.register(fastifyStatic, {
    root: join(folder, 'assets'),
    prefix: '/assets/',
    immutable: true,
    maxAge: '365d',
    preCompressed: true,
    index: false,
  });
  for (const path of PAGES) app.get(path, (_request, reply) => reply.headers(PAGE_HEADERS).send(page));
}

export const PAGE_HEADERS = Object.freeze({
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-cache',
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
});
