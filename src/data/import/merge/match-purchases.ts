// Merges staged purchases into a store that has purchases. A shop's files often have no ids of
// purchases, so those of the files are matched with those of the store by their values.

import type { Client } from 'pg';
import type { PurchaseTimes } from '../purchase-times';
import { askedTable } from './asked-ids';
import { keyedPurchases, STATE, VALUES, valuesOf, type Value } from './keyed-purchases';
import type { MergeCounts } from './merge';

/** The columns that say which purchase it is, apart from `line`. */
const IDENTITY = 'customer_key, bought_at, article_key';

export interface Known {
  readonly times: PurchaseTimes;
  /** Whether the files or the store have returns. */
  readonly returns: boolean;
}

/**
 * Merges into existing purchases. Rows that are the same in all mapped columns match first, as
 * many as both sides have. Few rows are left if files are imported again.
 *
 * A purchase that is left in the files is one that is left in the store if customer, time, article
 * and its mark are the same: the order id if the files have one; else the price if they have days
 * and no times; else nothing. Equal ones are sorted by the mapped columns on both sides, and
 * matched first to first, second to second. Purchases of the store without a mark then match those
 * that are left. `line` cannot match them: it may follow columns that these files lack. A return
 * never matches a purchase.
 * @param columns those that the files say something about
 */
export async function mergeMore(client: Client, columns: readonly string[], known: Known): Promise<MergeCounts> {
  const { times } = known;
  if (times.count === 0) return { inserted: 0, updated: 0, unchanged: 0 };
  const mapped = valuesOf(columns).filter((column) => columns.includes(column));
  await findDifferent(client, columns, known);
  const mark = mapped.includes('order_id')
    ? 'order_id'
    : times.days && mapped.includes('price')
      ? 'price'
      : undefined;
  // This forces a hash join on all columns. The planner might compare every purchase of an article
  // by a customer with every other one.
  await client.query('SET LOCAL enable_mergejoin = off; SET LOCAL enable_nestloop = off');
  await client.query(match(mapped, mark === undefined ? `''` : `coalesce(${mark}::text, '')`, 'true', 'true'));
  if (mark !== undefined) {
    await client.query('ANALYZE matched');
    await client.query(match(mapped, `''`, 'id NOT IN (SELECT id FROM matched)', `${mark} IS NULL AND ${UNMATCHED}`));
  }
  await client.query('RESET enable_mergejoin; RESET enable_nestloop; ANALYZE matched');
  const counts = {
    inserted: await insertNew(client, valuesOf(columns)),
    updated: await updateMatched(client, mapped),
  };
  return { ...counts, unchanged: times.count - counts.inserted - counts.updated };
}

/** A value by which purchases are compared: its name, and how a row has it. */
type Compared = readonly [name: string, of: (row: string) => string];

/**
 * Makes the tables `incoming` and `present` of the rows on either side that the other side does not
 * have. Both sides are counted by their values in one pass.
 */
async function findDifferent(client: Client, columns: readonly string[], { times, returns }: Known): Promise<void> {
  const has = (column: string): boolean => columns.includes(column);
  const compared: Compared[] = valuesOf(columns)
    .filter((column) => column !== 'state' && has(column))
    .map((column) => [column, (row) => `${row}.${column}`]);
  // Of states, only "cancelled" comes from files.
  if (has('state')) compared.push(['cancelled', (row) => `(${row}.state = 'cancelled')`]);
  if (returns) compared.push(['is_return', (row) => `(${row}.quantity < 0)`]);
  const names = [IDENTITY, ...compared.map(([name]) => name)].join(', ');
  const read = (row: string): string => [IDENTITY, ...compared.map(([name, of]) => `${of(row)} AS ${name}`)].join(', ');
  // The times are part of the statement's text, so that the planner knows the number of rows.
  const between = `${client.escapeLiteral(times.first)} AND ${client.escapeLiteral(times.last)}`;
  await client.query(
    `CREATE TEMP TABLE differing ON COMMIT DROP AS
     SELECT ${names}, sum(side) AS more FROM (
       SELECT ${read('staged')}, 1 AS side FROM (${keyedPurchases(columns)}) AS staged
       UNION ALL
       SELECT ${read('kept')}, -1 FROM purchases AS kept WHERE bought_at BETWEEN ${between} AND customer_key IN (
         SELECT key FROM customers JOIN ${askedTable('customers')} AS asked ON asked.id = customer_id)
     ) AS both_sides GROUP BY ${names} HAVING sum(side) <> 0;
     ANALYZE differing`,
  );
  const quantity = has('quantity') ? 'quantity' : returns ? 'CASE WHEN is_return THEN -1 ELSE 1 END' : '1';
  const state = has('state') ? `CASE WHEN cancelled THEN 'cancelled' ELSE ${STATE} END` : STATE;
  const others = valuesOf(columns).filter((column) => column !== 'quantity' && column !== 'state');
  await client.query(
    `CREATE TEMP TABLE incoming ON COMMIT DROP AS
     SELECT row_number() OVER () AS id, numbered.* FROM (
       SELECT *, ${state} AS state FROM (
         SELECT ${[IDENTITY, ...others, ...(has('state') ? ['cancelled'] : [])].join(', ')}, ${quantity} AS quantity
         FROM differing, generate_series(1, more) WHERE more > 0
       ) AS valued
     ) AS numbered;
     ANALYZE incoming`,
  );
  const same = compared.map(([name, of]) => `AND ${of('kept')} IS NOT DISTINCT FROM differing.${name}`).join(' ');
  const group = [IDENTITY, ...compared.map(([name]) => `differing.${name}`)].join(', ');
  await client.query(
    `CREATE TEMP TABLE present ON COMMIT DROP AS
     SELECT ${IDENTITY}, line, ${VALUES.join(', ')} FROM (
       SELECT kept.*, more, row_number() OVER (PARTITION BY ${group} ORDER BY kept.line DESC) AS nth
       FROM purchases AS kept JOIN differing USING (${IDENTITY})
       WHERE more < 0 ${same} AND (${IDENTITY}) IN (SELECT ${IDENTITY} FROM incoming)
     ) AS counted WHERE nth <= -more;
     ANALYZE present;
     CREATE TEMP TABLE matched (id bigint, customer_key bigint, bought_at timestamptz, article_key bigint, line int)
       ON COMMIT DROP`,
  );
}

const UNMATCHED = `(customer_key, bought_at, article_key, line) NOT IN (
  SELECT customer_key, bought_at, article_key, line FROM matched)`;

function match(mapped: readonly string[], mark: string, ofIncoming: string, ofPresent: string): string {
  // A purchase does not lose its place because its return was noticed in the store.
  const order = mapped.filter((column) => column !== 'state');
  const numbered = (table: string, last: string, where: string): string => `
    (SELECT *, ${mark} AS mark, quantity < 0 AS is_return, row_number() OVER (
       PARTITION BY ${IDENTITY}, ${mark}, quantity < 0 ORDER BY ${[...order, last].join(', ')}
     ) AS place FROM ${table} WHERE ${where}) AS ${table}`;
  return `
    INSERT INTO matched SELECT incoming.id, ${IDENTITY}, present.line
    FROM ${numbered('incoming', 'id', ofIncoming)} JOIN ${numbered('present', 'line', ofPresent)}
      USING (${IDENTITY}, mark, is_return, place)`;
}

/** Inserts what was not matched, under line numbers that follow the last one. */
async function insertNew(client: Client, values: readonly Value[]): Promise<number> {
  const list = values.join(', ');
  const { rowCount } = await client.query(
    `INSERT INTO purchases (customer_key, article_key, bought_at, ${list}, line)
     SELECT customer_key, article_key, bought_at, ${list}, row_number() OVER (
       PARTITION BY customer_key, bought_at, article_key ORDER BY ${list}
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
