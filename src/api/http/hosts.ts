// Refuses requests that name another host. DNS rebinding makes a foreign page's name point to this
// server's address, so that a browser takes both for one origin. The Host header still has the
// foreign name.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import type { Config } from '../../config';
import { VitrineError } from '../../errors';

/** `host` is where the server listens. See .env.example for `allowedHosts`. */
export type HostSettings = Pick<Config, 'host'> & Partial<Pick<Config, 'allowedHosts'>>;

export function refuseForeignHosts(app: FastifyInstance, settings: HostSettings): void {
  const isOurs = hostCheck(settings);
  /** Host headers that passed. Clients send the same ones again and again. */
  const passed = new LRUCache<string, true>({ max: 100 });
  app.addHook('onRequest', (request, _reply, done) => {
    // Load balancers ask for the health under any name, and the answers are not private.
    if (/^\/health\/(live|ready)(\?|$)/.test(request.url)) {
      done();
      return;
    }
    const host = onlyHost(request.raw);
    if (host !== undefined && passed.has(host)) {
      done();
      return;
    }
    const found = fault(request, isOurs);
    if (host !== undefined && found === undefined) passed.set(host, true);
    done(found);
  });
}

/**
 * Whether the server answers to a host, written as `new URL(…).hostname` does, without a last dot.
 *
 * Loopback names and addresses always pass, since no foreign page is behind them. Other addresses
 * pass if the server listens beyond loopback. That is safe: rebinding needs a name, and a page
 * whose origin is an address came from that address. Other names must be the server's own or
 * allowed.
 */
function hostCheck({ host, allowedHosts = [] }: HostSettings): (hostname: string) => boolean {
  const own = hostnameOf(isIPv6(host) ? `[${host}]` : host);
  const local = own !== undefined && isLoopback(own);
  const allowed = allowedHosts.map((entry) => {
    const below = /^\*?\.(.+)/.exec(entry)?.[1];
    const name = hostnameOf(below ?? entry);
    return (hostname: string): boolean =>
      entry === '*' || hostname === name || (below !== undefined && hostname.endsWith(`.${name ?? ''}`));
  });
  return (hostname) =>
    isLoopback(hostname) ||
    hostname === own ||
    (!local && isAddress(hostname)) ||
    allowed.some((matches) => matches(hostname));
}

/** The host of a request that names exactly one; undefined: `fault` must look closer. */
function onlyHost({ url, headers, rawHeaders }: IncomingMessage): string | undefined {
  if (!url?.startsWith('/')) return undefined;
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i].length === 4 && rawHeaders[i].toLowerCase() === 'host') hosts++;
  }
  return hosts === 1 ? headers.host : undefined;
}

function fault({ raw }: FastifyRequest, isOurs: (hostname: string) => boolean): VitrineError | undefined {
  // A request to a proxy also names a host in its first line. Software may believe either.
  const inTarget = /^https?:\/\/([^/?#]*)/i.exec(raw.url ?? '')?.[1];
  const given = [...hostHeaders(raw.rawHeaders), ...(inTarget === undefined ? [] : [inTarget])];
  const names = given.map(hostnameOf);
  if (given.length !== (inTarget === undefined ? 1 : 2) || names.includes(undefined)) {
    return new VitrineError('INPUT_INVALID', 'expected one well-formed Host header');
  }
  const foreign = names.find((name) => name !== undefined && !isOurs(name));
  if (foreign === undefined) return undefined;
  const shown = JSON.stringify(foreign.slice(0, 200));
  const message = `expected a name of this server as host, got ${shown}; if it is one, add it to ALLOWED_HOSTS`;
  return Object.assign(new VitrineError('INPUT_INVALID', message), { statusCode: 421 });
}

/** All Host headers. Node's `headers` has only the first. */
function hostHeaders(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && /^host$/i.test(rawHeaders[i - 1] ?? ''));
}

/** The name in `name:port`, as URLs write it: in lower case, addresses in their usual form. */
function hostnameOf(host: string): string | undefined {
  // Within a URL these characters would end the host, or begin it.
  if (/[\s/\\?#@]/.test(host)) return undefined;
  const url = `http://${host}/`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/\.$/, '') : undefined;
}

function isLoopback(hostname: string): boolean {
  return /^(.+\.)?localhost$/.test(hostname) || (isIPv4(hostname) && /^127\./.test(hostname)) || hostname === '[::1]';
}

function isAddress(hostname: string): boolean {
  return isIPv4(hostname) || hostname.startsWith('[');
}
