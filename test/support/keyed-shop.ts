// The small GraphQL shop behind a gate, with a key for each scope and tokens of customers.

import { createGate, type GateSettings } from '../../src/access/gate';
import { openKeys, type Keys } from '../../src/access/keys';
import { SCOPES, type Scope } from '../../src/access/scopes';
import { createServer, type Server, type ServerParts } from '../../src/api/server';
import { openShop, type GraphqlAnswer, type Shop } from './graphql-shop';

export const TOKEN_SECRET = 'a secret of the test shop that is long enough';

/** The gate of a server that takes tokens by one secret and has no budgets. */
export const GATE: GateSettings = {
  open: false,
  tokens: { secrets: [TOKEN_SECRET], jwks: undefined, issuer: undefined, audience: undefined },
  budgets: { key: undefined, customer: undefined },
};

export interface Credentials {
  readonly key?: string;
  readonly token?: string;
}

export interface KeyedShop {
  readonly shop: Shop;
  readonly server: Server;
  readonly keys: Keys;
  /** A secret key for each scope. */
  readonly keyOf: Readonly<Record<Scope, string>>;
  readonly publishable: string;
  /** Sends a query. Returns the HTTP status too. */
  ask<Data = Record<string, unknown>>(
    query: string,
    credentials?: Credentials,
    variables?: Record<string, unknown>,
  ): Promise<GraphqlAnswer<Data> & { readonly status: number; readonly headers: Readonly<Record<string, unknown>> }>;
  /** Another server on the same database. */
  another(settings?: Partial<GateSettings>, parts?: Partial<ServerParts>): Promise<Server>;
  close(): Promise<void>;
}

export async function openKeyedShop(name: string): Promise<KeyedShop> {
  const shop = await openShop(name);
  const keys = openKeys(shop.store.access);
  const make = async (label: string, kind: 'secret' | 'publishable', scopes: readonly Scope[]) =>
    (await keys.make({ name: label, kind, scopes, expiresAt: null }, 'test')).text;
  const made = await Promise.all(SCOPES.map(async (scope) => [scope, await make(scope, 'secret', [scope])] as const));
  const publishable = await make('page', 'publishable', ['catalogue:read', 'recommend', 'events:write']);
  const another = async (settings: Partial<GateSettings> = {}, parts: Partial<ServerParts> = {}) =>
    createServer({ ...shop.parts, gate: await createGate(shop.store.access, { ...GATE, ...settings }), ...parts });
  const server = await another();
  return {
    shop,
    server,
    keys,
    keyOf: Object.fromEntries(made) as Record<Scope, string>,
    publishable,
    async ask(query, credentials = {}, variables = {}) {
      const response = await server.app.inject({
        method: 'POST',
        url: '/graphql',
        headers: headersOf(credentials),
        payload: { query, variables },
      });
      return { ...response.json<GraphqlAnswer<never>>(), status: response.statusCode, headers: response.headers };
    },
    another,
    async close() {
      await server.close();
      await shop.close();
    },
  };
}

export function headersOf({ key, token }: Credentials): Record<string, string> {
  return {
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...(token === undefined ? {} : { 'vitrine-customer-token': token }),
  };
}

/** A token of a customer, as the shop signs it. */
export async function tokenOf(customer: string, { secret = TOKEN_SECRET, expires = '1h' } = {}): Promise<string> {
  const { SignJWT } = await import('jose');
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(customer)
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(secret));
}
