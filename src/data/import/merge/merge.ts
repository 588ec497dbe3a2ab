// The SQL of an import: temporary tables like the store's, and the statements that merge articles
// and customers into the store. Equal rows are not touched, so updated_at changes only for articles
// that changed. Columns that shop.json does not name are not touched either.

import type { Client } from 'pg';
import { FIELDS, type Kind } from '../../store/fields';
import type { RowFault } from '../../tables/table';
import type { Section } from '../shop-json';
import { TABLES } from '../targets';

export interface MergeCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
}

/**
 * Called with the rows that were taken out, and with the number of further rows that are not
 * listed. Their lines are those of the staged table.
 */
export type OnTaken = (faults: RowFault[], unwritten: number) => Promise<void>;

export const stagingTable = (section: Section): string => `pg_temp.staged_${section}`;

/**
 * Makes the temporary table for a section. Articles and customers have the column `line` besides
 * the given ones.
 */
export async function createStaging(client: Client, section: Section, columns: readonly string[]): Promise<void> {
  const types = new Map<string, string>([
    ['line', 'bigint'],
    ...Object.values<readonly [string, Kind]>(FIELDS[TABLES[section]]).map(
      ([column, how]) => [column, TYPES[how]] as const,
    ),
  ]);
  await dropStaging(client, section);
  // Columns of fixed width come first, where Postgres finds them faster.
  const ordered = columns.toSorted((a, b) => Number(types.get(a) === 'text') - Number(types.get(b) === 'text'));
  await client.query(
    `CREATE TEMP TABLE staged_${section} (${ordered.map((column) => `${column} ${types.get(column)}`).join(', ')})`,
  );
}

export async function dropStaging(client: Client, section: Section): Promise<void> {
  await client.query(`DROP TABLE IF EXISTS ${stagingTable(section)}`);
}

/**
 * Tells the planner how many rows were staged, and of how many ids. Nothing is joined by another
 * column.
 */
export async function analyzeStaging(client: Client, section: Section): Promise<void> {
  const ids = section === 'transactions' ? 'customer_id, article_id' : FIELDS[section].id[0];
  await client.query(`ANALYZE ${stagingTable(section)} (${ids})`);
}

/** Takes out rows whose id is on an earlier line, since the first row counts. */
export async function takeDuplicates(
  client: Client,
  section: 'articles' | 'customers',
  onTaken: OnTaken,
): Promise<void> {
  const table = stagingTable(section);
  const id = FIELDS[section].id[0];
  await client.query(
    `CREATE TEMP TABLE taken AS SELECT line, ${id} AS raw, ${id} || ' was already on line ' || first % ${LINES_PER_FILE} AS reason FROM (
       SELECT line, ${id}, min(line) OVER (PARTITION BY ${id}) AS first FROM ${table}
       WHERE ${id} IN (SELECT ${id} FROM ${table} GROUP BY ${id} HAVING count(*) > 1)
     ) AS numbered WHERE line > first`,
  );
  const { rows } = await client.query<{ line: string; raw: string; reason: string }>(
    `SELECT line, raw, reason FROM taken ORDER BY line LIMIT ${LISTED}`,
  );
  const { rowCount } = await client.query(`DELETE FROM ${table} AS staged USING taken WHERE staged.line = taken.line`);
  await client.query('DROP TABLE taken');
  await onTaken(
    rows.map((row) => ({ ...row, line: Number(row.line) })),
    (rowCount ?? 0) - rows.length,
  );
}

/** The number of a file among those of its section, times this, is added to its lines. */
export const LINES_PER_FILE = 1e11;

/** Maximum number of listed rows. Further rows are only counted. */
const LISTED = 100_000;

/** The columns of the store that a section fills, and names within the column `attributes`. */
export interface Mapped {
  readonly columns: readonly string[];
  readonly attributes: readonly string[];
}

/**
 * Updates rows that differ in the given columns, then inserts missing ones. Articles of the files
 * are listed again. An upsert in one statement would use up a key for every existing row.
 */
export async function mergeById(
  client: Client,
  section: 'articles' | 'customers',
  { columns, attributes }: Mapped,
): Promise<MergeCounts> {
  const staged = stagingTable(section);
  const id = FIELDS[section].id[0];
  const others = columns.filter((column) => column !== id);
  // Attributes that this file does not have are kept.
  const merged = (column: string): string =>
    column === 'attributes' ? '((kept.attributes - $1::text[]) || staged.attributes)' : `staged.${column}`;
  const sets = others.map((column): [string, string] => [column, merged(column)]);
  if (section === 'articles') sets.push(['listed', 'true']);
  const { rowCount: updated } =
    sets.length === 0
      ? { rowCount: 0 }
      : await client.query(
          `UPDATE ${section} AS kept SET ${sets.map(([column, value]) => `${column} = ${value}`).join(', ')}
           FROM ${staged} AS staged
           WHERE kept.${id} = staged.${id} AND (${sets.map(([column]) => `kept.${column}`).join(', ')})
             IS DISTINCT FROM (${sets.map(([, value]) => value).join(', ')})`,
          others.includes('attributes') ? [attributes] : [],
        );
  const list = [id, ...others].join(', ');
  const { rowCount: inserted } = await client.query(
    `INSERT INTO ${section} (${list}) SELECT ${list} FROM ${staged} AS staged
     WHERE NOT EXISTS (SELECT FROM ${section} AS kept WHERE kept.${id} = staged.${id})
     ORDER BY line ON CONFLICT DO NOTHING`,
  );
  const { rows } = await client.query<{ all: string }>(`SELECT count(*) AS all FROM ${staged}`);
  const counts = { inserted: inserted ?? 0, updated: updated ?? 0 };
  return { ...counts, unchanged: Number(rows[0].all) - counts.inserted - counts.updated };
}

/** Takes articles that the files lack out of the catalogue. Returns their number. */
export async function unlistOthers(client: Client): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE articles SET listed = false
     WHERE listed AND NOT EXISTS (
       SELECT FROM ${stagingTable('articles')} AS staged WHERE staged.article_id = articles.article_id
     )`,
  );
  return rowCount ?? 0;
}

const TYPES: Record<Kind, string> = {
  id: 'text',
  text: 'text',
  path: 'text[]',
  whole: 'int',
  small: 'smallint',
  flag: 'boolean',
  real: 'float8',
  time: 'timestamptz(0)',
  availability: 'availability',
  attributes: 'jsonb',
  state: 'purchase_state',
};
