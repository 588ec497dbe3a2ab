// Tokens of customers: only those hold that the shop has signed, for as long as they say.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTokens, type TokenSettings } from '../../src/access/tokens';

const SECRET = 'the secret of the shop, long enough';
const OLD = 'the former secret of the shop, as long';
const BY_SECRET: TokenSettings = { secrets: [SECRET, OLD], jwks: undefined, issuer: undefined, audience: undefined };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitrine-tokens-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Claims {
  readonly sub?: string;
  readonly exp?: number;
  readonly iss?: string;
  readonly aud?: string;
}

const LATER = Math.floor(Date.now() / 1000) + 600;

async function signed(claims: Claims, secret = SECRET, alg = 'HS256'): Promise<string> {
  const { SignJWT } = await import('jose');
  return new SignJWT({ ...claims }).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));
}

test('the customer is the `sub` of a token that the shop has signed, by either of its secrets', async () => {
  const tokens = await openTokens(BY_SECRET);
  expect(await tokens.customerOf(await signed({ sub: 'ada', exp: LATER }))).toBe('ada');
  expect(await tokens.customerOf(await signed({ sub: 'bo', exp: LATER }, OLD))).toBe('bo');
});

test.each<[string, () => Promise<string>, string]>([
  ['has expired', () => signed({ sub: 'ada', exp: LATER - 1_000 }), 'it has expired'],
  ['never expires', () => signed({ sub: 'ada' }), '`exp`'],
  ['names no customer', () => signed({ exp: LATER }), '`sub`'],
  ['names an empty customer', () => signed({ sub: '', exp: LATER }), '`sub`'],
  [
    'another shop has signed',
    () => signed({ sub: 'ada', exp: LATER }, 'the secret of a stranger, as long'),
    'not signed by',
  ],
  ['is signed by another algorithm', () => signed({ sub: 'ada', exp: LATER }, SECRET.repeat(2), 'HS512'), 'algorithm'],
  ['is not signed', async () => `${part({ alg: 'none' })}.${part({ sub: 'ada', exp: LATER })}.`, 'algorithm'],
  ['was changed', async () => withSub(await signed({ sub: 'ada', exp: LATER }), 'bo'), 'not signed by'],
  ['is no token', async () => 'ada', 'not a JSON Web Token'],
  ['is very long', async () => 'x'.repeat(5_000), 'at most 4096'],
])('a token that %s is refused', async (_what, make, message) => {
  const tokens = await openTokens(BY_SECRET);
  await expect(tokens.customerOf(await make())).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
    message: expect.stringContaining(message) as string,
  });
});

test('a token holds no longer than it says, even if it was taken before', async () => {
  const tokens = await openTokens(BY_SECRET);
  const token = await signed({ sub: 'ada', exp: Math.floor(Date.now() / 1000) - 4 });
  expect(await tokens.customerOf(token)).toBe('ada');
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  await expect(tokens.customerOf(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('the issuer and the audience must be those of the settings', async () => {
  const tokens = await openTokens({ ...BY_SECRET, issuer: 'https://shop.example', audience: 'vitrine' });
  const right = { sub: 'ada', exp: LATER, iss: 'https://shop.example', aud: 'vitrine' };
  expect(await tokens.customerOf(await signed(right))).toBe('ada');
  await expect(tokens.customerOf(await signed({ ...right, aud: 'bank' }))).rejects.toThrow('`aud`');
  await expect(tokens.customerOf(await signed({ ...right, iss: 'https://evil.example' }))).rejects.toThrow('`iss`');
});

test('a key set verifies tokens by public keys, and none that are signed with a public key as a secret', async () => {
  const { exportJWK, exportSPKI, generateKeyPair, SignJWT } = await import('jose');
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const path = join(folder, 'keys.json');
  writeFileSync(path, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] }));
  const tokens = await openTokens({ ...BY_SECRET, secrets: [], jwks: path });
  const claims = { sub: 'ada', exp: LATER };
  const token = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(privateKey);
  expect(await tokens.customerOf(token)).toBe('ada');
  const forged = await signed(claims, await exportSPKI(publicKey));
  await expect(tokens.customerOf(forged)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  const stranger = await generateKeyPair('ES256');
  const foreign = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(stranger.privateKey);
  await expect(tokens.customerOf(foreign)).rejects.toThrow('not signed by');
});

test('a server without secrets and key sets takes no token, and one with a wrong file does not start', async () => {
  const none = await openTokens({ ...BY_SECRET, secrets: [] });
  await expect(none.customerOf(await signed({ sub: 'ada', exp: LATER }))).rejects.toThrow('takes no tokens');
  await expect(openTokens({ ...BY_SECRET, jwks: join(folder, 'missing.json') })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
});

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function withSub(token: string, sub: string): string {
  const [head, , signature] = token.split('.');
  return [head, part({ sub, exp: LATER }), signature].join('.');
}
