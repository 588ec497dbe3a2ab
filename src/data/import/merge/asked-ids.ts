// The ids of customers and articles in the staged purchases, each once. All purchases are read once
// for that. Checks of the files and the merge then look at few rows.

import type { Client } from 'pg';
import { stagingTable } from './merge';

/** What purchases refer to. */
export type Referred = 'articles' | 'customers';

export const ID_COLUMNS = { articles: 'article_id', customers: 'customer_id' } as const;

/** A temporary table of ids with the number of their purchases and the first place in the files. */
export const askedTable = (referred: Referred): string => `pg_temp.asked_${referred}`;

/** Makes the tables of ids from the staged purchases. */
export async function collectAsked(client: Client): Promise<void> {
  await dropAsked(client);
  for (const referred of ['articles', 'customers'] as const) {
    // Rows are staged in the order of the files, so the first place on disk is the first line.
    await client.query(
      `CREATE TEMP TABLE asked_${referred} AS
       SELECT ${ID_COLUMNS[referred]} AS id, count(*) AS purchases, min(ctid) AS first
       FROM ${stagingTable('transactions')} GROUP BY id`,
    );
    await client.query(`ANALYZE ${askedTable(referred)}`);
  }
}

export async function dropAsked(client: Client): Promise<void> {
  await client.query(`DROP TABLE IF EXISTS ${askedTable('articles')}, ${askedTable('customers')}`);
}
