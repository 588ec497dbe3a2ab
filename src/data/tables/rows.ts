// What every kind of file becomes: a header and batches of text cells, whose rows know their lines.

import type { Form } from './form';

/** Some rows of a file. `lines[i]` is the line (from 1) on which `rows[i]` begins. */
export interface TableBatch {
  /** Each row has as many cells as the header. An unknown value is ''. */
  readonly rows: string[][];
  readonly lines: number[];
  readonly faults: RowFault[];
}

/** A row that cannot be used, and why. */
export interface RowFault {
  readonly line: number;
  readonly reason: string;
  /** The row as in the file, cut to RAW_LIMIT characters. */
  readonly raw: string;
}

export const RAW_LIMIT = 2_000;

export interface Table {
  readonly path: string;
  readonly name: string;
  /** The names of the columns: trimmed, and no two are the same. */
  readonly header: readonly string[];
  /** The size of the file on disk. */
  readonly bytes: number;
  /** How the file is read: what was given, and what was found for the rest. */
  readonly form: Form;
  /**
   * Sentences on what was changed in reading, such as renamed columns or rows that were filled up.
   * Complete after the last batch.
   */
  readonly notes: readonly string[];
  /**
   * The rows after the header, which can be read only once. `onBytes` is called with the number of
   * bytes read so far, of `bytes`.
   */
  batches(onBytes?: (bytes: number) => void): AsyncGenerator<TableBatch, void, undefined>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** One row as CSV, without the line end. */
export function csvLine(values: readonly string[]): string {
  return values.map((value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',');
}
