// Finds the dialect of a CSV file from its first records: each separator is tried, and the one wins
// that cuts the records into the same number of cells most often, and into more cells. DuckDB's
// sniffer was the model.

import { usualWidth } from './layout';
import { RecordCutter, type Dialect } from './records';

/** In the order of preference where several do equally well. */
const SEPARATORS = [',', ';', '\t', '|', '||', '::', '^', '~', '\x01'];
const DOUBLE: Pick<Dialect, 'quote' | 'escape'> = { quote: '"', escape: 'double' };

/**
 * @param text the first lines of a file
 * @param end whether the text is the whole file
 * @param given the parts of the dialect that are known
 */
export function findDialect(text: string, end: boolean, given: Partial<Dialect>): Dialect {
  const trials = separatorsOf(text, given).map((separator) => bestQuotes(text, end, { ...given, separator }));
  let best = trials[0];
  for (const trial of trials) if (trial.score > best.score) best = trial;
  const twice = trials.find(({ dialect: { separator }, width }) => separator === '||' && 2 * width - 1 === best.width);
  if (best.dialect.separator === '|' && twice && isHalfEmpty(best)) best = twice;
  if (best.width > 1 || given.separator !== undefined) return best.dialect;
  const blanks = bestQuotes(text, end, { ...given, separator: ' ' });
  return isNumbersOnly(blanks) ? blanks.dialect : best.dialect;
}

function separatorsOf(text: string, given: Partial<Dialect>): string[] {
  if (given.separator !== undefined) return [given.separator];
  const found = SEPARATORS.filter((separator) => text.includes(separator));
  return found.length > 0 ? found : [','];
}

/** Whether each second cell is empty, the names of columns too. */
function isHalfEmpty({ rows }: Trial): boolean {
  return rows.every((row) => row.every((cell, i) => i % 2 === 0 || cell === ''));
}

/** More than any number of columns. */
const REGULAR = 100;

interface Trial {
  readonly dialect: Dialect;
  readonly rows: readonly (readonly string[])[];
  /** The most frequent number of cells. */
  readonly width: number;
  /** The share of records with that number of cells, from 0 to 1. */
  readonly share: number;
  readonly faults: number;
  readonly score: number;
}

function bestQuotes(text: string, end: boolean, given: Partial<Dialect> & { separator: string }): Trial {
  const attempt = (quotes: Pick<Dialect, 'quote' | 'escape'>): Trial => tryDialect(text, end, { ...quotes, ...given });
  let best = attempt(DOUBLE);
  if (best.share < 1 && text.includes('\\"')) {
    const trial = attempt({ quote: '"', escape: 'backslash' });
    if (trial.share > best.share) best = trial;
  }
  // Quotes that are mostly not closed are ordinary characters.
  const quoted = text.split(/\r\n|\n|\r/).filter((line) => line.includes('"')).length;
  if (best.faults > 1 && best.faults > quoted / 2) best = attempt({ quote: null, escape: 'double' });
  if (given.quote !== undefined || !text.includes("'")) return best;
  const single = attempt({ quote: "'", escape: text.includes("\\'") ? 'backslash' : 'double' });
  if (single.share > best.share) return single;
  // All cells of some column have single quotes around them.
  return single.share === best.share && hasColumnIn(best.rows, "'") ? single : best;
}

function tryDialect(text: string, end: boolean, dialect: Dialect): Trial {
  const cut = new RecordCutter(dialect).cut(text, 1, end);
  const widths = cut.rows.map((row) => row.length);
  const width = usualWidth(widths);
  const total = widths.length + cut.faults.length;
  const share = total === 0 ? 0 : widths.filter((each) => each === width).length / total;
  // The separator cuts the names as well. Characters that are frequent in descriptions do not.
  const regular = width > 1 && share >= 0.9 && widths[0] === width;
  const score = (regular ? REGULAR : 0) + share ** 2 * Math.log2(width);
  return { dialect, rows: cut.rows, width, share, faults: cut.faults.length, score };
}

/** Whether most cells of some column begin and end with the quote, below the header. */
function hasColumnIn(rows: readonly (readonly string[])[], quote: string): boolean {
  const below = rows.slice(1);
  const wrapped = (cell: string | undefined): boolean =>
    cell !== undefined && cell.length > 1 && cell.startsWith(quote) && cell.endsWith(quote);
  return below.length > 0 && rows[0].some((_, column) => below.every((row) => wrapped(row[column])));
}

/** Blanks separate numbers and dates, but not words. */
function isNumbersOnly({ rows, width }: Trial): boolean {
  const numeric = (row: readonly string[]): boolean => row.every((cell) => /^[-+]?\d[\d.:/-]*$/.test(cell));
  return width > 1 && rows.every((row) => row.length === width) && rows.slice(1).every(numeric);
}
