// Reads all files of a folder that may be tables, and profiles their columns. Files with the same
// columns are parts of one table.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asError, VitrineError } from '../../../errors';
import type { Reporter } from '../../../telemetry/progress';
import { openTable, tablesIn, type Form, type Table } from '../../tables/table';
import { unreadable } from '../../tables/source/bytes';
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

const SAMPLE_ROWS = 5_000;
const SAMPLE_CELL = 400;
const TABLE_NAME = /\.(csv|tsv|tab|txt|dat|data|jsonl|ndjson|json|parquet|xlsx)(\.gz)?$|\.zip$|\.gz$/i;
const OWN_NAME = /^(shop(\.before(\.\d+)?)?\.json|synthetic\.json|package(-lock)?\.json|readme.*|license.*|\..*)$/i;

/** @throws VitrineError INPUT_INVALID if the folder has no table */
export async function readTables(dir: string, reporter: Reporter, signal?: AbortSignal): Promise<ShopTables> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((thrown: unknown) => {
    throw unreadable(dir, thrown);
  });
  const names = entries
    .filter((entry) => !entry.isDirectory() && TABLE_NAME.test(entry.name) && !OWN_NAME.test(entry.name))
    .map(({ name }) => name)
    .sort();
  const skipped: string[] = [];
  const readers = new Map<string, TableReader>();
  for (const name of names) {
    signal?.throwIfAborted();
    try {
      await readFile(dir, name, { readers, reporter, signal });
    } catch (thrown) {
      if (!(thrown instanceof VitrineError) || thrown.code !== 'INPUT_INVALID') throw thrown;
      skipped.push(`${name}: ${asError(thrown).message}`);
    }
  }
  const tables = [...readers.values()].map((reader) => reader.result());
  if (tables.length === 0) {
    const why = skipped.length > 0 ? ` Not read:\n${skipped.map((one) => `  ${one}`).join('\n')}` : '';
    throw new VitrineError(
      'INPUT_INVALID',
      `expected files such as orders.csv, products.jsonl or shop.xlsx in ${dir}, got none that can be read.${why}`,
    );
  }
  return { tables, skipped };
}

interface Reading {
  readonly readers: Map<string, TableReader>;
  readonly reporter: Reporter;
  readonly signal: AbortSignal | undefined;
}

async function readFile(dir: string, name: string, { readers, reporter, signal }: Reading): Promise<void> {
  const parts = await tablesIn(join(dir, name));
  for (const { path, sheet } of parts) {
    const table = await openTable(path, sheet === undefined ? {} : { sheet });
    try {
      const file = name + path.slice(join(dir, name).length);
      const key = JSON.stringify([table.header, table.form.type, parts.length > 1 ? sheet : undefined]);
      const reader = readers.get(key) ?? new TableReader(table, parts.length > 1 || sheet === undefined);
      const progress = reporter.progress(`Reading ${file}`, table.bytes, 'bytes');
      await reader.read(table, file, (bytes) => {
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
}

class TableReader {
  private readonly files: string[] = [];
  private readonly observers: ColumnObserver[];
  private readonly sample: string[][] = [];
  private readonly notes: string[] = [];
  private rows = 0;
  private faults = 0;
  private readonly form: Form;
  private readonly header: readonly string[];

  constructor({ form, header }: Table, keepSheet: boolean) {
    const { sheet, ...rest } = form;
    this.form = keepSheet && sheet !== undefined ? form : rest;
    this.header = header;
    this.observers = header.map((name, place) => new ColumnObserver(name, place));
  }

  async read(table: Table, file: string, onBytes: (bytes: number) => void): Promise<void> {
    for await (const { rows, faults } of table.batches(onBytes)) {
      this.faults += faults.length;
      for (const row of rows) {
        this.rows++;
        for (let i = 0; i < this.observers.length; i++) this.observers[i].add(row[i]);
        if (this.sample.length < SAMPLE_ROWS) this.sample.push(row.map((cell) => cell.trim().slice(0, SAMPLE_CELL)));
      }
    }
    this.files.push(file);
    this.notes.push(...table.notes.map((note) => `${file}: ${note}`));
  }

  result(): ShopTable {
    const { files, form, header, rows, sample, notes, faults } = this;
    return { files, form, header, columns: this.observers.map((one) => one.result()), rows, sample, notes, faults };
  }
}

/** What a person calls the table. */
export function tableName({ files, form }: ShopTable): string {
  const name = files.length > 1 ? `${files[0]} and ${files.length - 1} more` : files[0];
  return form.sheet === undefined ? name : `${name}, sheet ${form.sheet}`;
}
