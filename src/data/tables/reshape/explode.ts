// Takes lists in cells apart: each element becomes a row, with the other columns repeated.

import { VitrineError } from '../../../errors';
import { columnNames } from '../columns';
import { flattenObject } from './flatten';
import { isObject, parseJson, textOf } from '../json-values';
import { RAW_LIMIT, type Table, type TableBatch } from '../rows';

/** So many rows are looked at for the names of the new columns, as far as lists are empty. */
const LOOKED_ROWS = 100_000;

/**
 * @param columns the columns with lists, each before those within it
 * @throws VitrineError INPUT_INVALID if there is no such column, or it has no lists
 */
export async function explodeTable(table: Table, columns: readonly string[]): Promise<Table> {
  let exploded = table;
  for (const column of columns) exploded = await explodeColumn(exploded, column);
  return exploded;
}

async function explodeColumn(table: Table, column: string): Promise<Table> {
  const { name, header } = table;
  const at = header.indexOf(column);
  if (at < 0) {
    throw new VitrineError(
      'INPUT_INVALID',
      `${name}: explode: there is no column '${column}' among ${header.join(', ')}.`,
    );
  }
  let report: ((bytes: number) => void) | undefined;
  const source = table.batches((bytes) => report?.(bytes));
  const first = await firstLists(source, at);
  if (first.parts.length === 0) {
    throw new VitrineError('INPUT_INVALID', `${name}: explode: expected lists in the column '${column}', got none.`);
  }
  const others = header.filter((_, place) => place !== at);
  const notes: string[] = [];
  const names = columnNames([...others, ...first.parts.map((part) => pathOf(column, part))], (note) => {
    notes.push(note);
  });
  const rows = new ListRows(column, at, first.parts);
  return {
    ...table,
    header: names,
    form: { ...table.form, explode: [...[table.form.explode ?? []].flat(), column] },
    // The table's own notes grow while it is read.
    get notes() {
      return [...table.notes, ...notes, ...rows.notes()];
    },
    async *batches(onBytes) {
      report = onBytes;
      for (const batch of first.batches) yield rows.explode(batch);
      for await (const batch of source) yield rows.explode(batch);
    },
  };
}

interface FirstLists {
  readonly batches: readonly TableBatch[];
  /** The names of the parts of elements; '' for elements that are no objects. */
  readonly parts: readonly string[];
}

/** Reads batches until there are lists with elements. */
async function firstLists(source: AsyncGenerator<TableBatch, void, undefined>, at: number): Promise<FirstLists> {
  const batches: TableBatch[] = [];
  const parts = new Set<string>();
  let looked = 0;
  while (parts.size === 0 && looked < LOOKED_ROWS) {
    const next = await source.next();
    if (next.done === true) break;
    batches.push(next.value);
    looked += next.value.rows.length;
    for (const row of next.value.rows) {
      for (const element of elementsOf(row[at]) ?? []) {
        if (isObject(element)) flattenObject(element, isObject, (name) => parts.add(name));
        else parts.add('');
      }
    }
  }
  return { batches, parts: [...parts] };
}

/** The elements of the list in a cell; undefined if it is no list. */
export function elementsOf(cell: string): readonly unknown[] | undefined {
  const text = cell.trim();
  if (text === '') return [];
  const value = parseJson(text);
  if (value === null) return [];
  if (Array.isArray(value)) return value as readonly unknown[];
  return isObject(value) ? [value] : undefined;
}

function pathOf(column: string, part: string): string {
  return part === '' ? column : `${column}.${part}`;
}

/** Makes several rows of one. */
class ListRows {
  private readonly places: ReadonlyMap<string, number>;
  private empty = 0;
  /** Names that occur first after the header was made, and their first lines. */
  private readonly late = new Map<string, number>();

  constructor(
    private readonly column: string,
    private readonly at: number,
    parts: readonly string[],
  ) {
    this.places = new Map(parts.map((part, place) => [part, place]));
  }

  explode({ rows, lines, faults }: TableBatch): TableBatch {
    const batch: TableBatch = { rows: [], lines: [], faults: [...faults] };
    rows.forEach((row, i) => {
      const elements = elementsOf(row[this.at]);
      if (elements === undefined) {
        const reason = `${this.column}: expected a list such as [{"sku": "A1"}]`;
        batch.faults.push({ line: lines[i], reason, raw: row[this.at].slice(0, RAW_LIMIT) });
        return;
      }
      if (elements.length === 0) this.empty++;
      const others = row.filter((_, place) => place !== this.at);
      for (const element of elements) {
        batch.rows.push([...others, ...this.cells(element, lines[i])]);
        batch.lines.push(lines[i]);
      }
    });
    return batch;
  }

  private cells(element: unknown, line: number): string[] {
    const cells = new Array<string>(this.places.size).fill('');
    const put = (part: string, value: unknown): void => {
      const place = this.places.get(part);
      if (place !== undefined) cells[place] = textOf(value);
      else if (!this.late.has(part)) this.late.set(part, line);
    };
    if (isObject(element)) flattenObject(element, isObject, put);
    else put('', element);
    return cells;
  }

  /** What was left out. */
  notes(): string[] {
    return [
      ...(this.empty > 0 ? [`rows whose ${this.column} is empty, and that are left out: ${this.empty}`] : []),
      ...Array.from(
        this.late,
        ([part, line]) => `'${pathOf(this.column, part)}' first occurs on line ${line} and is left out`,
      ),
    ];
  }
}
