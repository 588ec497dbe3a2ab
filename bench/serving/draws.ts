// Whom a load asks for: customers or articles drawn at random by a seed, spread over all keys or as
// they sell, by plain SQL. Knows no GraphQL.
import type { Client } from 'pg';
import { createRandom, type Random } from '../../src/random';

const SEED = 1;
/** Of the customers, so many have bought nothing yet, where the shop has such. */
const NEWCOMERS = 0.1;

/** Ids of customers, in random order; few of them have bought nothing. */
export async function drawCustomers(client: Client, count: number): Promise<string[]> {
  const random = createRandom(SEED, 'customers');
  const rows = await drawRows(client, random, count, 'customers', 'customer_id', {
    bought: 'EXISTS (SELECT FROM purchases p WHERE p.customer_key = t.key)',
  });
  const newcomers = rows.filter(({ bought }) => !bought).slice(0, Math.round(count * NEWCOMERS));
  const buyers = rows.filter(({ bought }) => bought).slice(0, count - newcomers.length);
  return shuffled([...newcomers, ...buyers], random).map(({ id }) => id);
}

/** Ids of articles, in random order. */
export async function drawArticles(client: Client, count: number): Promise<string[]> {
  const random = createRandom(SEED, 'articles');
  return (await drawRows(client, random, count, 'articles', 'article_id', {})).slice(0, count).map(({ id }) => id);
}

/** Of the latest sales so many say which articles people look at. */
const LATEST_SALES = 500_000;

/** Ids of articles as they sell at present: what sells more comes more often. */
export async function drawSoldArticles(client: Client, count: number): Promise<string[]> {
  const random = createRandom(SEED, 'sold articles');
  const { rows } = await client.query<{ id: string; units: number }>(
    `SELECT article_id AS id, count(*)::int AS units FROM (
       SELECT article_key FROM purchases ORDER BY bought_at DESC LIMIT ${LATEST_SALES}
     ) AS latest JOIN articles ON key = article_key GROUP BY 1 ORDER BY 1`,
  );
  const sales = rows.flatMap(({ id, units }) => Array.from({ length: units }, () => id));
  if (sales.length === 0) throw new Error('nothing was sold in this shop');
  return Array.from({ length: count }, () => sales[random.int(sales.length)]);
}

/** More rows than asked for, since some keys may be free. */
async function drawRows(
  client: Client,
  random: Random,
  count: number,
  table: string,
  id: string,
  more: Readonly<Record<string, string>>,
): Promise<{ id: string; bought?: boolean }[]> {
  const ends = await client.query<{ least: number | null; most: number | null }>(
    `SELECT min(key) AS least, max(key) AS most FROM ${table}`,
  );
  const { least = null, most = null } = ends.rows[0] ?? {};
  if (least === null || most === null) throw new Error(`there are no ${table} in the database`);
  const keys = Array.from({ length: count * 4 }, () => least + random.int(most - least + 1));
  const columns = Object.entries({ id: `t.${id}`, ...more }).map(([name, column]) => `${column} AS ${name}`);
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
