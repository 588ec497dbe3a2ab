// The rows of a section: all of its files one after the other, with the columns that joins add,
// filled down, and without those that do not count.

import type { Table, TableBatch } from '../../tables/table';
import { isNull } from '../../values/nulls';
import { openJoins, type Join } from './joins';
import type { SectionJson } from '../targets';

export interface SectionRows {
  readonly header: readonly string[];
  /** Sentences on what was changed. Complete after the last batch. */
  notes(): string[];
  /** The number of rows that `where` has left out so far. */
  filtered(): number;
  batches(onBytes?: (bytes: number) => void): AsyncGenerator<TableBatch, void, undefined>;
}

/**
 * Opens the rows of one file of a section.
 * @param wanted the columns that the section reads
 * @throws VitrineError INPUT_INVALID
 */
export async function openRows(
  dir: string,
  table: Table,
  json: SectionJson,
  wanted: ReadonlySet<string>,
): Promise<SectionRows> {
  const joins = await openJoins(dir, json, table.header, wanted);
  const header = [...table.header, ...joins.flatMap(({ columns }) => columns)];
  const fill = filler(json, header);
  const counts = condition(json, header);
  let filtered = 0;
  return {
    header,
    notes: () => [...table.notes, ...joins.flatMap((join: Join) => join.notes())],
    filtered: () => filtered,
    async *batches(onBytes) {
      for await (const batch of table.batches(onBytes)) {
        for (const join of joins) join.add(batch.rows);
        fill(batch.rows);
        const kept = counts === undefined ? batch : only(batch, counts);
        filtered += batch.rows.length - kept.rows.length;
        yield kept;
      }
    },
  };
}

function only(batch: TableBatch, counts: (row: readonly string[]) => boolean): TableBatch {
  const rows: string[][] = [];
  const lines: number[] = [];
  batch.rows.forEach((row, i) => {
    if (!counts(row)) return;
    rows.push(row);
    lines.push(batch.lines[i]);
  });
  return { rows, lines, faults: batch.faults };
}

/**
 * Takes empty cells from the row before, as long as the column `by` stays the same. An empty cell
 * of `by` is the same as that above it.
 */
function filler({ fillDown, nulls }: SectionJson, header: readonly string[]): (rows: string[][]) => void {
  if (!fillDown) return () => undefined;
  const unknown = isNull(nulls);
  const by = header.indexOf(fillDown.by);
  const places = fillDown.columns.map((column) => header.indexOf(column));
  let last: string[] | undefined;
  return (rows) => {
    for (const row of rows) {
      if (last && unknown(row[by])) row[by] = last[by];
      if (last?.[by] === row[by]) {
        for (const place of places) if (unknown(row[place])) row[place] = last[place];
      }
      last = row;
    }
  };
}

/** Whether a row counts by `where`. Undefined if all do. */
function condition(
  { where }: SectionJson,
  header: readonly string[],
): ((row: readonly string[]) => boolean) | undefined {
  const all = (where === undefined ? [] : Array.isArray(where) ? where : [where]).map((one) => ({
    at: header.indexOf(one.column),
    in: one.in && new Set(one.in),
    notIn: new Set(one.notIn),
  }));
  if (all.length === 0) return undefined;
  return (row) =>
    all.every((one) => {
      const value = row[one.at].trim();
      return !one.notIn.has(value) && (one.in?.has(value) ?? true);
    });
}
