// The SQL of an import: temporary tables like the store's, and the statements that merge them into
// it. Rows that are the same are not touched, so that updated_at moves only for articles that
// changed. Columns that the mapping does not name are not touched either.

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

/** Hears the rows that were taken out, and how many more there were than can be listed. */
export type OnTaken = (faults: RowFault[], unwritten: number) => Promise<void>;

export const stagingTable = (kind: FileKind): string => `pg_temp.staged_${kind}`;

/** Makes the temporary table that a file is copied into: its line in the file, then the columns. */
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

/** Takes out rows whose id was on an earlier line: the first one counts. */
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

/** Takes out transactions of articles that neither the files nor the store know. */
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

/**
 * Takes out purchases of one article by one customer at one time beyond those that can be counted.
 */
export async function takeUncountable(client: Client, onTaken: OnTaken): Promise<void> {
  const table = stagingTable('transactions');
  await take(
    client,
    table,
    // Hardly a customer has so many purchases at all: only theirs are looked at.
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

/** `purchases.line` has 16 bits. */
const MOST_LINES = 0x7fff;

const RAW_TRANSACTION = `concat_ws(',', to_char(bought_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), customer_id,
  article_id, price, sales_channel_id)`;

/**
 * What a file says of each of its rows: columns of the store, and names within the column
 * `attributes`.
 */
export interface Mapped {
  readonly columns: readonly string[];
  readonly attributes: readonly string[];
}

export async function mergeArticles(client: Client, mapped: Mapped): Promise<MergeCounts> {
  return mergeById(client, 'articles', mapped);
}

export async function mergeCustomers(client: Client, mapped: Mapped): Promise<MergeCounts> {
  return mergeById(client, 'customers', mapped);
}

/**
 * Merges the transactions, and before them the customers that only they know. `onKeys` hears when
 * only indexes are left to make.
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
  // Asked again under the lock: an order may have been recorded in between.
  if (
    (await noPurchases(client)) &&
    (await ownsAll(client)) &&
    (await lockAll(client)) &&
    (await noPurchases(client))
  ) {
    const inserted = await withoutIndexes(client, 'purchases', async () => {
      // In the order of time, so that recent purchases lie together on disk.
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
 * Equal purchases have no identity of their own: they are counted, in an order that does not hang
 * on the file's. Columns that are not mapped are null here, so that the order is that of those that
 * are.
 */
const NUMBERED = `
  SELECT c.key AS customer_key, a.key AS article_key, staged.bought_at, staged.price, staged.sales_channel_id,
    row_number() OVER (
      PARTITION BY staged.bought_at, c.key, a.key ORDER BY staged.price, staged.sales_channel_id
    ) AS place
  FROM ${stagingTable('transactions')} AS staged
  JOIN customers AS c USING (customer_id) JOIN articles AS a USING (article_id)`;

/**
 * Merges into purchases that are there. Those of one article by one customer at one time are
 * counted in the order of the mapped columns on both sides, and the first is the first, the second
 * the second. Their `line` would not do: it counts them in the order of columns that this file may
 * not have, or in which an order named them.
 */
async function mergeNumbered(client: Client, columns: readonly string[]): Promise<MergeCounts> {
  const staged = stagingTable('transactions');
  const mapped = ['price', 'sales_channel_id'].filter((column) => columns.includes(column));
  const { rows } = await client.query<{ all: string; first: string | null; last: string | null }>(
    `SELECT count(*) AS all, min(bought_at)::text AS first, max(bought_at)::text AS last FROM ${staged}`,
  );
  const [{ all, first, last }] = rows;
  if (first === null || last === null) return { inserted: 0, updated: 0, unchanged: 0 };
  // Within the statement, so that the planner sees how many rows it is about.
  const times = `${client.escapeLiteral(first)} AND ${client.escapeLiteral(last)}`;
  const differs = mapped.map((column) => `kept.${column} IS DISTINCT FROM staged.${column}`);
  // By a hash of all four columns: the planner would compare every purchase of a customer's article
  // with every other.
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
  // Lines go on behind the last one, also where some were deleted before it. A conflict is an order
  // that was recorded meanwhile.
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

/** What dropping the keys of purchases locks: those that they point to as well. */
const LOCKED = ['customers', 'articles', 'purchases'];
const LOCK_TRIES = 100;
const LOCK_PAUSE_MS = 20;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Whether keys and indexes may be dropped: rights to the rows are enough to import, but not for
 * that.
 */
async function ownsAll(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ owns: boolean }>(
    `SELECT bool_and(pg_has_role(relowner, 'USAGE')) AS owns FROM pg_class WHERE oid = ANY ($1::text[]::regclass[])`,
    [LOCKED],
  );
  return rows[0].owns;
}

/**
 * Whether the tables are this transaction's alone now. All at once or none: whoever else has one
 * and waits for another, in whatever order, goes on meanwhile, so that no two wait for each other.
 * Who reads for long is not waited for.
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
 * Fills an empty table without its indexes and constraints, which are made as they were when it is
 * full: sorted once, in a fraction of the time that keeping them up to date row by row takes. Part
 * of the import's transaction like all else.
 */
async function withoutIndexes<T>(client: Client, table: string, fill: () => Promise<T>): Promise<T> {
  const { rows: constraints } = await client.query<{ name: string; definition: string }>(
    // Primary keys before the foreign ones.
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

/** Rows that are listed at most; beyond them only their number is known. */
const LISTED = 100_000;

async function take(client: Client, table: string, select: string, onTaken: OnTaken): Promise<void> {
  await client.query(`CREATE TEMP TABLE taken AS ${select}`);
  const { rows } = await client.query<RowFault>(`SELECT line, raw, reason FROM taken ORDER BY line LIMIT ${LISTED}`);
  const { rowCount } = await client.query(`DELETE FROM ${table} AS staged USING taken WHERE staged.line = taken.line`);
  await client.query('DROP TABLE taken');
  await onTaken(rows, (rowCount ?? 0) - rows.length);
}

/**
 * Updates what differs in the given columns, then inserts what is missing. Two statements rather
 * than one upsert: that would use up a key for every row that is there already.
 */
async function mergeById(
  client: Client,
  kind: 'articles' | 'customers',
  { columns, attributes }: Mapped,
): Promise<MergeCounts> {
  const staged = stagingTable(kind);
  const id = FIELDS[kind].id[0];
  const others = columns.filter((column) => column !== id);
  await client.query(`ANALYZE ${staged}`);
  // Attributes that this file does not have stay beside those that it has.
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
