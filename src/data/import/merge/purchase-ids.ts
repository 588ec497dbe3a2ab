// The articles and customers of the staged purchases, counted once: the checks before a merge and
// the merge itself ask for them again and again.

import type { Client } from 'pg';
import { stagingTable } from './merge';

export type BoughtSection = 'articles' | 'customers';

/** The column of a purchase with the id. */
export const ID_COLUMNS = { articles: 'article_id', customers: 'customer_id' } as const;

/**
 * The table of the ids that occur in purchases: `id`, `line` of the first one, and how many
 * `purchases`. That of customers also has `future` purchases, dated a day after now or later, the
 * `first_future` one and the `last` one of all.
 */
export const boughtTable = (section: BoughtSection): string => `pg_temp.bought_${section}`;

export async function countBought(client: Client): Promise<void> {
  const future = `FILTER (WHERE bought_at >= now() + interval '1 day')`;
  await dropBought(client);
  for (const section of ['articles', 'customers'] as const) {
    const times =
      section === 'articles'
        ? ''
        : `, count(*) ${future} AS future, min(bought_at) ${future} AS first_future, max(bought_at) AS last`;
    await client.query(
      `CREATE TEMP TABLE bought_${section} AS
       SELECT ${ID_COLUMNS[section]} AS id, min(line) AS line, count(*) AS purchases${times}
       FROM ${stagingTable('transactions')} GROUP BY 1`,
    );
    await client.query(`ANALYZE ${boughtTable(section)}`);
  }
}

export async function dropBought(client: Client): Promise<void> {
  await client.query(`DROP TABLE IF EXISTS ${boughtTable('articles')}, ${boughtTable('customers')}`);
}
