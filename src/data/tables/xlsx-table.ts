// Reads a sheet of a workbook (.xlsx). Workbooks are small, at most a million rows, and are read as
// a whole.

import { asError, VitrineError } from '../../errors';
import { readAll, type ByteSource } from './source/bytes';
import { columnNames, numberedColumns, RowFitter } from './columns';
import type { PartialForm } from './form';
import { findLayout } from './layout';
import type { Table, TableBatch } from './rows';

const SAMPLE_ROWS = 1_000;
const BATCH_ROWS = 10_000;

/** @throws VitrineError INPUT_INVALID if it is no workbook or has no such sheet */
export async function openXlsx(source: ByteSource, form: PartialForm): Promise<Table> {
  const sheets = await readSheets(source);
  const [name] = [form.sheet ?? sheets[0].sheet].flat();
  const wanted = sheets.find(({ sheet }) => sheet === name);
  const names = sheets.map(({ sheet }) => `'${sheet}'`).join(', ');
  if (wanted === undefined) {
    throw new VitrineError('INPUT_INVALID', `${source.name}: expected a sheet '${name}', got ${names}.`);
  }
  const notes: string[] = [];
  if (form.sheet === undefined && sheets.length > 1) notes.push(`of the sheets ${names}, the first one is read`);
  const lines = wanted.rows.map((_, i) => i + 1).slice(form.skip ?? 0);
  const rows = wanted.rows.slice(form.skip ?? 0);
  const layout = findLayout(rows.slice(0, SAMPLE_ROWS), form.skip === undefined ? undefined : 0);
  const { first } = layout;
  const inFile = form.header === undefined ? layout.header : form.header === true;
  const body = rows.slice(first);
  if (body.length === 0)
    throw new VitrineError('INPUT_INVALID', `${source.name}: the sheet '${wanted.sheet}' is empty.`);
  const note = (text: string): void => void notes.push(text);
  const header = Array.isArray(form.header)
    ? columnNames(form.header, note)
    : inFile
      ? columnNames(body[0], note)
      : numberedColumns(body[0].length);
  const fitter = new RowFitter(header.length, body.slice(0, SAMPLE_ROWS));
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
        body.slice(start, start + BATCH_ROWS).forEach((row, i) => {
          if (row.every((cell) => cell === '')) return;
          batch.rows.push(row);
          batch.lines.push(lines[first + start + i]);
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

/** The names of the sheets of a workbook. */
export async function sheetNames(source: ByteSource): Promise<string[]> {
  return (await readSheets(source)).map(({ sheet }) => sheet);
}

interface Sheet {
  readonly sheet: string;
  readonly rows: string[][];
}

async function readSheets(source: ByteSource): Promise<Sheet[]> {
  const { default: readWorkbook } = await import('read-excel-file/node');
  const bytes = await readAll(source);
  try {
    const sheets = await readWorkbook(bytes, { trim: false });
    return sheets.map(({ sheet, data }) => ({ sheet, rows: data.map((row) => (row as Cell[]).map(cellOf)) }));
  } catch (thrown) {
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
  return String(value);
}
