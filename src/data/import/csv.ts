// Reads CSV files (RFC 4180, comma, UTF-8, plain or gzipped) of any size in constant memory, as
// batches of records. After a record that cannot be read, reading continues at the next line. A
// byte that is not UTF-8 ends the reading, since other bytes may then be wrong as well.
//
// The reader is written by hand for this recovery: an unclosed quote must not swallow the rest of
// the file. It is also fast, since a line without quotes costs only one `split`, and nearly all
// transactions have no quotes.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import { asError, VitrineError } from '../../errors';
import { decodeUtf8, lineEnds, NotUtf8, unreadable } from './utf8';

/** Some records of a file. `lines[i]` is the line (from 1) on which `rows[i]` begins. */
export interface CsvBatch {
  readonly rows: string[][];
  readonly lines: number[];
  readonly faults: RowFault[];
}

/** A record that cannot be used, and why. */
export interface RowFault {
  readonly line: number;
  readonly reason: string;
  /** The record as in the file, cut to RAW_LIMIT characters. */
  readonly raw: string;
}

export interface CsvFile {
  readonly path: string;
  readonly name: string;
  /** The names of the columns, trimmed. */
  readonly header: readonly string[];
  /** The size of the file on disk. */
  readonly bytes: number;
  /**
   * The records after the header, which can be read only once. `onBytes` is called with the number
   * of bytes read so far.
   */
  batches(onBytes?: (bytes: number) => void): AsyncGenerator<CsvBatch, void, undefined>;
  /** Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens a CSV file and reads its header.
 * @throws VitrineError INPUT_INVALID if the file is missing, empty, cut off or not UTF-8, also
 *   later while it is read; STORAGE_UNAVAILABLE if the system refuses to read the file
 */
export async function openCsv(path: string): Promise<CsvFile> {
  const name = basename(path);
  const info = await stat(path).catch((thrown: unknown) => {
    throw unreadable(path, thrown);
  });
  const progress = { bytes: 0 };
  const text = readText(path, progress);
  const records = readRecords(path, text);
  const first = await records.next();
  const header = first.done ? undefined : first.value.rows.shift();
  if (first.done || header === undefined) {
    await text.return();
    throw new VitrineError('INPUT_INVALID', `${name} is empty: expected a line of column names, then one line a row.`);
  }
  first.value.lines.shift();

  return {
    path,
    name,
    header: header.map((column) => column.trim()),
    bytes: info.size,
    async *batches(onBytes) {
      let batch: IteratorResult<CsvBatch, void> = first;
      while (!batch.done) {
        onBytes?.(progress.bytes);
        yield checkWidth(batch.value, header.length);
        batch = await records.next();
      }
      onBytes?.(progress.bytes);
    },
    close: async () => {
      await text.return();
    },
  };
}

/**
 * Maximum length of a record in characters. A quote that is not closed within this length is a
 * fault of its line.
 */
const RECORD_LIMIT = 1 << 20;
const RAW_LIMIT = 2_000;
const CHUNK_BYTES = 1 << 18;

/** Reads the text of a file in pieces. */
async function* readText(path: string, progress: { bytes: number }): AsyncGenerator<string, void, undefined> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  file.on('data', (chunk) => (progress.bytes += chunk.length));
  const gunzip = path.endsWith('.gz') ? createGunzip({ chunkSize: CHUNK_BYTES }) : undefined;
  if (gunzip) {
    file.on('error', (error) => gunzip.destroy(error));
    file.pipe(gunzip);
  }
  try {
    yield* decodeUtf8((gunzip ?? file) as AsyncIterable<Buffer>);
  } catch (thrown) {
    if (thrown instanceof NotUtf8) throw thrown;
    if (thrown instanceof Error && 'syscall' in thrown) throw unreadable(path, thrown);
    const reason = asError(thrown).message;
    throw new VitrineError(
      'INPUT_INVALID',
      `${basename(path)} cannot be read to its end (${reason} after ${progress.bytes} bytes): the file is damaged or cut off, or no gzip file. Nothing was imported; copy it again.`,
      { cause: thrown },
    );
  } finally {
    gunzip?.destroy();
    file.destroy();
  }
}

/** Cuts text into records. Each piece of text that completes a record yields a batch. */
async function* readRecords(path: string, text: AsyncIterable<string>): AsyncGenerator<CsvBatch, void, undefined> {
  let rest = '';
  let line = 1;
  try {
    for await (const piece of withEnd(text)) {
      const end = piece === undefined;
      rest = end ? rest : rest + piece;
      const cut = cutRecords(rest, line, end);
      rest = rest.slice(cut.length);
      line += cut.lines;
      if (cut.batch.rows.length > 0 || cut.batch.faults.length > 0) yield cut.batch;
    }
  } catch (thrown) {
    throw thrown instanceof NotUtf8 ? thrown.in(path, line + lineEnds(rest)) : thrown;
  }
}

/**
 * Cuts the complete records off the beginning of the text, which is on `line`. `length` and `lines`
 * are the numbers of characters and of line ends that were cut off.
 */
function cutRecords(text: string, line: number, end: boolean): { batch: CsvBatch; length: number; lines: number } {
  const batch: CsvBatch = { rows: [], lines: [], faults: [] };
  let at = 0;
  let lines = 0;
  while (at < text.length) {
    const record = parseRecord(text, at, end);
    if (record === undefined) break;
    if (record.fields !== undefined) {
      // An empty line is not a record.
      if (record.fields.length > 1 || record.fields[0] !== '') {
        batch.rows.push(record.fields);
        batch.lines.push(line + lines);
      }
    } else {
      const raw = text.slice(at, Math.min(record.next, at + RAW_LIMIT)).trimEnd();
      batch.faults.push({ line: line + lines, reason: record.reason, raw });
    }
    lines += record.lines;
    at = record.next;
  }
  return { batch, length: at, lines };
}

async function* withEnd(text: AsyncIterable<string>): AsyncGenerator<string | undefined, void, undefined> {
  yield* text;
  yield undefined;
}

/** `next` is the offset of the next record, and `lines` is the number of line ends before it. */
type ParsedRecord = { next: number; lines: number } & ({ fields: string[] } | { fields: undefined; reason: string });

/** Parses the record that begins at `start`. Returns undefined if its end has not been read yet. */
function parseRecord(text: string, start: number, end: boolean): ParsedRecord | undefined {
  const newline = text.indexOf('\n', start);
  if (newline < 0 && !end && text.length - start < RECORD_LIMIT) return undefined;
  const lineEnd = newline < 0 ? text.length : newline;
  const line = text.slice(start, lineEnd > start && text[lineEnd - 1] === '\r' ? lineEnd - 1 : lineEnd);
  const next = newline < 0 ? text.length : newline + 1;
  if (newline < 0 && !end)
    return { fields: undefined, reason: `a line of more than ${RECORD_LIMIT} characters`, next, lines: 0 };
  if (!line.includes('"')) return { fields: line.split(','), next, lines: 1 };

  const bad = (reason: string): ParsedRecord => ({ fields: undefined, reason, next, lines: 1 });
  const fields: string[] = [];
  let at = start;
  let lines = 1;
  for (;;) {
    if (text[at] !== '"') {
      // Quotes within an unquoted field are ordinary characters.
      const stop = fieldEnd(text, at);
      const last = text[stop] !== ',';
      fields.push(text.slice(at, last && text[stop - 1] === '\r' && stop > at ? stop - 1 : stop));
      if (last) return { fields, next: stop < text.length ? stop + 1 : stop, lines };
      at = stop + 1;
      continue;
    }
    let value = '';
    let from = at + 1;
    for (;;) {
      const quote = text.indexOf('"', from);
      if (quote < 0 || quote - start > RECORD_LIMIT) {
        if (quote < 0 && !end && text.length - start <= RECORD_LIMIT) return undefined;
        return bad('a quote is opened and not closed');
      }
      value += text.slice(from, quote);
      if (text[quote + 1] !== '"') {
        at = quote + 1;
        break;
      }
      value += '"';
      from = quote + 2;
    }
    lines += lineEnds(value);
    fields.push(value);
    // The next character may be in the next piece of text.
    if (at + 1 >= text.length && !end) return undefined;
    if (text[at] === '\r' && (text[at + 1] === '\n' || at + 1 === text.length)) at++;
    if (at >= text.length) return { fields, next: text.length, lines };
    if (text[at] === '\n') return { fields, next: at + 1, lines };
    if (text[at] !== ',')
      return bad(`a closing quote is followed by '${text[at]}', expected a comma or the end of the line`);
    at++;
  }
}

/** The offset of the end of an unquoted field: a comma, a line end or the end of the text. */
function fieldEnd(text: string, at: number): number {
  while (at < text.length && text[at] !== ',' && text[at] !== '\n') at++;
  return at;
}

function checkWidth(batch: CsvBatch, width: number): CsvBatch {
  if (batch.rows.every((row) => row.length === width)) return batch;
  const checked: CsvBatch = { rows: [], lines: [], faults: batch.faults };
  batch.rows.forEach((row, i) => {
    if (row.length === width) {
      checked.rows.push(row);
      checked.lines.push(batch.lines[i]);
    } else {
      const reason = `expected ${width} fields, got ${row.length}`;
      checked.faults.push({ line: batch.lines[i], reason, raw: csvLine(row).slice(0, RAW_LIMIT) });
    }
  });
  return checked;
}

/** One record as CSV, without the line end. */
export function csvLine(values: readonly string[]): string {
  return values.map((value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',');
}
