// Draws the customers or articles that a load asks for, at random from a fixed seed. Ids are drawn
// evenly from all keys, or articles in proportion to their sales.
import type { Client } from 'pg';
import { createRandom, type Random } from '../../src/random';

const SEED = 1;
/** Share of customers without purchases among those drawn, if the shop has enough of them. */
const COLD = 0.1;

/** Draws ids of customers, in random order. A few of the customers have no purchases. */
export async function drawCustomers(client: Client, count: number): Promise<string[]> {
  const random = createRandom(SEED, 'customers');
  const rows = await drawRows(client, random, count, {
    table: 'customers',
    id: 'customer_id',
    bought: 'EXISTS (SELECT FROM purchases p WHERE p.customer_key = t.key)',
  });
  const cold = rows.filter(({ bought }) => !bought).slice(0, Math.round(count * COLD));
  const buyers = rows.filter(({ bought }) => bought).slice(0, count - cold.length);
  return shuffled([...cold, ...buyers], random).map(({ id }) => id);
}

/** Draws ids of articles, in random order. */
export async function drawArticles(client: Client, count: number): Promise<string[]> {
  const random = createRandom(SEED, 'articles');
  const rows = await drawRows(client, random, count, { table: 'articles', id: 'article_id' });
  return rows.slice(0, count).map(({ id }) => id);
}

/** Number of latest sales from which articles are drawn. */
const LATEST_SALES = 500_000;

/**
 * Draws ids of articles in proportion to their latest sales, so an article that sells more is drawn
 * more often.
 */
export async function drawSoldArticles(client: Client, count: number): Promise<string[]> {
  const random = createRandom(SEED, 'sold articles');
  const { rows } = await client.query<{ id: string; units: number }>(
    `SELECT article_id AS id, count(*)::int AS units FROM (
       SELECT article_key FROM purchases ORDER BY bought_at DESC LIMIT ${LATEST_SALES}
     ) AS latest JOIN articles ON key = article_key GROUP BY 1 ORDER BY 1`,
  );
  const sales = rows.flatMap(({ id, units }) => Array.from({ length: units }, () => id));
  if (sales.length === 0)
    throw new Error('expected a shop with purchases, got one without: import its transactions first');
  return Array.from({ length: count }, () => sales[random.int(sales.length)]);
}

/**
 * A table, its column of ids, and optionally SQL that tells whether the customer in a row has
 * purchases.
 */
interface Rows {
  readonly table: 'customers' | 'articles';
  readonly id: string;
  readonly bought?: string;
}

/** Draws rows by random keys. Draws more keys than asked for, since some keys may be unused. */
async function drawRows(
  client: Client,
  random: Random,
  count: number,
  { table, id, bought }: Rows,
): Promise<{ id: string; bought?: boolean }[]> {
  const ends = await client.query<{ least: number | null; most: number | null }>(
    `SELECT min(key) AS least, max(key) AS most FROM ${table}`,
  );
  const { least = null, most = null } = ends.rows[0] ?? {};
  if (least === null || most === null) throw new Error(`there are no ${table} in the database`);
  const keys = Array.from({ length: count * 4 }, () => least + random.int(most - least + 1));
  const columns = [`t.${id} AS id`, ...(bought === undefined ? [] : [`${bought} AS bought`])];
  const { rows } = await client.query<{ id: string; bought?: boolean }>(
    `SELECT ${columns.join(', ')} FROM ${table} t WHERE key = ANY($1) ORDER BY key`,
    [[...new Set(keys)]],
  );
  return shuffled(rows, random);
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const other = random.int(i + 1);
    [order[i], order[other]] = [order[other], order[i]];
  }
  return order;
}
