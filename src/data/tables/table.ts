// Opens a file of any kind as a table of text cells.

import { join } from 'node:path';
import { isZip, openBytes, zipEntriesOf, type ByteSource } from './source/bytes';
import { openCsv } from './csv-table';
import { explodeTable } from './reshape/explode';
import { openJson } from './json-table';
import { pivotTables } from './reshape/pivot';
import { openParquet } from './parquet-table';
import { openXlsx, sheetNames } from './xlsx-table';
import { splitZipPath } from './source/zip';
import { encodingName } from './source/decode';
import { detectEncoding } from './source/encoding';
import type { PartialForm } from './form';
import type { Table } from './rows';

export { formSchema, type Form, type PartialForm } from './form';
export { pivotTables } from './reshape/pivot';
export { csvLine, RAW_LIMIT, type RowFault, type Table, type TableBatch } from './rows';

/**
 * Opens a file and reads its header. `path` may go on into a zip file: `shop.zip/orders.csv`.
 * @throws VitrineError INPUT_INVALID if the file is missing, empty, cut off or cannot be read in
 *   this form, also later while it is read; STORAGE_UNAVAILABLE if the system refuses to read the
 *   file
 */
export async function openTable(path: string, { explode, pivot, ...form }: PartialForm = {}): Promise<Table> {
  const table = await openPlain(path, form);
  try {
    const exploded = explode === undefined ? table : await explodeTable(table, [explode].flat());
    return pivot === undefined ? exploded : pivotTables([exploded], pivot);
  } catch (thrown) {
    await table.close();
    throw thrown;
  }
}

async function openPlain(path: string, form: PartialForm): Promise<Table> {
  const source = await openBytes(path);
  try {
    const type = form.type ?? binaryTypeOf(source);
    if (type === 'parquet') return await openParquet(source);
    if (type === 'xlsx') return await openXlsx(source, form);
    const encoding = form.encoding === undefined ? await detectEncoding(source) : encodingName(form.encoding);
    const isJson =
      type === undefined ? JSON_START.test(new TextDecoder(encoding).decode(source.head)) : type === 'jsonl';
    return await (isJson ? openJson : openCsv)(source, { ...form, encoding });
  } catch (thrown) {
    source.close();
    throw thrown;
  }
}

/** A table of a file that may have several. */
export interface TablePart {
  /** As `openTable` takes it. */
  readonly path: string;
  /** The sheet of a workbook. */
  readonly sheet?: string;
}

/**
 * Lists the tables of a file: the files in a zip file, the sheets of a workbook, else the file.
 * @throws VitrineError INPUT_INVALID, STORAGE_UNAVAILABLE
 */
export async function tablesIn(path: string): Promise<TablePart[]> {
  const inZip = (await splitZipPath(path)).entry !== undefined;
  const entries = inZip ? undefined : await zipEntriesOf(path);
  if (entries && entries.length !== 1) {
    const parts: TablePart[] = [];
    for (const entry of entries) parts.push(...(await tablesIn(join(path, entry))));
    return parts;
  }
  const source = await openBytes(path);
  try {
    if (binaryTypeOf(source) !== 'xlsx') return [{ path }];
    return (await sheetNames(source)).map((sheet) => ({ path, sheet }));
  } finally {
    source.close();
  }
}

function binaryTypeOf({ head }: ByteSource): 'parquet' | 'xlsx' | undefined {
  if (head.toString('latin1', 0, 4) === 'PAR1') return 'parquet';
  return isZip(head) ? 'xlsx' : undefined;
}

/** An object, or a list of objects, after blanks. */
const JSON_START = /^\s*(\[\s*)?\{\s*(["'}]|$)/;
