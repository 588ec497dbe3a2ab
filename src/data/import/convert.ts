// Turns the rows of a section into rows of Postgres's COPY format, and counts what it could not
// read. A bad value of an optional column is unknown; a row without a required one is rejected.

import type { Kind } from '../store/fields';
import { readList } from '../values/lists';
import { isNull } from '../values/nulls';
import { readNumber, type DecimalMark } from '../values/numbers';
import { readFlag } from '../values/flags';
import { plainText } from '../values/text';
import { ValueFault } from '../values/value-fault';
import {
  COPY_NULL,
  copyText,
  arrayText,
  dayTimeReader,
  idText,
  readerOf,
  type CellReader,
  type Found,
} from './readers';
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
  /** Values that could not be read and count as unknown: "column: reason" → number. */
  readonly unread: Map<string, number>;
}

type Values = (cells: readonly string[]) => string;

/** Makes the converter of one file of articles or customers. */
export function createConverter(
  json: SectionJson,
  targets: Targets,
  header: readonly string[],
  found: Found,
  seen: Set<string> | undefined,
): Converter {
  const tallies: Tallies = { guests: 0, repeated: 0, returns: 0, unread: new Map() };
  const making: Making = { json, header, found, tallies, isNull: isNull(json.nulls) };
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

/** Makes the converter of one file of purchases. */
export function createPurchaseConverter(
  json: SectionJson<'transactions'>,
  targets: Targets,
  header: readonly string[],
  found: Found,
): Converter {
  const tallies: Tallies = { guests: 0, repeated: 0, returns: 0, unread: new Map() };
  const making: Making = { json, header, found, tallies, isNull: isNull(json.nulls) };
  const step = (field: string): Values | undefined => {
    const target = targets.fields.find((one) => one.field === field);
    return target && stepOf(target, making);
  };
  const [date, order, channel] = [required(step('date')), step('orderId'), step('salesChannelId')];
  const customer = customerStep(json, making);
  const articles = articlesStep(json, making);
  const pieces = piecesStep(json, making);
  const cancelled = stateWords(json, header);
  return {
    columns: ['bought_at', 'customer_id', 'article_id', 'price', 'quantity', 'order_id', 'state', 'sales_channel_id'],
    attributes: [],
    tallies,
    convert(cells) {
      const who = customer(cells);
      if (who === COPY_NULL) {
        tallies.guests++;
        return [];
      }
      const when = date(cells);
      const things = articles(cells);
      const { quantity, price } = pieces(cells, things.length);
      if (quantity === 0) throw new ValueFault('expected a quantity other than 0');
      const state = cancelled(cells);
      const rest = order?.(cells) ?? COPY_NULL;
      const where = channel?.(cells) ?? COPY_NULL;
      const row = (what: string, count: number, how: string): string =>
        `${when}\t${who}\t${what}\t${price}\t${count}\t${rest}\t${how}\t${where}`;
      if (quantity < 0) tallies.returns++;
      if (state === 'returned' && quantity > 0) {
        tallies.returns++;
        // A purchase that came back is a purchase and its return.
        return things.flatMap((what) => [row(what, quantity, 'bought'), row(what, -quantity, 'returned')]);
      }
      const how = state === 'cancelled' ? 'cancelled' : quantity < 0 ? 'returned' : 'bought';
      return things.map((what) => row(what, quantity, how));
    },
  };
}

interface Making {
  readonly json: SectionJson;
  readonly header: readonly string[];
  readonly found: Found;
  readonly tallies: Tallies;
  readonly isNull: (text: string) => boolean;
}

/** Reads the value of one column of the store. */
function stepOf(target: Target, making: Making): Values {
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
function known(cell: string, { isNull: unknown }: Pick<Making, 'isNull'>): string {
  const text = cell.trim();
  return unknown(text) ? '' : text;
}

function readRequired(name: string, text: string, read: CellReader): string {
  if (text === '') throw new ValueFault(`${name}: expected a value, got nothing`);
  return named(name, () => read(text));
}

function named<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw thrown instanceof ValueFault ? new ValueFault(`${name}: ${thrown.message}`) : thrown;
  }
}

function readOptional<T>(name: string, text: string, read: (text: string) => T, tallies: Tallies, none: T): T {
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

function required(step: Values | undefined): Values {
  if (!step) throw new Error('a required column has no step');
  return step;
}

/** The customer's id; COPY_NULL for a guest. */
function customerStep({ customer, ids }: SectionJson<'transactions'>, making: Making): Values {
  const place = making.header.indexOf(customer);
  return (cells) => {
    const text = known(cells[place], making);
    return text === '' ? COPY_NULL : named(customer, () => copyText(idText(text, ids?.[customer])));
  };
}

/** The ids of the articles of a row, one or several. */
function articlesStep(
  { article, ids }: SectionJson<'transactions'>,
  making: Making,
): (cells: readonly string[]) => string[] {
  const name = typeof article === 'string' ? article : article.column;
  const separator = typeof article === 'string' ? undefined : article.separator;
  const place = making.header.indexOf(name);
  const read = (text: string): string => named(name, () => copyText(idText(text, ids?.[name])));
  return (cells) => {
    const text = known(cells[place], making);
    if (text === '') throw new ValueFault(`${name}: expected an id, got nothing`);
    if (separator === undefined) return [read(text)];
    const parts = named(name, () => splitAll(text, separator));
    return parts.map(read);
  };
}

/** The parts of a cell with repetitions: the same article twice is bought twice. */
function splitAll(text: string, separator: string): string[] {
  const parts = separator === 'list' ? readList(text, separator) : text.split(separator);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Reads quantity and the price of a piece. A negative price is a return at that price. */
function piecesStep(
  { price, quantity }: SectionJson<'transactions'>,
  { header, found, tallies, ...making }: Making,
): (cells: readonly string[], things: number) => { quantity: number; price: string } {
  const column = typeof price === 'string' ? price : price?.column;
  const { of, divideBy = 1 } = typeof price === 'object' ? price : {};
  const total = of === 'total';
  const [priceAt, quantityAt] = [column, quantity].map((name) => (name === undefined ? -1 : header.indexOf(name)));
  const numberIn = (cell: string, name: string): number => {
    const text = known(cell, making);
    return text === ''
      ? Number.NaN
      : readOptional(name, text, (one) => readNumber(one, found.decimal), tallies, Number.NaN);
  };
  return (cells, things) => {
    const counted = quantityAt < 0 ? Number.NaN : numberIn(cells[quantityAt], quantity ?? '');
    let pieces = Number.isNaN(counted) ? 1 : wholePieces(counted);
    let paid = priceAt < 0 ? Number.NaN : numberIn(cells[priceAt], column ?? '');
    paid /= divideBy;
    if (total) paid = pieces === 0 ? Number.NaN : paid / pieces;
    if (paid < 0) {
      paid = -paid;
      pieces = -Math.abs(pieces);
    }
    // The price of a row with several articles is not that of each.
    return { quantity: pieces, price: Number.isNaN(paid) || things > 1 ? COPY_NULL : String(paid + 0) };
  };
}

/** Goods by weight or length count as one piece at least. */
function wholePieces(quantity: number): number {
  const pieces = Math.round(quantity);
  const least = quantity > 0 ? Math.max(1, pieces) : quantity < 0 ? Math.min(-1, pieces) : 0;
  if (Math.abs(least) > 0x7fff_ffff) throw new ValueFault(`expected a quantity up to ±2147483647, got ${quantity}`);
  return least;
}

function stateWords(
  { state, nulls }: SectionJson<'transactions'>,
  header: readonly string[],
): (cells: readonly string[]) => 'bought' | 'returned' | 'cancelled' {
  if (!state) return () => 'bought';
  const unknown = isNull(nulls);
  const tests = [state].flat().flatMap(({ column, returned, cancelled }) => {
    const place = header.indexOf(column);
    const test = (words: readonly string[] | true | undefined): ((text: string) => boolean) => {
      if (words === true) return (text) => !unknown(text);
      const set = new Set(words?.map((word) => word.trim()));
      return (text) => set.has(text.trim());
    };
    return [
      { place, means: 'returned', test: test(returned) },
      { place, means: 'cancelled', test: test(cancelled) },
    ] as const;
  });
  return (cells) => tests.find(({ place, test }) => test(cells[place]))?.means ?? 'bought';
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
