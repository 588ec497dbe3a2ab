// Reads a sheet of a workbook (.xlsx). Workbooks are small, at most a million rows, and are read as
// a whole.

import { asError, VitrineError } from '../../errors';
import { readAll, type ByteSource } from './source/bytes';
import { sheetNamesOf } from './source/workbook';
import { columnNames, numberedColumns, RowFitter } from './columns';
import type { PartialForm } from './form';
import { findLayout } from './layout';
import type { Table, TableBatch } from './rows';

const SAMPLE_ROWS = 1_000;
const BATCH_ROWS = 10_000;

/** @throws VitrineError INPUT_INVALID if it is no workbook or has no such sheet */
export async function openXlsx(source: ByteSource, form: PartialForm): Promise<Table> {
  const [given] = [form.sheet ?? []].flat();
  const { sheets, wanted } = await readSheet(source, given);
  const notes: string[] = [];
  if (given === undefined && sheets.length > 1) notes.push(`of the sheets ${quoted(sheets)}, the first one is read`);
  const rows = wanted.rows.slice(form.skip ?? 0);
  const sample = (from: number): string[][] => rows.slice(from, from + SAMPLE_ROWS).map(cellsOf);
  const layout = findLayout(sample(0), form.skip === undefined ? undefined : 0);
  const { first } = layout;
  const inFile = form.header === undefined ? layout.header : form.header === true;
  const body = rows.slice(first);
  if (body.length === 0)
    throw new VitrineError('INPUT_INVALID', `${source.name}: the sheet '${wanted.sheet}' is empty.`);
  const note = (text: string): void => void notes.push(text);
  const header = Array.isArray(form.header)
    ? columnNames(form.header, note)
    : inFile
      ? columnNames(cellsOf(body[0]), note)
      : numberedColumns(cellsOf(body[0]).length);
  const fitter = new RowFitter(header.length, sample(first));
  return {
    path: source.path,
    name: source.name,
    header,
    bytes: source.size,
    form: {
      type: 'xlsx',
      sheet: wanted.sheet,
      header: Array.isArray(form.header) ? form.header : inFile,
      skip: (form.skip ?? 0) + first,
    },
    notes,
    async *batches(onBytes) {
      for (let start = inFile ? 1 : 0; start < body.length; start += BATCH_ROWS) {
        const batch: TableBatch = { rows: [], lines: [], faults: [] };
        body.slice(start, start + BATCH_ROWS).forEach((text, i) => {
          const row = cellsOf(text);
          if (row.every((cell) => cell === '')) return;
          batch.rows.push(row);
          batch.lines.push((form.skip ?? 0) + first + start + i + 1);
        });
        yield fitter.fit(batch);
      }
      onBytes?.(source.size);
    },
    close: async () => {
      source.close();
    },
  };
}

/**
 * The names of the sheets of a workbook.
 * @throws VitrineError INPUT_INVALID
 */
export async function sheetNames(source: ByteSource): Promise<string[]> {
  const bytes = await readAll(source);
  return checked(source, () => sheetNamesOf(source.name, bytes));
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}

interface Sheet {
  readonly sheet: string;
  /** The cells of each row in one text, since a million rows of arrays take gigabytes. */
  readonly rows: readonly string[];
}

const BETWEEN = '\0';

function cellsOf(row: string): string[] {
  return row.split(BETWEEN);
}

/** Reads one sheet: the first, if no name is given. */
async function readSheet(
  source: ByteSource,
  given: string | undefined,
): Promise<{ readonly sheets: readonly string[]; readonly wanted: Sheet }> {
  const { readSheet: readRows } = await import('read-excel-file/node');
  const bytes = await readAll(source);
  const sheets = await checked(source, () => sheetNamesOf(source.name, bytes));
  const sheet = given ?? sheets.at(0);
  if (sheet === undefined || !sheets.includes(sheet)) {
    const expected = given === undefined ? 'expected a sheet' : `expected a sheet '${given}'`;
    throw new VitrineError('INPUT_INVALID', `${source.name}: ${expected}, got ${quoted(sheets) || 'none'}.`);
  }
  const data = await checked(source, () => readRows(bytes, sheet, { trim: false }));
  return { sheets, wanted: { sheet, rows: data.map((row) => (row as Cell[]).map(cellOf).join(BETWEEN)) } };
}

async function checked<T>(source: ByteSource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof VitrineError) throw thrown;
    const reason = asError(thrown).message;
    throw new VitrineError('INPUT_INVALID', `${source.name} cannot be read as a workbook (${reason}). Save it again.`, {
      cause: thrown,
    });
  }
}

/** The library's type names the constructor of dates instead of dates. */
type Cell = string | number | boolean | Date | null;

/** Workbooks know no time zone. A day is written without a time. */
function cellOf(value: Cell): string {
  if (value === null) return '';
  if (value instanceof Date) return value.toISOString().replace(/(T00:00:00)?\.\d+Z$/, '').replace('T', ' '); // prettier-ignore
  return String(value).replaceAll(BETWEEN, ' ');
}
