// Recognises tables of keys and values: one property of a thing in each row.

import type { Form, PartialForm } from '../../tables/table';
import type { Column } from './profile';

type Pivot = NonNullable<PartialForm['pivot']>;

const KEYS = /^(property|key|attribute|attr|feature|field|param|parameter|option|merkmal|eigenschaft|propiedad|clave)$/;
const VALUES = /^(value|val|values|wert|valor|valeur|valore)$/;
const MOST_KEYS = 3_000;
/** A property becomes a column if this share of the things has it, and so many do at most. */
const COMMON = 0.05;
const MOST_COLUMNS = 60;
const MOST_OTHERS = 3;

interface Profiled {
  readonly form: Form;
  readonly header: readonly string[];
  readonly columns: readonly Column[];
  readonly rows: number;
}

/** How the table is turned; undefined if its rows are things themselves. */
export function keyValuesOf({ columns, rows, header, form }: Profiled): Pivot | undefined {
  if (form.pivot !== undefined || rows < 10) return undefined;
  const says = ({ meaning }: Column, word: RegExp): boolean => meaning.words.some((one) => word.test(one));
  const key = columns.find((column) => says(column, KEYS) && !says(column, VALUES) && !column.meaning.words.includes('id') && column.sketch.distinct <= Math.min(MOST_KEYS, rows / 2)); // prettier-ignore
  const value = columns.find((column) => says(column, VALUES) && column !== key);
  if (!key || !value || header.length > MOST_OTHERS + 3) return undefined;
  const things = columns.filter(
    (column) =>
      column !== key && column !== value && !column.date && column.filled === rows && column.sketch.single < 0.95,
  );
  const [by] = things.sort((a, b) => b.sketch.distinct - a.sketch.distinct);
  if (!by || by.sketch.distinct >= rows) return undefined;
  const common = [...key.sketch.values].filter(([, count]) => count >= COMMON * by.sketch.distinct);
  if (common.length < 2 && key.sketch.distinct > 1) return undefined;
  const latest = columns.find(({ date }) => date !== undefined);
  return {
    by: by.name,
    key: key.name,
    value: value.name,
    columns: common
      .slice(0, MOST_COLUMNS)
      .map(([name]) => name)
      .filter((name) => name !== by.name),
    ...(latest && { latest: latest.name }),
  };
}
