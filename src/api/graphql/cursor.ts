// Opaque cursors. A cursor says where a page ended, as a text that clients hand back unread. It
// carries the name of its list, so another list refuses it.

import { VitrineError } from '../../errors';
import { LIMITS } from '../limits';

export interface CursorKind {
  encode(...numbers: number[]): string;
  /** @throws VitrineError INPUT_INVALID if `encode` did not make the cursor */
  decode(cursor: string): number[];
}

/** The largest integer and smallint of Postgres, and seconds since 1970 that its times can hold. */
export const MOST = Object.freeze({ key: 2 ** 31 - 1, line: 2 ** 15 - 1, seconds: 6e10 });

/** Cursors of the list `name`. They hold whole numbers, each from -most to +most, for Postgres. */
export function cursorKind(name: string, most: readonly number[]): CursorKind {
  const encode = (...numbers: number[]): string =>
    Buffer.from([name, ...numbers].join(':'), 'utf8').toString('base64url');
  return {
    encode,
    decode(cursor) {
      if (cursor.length <= LIMITS.idLength) {
        const [kind, ...texts] = Buffer.from(cursor, 'base64url').toString('utf8').split(':');
        const numbers = texts.map(Number);
        // Base64 has many spellings of one value. Only the one that we wrote is accepted.
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
