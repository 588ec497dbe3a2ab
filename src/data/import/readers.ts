// Reads cells as values of the store, in Postgres's COPY format. One reader is made for each
// column, since this runs for every row.

import type { Kind } from '../store/fields';
import { createDateReader, createDayTimeReader, type DateReader } from '../values/dates';
import { readFlag } from '../values/flags';
import { BRACKETS, isBracketed, readList } from '../values/lists';
import { readNumber, type DecimalMark } from '../values/numbers';
import { plainText } from '../values/text';
import { shown, ValueFault } from '../values/value-fault';

/** Reads a trimmed text that is not null. @throws ValueFault */
export type CellReader = (text: string) => string;

export const COPY_NULL = '\\N';

export interface Found {
  /** A format of src/data/values/dates.ts. */
  readonly dateFormat: string;
  readonly decimal: DecimalMark;
}

/** How ids are written in the section's other files. */
export interface IdForm {
  readonly pad?: number | undefined;
  readonly whole?: boolean | undefined;
  readonly case?: 'lower' | 'upper' | undefined;
}

export interface ReaderOptions extends Found {
  readonly zone: string | undefined;
  readonly form?: IdForm | undefined;
  readonly separator?: string | undefined;
  readonly divideBy?: number | undefined;
}

/** The reader of a kind of column. */
export function readerOf(kind: Exclude<Kind, 'attributes' | 'state'>, options: ReaderOptions): CellReader {
  const { decimal } = options;
  switch (kind) {
    case 'id':
      return (text) => copyText(idText(text, options.form));
    case 'text':
      return (text) => copyText(plainText(/^\[\s*["']/.test(text) ? sentences(text) : text));
    case 'path':
      return (text) => arrayText(options.separator === undefined ? [text] : text.split(options.separator));
    case 'whole':
      return (text) => wholeNumber(text, decimal, 0x7fff_ffff);
    case 'small':
      return (text) => wholeNumber(text, decimal, 0x7fff);
    case 'flag':
      return (text) => (readFlag(text) ? 't' : 'f');
    case 'real':
      return (text) => String(readNumber(text, decimal) / (options.divideBy ?? 1) + 0);
    case 'time':
      return timeReader(options);
    case 'availability':
      return availability;
  }
}

/** The texts of a list one after the other: descriptions come in paragraphs. */
function sentences(text: string): string {
  return isBracketed(text) ? readList(text, BRACKETS).join(' ') : text;
}

/** A text as Postgres's COPY takes it. @throws ValueFault */
export function copyText(value: string): string {
  if (value === '') return COPY_NULL;
  // Nearly all values are as they are, so one look must do.
  if (!/[\\\t\n\r\0]/.test(value)) return value;
  if (value.includes('\0')) throw new ValueFault('contains a NUL character');
  return value.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character]);
}

/** A list of texts as an array in COPY's format. */
export function arrayText(values: readonly string[]): string {
  const kept = values.map((value) => plainText(value.trim())).filter((value) => value !== '');
  return copyText(`{${kept.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`).join(',')}}`);
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const ID_LIMIT = 256;

/** An id in the form that joins. The apostrophe that marks a text in spreadsheets is left out. */
export function idText(text: string, form: IdForm = {}): string {
  let id = text.startsWith(`'`) && /^'[^']+$/.test(text) ? text.slice(1) : text;
  if (form.whole === true) id = id.replace(/^(\d+)\.0+$/, '$1');
  if (form.case !== undefined) id = form.case === 'lower' ? id.toLowerCase() : id.toUpperCase();
  if (form.pad !== undefined) id = id.padStart(form.pad, '0');
  if (id.length > ID_LIMIT) {
    throw new ValueFault(`expected an id of at most ${ID_LIMIT} characters, got ${id.length}`);
  }
  return id;
}

function wholeNumber(text: string, decimal: DecimalMark, limit: number): string {
  const number = readNumber(text, decimal);
  if (!Number.isInteger(number)) throw new ValueFault(`expected a whole number, got '${shown(text)}'`);
  if (Math.abs(number) > limit) throw new ValueFault(`expected a number up to ±${limit}, got '${shown(text)}'`);
  return String(number + 0);
}

function timeReader({ dateFormat, zone }: ReaderOptions): CellReader {
  return isoWriter(createDateReader(dateFormat, zone));
}

/** Reads a day from one cell and the time of day from another. @throws ValueFault */
export function dayTimeReader({ dateFormat, zone }: ReaderOptions): (day: string, time: string) => string {
  const read = createDayTimeReader(dateFormat, zone);
  let time = '';
  const write = isoWriter((day) => read(day, time));
  return (day, own) => {
    time = own;
    return write(day);
  };
}

function isoWriter(read: DateReader): CellReader {
  // Files are mostly ordered by time, so the same time comes many times in a row.
  let last = Number.NaN;
  let result = '';
  return (text) => {
    const seconds = read(text);
    if (seconds !== last) {
      result = new Date(seconds * 1_000).toISOString();
      last = seconds;
    }
    return result;
  };
}

const WORDS: Readonly<Record<string, readonly string[]>> = {
  in_stock: ['in stock', 'in_stock', 'instock', 'available', 'yes', 'true', 'active', 'verfügbar', 'en stock'],
  out_of_stock: ['out of stock', 'out_of_stock', 'outofstock', 'oos', 'sold out', 'unavailable', 'discontinued'],
  preorder: ['preorder', 'pre-order', 'backorder', 'onbackorder', 'available for order'],
};
const AVAILABILITY = new Map(
  Object.entries({ ...WORDS, out_of_stock: [...WORDS['out_of_stock'], 'no', 'false'] }).flatMap(([state, words]) =>
    words.map((word): [string, string] => [word, state]),
  ),
);

/** A word for the availability, or the number of pieces in stock. */
function availability(text: string): string {
  const state = AVAILABILITY.get(text.toLowerCase().replace(/^https?:\/\/schema\.org\//, ''));
  if (state !== undefined) return state;
  const pieces = /^[+-]?\d+([.,]\d+)?$/.test(text) ? Number(text.replace(',', '.')) : Number.NaN;
  if (Number.isNaN(pieces)) {
    throw new ValueFault(`expected in stock, out of stock, preorder or a number of pieces, got '${shown(text)}'`);
  }
  return pieces > 0 ? 'in_stock' : 'out_of_stock';
}
