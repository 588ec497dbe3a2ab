// The limits of one request, and the checks of its arguments. Every check throws a VitrineError
// that names the limit, the value received and the remedy. operation/cost.ts checks an operation as
// a whole.

import { VitrineError } from '../errors';

export const LIMITS = Object.freeze({
  /** Items in one list. */
  first: 100,
  /** Characters in an id or a cursor. */
  idLength: 256,
  /** Characters in the words of a search. */
  searchLength: 200,
  /** Lines in one order. */
  orderLines: 100,
  /** Pieces in one line of an order. */
  orderPieces: 10_000,
  /** Levels of fields. Fragments and introspection do not count. */
  depth: 12,
  /** Roughly the number of values in the answer, see `listCost`. */
  cost: 10_000,
  /**
   * Maximum number of fields that the cost is computed for. Fragments within fragments can multiply
   * the fields without limit.
   */
  costedFields: 5_000,
  /**
   * Characters in a name that a query defines, such as an alias. The name is repeated for every
   * item of a list.
   */
  nameLength: 100,
  /** Number of errors reported for one invalid document. */
  errors: 20,
  /** Characters in the message of one error. */
  messageLength: 500,
  /**
   * Tokens in a document. Validation compares fields in pairs, so its time grows with the square of
   * their number.
   */
  tokens: 3_000,
  /** Bytes in the body of an HTTP request. */
  bodyBytes: 128 * 1024,
});

/** Returns `first` if a list may have this many items. */
export function checkFirst(first: number): number {
  if (first > LIMITS.first) {
    throw new VitrineError(
      'LIMIT_EXCEEDED',
      `first: at most ${LIMITS.first} at once, got ${first}; connections go on with after`,
    );
  }
  if (!Number.isInteger(first) || first < 1) {
    throw new VitrineError('INPUT_INVALID', `first: expected a whole number from 1 to ${LIMITS.first}, got ${first}`);
  }
  return first;
}

/** Returns an id if the store can look it up. */
export function checkId(argument: string, id: string): string {
  if (id === '') throw new VitrineError('INPUT_INVALID', `${argument}: expected an id, got an empty text`);
  if (id.length > LIMITS.idLength) {
    const message = `${argument}: expected at most ${LIMITS.idLength} characters, got ${id.length}`;
    throw new VitrineError('INPUT_INVALID', message);
  }
  return checkText(argument, id);
}

/**
 * Returns a text if Postgres can hold it. The text must not contain a NUL character, nor half of a
 * surrogate pair, which would be replaced by another character on its way to Postgres.
 */
function checkText(argument: string, text: string): string {
  if (text.includes('\0')) {
    throw new VitrineError('INPUT_INVALID', `${argument}: expected a text, got one with a NUL character`);
  }
  if (/\p{Surrogate}/u.test(text)) {
    const message = `${argument}: expected Unicode, got half of a surrogate pair in ${JSON.stringify(text)}; send the whole character`;
    throw new VitrineError('INPUT_INVALID', message);
  }
  return text;
}

/** Returns the words of a search if they are not empty and not too long. */
export function checkWords(text: string): string {
  if (text.length > LIMITS.searchLength) {
    throw new VitrineError(
      'LIMIT_EXCEEDED',
      `text: at most ${LIMITS.searchLength} characters, got ${text.length}; a few words find more than many`,
    );
  }
  if (!/[\p{L}\p{N}]/u.test(text)) {
    throw new VitrineError('INPUT_INVALID', `text: expected some words, got ${JSON.stringify(text)}`);
  }
  return checkText('text', text);
}

/** Returns a share if it is from 0 to 1. */
export function checkShare(argument: string, share: number): number {
  if (share >= 0 && share <= 1) return share;
  throw new VitrineError('INPUT_INVALID', `${argument}: expected a number from 0 to 1, got ${share}`);
}

/** Returns a count if it is from 1 to `most`. */
export function checkCount(argument: string, count: number, most: number): number {
  if (count >= 1 && count <= most) return count;
  throw new VitrineError('INPUT_INVALID', `${argument}: expected a whole number from 1 to ${most}, got ${count}`);
}
