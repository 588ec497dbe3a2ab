// Turns tables of keys and values, one property of a thing in each row, into one row for each
// thing. The things are held in memory, with the properties that are named.

import { VitrineError } from '../../../errors';
import type { PartialForm } from '../form';
import type { Table, TableBatch } from '../rows';

type Pivot = NonNullable<PartialForm['pivot']>;

const BATCH_ROWS = 10_000;
/** Maximum number of characters of values that are held. */
const MOST_CHARACTERS = 1e9;

/**
 * Makes one table of several with the same columns. Rows know the line on which their thing first
 * occurs.
 * @throws VitrineError INPUT_INVALID if a column is missing, also later if values are too many
 */
export function pivotTables(tables: readonly [Table, ...Table[]], pivot: Pivot): Table {
  const [first] = tables;
  for (const { name, header } of tables) {
    const { by, key, value, latest } = pivot;
    const missing = [by, key, value, ...(latest === undefined ? [] : [latest])].filter((one) => !header.includes(one));
    if (missing.length > 0) {
      throw new VitrineError(
        'INPUT_INVALID',
        `${name}: pivot: there is no column '${missing.join("', '")}' among ${header.join(', ')}.`,
      );
    }
  }
  return {
    ...first,
    header: [pivot.by, ...pivot.columns],
    bytes: tables.reduce((sum, { bytes }) => sum + bytes, 0),
    form: { ...first.form, pivot },
    get notes() {
      return tables.flatMap(({ notes }) => notes);
    },
    async *batches(onBytes) {
      const things = new Things(pivot, first.name);
      let before = 0;
      for (const table of tables) {
        const start = before;
        for await (const batch of table.batches((bytes) => onBytes?.(start + bytes))) {
          things.add(batch, table.header);
          if (batch.faults.length > 0) yield { rows: [], lines: [], faults: batch.faults };
        }
        before += table.bytes;
      }
      yield* things.batches();
    },
    close: async () => {
      for (const table of tables) await table.close();
    },
  };
}

interface Thing {
  readonly line: number;
  readonly cells: string[];
  /** The times of the values, as written. */
  readonly times: string[];
}

class Things {
  private readonly things = new Map<string, Thing>();
  private readonly places: ReadonlyMap<string, number>;
  private characters = 0;

  constructor(
    private readonly pivot: Pivot,
    private readonly name: string,
  ) {
    this.places = new Map(pivot.columns.map((column, place) => [column, place + 1]));
  }

  add({ rows, lines }: TableBatch, header: readonly string[]): void {
    const { by, key, value, latest } = this.pivot;
    const [byAt, keyAt, valueAt] = [by, key, value].map((name) => header.indexOf(name));
    const timeAt = latest === undefined ? -1 : header.indexOf(latest);
    rows.forEach((row, i) => {
      const place = this.places.get(row[keyAt].trim());
      const id = row[byAt].trim();
      const thing = this.thing(id, lines[i]);
      if (place === undefined) return;
      const time = timeAt < 0 ? '' : row[timeAt].trim();
      // Without times, later rows are newer.
      if (timeAt >= 0 && thing.times[place] !== undefined && isBefore(time, thing.times[place])) return;
      this.count(row[valueAt].length - thing.cells[place].length);
      thing.cells[place] = row[valueAt];
      if (timeAt >= 0) thing.times[place] = time;
    });
  }

  private thing(id: string, line: number): Thing {
    let thing = this.things.get(id);
    if (thing === undefined) {
      const cells = new Array<string>(this.places.size + 1).fill('');
      cells[0] = id;
      this.things.set(id, (thing = { line, cells, times: [] }));
      this.count(id.length);
    }
    return thing;
  }

  private count(characters: number): void {
    this.characters += characters;
    if (this.characters <= MOST_CHARACTERS) return;
    throw new VitrineError(
      'INPUT_INVALID',
      `${this.name}: pivot: expected at most ${MOST_CHARACTERS} characters in the values of ${this.pivot.columns.join(', ')}. Name fewer "columns".`,
    );
  }

  *batches(): Generator<TableBatch, void, undefined> {
    let batch: TableBatch = { rows: [], lines: [], faults: [] };
    for (const { line, cells } of this.things.values()) {
      batch.rows.push(cells);
      batch.lines.push(line);
      if (batch.rows.length < BATCH_ROWS) continue;
      yield batch;
      batch = { rows: [], lines: [], faults: [] };
    }
    if (batch.rows.length > 0) yield batch;
  }
}

/** Compares numbers by size, and other times as texts. */
function isBefore(one: string, other: string): boolean {
  const [a, b] = [Number(one), Number(other)];
  return Number.isNaN(a) || Number.isNaN(b) ? one < other : a < b;
}
