// Opaque cursors: where a page ended, as a text that clients hand back and never read. A cursor
// carries the name of its list, so one list's cursor is refused by another. Knows nothing of what
// the numbers mean.

import { VitrineError } from '../../errors';
import { LIMITS } from './operation/limits';

export interface CursorKind {
  encode(...numbers: number[]): string;
  /** @throws VitrineError INPUT_INVALID when `cursor` is not one that `encode` made. */
  decode(cursor: string): number[];
}

/**
 * The largest value of Postgres' integer and smallint, and of the seconds since 1970 that its times
 * surely hold.
 */
export const MOST = Object.freeze({ key: 2 ** 31 - 1, line: 2 ** 15 - 1, seconds: 6e10 });

/**
 * Cursors of the list `name`: whole numbers, each at most so far from 0 as `most` says, so that
 * Postgres takes them.
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
        // Base64 has many spellings of one value: only the one that we wrote is accepted.
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
