// Adds the columns of other files to the rows of a section. The other file is held in memory, as
// far as its columns are needed.

import { VitrineError } from '../../../errors';
import { openTable } from '../../tables/table';
import { join as joinPath } from 'node:path';
import type { SectionJson } from '../targets';

export interface Join {
  /** The columns that it adds. */
  readonly columns: readonly string[];
  /** Adds the columns to the rows in place; '' if the other file has no such row. */
  add(rows: string[][]): void;
  /** Sentences on rows that found no partner. Complete after the last row. */
  notes(): string[];
}

/** Maximum number of characters of a joined file that are held in memory. */
const MOST_CHARACTERS = 1e9;

type JoinJson = Exclude<NonNullable<SectionJson['join']>, unknown[]>;

/**
 * Opens the joins of a section, in their order: a join may use columns of one before it.
 * @param header the columns that the rows have
 * @throws VitrineError INPUT_INVALID
 */
export async function openJoins(
  dir: string,
  { join }: SectionJson,
  header: readonly string[],
  wanted: ReadonlySet<string>,
): Promise<Join[]> {
  const joins: Join[] = [];
  const known = [...header];
  const all = join === undefined ? [] : Array.isArray(join) ? join : [join];
  for (const [place, json] of all.entries()) {
    // Later joins may look rows up by columns that this one adds.
    const needed = new Set([
      ...wanted,
      ...all.slice(place + 1).flatMap((later) => keysOf(later).map(([here]) => here)),
    ]);
    const opened = await openJoin(dir, json, known, needed);
    known.push(...opened.columns);
    joins.push(opened);
  }
  return joins;
}

function keysOf({ on }: JoinJson): [string, string][] {
  return typeof on === 'string' ? [[on, on]] : Object.entries(on);
}

/** [column there, its name here]; undefined if all are taken. */
function namedColumns({ columns }: JoinJson): [string, string][] | undefined {
  if (columns === undefined) return undefined;
  return Array.isArray(columns) ? columns.map((name) => [name, name]) : Object.entries(columns);
}

function isKey(keys: readonly (readonly [string, string])[], there: string): boolean {
  return keys.some(([, key]) => key === there);
}

async function openJoin(
  dir: string,
  json: JoinJson,
  header: readonly string[],
  wanted: ReadonlySet<string>,
): Promise<Join> {
  const table = await openTable(joinPath(dir, json.file), json.form ?? {});
  try {
    const keys = keysOf(json);
    const named = namedColumns(json);
    const missing = [
      ...keys.filter(([here]) => !header.includes(here)).map(([here]) => `'${here}' among ${header.join(', ')}`),
      ...[...keys.map(([, there]) => there), ...(named?.map(([there]) => there) ?? [])]
        .filter((there) => !table.header.includes(there))
        .map((there) => `'${there}' in ${table.name}, whose columns are ${table.header.join(', ')}`),
    ];
    if (missing.length > 0) {
      throw new VitrineError('INPUT_INVALID', `join of ${table.name}: there is no column ${missing.join('; no ')}.`);
    }
    const twice = named?.find(([, here]) => header.includes(here));
    if (twice) {
      throw new VitrineError(
        'INPUT_INVALID',
        `join of ${table.name}: the rows have a column '${twice[1]}' already. Give it another name: "columns": { "${twice[0]}": "${twice[0]}_2" }.`,
      );
    }
    const taken = (named ?? table.header.map((name) => [name, name] as const)).filter(
      ([, here]) => !header.includes(here) && wanted.has(here),
    );
    const columns = taken.map(([, here]) => here);
    const from = taken.map(([there]) => table.header.indexOf(there));
    const hidden = named ? [] : table.header.filter((there) => header.includes(there) && !isKey(keys, there));
    const at = keys.map(([, there]) => table.header.indexOf(there));
    const held = new Map<string, string[]>();
    let characters = 0;
    for await (const { rows } of table.batches()) {
      for (const row of rows) {
        const key = keyOf(row, at);
        if (held.has(key)) continue;
        const values = from.map((place) => row[place]);
        held.set(key, values);
        characters += key.length + values.reduce((sum, value) => sum + value.length, 0);
        if (characters > MOST_CHARACTERS) {
          throw new VitrineError(
            'INPUT_INVALID',
            `join of ${table.name}: expected at most ${MOST_CHARACTERS} characters in the columns that are needed; join the files before the import.`,
          );
        }
      }
    }
    return joinOf({
      name: table.name,
      held,
      columns,
      hidden: hidden.filter((there) => wanted.has(there)),
      at: keys.map(([here]) => header.indexOf(here)),
    });
  } finally {
    await table.close();
  }
}

interface Held {
  readonly name: string;
  readonly held: ReadonlyMap<string, string[]>;
  readonly columns: readonly string[];
  /** Columns that are read and that the rows have under the same name. */
  readonly hidden: readonly string[];
  /** Places of the key's columns in the rows. */
  readonly at: readonly number[];
}

function joinOf({ name, held, columns, hidden, at }: Held): Join {
  const none = columns.map(() => '');
  let total = 0;
  let alone = 0;
  return {
    columns,
    add(rows) {
      for (const row of rows) {
        const found = held.get(keyOf(row, at));
        total++;
        if (!found) alone++;
        row.push(...(found ?? none));
      }
    },
    notes: () => [
      ...(alone === 0 ? [] : [`${alone} of ${total} rows find nothing in ${name}; its columns are unknown in them.`]),
      ...hidden.map(
        (there) =>
          `${name} has a column '${there}' as well, which is not read. "columns": { "${there}": "${there}_2" } of the join gives it another name.`,
      ),
    ],
  };
}

function keyOf(row: readonly string[], at: readonly number[]): string {
  return at.length === 1 ? row[at[0]].trim() : at.map((place) => row[place].trim()).join('\0');
}
