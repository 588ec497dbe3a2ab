// Finds columns with lists of what was sold, such as the items of an order, and takes them apart.

import { flattenObject } from '../../tables/reshape/flatten';
import { isObject } from '../../tables/json-values';
import { elementsOf } from '../../tables/reshape/explode';
import { openTable, type PartialForm, type Table, type TableBatch } from '../../tables/table';
import { meaningOf, type Facet, type Thing } from './names';

/** Lists of orders may hold lists of items, and no more than that. */
const MOST_LISTS = 2;
const LOOKED_ROWS = 500;

/** Opens a table and takes apart its lists of goods. */
export async function openExploded(path: string, form: PartialForm): Promise<Table> {
  const explode: string[] = [];
  for (;;) {
    const table = await openTable(path, { ...form, ...(explode.length > 0 && { explode }) });
    try {
      const { list, read } = await peek(table);
      if (list === undefined || explode.length === MOST_LISTS) return read;
      explode.push(list);
    } catch (thrown) {
      await table.close();
      throw thrown;
    }
    await table.close();
  }
}

/** Looks at the first rows. The table can be read only once, so `read` gives them again. */
async function peek(table: Table): Promise<{ readonly list: string | undefined; readonly read: Table }> {
  let report: ((bytes: number) => void) | undefined;
  const source = table.batches((bytes) => report?.(bytes));
  const first = await source.next();
  const rows = first.done === true ? [] : first.value.rows;
  const read: Table = {
    ...table,
    get notes() {
      return table.notes;
    },
    async *batches(onBytes): AsyncGenerator<TableBatch, void, undefined> {
      report = onBytes;
      if (first.done !== true) yield first.value;
      yield* source;
    },
  };
  return { list: listOfGoods(table.header, rows.slice(0, LOOKED_ROWS)), read };
}

/** The column whose lists speak most of goods. */
function listOfGoods(header: readonly string[], rows: readonly (readonly string[])[]): string | undefined {
  const scored = header.flatMap((name, at) => {
    const cells = rows.map((row) => row[at]).filter((cell) => /^\[\s*\{/.test(cell));
    const score =
      cells.length === 0
        ? 0
        : scoreOf(
            name,
            cells.flatMap((cell) => elementsOf(cell) ?? []),
          );
    return score >= ENOUGH ? [{ name, score }] : [];
  });
  return scored.sort((a, b) => b.score - a.score).at(0)?.name;
}

const ENOUGH = 2;
/** Lists of other things, though they have ids and amounts. */
const OTHERS = /(^|[._])(tax|taxes|tax_lines|shipping\w*|discount\w*|coupon\w*|fee\w*|refunds?|fulfillments?|transactions|payments?|images?|photos|media|reviews?|related\w*|similar\w*|bought_together|recommend\w*)$/i; // prettier-ignore

function scoreOf(name: string, elements: readonly unknown[]): number {
  const own = meaningOf(name.split('.').at(-1) ?? name);
  if (OTHERS.test(name) || own.facets.has('image') || own.facets.has('charge')) return 0;
  const parts = new Map<string, unknown>();
  for (const element of elements.slice(0, LOOKED_ROWS)) {
    if (isObject(element)) flattenObject(element, isObject, (part, value) => parts.set(part, value));
  }
  const meanings = [...parts.keys()].map(meaningOf);
  const says = (thing: Thing, facet: Facet): boolean =>
    meanings.some(({ things, facets }) => things.has(thing) && facets.has(facet));
  const has = (facet: Facet): boolean => meanings.some(({ facets }) => facets.has(facet));
  const listed = ['article', 'line', 'order'].some((thing) => own.things.has(thing as Thing)) ? 1 : 0;
  const goods = says('article', 'id') ? 1 : meanings.some(({ bareId }) => bareId) ? 0.5 : 0;
  // Items within the list: `orders` of a customer, and the actions of a visit.
  const within = [...parts].some(
    ([part, value]) => Array.isArray(value) && value.some(isObject) && scoreOf(part, value) >= ENOUGH,
  );
  if (within) return ENOUGH + listed;
  if (goods === 0) return 0;
  return listed + goods + (has('quantity') ? 1 : 0) + (has('price') || has('total') ? 0.5 : 0);
}
