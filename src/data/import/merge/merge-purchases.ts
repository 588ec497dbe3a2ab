// Merges staged purchases into the store.

import type { Client } from 'pg';
import { coverReturnsOf } from '../../store/returns';
import { fillEmpty } from './bulk-fill';
import { stagingTable, type MergeCounts } from './merge';
import { boughtTable, ID_COLUMNS, type BoughtSection } from './purchase-ids';

export interface PurchaseCounts extends MergeCounts {
  /** Customers and articles that occur in purchases only. */
  readonly bareCustomers: number;
  readonly bareArticles: number;
}

const STAGED = stagingTable('transactions');

/** The columns of purchases besides the identity, in the order in which equal ones are sorted. */
const VALUES = ['price', 'quantity', 'sales_channel_id', 'order_id', 'state'] as const;
type Value = (typeof VALUES)[number];

/**
 * Merges the transactions, after making the customers and articles that only occur in them.
 * `onKeys` is called when only keys and indexes are left to make.
 * @param columns the columns that the files have
 */
export async function mergePurchases(
  client: Client,
  columns: readonly string[],
  onKeys: () => void,
): Promise<PurchaseCounts> {
  await client.query(`ANALYZE ${STAGED}`);
  const bareArticles = await makeBare(client, 'articles', ', false');
  const bareCustomers = await makeBare(client, 'customers', '');
  const mapped = VALUES.filter((column) => columns.includes(column));
  const inserted = await fillEmpty(client, async () => {
    // Ordered by time, so that recent purchases lie together on disk.
    const { rowCount } = await client.query(
      `INSERT INTO purchases (customer_key, article_key, bought_at, ${VALUES.join(', ')}, line)
       SELECT customer_key, article_key, bought_at, ${VALUES.join(', ')}, row_number() OVER (
         PARTITION BY bought_at, customer_key, article_key${mapped.length > 0 ? ` ORDER BY ${mapped.join(', ')}` : ''}
       ) FROM (${KEYED}) AS staged ORDER BY bought_at, customer_key, article_key`,
    );
    onKeys();
    return rowCount ?? 0;
  });
  const counts = inserted === null ? await mergeMore(client, mapped) : { inserted, updated: 0, unchanged: 0 };
  const { rows } = await client.query<{ any: boolean }>(
    'SELECT EXISTS (SELECT FROM purchases WHERE quantity < 0) AS any',
  );
  if (rows[0].any) {
    await client.query(
      coverReturnsOf(`
        SELECT DISTINCT customer_key, article_key FROM purchases WHERE quantity < 0
          AND (customer_key, article_key) IN (SELECT customer_key, article_key FROM (${KEYED}) AS staged)`),
    );
  }
  return { ...counts, bareCustomers, bareArticles };
}

async function makeBare(client: Client, table: BoughtSection, unlisted: string): Promise<number> {
  const id = ID_COLUMNS[table];
  const { rowCount } = await client.query(
    `INSERT INTO ${table} (${id}${unlisted === '' ? '' : ', listed'})
     SELECT id${unlisted} FROM ${boughtTable(table)} AS bought
     WHERE NOT EXISTS (SELECT FROM ${table} WHERE ${table}.${id} = bought.id)
     ORDER BY line ON CONFLICT DO NOTHING`,
  );
  return rowCount ?? 0;
}

/** The staged purchases with the keys of their customers and articles. */
const KEYED = `
  SELECT c.key AS customer_key, a.key AS article_key, staged.line AS file_line, staged.bought_at,
    ${VALUES.map((column) => `staged.${column}`).join(', ')}
  FROM ${STAGED} AS staged JOIN customers AS c USING (customer_id) JOIN articles AS a USING (article_id)`;

/**
 * Merges into existing purchases. A purchase of the files is one of the store if customer, time,
 * article and its mark are the same: the order id if the files have one; else the price if they
 * have days and no times; else nothing. Equal ones are sorted by the mapped columns on both sides,
 * and matched first to first, second to second. Purchases of the store without a mark then match
 * those that are left. `line` cannot match them: it may follow columns that these files lack.
 */
async function mergeMore(client: Client, mapped: readonly Value[]): Promise<MergeCounts> {
  const { rows } = await client.query<{ all: string; first: string | null; last: string | null; days: boolean }>(
    `SELECT count(*) AS all, min(bought_at)::text AS first, max(bought_at)::text AS last,
       coalesce(bool_and(extract(epoch FROM bought_at)::bigint % 86400 = 0), false) AS days FROM ${STAGED}`,
  );
  const [{ all, first, last, days }] = rows;
  if (first === null || last === null) return { inserted: 0, updated: 0, unchanged: 0 };
  const has = (column: Value): boolean => mapped.includes(column);
  const mark = has('order_id') ? 'order_id' : days && has('price') ? 'price' : undefined;
  // The times are part of the statement's text, so that the planner knows the number of rows.
  const times = `${client.escapeLiteral(first)} AND ${client.escapeLiteral(last)}`;
  // Most purchases of a file that comes again are as they were. Only those of a customer, time and
  // article where one is not need a closer look.
  const compared = [GROUP, ...mapped.map((column) => (column === 'state' ? IS_CANCELLED : column))].join(', ');
  const { rowCount: touched } = await client.query(
    `CREATE TEMP TABLE touched ON COMMIT DROP AS SELECT DISTINCT ${GROUP} FROM (
       SELECT ${compared} FROM (${KEYED}) AS staged
       EXCEPT ALL SELECT ${compared} FROM purchases WHERE bought_at BETWEEN ${times}
     ) AS differing`,
  );
  if (touched === 0) return { inserted: 0, updated: 0, unchanged: Number(all) };
  await client.query('ANALYZE touched');
  await client.query(
    `CREATE TEMP TABLE incoming ON COMMIT DROP AS SELECT row_number() OVER () AS id, *
       FROM (${KEYED}) AS staged JOIN touched USING (${GROUP});
     CREATE TEMP TABLE present ON COMMIT DROP AS SELECT * FROM purchases JOIN touched USING (${GROUP})
       WHERE bought_at BETWEEN ${times}`,
  );
  await client.query(
    `CREATE TEMP TABLE matched (id bigint, customer_key bigint, bought_at timestamptz, article_key bigint, line int)
       ON COMMIT DROP; ANALYZE incoming, present`,
  );
  // This forces a hash join on all columns. The planner might compare every purchase of an article
  // by a customer with every other one.
  await client.query('SET LOCAL enable_mergejoin = off; SET LOCAL enable_nestloop = off');
  await client.query(match(mapped, mark === undefined ? `''` : `coalesce(${mark}::text, '')`, 'true', 'true'));
  if (mark !== undefined) {
    await client.query('ANALYZE matched');
    await client.query(match(mapped, `''`, 'id NOT IN (SELECT id FROM matched)', `${mark} IS NULL AND ${UNMATCHED}`));
  }
  await client.query('RESET enable_mergejoin; RESET enable_nestloop');
  const counts = { inserted: await insertNew(client), updated: await updateMatched(client, mapped) };
  return { ...counts, unchanged: Number(all) - counts.inserted - counts.updated };
}

/** What purchases have in common that may be the same. */
const GROUP = 'customer_key, bought_at, article_key';
/** Of states, only this comes from files. */
const IS_CANCELLED = `state = 'cancelled'`;

const UNMATCHED = `(customer_key, bought_at, article_key, line) NOT IN (
  SELECT customer_key, bought_at, article_key, line FROM matched)`;

function match(mapped: readonly string[], mark: string, ofIncoming: string, ofPresent: string): string {
  // A purchase does not lose its place because its return was noticed in the store.
  const order = mapped.filter((column) => column !== 'state');
  const place = (last: string): string =>
    `row_number() OVER (PARTITION BY customer_key, bought_at, article_key, ${mark} ORDER BY ${[...order, last].join(', ')})`;
  return `
    INSERT INTO matched
    SELECT incoming.id, customer_key, bought_at, article_key, present.line
    FROM (SELECT *, ${mark} AS mark, ${place('id')} AS place FROM incoming WHERE ${ofIncoming}) AS incoming
    JOIN (SELECT *, ${mark} AS mark, ${place('line')} AS place FROM present WHERE ${ofPresent}) AS present
      USING (customer_key, bought_at, article_key, mark, place)`;
}

/** Inserts what was not matched, under line numbers that follow the last one. */
async function insertNew(client: Client): Promise<number> {
  const { rowCount } = await client.query(
    `INSERT INTO purchases (customer_key, article_key, bought_at, ${VALUES.join(', ')}, line)
     SELECT customer_key, article_key, bought_at, ${VALUES.join(', ')}, row_number() OVER (
       PARTITION BY customer_key, bought_at, article_key ORDER BY ${VALUES.join(', ')}
     ) + coalesce((
       SELECT max(kept.line) FROM purchases AS kept
       WHERE (kept.customer_key, kept.bought_at, kept.article_key)
         = (incoming.customer_key, incoming.bought_at, incoming.article_key)
     ), 0)
     FROM incoming WHERE NOT EXISTS (SELECT FROM matched WHERE matched.id = incoming.id)
     ORDER BY bought_at, customer_key, article_key
     ON CONFLICT DO NOTHING`,
  );
  return rowCount ?? 0;
}

/** Updates the mapped columns that differ. Of states, only "cancelled" comes from files. */
async function updateMatched(client: Client, mapped: readonly string[]): Promise<number> {
  if (mapped.length === 0) return 0;
  const differs = mapped.map((column) =>
    column === 'state'
      ? `(kept.state = 'cancelled') <> (incoming.state = 'cancelled')`
      : `kept.${column} IS DISTINCT FROM incoming.${column}`,
  );
  const sets = mapped.map((column) =>
    column === 'state'
      ? `state = CASE WHEN (kept.state = 'cancelled') <> (incoming.state = 'cancelled') THEN incoming.state ELSE kept.state END`
      : `${column} = incoming.${column}`,
  );
  const { rowCount } = await client.query(
    `UPDATE purchases AS kept SET ${sets.join(', ')} FROM matched JOIN incoming USING (id)
     WHERE (kept.customer_key, kept.bought_at, kept.article_key, kept.line)
         = (matched.customer_key, matched.bought_at, matched.article_key, matched.line)
       AND (${differs.join(' OR ')})`,
  );
  return rowCount ?? 0;
}
