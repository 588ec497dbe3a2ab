// Merges staged purchases into the store.

import type { Client } from 'pg';
import { coverReturnsOf } from '../../store/returns';
import type { Tallies } from '../convert';
import { askedTable, ID_COLUMNS, type Referred } from './asked-ids';
import { fillEmpty } from './bulk-fill';
import { keyedPurchases, valuesOf, type Stated } from './keyed-purchases';
import { mergeMore } from './match-purchases';
import type { MergeCounts } from './merge';

export interface PurchaseCounts extends MergeCounts {
  /** Customers and articles that occur in purchases only. */
  readonly bareCustomers: number;
  readonly bareArticles: number;
}

export interface StagedPurchases {
  /** The columns that the files say something about. */
  readonly columns: readonly string[];
  readonly tallies: Pick<Tallies, 'times' | 'returns'>;
}

/**
 * Merges the transactions, after making the customers and articles that only occur in them.
 * `onKeys` is called when only keys and indexes are left to make.
 */
export async function mergePurchases(
  client: Client,
  staged: StagedPurchases,
  onKeys: () => void,
): Promise<PurchaseCounts> {
  const { times, returns } = staged.tallies;
  const stated: Stated = { columns: staged.columns, returns: returns > 0 };
  const bareArticles = await makeBare(client, 'articles');
  const bareCustomers = await makeBare(client, 'customers');
  const bare = { bareCustomers, bareArticles };
  const inserted = await fillEmpty(client, async () => {
    const rows = await insertAll(client, stated);
    onKeys();
    return rows;
  });
  if (inserted !== null) {
    if (stated.returns) await coverReturns(client, stated);
    return { ...bare, inserted, updated: 0, unchanged: 0 };
  }
  const anyReturns = stated.returns || (await hasReturns(client));
  const counts = await mergeMore(client, stated, times, anyReturns);
  if (anyReturns && counts.inserted + counts.updated > 0) await coverReturns(client, stated);
  return { ...bare, ...counts };
}

/** Makes the customers or articles that only occur in purchases, in the order of the files. */
async function makeBare(client: Client, referred: Referred): Promise<number> {
  const id = ID_COLUMNS[referred];
  const [column, value] = referred === 'articles' ? [', listed', ', false'] : ['', ''];
  const { rowCount } = await client.query(
    `INSERT INTO ${referred} (${id}${column}) SELECT id${value} FROM ${askedTable(referred)} AS asked
     WHERE NOT EXISTS (SELECT FROM ${referred} AS kept WHERE kept.${id} = asked.id)
     ORDER BY first ON CONFLICT DO NOTHING`,
  );
  return rowCount ?? 0;
}

/** Fills the empty table. Ordered by time, so that recent purchases lie together on disk. */
async function insertAll(client: Client, stated: Stated): Promise<number> {
  const values = valuesOf(stated);
  const list = values.map((value) => `, ${value}`).join('');
  const { rowCount } = await client.query(
    `INSERT INTO purchases (customer_key, article_key, bought_at${list}, line)
     SELECT customer_key, article_key, bought_at${list}, row_number() OVER (
       PARTITION BY bought_at, customer_key, article_key${values.length === 0 ? '' : ` ORDER BY ${values.join(', ')}`}
     ) FROM (${keyedPurchases(stated)}) AS staged ORDER BY bought_at, customer_key, article_key`,
  );
  return rowCount ?? 0;
}

async function hasReturns(client: Client): Promise<boolean> {
  // There is an index of returns. The planner would rather read all purchases, as it expects to
  // find one soon.
  await client.query('SET LOCAL enable_seqscan = off');
  const { rows } = await client.query<{ any: boolean }>(
    'SELECT EXISTS (SELECT FROM purchases WHERE quantity < 0) AS any',
  );
  await client.query('RESET enable_seqscan');
  return rows[0].any;
}

async function coverReturns(client: Client, stated: Stated): Promise<void> {
  await client.query(
    coverReturnsOf(`
      SELECT DISTINCT customer_key, article_key FROM purchases WHERE quantity < 0
        AND (customer_key, article_key) IN (SELECT customer_key, article_key FROM (${keyedPurchases(stated)}) AS staged)`),
  );
}
