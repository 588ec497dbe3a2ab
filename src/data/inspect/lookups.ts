// Finds tables that say more of the articles: names of their categories, and properties in files of
// their own.

import { linkOf, type Key } from './links';
import type { Edge, Master, Reached } from './model';
import type { Column } from './profile/profile';
import { meaningOf } from './profile/names';
import type { ShopTable } from './profile/shop-tables';

/** Fewer values in common than this share are chance. */
const SHARE = 0.9;
const FEWEST = 2;
/** Tables with names of categories have few columns. */
const MOST_COLUMNS = 6;

/**
 * The columns that joins add to the articles.
 * @param open tables that nothing else uses
 */
export function lookupsOf({ table, id }: Master, open: readonly ShopTable[], keys: readonly Key[]): readonly Reached[] {
  const names = new Set(table.header);
  const found: Reached[] = [];
  for (const to of open) {
    const edge = edgeTo(to, { table, id }, keys);
    if (!edge) continue;
    const own = edge.here === id;
    for (const column of to.columns) {
      if (column === edge.there || column.type === 'empty' || (!own && !isName(column, edge.here))) continue;
      const name = names.has(column.name) ? `${stemOf(to)}.${column.name}` : column.name;
      if (names.has(name)) continue;
      names.add(name);
      const meaning = name === column.name ? column.meaning : meaningOf(name);
      // A name that is the only one of its kind there comes again among the articles.
      found.push({
        column: { ...column, name, meaning, type: own ? column.type : 'category' },
        table: to,
        path: [edge],
      });
    }
  }
  return found;
}

function edgeTo(
  to: ShopTable,
  { table: from, id }: Pick<Master, 'table' | 'id'>,
  keys: readonly Key[],
): Edge | undefined {
  let best: Edge | undefined;
  for (const { column: there } of keys.filter((key) => key.table === to)) {
    for (const here of from.columns) {
      const own = here === id;
      if (own ? !isSameId(here, there) : !isOf(here, there, to) || to.columns.length > MOST_COLUMNS) continue;
      const link = linkOf(here, there);
      const plain = link && link.here === undefined && link.there === undefined && link.separator === undefined;
      if (!plain || link.share < (own ? 0.5 : SHARE) || here.sketch.distinct < FEWEST) continue;
      if (!best || own || link.share > best.share) best = { from, to, here, there, share: link.share };
    }
  }
  return best;
}

/** Whether both are called the ids of articles. */
function isSameId(here: Column, there: Column): boolean {
  const same = here.meaning.words.join(' ') === there.meaning.words.join(' ') && !here.meaning.bareId;
  return same || there.meaning.things.has('article') || /^(post|entity) id$/.test(there.meaning.words.join(' '));
}

/** Whether `here`, such as aisle_id, is the id of a table such as aisles. */
function isOf(here: Column, there: Column, to: ShopTable): boolean {
  const own = here.meaning.words.filter((word) => !/^(id|no|nr|code|key|fk)$/.test(word)).join(' ');
  // A product's category is no product.
  if (own === '' || (here.meaning.things.size > 0 && !here.meaning.facets.has('category'))) return false;
  if (here.meaning.words.join(' ') === there.meaning.words.join(' ')) return true;
  // categories.id, for category_id
  const stem = own.slice(0, Math.max(4, own.length - 2)).replaceAll(' ', '');
  return there.meaning.bareId && meaningOf(stemOf(to)).words.join('').includes(stem);
}

/** Whether a column says what the id stands for. */
function isName({ type, meaning, meanWords }: Column, here: Column): boolean {
  if (type !== 'id' && type !== 'text' && type !== 'category') return false;
  const of = meaning.words.every((word) => here.meaning.words.includes(word));
  return meanWords < 8 && !meaning.facets.has('id') && (meaning.facets.has('name') || of);
}

function stemOf({ files }: ShopTable): string {
  return files[0].split('/').at(-1)?.replace(/\..*$/, '') ?? '';
}
