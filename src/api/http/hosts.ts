// Refuses requests whose Host header names a foreign host. With DNS rebinding, an attacker points
// the host name of a web page to this server's address, and a browser then treats the page and this
// server as one origin. The Host header still contains the attacker's name.

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
  /** Host headers that passed the check. Clients send the same headers again and again. */
  const passed = new LRUCache<string, true>({ max: 100 });
  app.addHook('onRequest', (request, _reply, done) => {
    // Load balancers may ask for the health under any host name, and the answers are not private.
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
 * Whether the server answers to a host, in the spelling of `new URL(…).hostname`, without a dot at
 * the end.
 *
 * Loopback names and addresses always pass, since no foreign page can have them. Other IP addresses
 * pass if the server does not listen on loopback only. That is safe: DNS rebinding needs a name,
 * and a page whose origin is an IP address came from that address. Other names must be the server's
 * own or be allowed in the settings.
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

/**
 * Returns the host of a request that names exactly one host. Returns undefined for other requests,
 * which `fault` must check in detail.
 */
function onlyHost({ url, headers, rawHeaders }: IncomingMessage): string | undefined {
  if (!url?.startsWith('/')) return undefined;
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i].length === 4 && rawHeaders[i].toLowerCase() === 'host') hosts++;
  }
  return hosts === 1 ? headers.host : undefined;
}

function fault({ raw }: FastifyRequest, isOurs: (hostname: string) => boolean): VitrineError | undefined {
  // A request to a proxy also names a host in its first line. Some software uses that host, other
  // software the Host header, so both are checked.
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

/** Returns the values of all Host headers. Node's `headers` has only the first. */
function hostHeaders(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && /^host$/i.test(rawHeaders[i - 1] ?? ''));
}

/**
 * Returns the name in `name:port` as URLs spell it: in lower case, with IP addresses in their usual
 * form.
 */
function hostnameOf(host: string): string | undefined {
  // In a URL these characters would end or begin the host.
  if (/[\s/\\?#@]/.test(host)) return undefined;
  const url = `http://${host}/`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/\.$/, '') : undefined;
}

/** Whether a host, in the spelling of `hostnameOf`, is this machine only. */
export function isLoopback(hostname: string): boolean {
  return (
    /^(.+\.)?localhost$/.test(hostname) ||
    (isIPv4(hostname) && /^127\./.test(hostname)) ||
    hostname === '[::1]' ||
    hostname === '::1'
  );
}

function isAddress(hostname: string): boolean {
  return isIPv4(hostname) || hostname.startsWith('[');
}
