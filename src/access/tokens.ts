// Tokens of customers: JSON Web Tokens (RFC 7519) that the shop signs for whoever is logged in.
// Their `sub` is the customer's id. They are checked with `jose`.

import type * as jose from 'jose';
import type { JSONWebKeySet, JWTPayload, JWTVerifyGetKey } from 'jose';
import { readFile } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import { sha256 } from '../bytes';
import { asError, VitrineError } from '../errors';

export interface TokenSettings {
  /** Secrets for HS256, of 32 bytes or more. Several hold at once, so that one can be replaced. */
  readonly secrets: readonly string[];
  /** The address or the absolute path of a JSON Web Key Set (RFC 7517). */
  readonly jwks: string | undefined;
  /** The `iss` and `aud` that tokens must have, if given. */
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
}

export interface Tokens {
  /**
   * The id of the customer whose token it is.
   * @throws VitrineError UNAUTHENTICATED with the reason
   */
  customerOf(token: string): Promise<string>;
}

/** Algorithms of public keys. A set of public keys never verifies a token signed by a secret. */
const PUBLIC_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'];
/** Clocks of machines differ a little, in seconds. */
const TOLERANCE = 5;
/** Tokens that are remembered until they expire. */
const MOST_TOKENS = 10_000;
/** A longer token is none that a shop would send. */
const LONGEST = 4_096;

/** @throws VitrineError CONFIG_INVALID if there is no key set in a file that the settings name */
export async function openTokens(settings: TokenSettings): Promise<Tokens> {
  const verify = await verifierOf(settings);
  const known = new LRUCache<string, { readonly customer: string; readonly until: number }>({ max: MOST_TOKENS });
  return {
    async customerOf(token) {
      if (!verify)
        throw refused('this server takes no tokens: it has neither VITRINE_TOKEN_SECRETS nor VITRINE_TOKEN_JWKS');
      if (token.length > LONGEST) throw refused(`expected at most ${LONGEST} characters, got ${token.length}`);
      // The token itself is a secret, so the memory has only its hash.
      const hash = sha256(token);
      const before = known.get(hash);
      if (before && Date.now() < before.until) return before.customer;
      const { sub, exp } = await verify(token);
      if (typeof sub !== 'string' || sub === '') throw refused('expected the id of a customer in `sub`');
      if (exp === undefined) throw refused('expected a time of expiry in `exp`');
      known.set(hash, { customer: sub, until: Math.min((exp + TOLERANCE) * 1000, Date.now() + KNOWN_MS) });
      return sub;
    },
  };
}

/** A signing key that was taken out of a key set is still believed for this long, in ms. */
const KNOWN_MS = 60_000;

type Jose = typeof jose;
type Verify = (token: string) => Promise<JWTPayload>;

async function verifierOf({ secrets, jwks, issuer, audience }: TokenSettings): Promise<Verify | undefined> {
  if (secrets.length === 0 && jwks === undefined) return undefined;
  // Most servers take no tokens, and start without the library.
  const library = await import('jose');
  const claims = {
    clockTolerance: TOLERANCE,
    requiredClaims: ['exp', 'sub'],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  // Keys are imported once. That is most of the work of verifying a token.
  const hmac = { name: 'HMAC', hash: 'SHA-256' } as const;
  const keys = await Promise.all(
    secrets.map((secret) => crypto.subtle.importKey('raw', Buffer.from(secret), hmac, false, ['verify'])),
  );
  const set = jwks === undefined ? undefined : await keySetOf(library, jwks);
  return async (token) => {
    let last: unknown;
    for (const key of keys) {
      try {
        return (await library.jwtVerify(token, key, { ...claims, algorithms: ['HS256'] })).payload;
      } catch (thrown) {
        last = thrown;
        // Another secret would find the same fault.
        if (thrown instanceof library.errors.JWTExpired || thrown instanceof library.errors.JWTClaimValidationFailed)
          break;
      }
    }
    if (set && !(last instanceof library.errors.JWTExpired)) {
      try {
        return (await library.jwtVerify(token, set, { ...claims, algorithms: PUBLIC_ALGORITHMS })).payload;
      } catch (thrown) {
        last = thrown;
      }
    }
    throw refused(reasonOf(library.errors, last));
  };
}

/**
 * A remote set is read when it is first needed, and again for an unknown key, at most twice a
 * minute.
 */
async function keySetOf({ createLocalJWKSet, createRemoteJWKSet }: Jose, place: string): Promise<JWTVerifyGetKey> {
  if (/^https?:/.test(place)) return createRemoteJWKSet(new URL(place));
  try {
    return createLocalJWKSet(JSON.parse(await readFile(place, 'utf8')) as JSONWebKeySet);
  } catch (thrown) {
    throw new VitrineError('CONFIG_INVALID', `VITRINE_TOKEN_JWKS: ${place} has no key set: ${asError(thrown).message}`);
  }
}

function reasonOf(errors: Jose['errors'], thrown: unknown): string {
  if (thrown instanceof errors.JWTExpired) return 'it has expired';
  if (thrown instanceof errors.JWTClaimValidationFailed) return `its claim \`${thrown.claim}\` is missing or wrong`;
  if (thrown instanceof errors.JOSEAlgNotAllowed) return 'it is signed by an algorithm that is not allowed here';
  if (thrown instanceof errors.JWSSignatureVerificationFailed || thrown instanceof errors.JWKSNoMatchingKey) {
    return 'it is not signed by a key of this server';
  }
  if (thrown instanceof errors.JOSEError) return 'it is not a JSON Web Token';
  throw new VitrineError('OVERLOADED', `the key set cannot be read: ${asError(thrown).message}`);
}

function refused(reason: string): VitrineError {
  return new VitrineError('UNAUTHENTICATED', `the token of a customer was refused: ${reason}`);
}
