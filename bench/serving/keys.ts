// A key and tokens of customers for a measured server. The keys are revoked at the end.
import { randomBytes } from 'node:crypto';
import { openKeys } from '../../src/access/keys';
import { openStore } from '../../src/data/store/open-store';
import type { Closing } from './cleanup';
import type { Keyed } from './subject';

export async function makeKeys(databaseUrl: string, customers: readonly string[], closing: Closing): Promise<Keyed> {
  const { SignJWT } = await import('jose');
  const store = openStore(databaseUrl);
  const keys = openKeys(store.access);
  const expiresAt = new Date(Date.now() + 86_400_000);
  const make = (kind: 'secret' | 'publishable', scopes: readonly string[]) =>
    keys.make({ name: 'benchmark', kind, scopes, expiresAt }, 'benchmark');
  const admin = await make('secret', ['admin']);
  const page = await make('publishable', ['catalogue:read', 'recommend', 'events:write']);
  closing(async () => {
    await keys.revoke([admin.key.id, page.key.id], 'benchmark');
    await store.close();
  });
  const secret = randomBytes(32).toString('hex');
  const tokens = new Map<string, string>();
  for (const customer of customers) {
    const token = new SignJWT().setProtectedHeader({ alg: 'HS256' }).setSubject(customer).setExpirationTime('1d');
    tokens.set(customer, await token.sign(new TextEncoder().encode(secret)));
  }
  return {
    settings: { VITRINE_OPEN: 'false', VITRINE_TOKEN_SECRETS: secret },
    admin: { authorization: `Bearer ${admin.text}` },
    headersOf: (customer) =>
      `authorization: Bearer ${page.text}\r\nvitrine-customer-token: ${tokens.get(customer) ?? ''}\r\n`,
  };
}
