// Turns the rows of articles and customers into rows of Postgres's COPY format, and counts what it
// could not read. A bad value of an optional column is unknown; a row without a required one is
// rejected.

import type { Kind } from '../store/fields';
import { readList } from '../values/lists';
import { isNull } from '../values/nulls';
import { readNumber, type DecimalMark } from '../values/numbers';
import { readFlag } from '../values/flags';
import { plainText } from '../values/text';
import { ValueFault } from '../values/value-fault';
import { noTimes, type PurchaseTimes } from './purchase-times';
import { COPY_NULL, copyText, arrayText, dayTimeReader, readerOf, type CellReader, type Found } from './readers';
import type { AttributeTarget, SectionJson, Target, Targets } from './targets';

export interface Converter {
  /** The store's columns, in the order of the values that `convert` returns. */
  readonly columns: readonly string[];
  /** The names within the column `attributes` that the file has columns for. */
  readonly attributes: readonly string[];
  /**
   * The row as COPY texts without a line end: none for a row that does not count, several for one
   * with several articles.
   * @throws ValueFault with the reason if the row cannot be used
   */
  convert(cells: readonly string[]): readonly string[];
  readonly tallies: Tallies;
}

export interface Tallies {
  /** Purchases without a customer. */
  guests: number;
  /** Rows whose id came before, if only the first counts. */
  repeated: number;
  /** Rows that are returns. */
  returns: number;
  readonly times: PurchaseTimes;
  /** Values that could not be read and count as unknown: "column: reason" → number. */
  readonly unread: Map<string, number>;
}

export type Values = (cells: readonly string[]) => string;

/** Makes the converter of one file of articles or customers. */
export function createConverter(
  json: SectionJson,
  targets: Targets,
  header: readonly string[],
  found: Found,
  seen: Set<string> | undefined,
): Converter {
  const making = makingOf(json, header, found);
  const { tallies } = making;
  const columns = targets.fields.map(({ column }) => column);
  const steps = targets.fields.map((target) => stepOf(target, making));
  const attributes = targets.attributes.length > 0 ? attributesStep(targets.attributes, making) : undefined;
  if (attributes) {
    columns.push('attributes');
    steps.push(attributes);
  }
  const id = targets.fields.findIndex(({ field }) => field === 'id');
  return {
    columns,
    attributes: targets.attributes.map(({ name }) => name),
    tallies,
    convert(cells) {
      if (seen) {
        const own = steps[id](cells);
        if (seen.has(own)) {
          tallies.repeated++;
          return [];
        }
        seen.add(own);
      }
      let row = steps[0](cells);
      for (let i = 1; i < steps.length; i++) row += `\t${steps[i](cells)}`;
      return [row];
    },
  };
}

/** What is needed to read the cells of one file. */
export interface Making {
  readonly json: SectionJson;
  readonly header: readonly string[];
  readonly found: Found;
  readonly tallies: Tallies;
  readonly isNull: (text: string) => boolean;
}

export function makingOf(json: SectionJson, header: readonly string[], found: Found): Making {
  return { json, header, found, tallies: noTallies(), isNull: isNull(json.nulls) };
}

export function noTallies(): Tallies {
  return { guests: 0, repeated: 0, returns: 0, times: noTimes(), unread: new Map() };
}

/** Reads the value of one column of the store. */
export function stepOf(target: Target, making: Making): Values {
  const { json, header, found } = making;
  const { kind, from, required: needed, separator, divideBy, time } = target;
  const places = from.map((column) => header.indexOf(column));
  if (places.length > 1) return (cells) => arrayText(places.map((place) => known(cells[place], making)));
  const [name] = from;
  const [place] = places;
  const read = readerOf(kind as Exclude<Kind, 'attributes' | 'state'>, {
    ...found,
    zone: json.zone,
    form: json.ids?.[name],
    separator,
    divideBy,
  });
  if (time !== undefined) return dayTimeStep(target, making);
  if (needed) return (cells) => readRequired(name, known(cells[place], making), read);
  const none = EMPTY[target.column] ?? COPY_NULL;
  return (cells) => {
    const text = known(cells[place], making);
    return text === '' ? none : readOptional(name, text, read, making.tallies, none);
  };
}

/** A row without a time of day has the beginning of its day. */
function dayTimeStep({ from: [day], time = '' }: Target, making: Making): Values {
  const { json, header, found } = making;
  const [dayAt, timeAt] = [header.indexOf(day), header.indexOf(time)];
  const read = dayTimeReader({ ...found, zone: json.zone });
  return (cells) => readRequired(day, known(cells[dayAt], making), (text) => read(text, known(cells[timeAt], making)));
}

/** Values of columns that cannot be null. */
const EMPTY: Readonly<Partial<Record<string, string>>> = { category: '{}', availability: 'in_stock', hidden: 'f' };

/** The trimmed text of a cell; '' if it is null. */
export function known(cell: string, { isNull: unknown }: Pick<Making, 'isNull'>): string {
  const text = cell.trim();
  return unknown(text) ? '' : text;
}

function readRequired(name: string, text: string, read: CellReader): string {
  if (text === '') throw new ValueFault(`${name}: expected a value, got nothing`);
  return named(name, read, text);
}

/** Reads a text, and names its column in the fault. */
export function named<T>(name: string, read: (text: string) => T, text: string): T {
  try {
    return read(text);
  } catch (thrown) {
    throw thrown instanceof ValueFault ? new ValueFault(`${name}: ${thrown.message}`) : thrown;
  }
}

export function readOptional<T>(name: string, text: string, read: (text: string) => T, tallies: Tallies, none: T): T {
  try {
    return read(text);
  } catch (thrown) {
    if (!(thrown instanceof ValueFault)) throw thrown;
    // The value itself is left out of the reason, so that equal reasons are counted together.
    const reason = `${name}: ${thrown.message.replace(/, got '.*$/s, '')}`;
    tallies.unread.set(reason, (tallies.unread.get(reason) ?? 0) + 1);
    return none;
  }
}

/** Reads the attribute columns into one JSON value, whose keys may have any name. */
function attributesStep(targets: readonly AttributeTarget[], making: Making): Values {
  const { header, found, tallies } = making;
  const steps = targets.map((target) => ({
    name: JSON.stringify(target.name),
    at: header.indexOf(target.from),
    target,
  }));
  return (cells) => {
    const parts: string[] = [];
    for (const { name, at, target } of steps) {
      const text = known(cells[at], making);
      if (text === '') continue;
      const value = readOptional(
        target.name,
        text,
        (one) => attributeOf(one, target, found.decimal),
        tallies,
        undefined,
      );
      if (value !== undefined) parts.push(`${name}:${value}`);
    }
    return copyText(`{${parts.join(',')}}`);
  };
}

/** The value as JSON; undefined if there is none. */
function attributeOf(text: string, { kind, separator }: AttributeTarget, decimal: DecimalMark): string | undefined {
  if (text.includes('\0')) throw new ValueFault('contains a NUL character');
  if (kind === 'number') return String(readNumber(text, decimal) + 0);
  if (kind === 'flag') return String(readFlag(text));
  if (kind === 'text') return JSON.stringify(plainText(text));
  const values = separator === undefined ? [text] : readList(text, separator);
  return values.length === 0 ? undefined : JSON.stringify(values);
}
