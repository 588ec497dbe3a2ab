// Reads Parquet, one group of rows at a time. Its types become text as the other formats have it.

import { open } from 'node:fs/promises';
import type { AsyncBuffer, DecodedArray, ParquetScan, SchemaElement, SchemaTree } from 'hyparquet';
import { asError, VitrineError } from '../../errors';
import { readAll, type ByteSource } from './source/bytes';
import { columnNames } from './columns';
import type { Table, TableBatch } from './rows';

const BATCH_ROWS = 10_000;

/** @throws VitrineError INPUT_INVALID, also later while the table is read */
export async function openParquet(source: ByteSource): Promise<Table> {
  // These libraries are ES modules, and few shops need them.
  const { parquetMetadataAsync, parquetScan, parquetSchema } = await import('hyparquet');
  const { compressors } = await import('hyparquet-compressors');
  const file = await openBuffer(source);
  const checked = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      const reason = asError(thrown).message;
      throw new VitrineError('INPUT_INVALID', `${source.name} cannot be read as Parquet (${reason}).`, {
        cause: thrown,
      });
    }
  };
  try {
    const metadata = await checked(() => parquetMetadataAsync(file));
    const scan = await checked(() => parquetScan({ file, metadata, compressors }));
    const columns = parquetSchema(metadata).children.flatMap((column) => readersOf(column));
    const notes: string[] = [];
    const rows = Number(metadata.num_rows);
    const header = columnNames(
      columns.map(({ name }) => name),
      (note) => void notes.push(note),
    );
    return {
      path: source.path,
      name: source.name,
      header,
      bytes: source.size,
      form: { type: 'parquet' },
      notes,
      async *batches(onBytes) {
        for (const { rowStart, rowEnd } of scan.ranges) {
          yield* readGroup(await checked(() => readColumns(scan, columns, rowStart, rowEnd)), columns, rowStart);
          onBytes?.(Math.round((source.size * rowEnd) / rows));
        }
        onBytes?.(source.size);
      },
      close: async () => {
        await file.close();
        source.close();
      },
    };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

/** A file that is packed is unpacked into memory, since Parquet is read from its end. */
async function openBuffer(source: ByteSource): Promise<AsyncBuffer & { close(): Promise<void> }> {
  if (source.plainPath === undefined) {
    const all = await readAll(source);
    const bytes = new Uint8Array(all).buffer;
    return { byteLength: all.length, slice: (start, end) => bytes.slice(start, end), close: async () => undefined };
  }
  const file = await open(source.plainPath);
  const { size } = await file.stat();
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new ArrayBuffer(end - start);
      await file.read(new Uint8Array(bytes), 0, end - start, start);
      return bytes;
    },
    close: () => file.close(),
  };
}

/** A column of the table, which may be a part of a column of the file. */
interface ColumnReader {
  /** Such as `price.amount`. */
  readonly name: string;
  /** The column of the file. */
  readonly column: string;
  read(value: unknown): string;
}

/** Columns of structures become a column for each part. Lists and maps stay one column. */
function readersOf({ element, children }: SchemaTree, path: readonly string[] = []): ColumnReader[] {
  const here = [...path, element.name];
  const isStructure =
    children.length > 0 &&
    element.repetition_type !== 'REPEATED' &&
    element.converted_type === undefined &&
    element.logical_type === undefined;
  if (isStructure) return children.flatMap((child) => readersOf(child, here));
  const text = children.length > 0 ? jsonText : textReader(element);
  const parts = here.slice(1);
  return [
    {
      name: here.join('.'),
      column: here[0],
      read(value) {
        let inner = value;
        for (const part of parts) inner = (inner as Record<string, unknown> | null | undefined)?.[part];
        return inner === null || inner === undefined ? '' : text(inner);
      },
    },
  ];
}

/** Values that are not null become text by the type of their column. */
function textReader(element: SchemaElement): (value: unknown) => string {
  const { type, converted_type: converted, logical_type: logical, scale = 0 } = element;
  if (converted === 'DECIMAL') return (value) => (typeof value === 'number' ? value.toFixed(scale) : plainValue(value));
  if (type === 'FLOAT') return (value) => (typeof value === 'number' ? shortestFloat(value) : plainValue(value));
  if (converted === 'DATE') return (value) => (value instanceof Date ? isoText(value).slice(0, 10) : plainValue(value));
  const local = logical?.type === 'TIMESTAMP' && !logical.isAdjustedToUTC;
  return (value) => (value instanceof Date ? isoText(value).replace('Z', local ? '' : 'Z') : plainValue(value));
}

/** The shortest decimal number that is this one in 32 bits: 20.96, not 20.959999084472656. */
function shortestFloat(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return plainValue(short);
  }
  return plainValue(value);
}

function isoText(value: Date): string {
  return Number.isNaN(value.getTime()) ? '' : value.toISOString();
}

function plainValue(value: unknown): string {
  if (typeof value === 'string') return value;
  // Data frames have NaN where a number is missing.
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  return jsonText(value);
}

function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? Number(item) : item));
}

async function readColumns(
  scan: ParquetScan,
  columns: readonly ColumnReader[],
  rowStart: number,
  rowEnd: number,
): Promise<Map<string, DecodedArray>> {
  const data = new Map<string, DecodedArray>();
  for (const { column } of columns) {
    if (!data.has(column)) data.set(column, await scan.readColumn({ column, rowStart, rowEnd }));
  }
  return data;
}

/** The number of a row, from 1, stands for its line. */
function* readGroup(
  data: ReadonlyMap<string, DecodedArray>,
  columns: readonly ColumnReader[],
  rowStart: number,
): Generator<TableBatch, void, undefined> {
  const arrays = columns.map(({ column }) => data.get(column) ?? []);
  const length = arrays[0]?.length ?? 0;
  for (let start = 0; start < length; start += BATCH_ROWS) {
    const batch: TableBatch = { rows: [], lines: [], faults: [] };
    for (let at = start; at < Math.min(length, start + BATCH_ROWS); at++) {
      batch.rows.push(columns.map((column, place) => column.read(arrays[place][at])));
      batch.lines.push(rowStart + at + 1);
    }
    yield batch;
  }
}
