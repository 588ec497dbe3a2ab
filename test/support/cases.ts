// Shops whose files were hard to import. They lie beside the repository, in shared/cases/imports,
// and their tests are left out where they are missing.

import { existsSync } from 'node:fs';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../src/config';
import { convertFirst } from '../../src/data/inspect/converted';
import { inspectShop, type Inspection } from '../../src/data/inspect/inspect';
import { writeDescription } from '../../src/data/inspect/write';
import { silentReporter } from '../../src/telemetry/progress';

const CASES = join(PROJECT_ROOT, '..', 'shared', 'cases', 'imports');

/** `test`, or `test.skip` where the case is missing. */
export function caseTest(name: string): typeof test {
  return existsSync(join(CASES, name)) ? test : test.skip;
}

/** Copies a case without its shop.json to `dir`. */
export async function copyCase(name: string, dir: string): Promise<void> {
  await cp(join(CASES, name), dir, { recursive: true });
  await rm(join(dir, 'shop.json'), { force: true });
  await rm(join(dir, 'expect.md'), { force: true });
}

/** Inspects a folder and writes its shop.json, as the command does without a terminal. */
export async function describeShop(dir: string): Promise<Inspection & { fault: string | undefined }> {
  const inspection = await inspectShop(dir, silentReporter);
  await writeDescription(join(dir, 'shop.json'), inspection.json);
  return { ...inspection, fault: (await convertFirst(dir, inspection.json)).fault };
}

type Row = Readonly<Record<string, string>>;

/** The rows of a CSV file of a case, read in the plainest way. */
export async function rawRows(path: string, { separator = ',', encoding = 'utf-8', skip = 0 } = {}): Promise<Row[]> {
  const text = new TextDecoder(encoding).decode(await readFile(path));
  const lines: string[][] = [[]];
  let cell = '';
  let quoted = false;
  for (const character of text.replace(/\r\n/g, '\n')) {
    if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      lines[lines.length - 1].push(cell);
      cell = '';
    } else if (character === '\n' && !quoted) {
      lines[lines.length - 1].push(cell);
      cell = '';
      lines.push([]);
    } else cell += character;
  }
  if (cell !== '' || lines[lines.length - 1].length > 0) lines[lines.length - 1].push(cell);
  const [header, ...rows] = lines.slice(skip).filter((line) => line.length > 0);
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ''])));
}

/** Pieces by customer, article and moment: the form in which purchases are compared. */
export function tally(rows: readonly (readonly [who: string, what: string, second: number, pieces: number])[]) {
  const pieces = new Map<string, number>();
  for (const [who, what, second, count] of rows) {
    const key = `${who} ${what} ${second}`;
    pieces.set(key, (pieces.get(key) ?? 0) + count);
  }
  return new Map([...pieces].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What the database has, for `tally`. */
export const PURCHASE_ROWS = `SELECT customer_id AS who, article_id AS what, extract(epoch FROM bought_at)::float8 AS second,
  quantity AS pieces, state, purchases.price, order_id FROM purchases
  JOIN customers c ON c.key = customer_key JOIN articles a ON a.key = article_key`;

export interface PurchaseRow {
  readonly who: string;
  readonly what: string;
  readonly second: number;
  readonly pieces: number;
  readonly state: string;
  readonly price: number | null;
  readonly order_id: string | null;
}

export function tallyOf(rows: readonly PurchaseRow[]) {
  return tally(rows.map(({ who, what, second, pieces }) => [who, what, second, pieces]));
}
