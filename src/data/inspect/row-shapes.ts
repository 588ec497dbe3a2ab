// What neighbouring rows of a table say: values that stand only in the first row of a group, values
// that depend on another column, and whether amounts are those of a piece or of the whole row.

import { readNumber, type DecimalMark } from '../values/numbers';
import { isUnknown, type Column } from './profile/profile';
import type { ShopTable } from './profile/shop-tables';

export interface FirstRowsOnly {
  readonly by: string;
  readonly columns: readonly string[];
}

/**
 * Finds columns that are filled only in the first of several rows with the same value of another
 * column, as in exports of products with variants, or of orders with lines.
 */
export function firstRowsOnly({ columns, sample }: ShopTable): FirstRowsOnly | undefined {
  let best: FirstRowsOnly | undefined;
  for (const by of columns) {
    if (by.filled < by.rows || by.sketch.single > 0.95) continue;
    const groups = groupsOf(sample, by.place);
    if (!groups) continue;
    const sparse = columns.filter((column) => column !== by && isFirstOnly(sample, groups, column));
    if (sparse.length > (best?.columns.length ?? 0)) best = { by: by.name, columns: sparse.map(({ name }) => name) };
  }
  return best ?? groupedByBlanks({ columns, sample });
}

/**
 * Reports write the order, its date and its customer above its first line only, and leave all of
 * these cells empty below. They are told by an order and a date that are empty in the same rows.
 */
function groupedByBlanks({ columns, sample }: Pick<ShopTable, 'columns' | 'sample'>): FirstRowsOnly | undefined {
  const blanks = ({ place }: Column): string => sample.map((row) => (isUnknown(row[place]) ? ' ' : 'x')).join('');
  const by = columns.find(
    ({ meaning: { things, facets }, filled, rows, date, sketch }) =>
      filled < rows && filled > 1 && !date && things.has('order') && !facets.has('status') && sketch.single > 0.9,
  );
  if (!by) return undefined;
  const pattern = blanks(by);
  const same = columns.filter((column) => column !== by && column.filled < column.rows && blanks(column) === pattern);
  const dated = same.some(({ date, meaning: { facets } }) => date !== undefined && !facets.has('late'));
  const lines = columns.filter(({ filled, rows }) => filled === rows).length;
  if (!pattern.startsWith('x') || !dated || lines < 2) return undefined;
  return { by: by.name, columns: same.map(({ name }) => name) };
}

/** [start, end) of the runs of equal values. Undefined if a value has several runs. */
function groupsOf(sample: ShopTable['sample'], place: number): [number, number][] | undefined {
  const groups: [number, number][] = [];
  const seen = new Set<string>();
  let start = 0;
  for (let i = 1; i <= sample.length; i++) {
    if (i < sample.length && sample[i][place] === sample[start][place]) continue;
    if (seen.has(sample[start][place])) return undefined;
    seen.add(sample[start][place]);
    groups.push([start, i]);
    start = i;
  }
  return groups.some(([from, to]) => to - from > 1) ? groups : undefined;
}

function isFirstOnly(sample: ShopTable['sample'], groups: readonly [number, number][], { place }: Column): boolean {
  let [fitting, against] = [0, 0];
  for (const [from, to] of groups) {
    if (to - from === 1) continue;
    const first = !isUnknown(sample[from][place]);
    const later = sample.slice(from + 1, to).some((row) => !isUnknown(row[place]));
    if (first && !later) fitting++;
    else if (later) against++;
  }
  return fitting > 0 && against <= 0.02 * fitting;
}

/** Whether a column has one value for each value of another one, but for a few. */
export function dependsOn({ sample }: ShopTable, column: Column, on: Column): boolean {
  const known = new Map<string, string>();
  let [same, other] = [0, 0];
  for (const row of sample) {
    const [key, value] = [row[on.place], row[column.place]];
    if (isUnknown(key) || isUnknown(value)) continue;
    const before = known.get(key);
    if (before === undefined) known.set(key, value);
    else if (before === value) same++;
    else other++;
  }
  return same > 0 ? other <= 0.1 * (same + other) : other === 0;
}

/**
 * Whether amounts are those of a piece or of all pieces of the row: prices of an article stay the
 * same if its quantity changes. Undefined if the rows do not tell.
 */
export function amountOf(
  { sample }: ShopTable,
  [article, quantity, amount]: readonly [Column, Column, Column],
  decimal: DecimalMark,
): 'piece' | 'total' | undefined {
  const single = new Map<string, number>();
  const rows: { article: string; pieces: number; paid: number }[] = [];
  for (const row of sample) {
    const pieces = numberOf(row[quantity.place], decimal);
    const paid = numberOf(row[amount.place], decimal);
    if (pieces === 1 && paid > 0) single.set(row[article.place], paid);
    else if (pieces > 1 && paid > 0) rows.push({ article: row[article.place], pieces, paid });
  }
  let [piece, total] = [0, 0];
  for (const row of rows) {
    const one = single.get(row.article);
    if (one === undefined) continue;
    if (Math.abs(Math.log(row.paid / one)) <= Math.abs(Math.log(row.paid / row.pieces / one))) piece++;
    else total++;
  }
  if (piece + total < 5 || Math.max(piece, total) < 0.7 * (piece + total)) return undefined;
  return piece > total ? 'piece' : 'total';
}

function numberOf(text: string, decimal: DecimalMark): number {
  try {
    return readNumber(text, decimal);
  } catch {
    return Number.NaN;
  }
}
