// Finds out which row of a table has the names of its columns, if any, from the first rows. Lines
// above that row, such as the title of a report, are skipped.

import { isHeader } from './columns';

export interface Layout {
  /** The index of the row with the names, or of the first row if there are no names. */
  readonly first: number;
  /** Whether that row has names. */
  readonly header: boolean;
}

/** A header is looked for in so many rows. */
const SEARCHED = 40;

/**
 * @param rows cells of the first rows, which may differ in length
 * @param first the index of the first row of the table, if it is known
 */
export function findLayout(rows: readonly (readonly string[])[], first?: number): Layout {
  const width = usualWidth(rows.map(usedWidth));
  const found = rows.slice(0, SEARCHED).findIndex((row) => canBegin(row, width));
  const start = first ?? Math.max(found, 0);
  return { first: start, header: rows.length > 0 && hasNames(rows[start], rows.slice(start + 1)) };
}

/** The most frequent number; the larger of equally frequent ones. */
export function usualWidth(widths: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const width of widths) counts.set(width, (counts.get(width) ?? 0) + 1);
  let usual = 0;
  for (const [width, count] of counts) {
    const most = counts.get(usual) ?? 0;
    if (count > most || (count === most && width > usual)) usual = width;
  }
  return usual;
}

/** The number of cells up to the last one that is not empty. */
function usedWidth(row: readonly string[]): number {
  return row.findLastIndex((cell) => cell.trim() !== '') + 1;
}

/** A title has fewer cells than the table. */
function canBegin(row: readonly string[], width: number): boolean {
  const filled = row.filter((cell) => cell.trim() !== '').length;
  return width < 2 ? filled > 0 : filled >= 2 && filled >= Math.ceil(width / 2) && usedWidth(row) >= width - 1;
}

/**
 * Names are unlike what is below them: text above numbers and dates. In a table that has text only,
 * names are short, and none comes again below.
 */
function hasNames(row: readonly string[], following: readonly (readonly string[])[]): boolean {
  // Where files were joined, the header comes again as a whole.
  const below = following.filter((cells) => !isHeader(cells, row));
  let votes = 0;
  row.forEach((name, column) => {
    const cells = below.map((cells) => cells[column]?.trim() ?? '').filter((cell) => cell !== '');
    const text = name.trim();
    if (text === '' || cells.length === 0) return;
    const measured = cells.filter(isMeasure).length >= 0.9 * cells.length;
    if (measured && isYear(text) && !cells.some(isYear)) return;
    if (measured) votes += isMeasure(text) ? -1 : 1;
    else if (cells.includes(text)) votes -= 1;
  });
  if (votes !== 0) return votes > 0;
  const names = row.map((cell) => cell.trim()).filter((cell) => cell !== '');
  const named = names.every((name) => (!isMeasure(name) || isYear(name)) && name.length <= 80);
  return named && names.length > 0 && new Set(names).size === names.length;
}

/** Numbers, money, dates and times. A rough test, since it only tells them from names. */
function isMeasure(cell: string): boolean {
  return (
    /^[-+('#]*\p{Sc}?\s?[-+]?\d[\d\s.,:/'’+TZ-]*(e[-+]?\d+)?\s?(\p{Sc}|%|[AP]M|UTC|GMT)?\)?$/iu.test(cell) ||
    isNamedDate(cell)
  );
}

/** Columns are sometimes called by years. */
function isYear(cell: string): boolean {
  return /^(19|20)\d\d$/.test(cell);
}

/** Such as 01-Jan-2024 or Jan 1, 2024. */
function isNamedDate(cell: string): boolean {
  return /^(\w+,? )?(\d{1,2}[-. /]+\p{L}{3,9}\.?[-. /,]+\d{2,4}|\p{L}{3,9}\.? \d{1,2},? \d{4})\b/u.test(cell);
}
