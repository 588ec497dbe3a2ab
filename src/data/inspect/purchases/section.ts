// Writes parts of the section of purchases: its joins, which rows count, and what the prices are
// of.

import type { ShopJson } from '../../import/shop-json';
import type { Link } from '../links';
import type { Edge, Purchases, Reached } from '../model';
import { centsOf } from './amounts';
import type { Notes } from '../doubts';
import type { Column } from '../profile/profile';
import type { ShopTable } from '../profile/shop-tables';
import { amountOf } from '../row-shapes';

export type PurchasesJson = NonNullable<ShopJson['transactions']>;
type Condition = Extract<NonNullable<PurchasesJson['where']>, { column: string }>;
type JoinJson = Extract<NonNullable<PurchasesJson['join']>, { file: string }>;

/** The joins that lead to the columns that are used, in their order. */
export function joinsOf(used: readonly Reached[], reached: readonly Reached[]): JoinJson[] {
  const edges = [...new Set<Edge>(used.flatMap(({ path }) => path))];
  // The name of a column among the rows, which is another one where both files have it.
  const nameOf = (table: ShopTable, { place, name }: Column): string =>
    reached.find((one) => one.table === table && one.column.place === place)?.column.name ?? name;
  return edges.map((edge) => {
    const { from, to, here, there } = edge;
    const own = nameOf(from, here);
    const taken = [
      ...used.filter(({ table }) => table === to).map(({ column }) => column.place),
      ...edges.filter((later) => later.from === to).map((later) => later.here.place),
    ];
    const names = [...new Set(taken)].map((place) => [to.header[place], nameOf(to, to.columns[place])] as const);
    const others = new Set(used.filter(({ table }) => table !== to).map(({ column }) => column.name));
    const columns = columnsOf(
      names.filter(([old]) => old !== there.name || own !== there.name),
      to.header.some((name) => others.has(name)),
    );
    return {
      file: to.files[0],
      on: own === there.name ? own : { [own]: there.name },
      ...(columns && { columns }),
      ...joinedForm(to),
    };
  });
}

/** The columns of a join, if some have other names there, or names that the rows have as well. */
function columnsOf(names: readonly (readonly [string, string])[], ambiguous: boolean): JoinJson['columns'] {
  if (names.some(([old, name]) => old !== name)) return Object.fromEntries(names);
  return ambiguous ? names.map(([old]) => old) : undefined;
}

function joinedForm({ form: { sheet, explode, pivot } }: ShopTable): Pick<JoinJson, 'form'> {
  const form = {
    ...(sheet !== undefined && { sheet }),
    ...(explode !== undefined && { explode }),
    ...(pivot !== undefined && { pivot }),
  };
  return Object.keys(form).length > 0 ? { form } : {};
}

/** The price, and whether it is that of a piece or of all pieces of a row. */
export function priceOf({ base, roles }: Purchases, notes: Notes): PurchasesJson['price'] {
  const { price, quantity, article } = roles;
  if (!price) return undefined;
  const { column } = price;
  const divideBy = centsOf(column, notes);
  const of = quantity?.table === base && article && price.table === base ? amountIn(base, [article.column, quantity.column, column]) : 'piece'; // prettier-ignore
  if (of === 'piece' && divideBy === undefined) return column.name;
  return { column: column.name, ...(of === 'total' && { of }), ...(divideBy !== undefined && { divideBy }) };
}

function amountIn(base: ShopTable, columns: readonly [Column, Column, Column]): 'piece' | 'total' {
  const [, , column] = columns;
  const decimal = column.number && 'decimal' in column.number ? column.number.decimal : '.';
  const { facets } = column.meaning;
  const unit = facets.has('unit') || (facets.has('price') && !facets.has('total'));
  return amountOf(base, columns, decimal) ?? (facets.has('total') && !unit ? 'total' : 'piece');
}

/** The article's column, with the separator if its cells hold several. */
export function articleCells(column: Column, link: Link | undefined): PurchasesJson['article'] {
  if (link?.separator !== undefined) return { column: column.name, separator: link.separator };
  if (link === undefined && column.type === 'list' && column.list !== undefined) {
    return { column: column.name, separator: column.list };
  }
  return column.name;
}

/** Leaves out rows without a value, if they are more than mistakes. */
export function filledOnly({ name, filled, rows, nulls }: Column, always: boolean): Condition | undefined {
  if (filled === rows || nulls.length === 0) return undefined;
  // A few are mistakes, which the import rejects and tells.
  return always || rows - filled > Math.max(10, 0.005 * rows) ? { column: name, notIn: [...nulls] } : undefined;
}

export function whereOf(conditions: readonly (Condition | undefined)[]): Pick<PurchasesJson, 'where'> {
  const all = conditions.filter((one) => one !== undefined);
  return all.length === 0 ? {} : { where: all.length === 1 ? all[0] : all };
}
