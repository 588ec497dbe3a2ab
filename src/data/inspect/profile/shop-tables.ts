// Reads all files of a folder that may be tables, and profiles their columns. Files with the same
// columns are parts of one table.

import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { asError, VitrineError } from '../../../errors';
import type { Reporter } from '../../../telemetry/progress';
import { openTable, pivotTables, tablesIn, type Form, type Table, type TablePart } from '../../tables/table';
import { unreadable, zipEntriesOf } from '../../tables/source/bytes';
import { keyValuesOf } from './key-values';
import { openExploded } from './lists';
import { ColumnObserver, type Column } from './profile';

export interface ShopTable {
  /** The names of its files in the folder, in order. In a zip file: shop.zip/orders.csv. */
  readonly files: readonly string[];
  readonly form: Form;
  readonly header: readonly string[];
  readonly columns: readonly Column[];
  readonly rows: number;
  /** The first rows, cut to SAMPLE_ROWS. */
  readonly sample: readonly (readonly string[])[];
  readonly notes: readonly string[];
  /** Rows that cannot be read. */
  readonly faults: number;
}

export interface ShopTables {
  readonly tables: readonly ShopTable[];
  /** Files that are no tables, and why. */
  readonly skipped: readonly string[];
}

/** Folders within folders are looked at so deep. */
const DEEPEST = 3;
const SAMPLE_ROWS = 5_000;
const SAMPLE_CELL = 400;
const TABLE_NAME = /\.(csv|tsv|tab|txt|dat|data|jsonl|ndjson|json|parquet|xlsx)(\.gz)?$|\.zip$|\.gz$/i;
const OWN_NAME = /^(shop(\.before(\.\d+)?)?\.json|synthetic\.json|package(-lock)?\.json|readme.*|license.*|\..*)$/i;

/** @throws VitrineError INPUT_INVALID if the folder has no table */
export async function readTables(dir: string, reporter: Reporter, signal?: AbortSignal): Promise<ShopTables> {
  const names = await tableNames(dir);
  const skipped: string[] = [];
  const readers = new Map<string, TableReader>();
  const reading: Reading = { dir, readers, skipped, reporter, signal };
  for (const name of names) {
    signal?.throwIfAborted();
    await unlessUnreadable(name, skipped, async () => {
      const parts = await partsOf(dir, name, skipped);
      for (const part of parts) {
        await unlessUnreadable(name + part.path.slice(join(dir, name).length), skipped, () =>
          readPart(name, part, { ...reading, sheets: parts.filter(({ path }) => path === part.path).length }),
        );
      }
    });
  }
  const tables: ShopTable[] = [];
  for (const reader of readers.values()) {
    const table = reader.result();
    const pivot = keyValuesOf(table);
    tables.push(pivot ? await readPivoted(table, pivot, reading) : table);
  }
  if (tables.length === 0) {
    const why = skipped.length > 0 ? ` Not read:\n${skipped.map((one) => `  ${one}`).join('\n')}` : '';
    throw new VitrineError(
      'INPUT_INVALID',
      `expected files such as orders.csv, products.jsonl or shop.xlsx in ${dir}, got none that can be read.${why}`,
    );
  }
  return { tables, skipped };
}

/** Names of files that may be tables, also in folders: `2024/orders.csv`. */
async function tableNames(dir: string, under = '', depth = 0): Promise<string[]> {
  const path = join(dir, under);
  const entries = await readdir(path, { withFileTypes: true }).catch((thrown: unknown) => {
    throw unreadable(path, thrown);
  });
  const names: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = under === '' ? entry.name : `${under}/${entry.name}`;
    if (entry.isDirectory()) {
      const own = depth < DEEPEST && !/^(\.|node_modules$|__MACOSX$)/.test(entry.name);
      if (own) names.push(...(await tableNames(dir, name, depth + 1)));
    } else if (TABLE_NAME.test(entry.name) && !OWN_NAME.test(entry.name)) names.push(name);
  }
  return names;
}

/** The tables of a file. Those of a zip file that are none by their names are left out. */
async function partsOf(dir: string, name: string, skipped: string[]): Promise<TablePart[]> {
  const path = join(dir, name);
  const entries = await zipEntriesOf(path);
  if (!entries || entries.length === 1) return tablesIn(path);
  const parts: TablePart[] = [];
  for (const entry of entries) {
    if (!TABLE_NAME.test(entry) || OWN_NAME.test(basename(entry))) continue;
    await unlessUnreadable(`${name}/${entry}`, skipped, async () => {
      parts.push(...(await tablesIn(join(path, entry))));
    });
  }
  return parts;
}

/** A file that cannot be read is skipped, and the reason is kept. */
async function unlessUnreadable(name: string, skipped: string[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof VitrineError) || thrown.code !== 'INPUT_INVALID') throw thrown;
    skipped.push(`${name}: ${asError(thrown).message}`);
  }
}

interface Reading {
  readonly dir: string;
  readonly readers: Map<string, TableReader>;
  readonly skipped: string[];
  readonly reporter: Reporter;
  readonly signal: AbortSignal | undefined;
}

/** @param sheets the number of sheets that the workbook has */
async function readPart(
  name: string,
  { path, sheet }: TablePart,
  { dir, readers, reporter, signal, sheets }: Reading & { readonly sheets: number },
): Promise<void> {
  const table = await openExploded(path, sheet === undefined ? {} : { sheet });
  try {
    const file = name + path.slice(join(dir, name).length);
    const key = JSON.stringify([table.header, table.form.type]);
    const reader = readers.get(key) ?? new TableReader(table);
    const progress = reporter.progress(`Reading ${file}`, table.bytes, 'bytes');
    await reader.read(table, { file, sheet: sheets > 1 ? sheet : undefined }, (bytes) => {
      signal?.throwIfAborted();
      progress.tick(bytes);
    });
    progress.done();
    // A table counts once it is read to its end.
    readers.set(key, reader);
  } finally {
    await table.close();
  }
}

/** Reads a table of keys and values again, one row for each thing. */
async function readPivoted(
  { files, form }: ShopTable,
  pivot: NonNullable<Form['pivot']>,
  { dir, signal }: Reading,
): Promise<ShopTable> {
  const parts: Table[] = [];
  try {
    for (const file of files) parts.push(await openTable(join(dir, file), form));
    const [first, ...others] = parts;
    const table = pivotTables([first, ...others], pivot);
    const reader = new TableReader(table);
    await reader.read(table, { file: files[0], sheet: undefined }, () => signal?.throwIfAborted());
    return { ...reader.result(), files };
  } finally {
    for (const part of parts) await part.close();
  }
}

class TableReader {
  private readonly files = new Set<string>();
  private readonly sheets = new Set<string>();
  private readonly observers: ColumnObserver[];
  private readonly sample: string[][] = [];
  private readonly notes: string[] = [];
  private rows = 0;
  private faults = 0;
  private readonly form: Form;
  private readonly header: readonly string[];

  constructor({ form, header }: Table) {
    const { sheet: _sheet, ...rest } = form;
    this.form = rest;
    this.header = header;
    const lists = [form.explode ?? []].flat();
    this.observers = header.map((name, place) => new ColumnObserver(name, place, lists));
  }

  /** @param from the file, and the sheet if it has several */
  async read(
    table: Table,
    { file, sheet }: { readonly file: string; readonly sheet: string | undefined },
    onBytes: (bytes: number) => void,
  ): Promise<void> {
    for await (const { rows, faults } of table.batches(onBytes)) {
      this.faults += faults.length;
      for (const row of rows) {
        this.rows++;
        for (let i = 0; i < this.observers.length; i++) this.observers[i].add(row[i]);
        if (this.sample.length < SAMPLE_ROWS) this.sample.push(row.map((cell) => cell.trim().slice(0, SAMPLE_CELL)));
      }
    }
    this.files.add(file);
    if (sheet !== undefined) this.sheets.add(sheet);
    this.notes.push(...table.notes.map((note) => `${file}: ${note}`));
  }

  result(): ShopTable {
    const { header, rows, sample, notes, faults } = this;
    const [sheet, ...others] = this.sheets;
    const sheets = others.length > 0 ? [sheet, ...others] : sheet;
    const form = sheets === undefined ? this.form : { ...this.form, sheet: sheets };
    const columns = this.observers.map((one) => one.result());
    return { files: [...this.files], form, header, columns, rows, sample, notes, faults };
  }
}

/** What a person calls the table. */
export function tableName({ files, form }: ShopTable): string {
  const name = files.length > 1 ? `${files[0]} and ${files.length - 1} more` : files[0];
  return form.sheet === undefined ? name : `${name}, sheet ${[form.sheet].flat().join(', ')}`;
}
