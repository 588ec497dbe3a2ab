// Finds out which column holds the ids of which other one: by their values, and by the form in
// which they are written.

import type { Column } from './profile/profile';
import type { ShopTable } from './profile/shop-tables';

/** The form of ids that makes two columns join, as shop.json has it. */
export interface IdForm {
  readonly pad?: number;
  readonly whole?: boolean;
  readonly case?: 'lower' | 'upper';
}

export interface Link {
  /** The share of different values of the one column that the other has, 0 to 1. */
  readonly share: number;
  /** What must be done to the values of the column that refers, or to those of the other one. */
  readonly here?: IdForm;
  readonly there?: IdForm;
  /** The separator, if cells hold several ids. */
  readonly separator?: string;
}

const SEPARATORS = ['|', ';', ',', '>', '/', ' ', 'list'] as const;
/** A form or separator must join this share of ids more. */
const GAIN = 0.2;

/** How the values of `column` are found in `key`. Undefined if that cannot be told, or none are. */
export function linkOf(column: Column, key: Column): Link | undefined {
  let best: Link = { share: column.sketch.within(key.sketch) ?? 0 };
  if (best.share < 0.9) {
    for (const link of [...formed(column, key), ...separated(column, key)]) {
      if (link.share >= best.share + GAIN) best = link;
    }
  }
  return best.share > 0 ? best : undefined;
}

/** Ids of which one side lost its leading zeros, or got a fraction, in a spreadsheet. */
function formed(column: Column, key: Column): Link[] {
  const links: Link[] = [];
  const put = (forms: Omit<Link, 'share'>, spell: (value: string) => string): void => {
    const share = column.sketch.within(key.sketch, spell);
    if (share !== undefined) links.push({ share, ...forms });
  };
  const [own, other] = [widthOf(column), widthOf(key)];
  if (other !== undefined) put({ here: { pad: other } }, (id) => id.padStart(other, '0'));
  else if (own !== undefined) put({ there: { pad: own } }, (id) => id.replace(/^0+(?=.)/, ''));
  if (column.dotZero) put({ here: { whole: true } }, (id) => id.replace(/\.0$/, ''));
  if (key.dotZero) put({ there: { whole: true } }, (id) => `${id}.0`);
  if (hasLetters(column) && hasLetters(key)) links.push(...inOneCase(column, key));
  return links;
}

function hasLetters({ examples }: Column): boolean {
  return examples.some((text) => /\p{L}/u.test(text));
}

/** Ids that differ in small and capital letters. Those that refer follow the other file. */
function inOneCase(column: Column, key: Column): Link[] {
  const links: Link[] = [];
  const [asked, known] = [column, key].map(({ sketch }) => [...sketch.values.keys()]);
  for (const letters of ['upper', 'lower'] as const) {
    const spell = (id: string): string => (letters === 'upper' ? id.toUpperCase() : id.toLowerCase());
    const share = column.sketch.within(key.sketch, spell);
    if (share !== undefined) links.push({ share, here: { case: letters } });
  }
  if (column.sketch.complete && key.sketch.complete && asked.length > 0) {
    const small = new Set(known.map((id) => id.toLowerCase()));
    const found = asked.filter((id) => small.has(id.toLowerCase())).length;
    links.push({ share: found / asked.length, here: { case: 'lower' }, there: { case: 'lower' } });
  }
  return links;
}

/** The length of ids that have kept their leading zeros. */
function widthOf({ leadingZeros, sketch }: Column): number | undefined {
  if (!leadingZeros) return undefined;
  const lengths = new Set([...sketch.values.keys()].filter((id) => /^\d+$/.test(id)).map((id) => id.length));
  return lengths.size === 1 ? [...lengths][0] : undefined;
}

function separated(column: Column, key: Column): Link[] {
  const cells = [...column.sketch.values.keys()].slice(0, 500);
  return SEPARATORS.flatMap((separator) => {
    const parts = new Set(cells.flatMap((cell) => split(cell, separator)));
    if (parts.size === 0 || !cells.some((cell) => split(cell, separator).length > 1)) return [];
    const known = [...parts].filter((part) => key.sketch.values.has(part)).length;
    return [{ share: known / parts.size, separator }];
  });
}

function split(cell: string, separator: string): string[] {
  if (separator !== 'list') return cell.split(separator).map((part) => part.trim()).filter((part) => part !== ''); // prettier-ignore
  if (!/^[[{(].*[\])}]$/.test(cell)) return [];
  return cell.slice(1, -1).split(',').map((part) => part.trim().replace(/^["']|["']$/g, '')).filter((part) => part !== ''); // prettier-ignore
}

/** A column whose values tell the rows of a table apart, but for a few. */
export interface Key {
  readonly table: ShopTable;
  readonly column: Column;
}

/** The columns of a table that tell its rows apart. */
export function keysOf(table: ShopTable): Key[] {
  return table.columns
    .filter((column) => {
      if (!canBeId(column) || column.filled < 0.3 * table.rows) return false;
      return column.sketch.single >= 0.95 && column.longest <= 256;
    })
    .map((column) => ({ table, column }));
}

/** Whether cells hold lists of objects, such as the lines of an order. */
export function holdsObjects(examples: readonly string[]): boolean {
  return examples.length > 0 && examples.every((text) => /^\[\s*\{/.test(text));
}

/** Whether the values may be ids: no dates, fractions, sentences. */
export function canBeId({ type, number, meanWords, meaning, examples }: Column): boolean {
  if (holdsObjects(examples)) return false;
  if (type === 'id' || type === 'category' || type === 'flag' || type === 'list') return true;
  if (type === 'number' || type === 'money') {
    // Ids of some programs look like fractions.
    if (meaning.facets.has('id')) return true;
    return (
      type === 'number' && number !== undefined && 'whole' in number && number.whole && !meaning.facets.has('measure')
    );
  }
  return type === 'text' && meanWords < 4;
}
