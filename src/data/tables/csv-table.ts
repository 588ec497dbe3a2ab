// Reads CSV and its relatives, of any size in constant memory. A sample from the beginning tells
// the dialect and the header.

import { VitrineError } from '../../errors';
import type { ByteSource } from './source/bytes';
import { columnNames, numberedColumns, RowFitter } from './columns';
import { decodeText, locateWrongBytes, takeSample } from './source/decode';
import { findDialect } from './dialect';
import type { PartialForm } from './form';
import { findLayout, usualWidth } from './layout';
import { RecordCutter, type Cut, type Dialect } from './records';
import type { Table } from './rows';

/** Characters of the sample. */
const SAMPLE = 1 << 18;

/**
 * @param form `encoding` is a standard name
 * @throws VitrineError INPUT_INVALID, also later while the table is read
 */
export async function openCsv(source: ByteSource, form: PartialForm & { encoding: string }): Promise<Table> {
  const progress = { bytes: 0 };
  const pieces = source.read((bytes) => (progress.bytes = bytes));
  const text = locateWrongBytes(source.name, decodeText(pieces, form.encoding));
  try {
    const sample = await takeSample(text, SAMPLE);
    const above = skipAbove(sample.text, form.skip ?? 0);
    const dialect = findDialect(above.text, sample.end, { ...above.separator, ...given(form) });
    const { body, layout, rows } = findBody(above, dialect, sample.end, form);
    if (rows.length === 0) {
      throw new VitrineError(
        'INPUT_INVALID',
        `${source.name} is empty: expected a line of column names, then one line a row.`,
      );
    }
    const notes: string[] = [];
    const inFile = form.header === undefined ? layout.header : form.header === true;
    const header = nameColumns(rows, inFile, form, notes);
    const fitter = new RowFitter(header.length, rows.slice(inFile ? 1 : 0), inFile ? rows[0] : undefined);
    const cutter = new RecordCutter(dialect, (row) => fitter.fits(row));
    const skip = body.line - above.line + (form.skip ?? 0);
    let names = inFile;
    return {
      path: source.path,
      name: source.name,
      header,
      bytes: source.size,
      form: {
        type: 'csv',
        ...dialect,
        header: Array.isArray(form.header) ? form.header : inFile,
        skip,
        encoding: form.encoding,
      },
      notes,
      async *batches(onBytes) {
        for await (const cut of readRecords({ ...body, end: sample.end }, text, cutter)) {
          onBytes?.(progress.bytes);
          if (names && cut.rows.length > 0) {
            names = false;
            cut.rows.shift();
            cut.lines.shift();
          }
          const batch = fitter.fit(cut, cut.open);
          if (batch.rows.length + batch.faults.length > 0) yield batch;
        }
        onBytes?.(progress.bytes);
        notes.push(...fitter.notes());
      },
      close: async () => {
        await text.return();
        source.close();
      },
    };
  } catch (thrown) {
    await text.return();
    throw thrown;
  }
}

/** A part of a file that goes to its end, or to the end of the sample. */
interface Part {
  readonly text: string;
  /** The line on which it begins, from 1. */
  readonly line: number;
}

function given({ separator, quote, escape }: PartialForm): Partial<Dialect> {
  return {
    ...(separator !== undefined && { separator }),
    ...(quote !== undefined && { quote }),
    ...(escape !== undefined && { escape }),
  };
}

/** Skips lines. A first line such as `sep=;`, which Excel knows, is skipped as well. */
function skipAbove(text: string, lines: number): Part & { separator: Partial<Dialect> } {
  const told = /^"?sep=(.)"?(\r\n|\n|\r)/.exec(text);
  const start = skipLines({ text: text.slice(told?.[0].length ?? 0), line: told ? 2 : 1 }, lines);
  return { ...start, separator: told ? { separator: told[1] } : {} };
}

function skipLines({ text, line }: Part, lines: number): Part {
  const ends = /\r\n|\n|\r/g;
  let skipped = 0;
  while (skipped < lines && ends.exec(text)) skipped++;
  return { text: text.slice(skipped < lines ? text.length : ends.lastIndex), line: line + skipped };
}

/** Finds the header or the first row, and the rows of the sample from there. */
function findBody(above: Part, dialect: Dialect, end: boolean, form: PartialForm) {
  const { rows, lines } = new RecordCutter(dialect).cut(above.text, above.line, end);
  const layout = findLayout(rows, form.skip === undefined ? undefined : 0);
  const body = rows.length === 0 ? above : skipLines(above, lines[layout.first] - above.line);
  return { body, layout, rows: rows.slice(layout.first) };
}

function nameColumns(rows: readonly string[][], inFile: boolean, form: PartialForm, notes: string[]): string[] {
  const note = (text: string): void => void notes.push(text);
  if (Array.isArray(form.header)) return columnNames(form.header, note);
  if (!inFile) return numberedColumns(usualWidth(rows.map((row) => row.length)));
  // Separators at the end of all lines make no columns.
  let width = rows[0].length;
  while (width > 1 && rows.every((row) => (row[width - 1] ?? '').trim() === '')) width--;
  const names = rows[0].slice(0, width);
  // R writes names of rows in a first column, and no name for it.
  const below = rows.slice(1);
  const namesOfRows = below.length > 0 && below.every((row) => row.length === width + 1 && row[width].trim() !== '');
  return columnNames(namesOfRows ? ['', ...names] : names, note);
}

/** Cuts text into records. Each piece of text that completes a record yields a batch. */
async function* readRecords(
  start: Part & { readonly end: boolean },
  text: AsyncIterable<string>,
  cutter: RecordCutter,
): AsyncGenerator<Cut, void, undefined> {
  let { text: rest, line } = start;
  const cutOff = (end: boolean): Cut => {
    const cut = cutter.cut(rest, line, end);
    rest = rest.slice(cut.length);
    line += cut.lineEnds;
    return cut;
  };
  if (start.end) {
    yield cutOff(true);
    return;
  }
  yield cutOff(false);
  for await (const piece of text) {
    rest += piece;
    yield cutOff(false);
  }
  yield cutOff(true);
}
