// Reads rows in batches: the rows of many keys, a page, or a whole table in pieces.

import { Prisma } from '../prisma/client';

export interface Page<T> {
  rows: T[];
  hasNext: boolean;
}

/** Maximum number of keys in one statement. */
const CHUNK = 10_000;
const STREAM_ROWS = 5_000;

/** Returns a row for each key, in the order of the keys; null if there is none. */
export async function inOrder<K extends string | number, T>(
  keys: readonly K[],
  keyOf: (row: T) => K,
  read: (keys: K[]) => Promise<T[]>,
): Promise<(T | null)[]> {
  const byKey = new Map<K, T>();
  for (const some of chunks([...new Set(keys)])) for (const row of await read(some)) byKey.set(keyOf(row), row);
  return keys.map((key) => byKey.get(key) ?? null);
}

export function* chunks<T>(list: readonly T[]): Generator<T[]> {
  for (let from = 0; from < list.length; from += CHUNK) yield list.slice(from, from + CHUNK);
}

export async function page<T>(first: number, read: (take: number) => Promise<T[]>): Promise<Page<T>> {
  const rows = await read(first + 1);
  return { rows: rows.slice(0, first), hasNext: rows.length > first };
}

/** Yields all rows in the order of their keys, some thousands at a time. */
export async function* pages<T extends { key: number }>(
  read: (after: number, take: number) => Promise<T[]>,
): AsyncGenerator<T[]> {
  for (let after = 0; ;) {
    const rows = await read(after, STREAM_ROWS);
    if (rows.length > 0) yield rows;
    if (rows.length < STREAM_ROWS) return;
    after = rows[rows.length - 1].key;
  }
}

/** Selects the next rows in the order of keys. */
export function rowsAfter(select: Prisma.Sql, afterKey: number, take: number): Prisma.Sql {
  return Prisma.sql`${select} WHERE key > ${afterKey} ORDER BY key LIMIT ${take}`;
}

/** The columns of a SELECT, each under the name of its field. */
export function selectList(columns: Record<string, string>): string {
  return Object.entries(columns)
    .map(([field, column]) => `${column} AS "${field}"`)
    .join(', ');
}
