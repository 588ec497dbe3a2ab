// Merges staged purchases into a store that has purchases. A shop's files often have no ids of
// purchases, so those of the files are matched with those of the store by their values.

import type { Client } from 'pg';
import type { PurchaseTimes } from '../purchase-times';
import { askedTable } from './asked-ids';
import { keyedPurchases, stateOf, VALUES, valuesOf, type Stated, type Value } from './keyed-purchases';
import type { MergeCounts } from './merge';

/** The columns that say which purchase it is, apart from `line`. */
const IDENTITY = 'customer_key, bought_at, article_key';

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
 * @param hasReturns whether the files or the store have returns
 */
export async function mergeMore(
  client: Client,
  stated: Stated,
  times: PurchaseTimes,
  hasReturns: boolean,
): Promise<MergeCounts> {
  if (times.count === 0) return { inserted: 0, updated: 0, unchanged: 0 };
  const compared = comparedValues(stated, hasReturns);
  await findDifferent(client, stated, compared, times);
  await takeIncoming(client, stated, hasReturns);
  await takePresent(client, compared);
  const mapped = valuesOf(stated).filter((value) => stated.columns.includes(value));
  await matchRest(client, mapped, times.days);
  const counts = {
    inserted: await insertNew(client, valuesOf(stated)),
    updated: await updateMatched(client, mapped),
  };
  return { ...counts, unchanged: times.count - counts.inserted - counts.updated };
}

/** A value by which purchases are compared, and how staged and stored rows have it. */
interface Compared {
  readonly name: string;
  readonly staged: string;
  readonly kept: string;
}

function comparedValues(stated: Stated, hasReturns: boolean): Compared[] {
  const { columns, returns } = stated;
  const compared = valuesOf(stated)
    .filter((value) => value !== 'state' && columns.includes(value))
    .map((name): Compared => ({ name, staged: `staged.${name}`, kept: `kept.${name}` }));
  // Of states, only "cancelled" comes from files.
  if (columns.includes('state')) {
    compared.push({ name: 'cancelled', staged: `staged.state = 'cancelled'`, kept: `kept.state = 'cancelled'` });
  }
  if (hasReturns) {
    compared.push({ name: 'is_return', staged: returns ? 'staged.quantity < 0' : 'false', kept: 'kept.quantity < 0' });
  }
  return compared;
}

/**
 * Makes the table `differing` of values that the files have more often than the store or less
 * often, by `more`. All rows of both sides are counted in one pass, which costs much less than to
 * match them one by one.
 */
async function findDifferent(
  client: Client,
  stated: Stated,
  compared: readonly Compared[],
  { first, last }: PurchaseTimes,
): Promise<void> {
  const names = [IDENTITY, ...compared.map(({ name }) => name)].join(', ');
  const read = (row: 'staged' | 'kept'): string => [IDENTITY, ...compared.map((one) => one[row])].join(', ');
  // The times are part of the statement's text, so that the planner knows the number of rows.
  const between = `${client.escapeLiteral(first)} AND ${client.escapeLiteral(last)}`;
  await client.query(
    `CREATE TEMP TABLE differing ON COMMIT DROP AS
     SELECT ${names}, sum(side) AS more FROM (
       SELECT ${read('staged')}, 1 FROM (${keyedPurchases(stated)}) AS staged
       UNION ALL
       SELECT ${read('kept')}, -1 FROM purchases AS kept WHERE bought_at BETWEEN ${between} AND customer_key IN (
         SELECT key FROM customers JOIN ${askedTable('customers')} AS asked ON asked.id = customer_id)
     ) AS both_sides (${names}, side) GROUP BY ${names} HAVING sum(side) <> 0`,
  );
  await client.query('ANALYZE differing');
}

/** Makes the table `incoming` of the rows of the files that the store does not have. */
async function takeIncoming(client: Client, stated: Stated, hasReturns: boolean): Promise<void> {
  const has = (column: string): boolean => stated.columns.includes(column);
  const isReturn = hasReturns ? 'is_return' : 'false';
  const values = valuesOf(stated).map((value) => {
    if (value === 'state') return `${stateOf(isReturn, has('state') ? 'cancelled' : 'false')} AS state`;
    // Without a column of quantities, each row is one piece.
    return value === 'quantity' && !has('quantity') ? `CASE WHEN ${isReturn} THEN -1 ELSE 1 END AS quantity` : value;
  });
  await client.query(
    `CREATE TEMP TABLE incoming ON COMMIT DROP AS
     SELECT row_number() OVER () AS id, ${[IDENTITY, ...values].join(', ')}, ${isReturn} AS is_return
     FROM differing, generate_series(1, more) WHERE more > 0`,
  );
  await client.query('ANALYZE incoming');
}

/**
 * Makes the table `present` of the rows of the store that the files do not have, as far as incoming
 * ones may be the same purchases.
 */
async function takePresent(client: Client, compared: readonly Compared[]): Promise<void> {
  const equal = compared.map(({ name, kept }) => `AND (${kept}) IS NOT DISTINCT FROM differing.${name}`);
  const group = [IDENTITY, ...compared.map(({ name }) => `differing.${name}`)].join(', ');
  await client.query(
    `CREATE TEMP TABLE present ON COMMIT DROP AS
     SELECT ${[IDENTITY, 'line', ...VALUES].join(', ')}, quantity < 0 AS is_return FROM (
       SELECT kept.*, more, row_number() OVER (PARTITION BY ${group} ORDER BY kept.line DESC) AS nth
       FROM purchases AS kept JOIN differing USING (${IDENTITY})
       WHERE more < 0 ${equal.join(' ')} AND (${IDENTITY}) IN (SELECT ${IDENTITY} FROM incoming)
     ) AS counted WHERE nth <= -more`,
  );
  await client.query('ANALYZE present');
}

/** Makes the table `matched` of pairs of the rows that are left on both sides. */
async function matchRest(client: Client, mapped: readonly Value[], days: boolean): Promise<void> {
  await client.query(
    `CREATE TEMP TABLE matched (id bigint, customer_key bigint, bought_at timestamptz, article_key bigint, line int)
       ON COMMIT DROP`,
  );
  const mark = mapped.includes('order_id') ? 'order_id' : days && mapped.includes('price') ? 'price' : undefined;
  // This forces a hash join on all columns. The planner might compare every purchase of an article
  // by a customer with every other one.
  await client.query('SET LOCAL enable_mergejoin = off; SET LOCAL enable_nestloop = off');
  await client.query(match(mapped, mark === undefined ? `''` : `coalesce(${mark}::text, '')`, 'true', 'true'));
  if (mark !== undefined) {
    await client.query('ANALYZE matched');
    await client.query(match(mapped, `''`, 'id NOT IN (SELECT id FROM matched)', `${mark} IS NULL AND ${UNMATCHED}`));
  }
  await client.query('RESET enable_mergejoin; RESET enable_nestloop; ANALYZE matched');
}

const UNMATCHED = `(customer_key, bought_at, article_key, line) NOT IN (
  SELECT customer_key, bought_at, article_key, line FROM matched)`;

function match(mapped: readonly string[], mark: string, ofIncoming: string, ofPresent: string): string {
  // A purchase does not lose its place because its return was noticed in the store.
  const order = mapped.filter((column) => column !== 'state');
  const numbered = (table: string, last: string, where: string): string => `
    (SELECT *, ${mark} AS mark, row_number() OVER (
       PARTITION BY ${IDENTITY}, is_return, ${mark} ORDER BY ${[...order, last].join(', ')}
     ) AS place FROM ${table} WHERE ${where}) AS ${table}`;
  return `
    INSERT INTO matched SELECT incoming.id, ${IDENTITY}, present.line
    FROM ${numbered('incoming', 'id', ofIncoming)} JOIN ${numbered('present', 'line', ofPresent)}
      USING (${IDENTITY}, is_return, mark, place)`;
}

/** Inserts what was not matched, under line numbers that follow the last one. */
async function insertNew(client: Client, values: readonly Value[]): Promise<number> {
  const list = values.map((value) => `, ${value}`).join('');
  const { rowCount } = await client.query(
    `INSERT INTO purchases (customer_key, article_key, bought_at${list}, line)
     SELECT customer_key, article_key, bought_at${list}, row_number() OVER (
       PARTITION BY ${IDENTITY} ORDER BY ${[...values, 'id'].join(', ')}
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
