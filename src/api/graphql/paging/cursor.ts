// Opaque cursors. A cursor is a text that says where a page ended; clients send it back unchanged.
// The cursor contains the name of its list, so every other list refuses it.

import { VitrineError } from '../../../errors';
import { LIMITS } from '../../limits';

export interface CursorKind {
  encode(...numbers: number[]): string;
  /** @throws VitrineError INPUT_INVALID if the cursor did not come from `encode` */
  decode(cursor: string): number[];
}

/**
 * The largest key that a number holds exactly, the largest smallint of Postgres, and a bound for
 * times in seconds since 1970.
 */
export const MOST = Object.freeze({ key: Number.MAX_SAFE_INTEGER, line: 2 ** 15 - 1, seconds: 6e10 });

/**
 * Makes the cursors of the list `name`. A cursor holds one whole number for each entry of `most`,
 * from -entry to +entry.
 */
export function cursorKind(name: string, most: readonly number[]): CursorKind {
  const encode = (...numbers: number[]): string =>
    Buffer.from([name, ...numbers].join(':'), 'utf8').toString('base64url');
  return {
    encode,
    decode(cursor) {
      if (cursor.length <= LIMITS.idLength) {
        const [kind, ...texts] = Buffer.from(cursor, 'base64url').toString('utf8').split(':');
        const numbers = texts.map(Number);
        // Base64 can spell one value in several ways. Only the spelling that `encode` writes is
        // accepted.
        const whole = numbers.every((number, i) => Number.isInteger(number) && Math.abs(number) <= (most[i] ?? -1));
        const ours = kind === name && numbers.length === most.length && whole;
        if (ours && encode(...numbers) === cursor) return numbers;
      }
      const got = cursor.length > 40 ? `${cursor.slice(0, 40)}…` : cursor;
      const remedy = "hand back an endCursor or an edge's cursor of the same list, unchanged";
      throw new VitrineError(
        'INPUT_INVALID',
        `after: expected a cursor of ${name}, got ${JSON.stringify(got)}; ${remedy}`,
      );
    },
  };
}
