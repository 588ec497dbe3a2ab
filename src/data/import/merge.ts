// The SQL of an import: temporary tables like the store's, and the statements that merge them into
// the store. Equal rows are not touched, so updated_at changes only for articles that changed.
// Columns that the mapping does not name are not touched either.

import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError, type Client } from 'pg';
import type { RowFault } from './csv';
import type { FileKind } from './mapping';
import { FIELDS, type Kind } from '../store/fields';

export interface MergeCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
}

/**
 * Called with the rows that were taken out, and with the number of further rows that are not
 * listed.
 */
export type OnTaken = (faults: RowFault[], unwritten: number) => Promise<void>;

export const stagingTable = (kind: FileKind): string => `pg_temp.staged_${kind}`;

/**
 * Makes the temporary table for a file: a column for the line in the file, then the mapped columns.
 */
export async function createStaging(client: Client, kind: FileKind, columns: readonly string[]): Promise<void> {
  const types = new Map<string, string>(
    Object.values<readonly [string, Kind]>(FIELDS[kind]).map(([column, how]) => [column, TYPES[how]]),
  );
  types.set('attributes', 'jsonb');
  // Columns of a transaction that the mapping does not have stay null.
  const all = kind === 'transactions' ? [...types.keys()].filter((column) => column !== 'attributes') : columns;
  await dropStaging(client, kind);
  await client.query(
    `CREATE TEMP TABLE staged_${kind} (line int, ${all.map((column) => `${column} ${types.get(column)}`).join(', ')})`,
  );
}

export async function dropStaging(client: Client, kind: FileKind): Promise<void> {
  await client.query(`DROP TABLE IF EXISTS ${stagingTable(kind)}`);
}

/** Takes out rows whose id is on an earlier line, since the first row counts. */
export async function takeDuplicates(client: Client, kind: 'articles' | 'customers', onTaken: OnTaken): Promise<void> {
  const table = stagingTable(kind);
  const id = FIELDS[kind].id[0];
  await take(
    client,
    table,
    `SELECT line, ${id} AS raw, ${id} || ' was already on line ' || first AS reason FROM (
       SELECT line, ${id}, min(line) OVER (PARTITION BY ${id}) AS first FROM ${table}
     ) AS numbered WHERE line > first`,
    onTaken,
  );
}

/** Takes out transactions of articles that are neither in the files nor in the store. */
export async function takeUnknownArticles(client: Client, onTaken: OnTaken): Promise<void> {
  const table = stagingTable('transactions');
  await client.query(`ANALYZE ${table}, ${stagingTable('articles')}`);
  await take(
    client,
    table,
    `SELECT line, ${RAW_TRANSACTION} AS raw, 'article_id: there is no article ' || article_id AS reason
     FROM ${table} AS staged
     WHERE NOT EXISTS (SELECT FROM articles WHERE articles.article_id = staged.article_id)
       AND NOT EXISTS (SELECT FROM ${stagingTable('articles')} AS new WHERE new.article_id = staged.article_id)`,
    onTaken,
  );
}

/** Takes out purchases of one article by one customer at one time beyond MOST_LINES. */
export async function takeUncountable(client: Client, onTaken: OnTaken): Promise<void> {
  const table = stagingTable('transactions');
  await take(
    client,
    table,
    // Very few customers have more purchases than MOST_LINES, so only theirs are counted.
    `SELECT line, raw, 'expected at most ${MOST_LINES} purchases of one article by one customer at one time' AS reason
     FROM (
       SELECT line, ${RAW_TRANSACTION} AS raw,
         row_number() OVER (PARTITION BY bought_at, customer_id, article_id ORDER BY line) AS place
       FROM ${table}
       WHERE customer_id IN (SELECT customer_id FROM ${table} GROUP BY customer_id HAVING count(*) > ${MOST_LINES})
     ) AS numbered WHERE place > ${MOST_LINES}`,
    onTaken,
  );
}

/** Largest value of `purchases.line`, which has 16 bits. */
const MOST_LINES = 0x7fff;

const RAW_TRANSACTION = `concat_ws(',', to_char(bought_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), customer_id,
  article_id, price, sales_channel_id)`;

/** The columns of the store that a file fills, and names within the column `attributes`. */
export interface Mapped {
  readonly columns: readonly string[];
  readonly attributes: readonly string[];
}

/**
 * Updates rows that differ in the given columns, then inserts missing ones. An upsert in one
 * statement would use up a key for every existing row.
 */
export async function mergeById(
  client: Client,
  kind: 'articles' | 'customers',
  { columns, attributes }: Mapped,
): Promise<MergeCounts> {
  const staged = stagingTable(kind);
  const id = FIELDS[kind].id[0];
  const others = columns.filter((column) => column !== id);
  await client.query(`ANALYZE ${staged}`);
  // Attributes that this file does not have are kept.
  const merged = (column: string): string =>
    column === 'attributes' ? '((kept.attributes - $1::text[]) || staged.attributes)' : `staged.${column}`;
  const { rowCount: updated } =
    others.length === 0
      ? { rowCount: 0 }
      : await client.query(
          `UPDATE ${kind} AS kept SET ${others.map((column) => `${column} = ${merged(column)}`).join(', ')}
           FROM ${staged} AS staged
           WHERE kept.${id} = staged.${id} AND (${others.map((column) => `kept.${column}`).join(', ')})
             IS DISTINCT FROM (${others.map(merged).join(', ')})`,
          others.includes('attributes') ? [attributes] : [],
        );
  const list = [id, ...others].join(', ');
  const { rowCount: inserted } = await client.query(
    `INSERT INTO ${kind} (${list}) SELECT ${list} FROM ${staged} AS staged
     WHERE NOT EXISTS (SELECT FROM ${kind} AS kept WHERE kept.${id} = staged.${id})
     ORDER BY line ON CONFLICT DO NOTHING`,
  );
  const { rows } = await client.query<{ all: string }>(`SELECT count(*) AS all FROM ${staged}`);
  const counts = { inserted: inserted ?? 0, updated: updated ?? 0 };
  return { ...counts, unchanged: Number(rows[0].all) - counts.inserted - counts.updated };
}

/**
 * Merges the transactions, after making the customers that only occur in them. `onKeys` is called
 * when only keys and indexes are left to make.
 */
export async function mergePurchases(
  client: Client,
  { columns }: Pick<Mapped, 'columns'>,
  onKeys: () => void,
): Promise<MergeCounts & { bareCustomers: number }> {
  const staged = stagingTable('transactions');
  const { rowCount: bareCustomers } = await client.query(
    `INSERT INTO customers (customer_id)
     SELECT customer_id FROM ${staged} AS staged
     WHERE NOT EXISTS (SELECT FROM customers WHERE customers.customer_id = staged.customer_id)
     GROUP BY customer_id ORDER BY min(line)
     ON CONFLICT DO NOTHING`,
  );
  // The check is repeated under the lock, since an order may have been recorded in between.
  if (
    (await noPurchases(client)) &&
    (await ownsAll(client)) &&
    (await lockAll(client)) &&
    (await noPurchases(client))
  ) {
    const inserted = await withoutIndexes(client, 'purchases', async () => {
      // Ordered by time, so that recent purchases lie together on disk.
      const { rowCount } = await client.query(
        `INSERT INTO purchases (customer_key, article_key, bought_at, price, sales_channel_id, line)
         SELECT customer_key, article_key, bought_at, price, sales_channel_id, place FROM (${NUMBERED}) AS staged
         ORDER BY bought_at, customer_key, article_key`,
      );
      onKeys();
      return rowCount ?? 0;
    });
    return { inserted, updated: 0, unchanged: 0, bareCustomers: bareCustomers ?? 0 };
  }
  return { ...(await mergeNumbered(client, columns)), bareCustomers: bareCustomers ?? 0 };
}

/**
 * Numbers the purchases of one article by one customer at one time, since they have no id. The
 * numbers follow the values of the mapped columns and not the order of the file. Columns that are
 * not mapped are null here.
 */
const NUMBERED = `
  SELECT c.key AS customer_key, a.key AS article_key, staged.bought_at, staged.price, staged.sales_channel_id,
    row_number() OVER (
      PARTITION BY staged.bought_at, c.key, a.key ORDER BY staged.price, staged.sales_channel_id
    ) AS place
  FROM ${stagingTable('transactions')} AS staged
  JOIN customers AS c USING (customer_id) JOIN articles AS a USING (article_id)`;

/**
 * Merges into existing purchases. Purchases of one article by one customer at one time are sorted
 * by the mapped columns on both sides, and matched first to first, second to second. `line` cannot
 * match them: it may follow columns that this file does not have, or the lines of an order.
 */
async function mergeNumbered(client: Client, columns: readonly string[]): Promise<MergeCounts> {
  const staged = stagingTable('transactions');
  const mapped = ['price', 'sales_channel_id'].filter((column) => columns.includes(column));
  const { rows } = await client.query<{ all: string; first: string | null; last: string | null }>(
    `SELECT count(*) AS all, min(bought_at)::text AS first, max(bought_at)::text AS last FROM ${staged}`,
  );
  const [{ all, first, last }] = rows;
  if (first === null || last === null) return { inserted: 0, updated: 0, unchanged: 0 };
  // The times are part of the statement's text, so that the planner knows the number of rows.
  const times = `${client.escapeLiteral(first)} AND ${client.escapeLiteral(last)}`;
  const differs = mapped.map((column) => `kept.${column} IS DISTINCT FROM staged.${column}`);
  // This forces a hash join on all four columns. The planner might compare every purchase of an
  // article by a customer with every other one.
  await client.query('SET LOCAL enable_mergejoin = off; SET LOCAL enable_nestloop = off');
  await client.query(
    `CREATE TEMP TABLE merged ON COMMIT DROP AS
     SELECT staged.*, kept.line FROM (${NUMBERED}) AS staged LEFT JOIN (
       SELECT customer_key, bought_at, article_key, line, price, sales_channel_id, row_number() OVER (
         PARTITION BY bought_at, customer_key, article_key ORDER BY ${[...mapped, 'line'].join(', ')}
       ) AS place FROM purchases WHERE bought_at BETWEEN ${times}
         AND customer_key IN (SELECT key FROM customers JOIN ${staged} USING (customer_id))
     ) AS kept USING (bought_at, customer_key, article_key, place)
     WHERE ${['kept.line IS NULL', ...differs].join(' OR ')}`,
  );
  await client.query('RESET enable_mergejoin; RESET enable_nestloop');
  const { rowCount: updated } =
    mapped.length === 0
      ? { rowCount: 0 }
      : await client.query(
          `UPDATE purchases AS kept SET ${mapped.map((column) => `${column} = merged.${column}`).join(', ')} FROM merged
           WHERE (kept.customer_key, kept.bought_at, kept.article_key, kept.line)
             = (merged.customer_key, merged.bought_at, merged.article_key, merged.line)`,
        );
  // New line numbers follow the last one, even if purchases with smaller numbers were deleted. A
  // conflict means that an order was recorded in between.
  const { rowCount: inserted } = await client.query(
    `INSERT INTO purchases (customer_key, article_key, bought_at, price, sales_channel_id, line)
     SELECT customer_key, article_key, bought_at, price, sales_channel_id, place + coalesce((
       SELECT max(kept.line) - count(*) FROM purchases AS kept
       WHERE (kept.customer_key, kept.bought_at, kept.article_key)
         = (merged.customer_key, merged.bought_at, merged.article_key)
     ), 0)
     FROM merged WHERE line IS NULL ORDER BY bought_at, customer_key, article_key
     ON CONFLICT DO NOTHING`,
  );
  const counts = { inserted: inserted ?? 0, updated: updated ?? 0 };
  return { ...counts, unchanged: Number(all) - counts.inserted - counts.updated };
}

async function noPurchases(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ empty: boolean }>('SELECT NOT EXISTS (SELECT FROM purchases) AS empty');
  return rows[0].empty;
}

/**
 * Tables that are locked to drop the keys of purchases. These keys refer to the other two tables.
 */
const LOCKED = ['customers', 'articles', 'purchases'];
const LOCK_TRIES = 100;
const LOCK_PAUSE_MS = 20;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Whether keys and indexes may be dropped. Rights to the rows are enough to import, but not to drop
 * keys and indexes.
 */
async function ownsAll(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ owns: boolean }>(
    `SELECT bool_and(pg_has_role(relowner, 'USAGE')) AS owns FROM pg_class WHERE oid = ANY ($1::text[]::regclass[])`,
    [LOCKED],
  );
  return rows[0].owns;
}

/**
 * Locks the tables for this transaction alone, and returns whether that succeeded. All locks are
 * taken at once or none, so there can be no deadlock with a transaction that holds one of them.
 * Long reads are not waited for.
 */
async function lockAll(client: Client): Promise<boolean> {
  await client.query('SAVEPOINT unlocked');
  for (let tries = 0; tries < LOCK_TRIES; tries++) {
    if (tries > 0) await sleep(LOCK_PAUSE_MS);
    try {
      await client.query(`LOCK TABLE ${LOCKED.join(', ')} IN ACCESS EXCLUSIVE MODE NOWAIT`);
      return true;
    } catch (thrown) {
      if (!(thrown instanceof DatabaseError) || thrown.code !== LOCK_NOT_AVAILABLE) throw thrown;
      await client.query('ROLLBACK TO SAVEPOINT unlocked');
    }
  }
  return false;
}

/**
 * Fills an empty table without its indexes and constraints, and makes the same ones again when it
 * is full. This takes a fraction of the time of updating the indexes for each row. All of it
 * happens within the import's transaction.
 */
async function withoutIndexes<T>(client: Client, table: string, fill: () => Promise<T>): Promise<T> {
  const { rows: constraints } = await client.query<{ name: string; definition: string }>(
    // Primary keys come before foreign keys.
    `SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
     WHERE conrelid = $1::regclass AND contype IN ('p', 'u', 'f') ORDER BY contype = 'f', conname`,
    [table],
  );
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
     WHERE indrelid = $1::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY name`,
    [table],
  );
  for (const { name } of constraints) await client.query(`ALTER TABLE ${table} DROP CONSTRAINT "${name}"`);
  for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
  const result = await fill();
  await client.query(`SET LOCAL maintenance_work_mem = '512MB'`);
  for (const { name, definition } of constraints) {
    await client.query(`ALTER TABLE ${table} ADD CONSTRAINT "${name}" ${definition}`);
  }
  for (const { definition } of indexes) await client.query(definition);
  return result;
}

const TYPES: Record<Kind, string> = {
  id: 'text',
  text: 'text',
  whole: 'int',
  small: 'smallint',
  flag: 'boolean',
  real: 'real',
  time: 'timestamptz(0)',
};

/** Maximum number of listed rows. Further rows are only counted. */
const LISTED = 100_000;

async function take(client: Client, table: string, select: string, onTaken: OnTaken): Promise<void> {
  await client.query(`CREATE TEMP TABLE taken AS ${select}`);
  const { rows } = await client.query<RowFault>(`SELECT line, raw, reason FROM taken ORDER BY line LIMIT ${LISTED}`);
  const { rowCount } = await client.query(`DELETE FROM ${table} AS staged USING taken WHERE staged.line = taken.line`);
  await client.query('DROP TABLE taken');
  await onTaken(rows, (rowCount ?? 0) - rows.length);
}
