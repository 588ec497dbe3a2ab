// Keys as texts: `vitrine_sk_ID_SECRET`, and `pk` for publishable ones. The prefix lets scanners of
// source code find leaked keys, and the checksum at the end tells mistyped keys from wrong ones.

import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

export type KeyKind = 'secret' | 'publishable';

const PREFIXES: Readonly<Record<KeyKind, string>> = { secret: 'vitrine_sk', publishable: 'vitrine_pk' };

/** 48 bits; an id tells keys apart and is no secret. */
const ID_BYTES = 6;
/** 192 bits, which nobody can guess. */
const SECRET_BYTES = 24;

const FORM = /^(vitrine_[sp]k)_([0-9a-f]{12})_([0-9a-f]{48})([0-9a-f]{8})$/;

export interface KeyParts {
  readonly kind: KeyKind;
  readonly id: string;
  /** SHA-256 of the secret. A fast hash is right for 192 random bits. */
  readonly hash: Buffer;
}

/** Makes a new key. Its text is known here for the only time. */
export function makeKeyText(kind: KeyKind): KeyParts & { readonly text: string } {
  const id = randomBytes(ID_BYTES).toString('hex');
  const secret = randomBytes(SECRET_BYTES).toString('hex');
  const body = `${PREFIXES[kind]}_${id}_${secret}`;
  return { kind, id, hash: hashOf(secret), text: body + checksum(body) };
}

/** Reads a key; undefined if the text is not one, or was mistyped. */
export function readKeyText(text: string): KeyParts | undefined {
  const [, prefix, id, secret, check] = FORM.exec(text) ?? [];
  if (prefix === undefined || checksum(`${prefix}_${id}_${secret}`) !== check) return undefined;
  return { kind: prefix === PREFIXES.secret ? 'secret' : 'publishable', id, hash: hashOf(secret) };
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function checksum(body: string): string {
  return crc32(body).toString(16).padStart(8, '0');
}
