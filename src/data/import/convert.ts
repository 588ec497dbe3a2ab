// Turns the fields of a CSV record into a row of Postgres's COPY format, or says what is wrong with
// it. Since this runs for every row, each file gets a converter made from its mapping and header.

import { FIELDS, type Kind } from '../store/fields';
import type { FileKind, Mapping } from './mapping';

/** The columns of the store that a file fills, and the function that makes its rows. */
export interface Converter {
  /** The store's columns, in the order of the values that `convert` returns. */
  readonly columns: readonly string[];
  /** The names within the column `attributes` that the file has columns for. */
  readonly attributes: readonly string[];
  /**
   * The row as COPY text without a line end.
   * @throws RowError with the reason if the row cannot be used
   */
  convert(fields: readonly string[]): string;
}

/** A row that cannot be used. The message is the reason. */
export class RowError extends Error {}

/** Makes the converter of one file. Every mapped column must be in the header. */
export function createConverter<K extends FileKind>(
  kind: K,
  section: NonNullable<Mapping[K]>,
  header: readonly string[],
): Converter {
  const columns: string[] = [];
  const steps: ((fields: readonly string[]) => string)[] = [];
  const given = new Map(
    Object.entries(section).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  for (const [field, [column, how]] of Object.entries<readonly [string, Kind]>(FIELDS[kind])) {
    const name = given.get(field);
    if (name === undefined) continue;
    const place = header.indexOf(name);
    const read = READERS[how]();
    columns.push(column);
    steps.push((fields) => {
      try {
        return read(fields[place].trim());
      } catch (thrown) {
        throw thrown instanceof RowError ? new RowError(`${name}: ${thrown.message}`) : thrown;
      }
    });
  }
  const attributes = attributeReader(section, header);
  if (attributes) {
    columns.push('attributes');
    steps.push(attributes.read);
  }
  return {
    columns,
    attributes: attributes?.names ?? [],
    convert(fields) {
      let row = steps[0](fields);
      for (let i = 1; i < steps.length; i++) row += `\t${steps[i](fields)}`;
      return row;
    },
  };
}

/** A value as Postgres's COPY text. */
function copyText(value: string): string {
  return /[\\\t\n\r]/.test(value) ? value.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character]) : value;
}

const COPY_NULL = '\\N';
const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const ID_LIMIT = 256;

/** Readers get the trimmed text of a field. Empty text is null, except for ids and times. */
const READERS: Record<Kind, () => (value: string) => string> = {
  id: () => (value) => {
    if (value === '') throw new RowError('expected an id, got nothing');
    if (value.length > ID_LIMIT)
      throw new RowError(`expected an id of at most ${ID_LIMIT} characters, got ${value.length}`);
    return text(value);
  },
  text: () => (value) => (value === '' ? COPY_NULL : text(value)),
  whole: () => (value) => (value === '' ? COPY_NULL : wholeNumber(value, 0x7fff_ffff)),
  small: () => (value) => (value === '' ? COPY_NULL : wholeNumber(value, 0x7fff)),
  flag: () => (value) => {
    if (value === '') return COPY_NULL;
    const flag = FLAGS.get(value.toLowerCase());
    if (flag === undefined) throw new RowError(`expected yes or no (1 or 0, true or false), got '${shown(value)}'`);
    return flag;
  },
  // Rounded to the 32 bits of the column, so that the merge compares equal values as equal.
  real: () => (value) => (value === '' ? COPY_NULL : String(notLost(Math.fround(finite(value, 3.4e38)), value))),
  time: () => {
    // Files are mostly ordered by time, so the same text comes many times in a row.
    let last = '';
    let result = '';
    return (value) => {
      if (value !== last) {
        result = time(value);
        last = value;
      }
      return result;
    };
  },
};

const FLAGS = new Map([
  ['1', 't'],
  ['1.0', 't'],
  ['true', 't'],
  ['t', 't'],
  ['yes', 't'],
  ['y', 't'],
  ['0', 'f'],
  ['0.0', 'f'],
  ['false', 'f'],
  ['f', 'f'],
  ['no', 'f'],
  ['n', 'f'],
]);

function text(value: string): string {
  if (value.includes('\0')) throw new RowError('contains a NUL character');
  return copyText(value);
}

function wholeNumber(value: string, limit: number): string {
  const number = finite(value, limit);
  if (!Number.isInteger(number)) throw new RowError(`expected a whole number, got '${shown(value)}'`);
  return String(number);
}

function finite(value: string, limit: number): number {
  const number = DECIMAL.test(value) ? Number(value) : Number.NaN;
  if (!(Math.abs(number) <= limit)) throw new RowError(`expected a number up to ±${limit}, got '${shown(value)}'`);
  // Adding 0 turns −0 into 0, since −0 is not equal to 0 everywhere.
  return notLost(number, value) + 0;
}

/**
 * Returns the number. Throws if it became 0 because the number in the text is too small to store.
 */
function notLost(number: number, value: string): number {
  if (number === 0 && /[1-9]/.test(value.split(/e/i)[0])) {
    throw new RowError(`expected 0 or a number beyond ±1e-45, got '${shown(value)}'`);
  }
  return number;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Converts a day or a time, which is in UTC if it has no zone. Fractions of a second are dropped.
 */
function time(value: string): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s?(Z|[+-]\d{2}:?\d{2})?)?$/.exec(
    value,
  );
  if (!parts) throw new RowError(`expected a date such as 2020-09-22 or 2020-09-22T14:05:00Z, got '${shown(value)}'`);
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0));
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // Date.UTC turns a time that does not exist (31 February, 25 o'clock) into another time.
  const back = [
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ];
  if ([month, day, hour, minute, second].some((part, i) => part !== back[i]) || year < 100) {
    throw new RowError(`there is no such time as '${shown(value)}'`);
  }
  const moment = new Date(date.getTime() - zoneMinutes(parts[7]) * 60_000);
  // In UTC the year must have four digits too. The condition is negated, so that it refuses NaN.
  if (!(moment.getTime() >= FIRST_TIME && moment.getTime() <= LAST_TIME)) {
    throw new RowError(`there is no such time as '${shown(value)}'`);
  }
  return moment.toISOString();
}

const FIRST_TIME = Date.UTC(100, 0, 1);
const LAST_TIME = Date.UTC(9999, 11, 31, 23, 59, 59);

/** Minutes that a zone is ahead of UTC; NaN for zones that cannot exist. */
function zoneMinutes(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return hours > 15 || minutes > 59 ? Number.NaN : Number(`${zone[0]}1`) * (hours * 60 + minutes);
}

function shown(value: string): string {
  return value.length > 60 ? `${value.slice(0, 60)}…` : value;
}

/** Reads the attribute columns into one JSON value; undefined if the section has none. */
function attributeReader(
  section: NonNullable<Mapping[FileKind]>,
  header: readonly string[],
): { names: string[]; read: (fields: readonly string[]) => string } | undefined {
  const { categorical = [], multiValued = {}, numeric = [] } = 'id' in section ? section : {};
  const place = (name: string) => header.indexOf(name);
  const categories = [
    ...categorical.map((name) => ({ name, at: place(name), separator: undefined })),
    ...Object.entries(multiValued).map(([name, separator]) => ({ name, at: place(name), separator })),
  ];
  const numbers = numeric.map((name) => ({ name, at: place(name) }));
  const names = [...categories, ...numbers].map(({ name }) => name);
  if (names.length === 0) return undefined;
  const read = (fields: readonly string[]): string => {
    const value: Record<string, string[] | number> = {};
    for (const { name, at, separator } of categories) {
      const parts = separator === undefined ? [fields[at]] : fields[at].split(separator);
      const present = [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ''))];
      if (present.some((part) => part.includes('\0'))) throw new RowError(`${name}: contains a NUL character`);
      if (present.length > 0) value[name] = present;
    }
    for (const { name, at } of numbers) {
      const number = fields[at].trim();
      if (number === '') continue;
      try {
        value[name] = finite(number, Number.MAX_VALUE);
      } catch (thrown) {
        throw thrown instanceof RowError ? new RowError(`${name}: ${thrown.message}`) : thrown;
      }
    }
    return copyText(JSON.stringify(value));
  };
  return { names, read };
}
