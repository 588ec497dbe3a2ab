// The session ids of guests. Whoever knows one reads and writes that guest's events, so an id must
// be one that cannot be guessed.

import { randomUUID } from 'node:crypto';
import { VitrineError } from '../errors';

/** Makes a session id: 122 random bits. Browsers make the same with `crypto.randomUUID()`. */
export function newSessionId(): string {
  return randomUUID();
}

const UUID_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
/** 22 characters of base64url have 132 bits. */
const RANDOM_TEXT = /^[\w-]{22,128}$/;
/** Random texts of 22 characters have fewer different ones only once in ten million. */
const LEAST_DIFFERENT = 10;

/**
 * Returns a session id if it looks random.
 * @throws VitrineError INPUT_INVALID that says what was expected
 */
export function checkSessionId(argument: string, id: string): string {
  if (UUID_4.test(id) && new Set(id).size > 6) return id;
  if (RANDOM_TEXT.test(id) && !/^\d+$/.test(id) && new Set(id).size >= LEAST_DIFFERENT) return id;
  throw new VitrineError(
    'INPUT_INVALID',
    `${argument}: expected an id that cannot be guessed, such as crypto.randomUUID() makes, got one of ${id.length} characters`,
  );
}
