// Serves the shop window: static files built from src/web, and a single page for all its addresses.
// The page uses the public GraphQL API.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Addresses of the shop window. The script of the page decides what each address shows. */
const PAGES = ['/article/*', '/search', '/basket'];

/**
 * Content security policy: allows only this server's files and API, even if foreign code gets into
 * the page. Pictures may be anywhere, since a shop names the addresses of its own.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: https: http:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** The built shop window. */
export interface ShopWindow {
  readonly folder: string;
  /** HTML of the single page, which is also shown for unknown addresses. */
  readonly page: string;
}

/** Returns undefined if the shop window has not been built. */
export function readShopWindow(folder: string | undefined): ShopWindow | undefined {
  if (folder === undefined || !existsSync(join(folder, 'index.html'))) return undefined;
  return { folder, page: readFileSync(join(folder, 'index.html'), 'utf8') };
}

/** Serves the files and the pages. server.ts answers / and unknown addresses. */
export function addShopWindow(app: FastifyInstance, { folder, page }: ShopWindow): void {
  // The names of these files change with their content, so browsers may cache them for a year.
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
