// Draws the customers or articles that a load asks for, at random by a seed: spread over all keys,
// or as they sell.
import type { Client } from 'pg';
import { createRandom, type Random } from '../../src/random';

const SEED = 1;
/** The share of cold customers, if the shop has that many. */
const COLD = 0.1;

/** Ids of customers, in random order. A few of them have no purchases. */
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

/** Ids of articles, in random order. */
export async function drawArticles(client: Client, count: number): Promise<string[]> {
  const random = createRandom(SEED, 'articles');
  const rows = await drawRows(client, random, count, { table: 'articles', id: 'article_id' });
  return rows.slice(0, count).map(({ id }) => id);
}

/** The number of latest sales that say which articles people look at. */
const LATEST_SALES = 500_000;

/** Ids of articles as they sell now: an article that sells more comes more often. */
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

/** The table, its column of ids, and SQL that says whether a row's customer has purchases. */
interface Rows {
  readonly table: 'customers' | 'articles';
  readonly id: string;
  readonly bought?: string;
}

/** Draws more rows than asked for, since some keys may be free. */
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
