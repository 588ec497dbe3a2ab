// Turns the rows of purchases into rows of Postgres's COPY format. A row may hold several articles,
// or a purchase together with its return.

import { readList } from '../values/lists';
import { isNull } from '../values/nulls';
import { readNumber } from '../values/numbers';
import { ValueFault } from '../values/value-fault';
import { known, makingOf, named, readOptional, stepOf, type Converter, type Making, type Values } from './convert';
import { timesCounter } from './purchase-times';
import { COPY_NULL, copyText, idText, type Found, type IdForm } from './readers';
import type { SectionJson, Targets } from './targets';

/** The converter of one file of purchases. It leaves out columns that the file does not have. */
export function createPurchaseConverter(
  json: SectionJson<'transactions'>,
  targets: Targets,
  header: readonly string[],
  found: Found,
): Converter {
  const making = makingOf(json, header, found);
  const { tallies } = making;
  const step = (field: string): Values | undefined => {
    const target = targets.fields.find((one) => one.field === field);
    return target && stepOf(target, making);
  };
  const [date, order, channel] = [required(step('date')), step('orderId'), step('salesChannelId')];
  const customer = customerStep(json, making);
  const articles = articlesStep(json, making);
  const pieces = piecesStep(json, making);
  const priced = json.price !== undefined;
  const cancelled = json.state && stateWords(json.state, json.nulls, header);
  const count = timesCounter(tallies.times);
  return {
    columns: [
      ...['bought_at', 'customer_id', 'article_id', ...(priced ? ['price'] : []), 'quantity'],
      ...(order ? ['order_id'] : []),
      ...(channel ? ['sales_channel_id'] : []),
      ...(cancelled ? ['state'] : []),
    ],
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
      const state = cancelled?.(cells);
      const before = `${when}\t${who}\t`;
      const paid = priced ? `\t${price}\t` : '\t';
      let after = order ? `\t${order(cells)}` : '';
      if (channel) after += `\t${channel(cells)}`;
      const row = (what: string, pieces: number, how: string): string =>
        `${before}${what}${paid}${pieces}${after}${cancelled ? `\t${how}` : ''}`;
      if (quantity < 0) tallies.returns++;
      if (state === 'returned' && quantity > 0) {
        tallies.returns++;
        count(when, 2 * things.length);
        // A purchase that came back is a purchase and its return.
        return things.flatMap((what) => [row(what, quantity, 'bought'), row(what, -quantity, 'returned')]);
      }
      count(when, things.length);
      const how = state === 'cancelled' ? 'cancelled' : quantity < 0 ? 'returned' : 'bought';
      return things.map((what) => row(what, quantity, how));
    },
  };
}

function required(step: Values | undefined): Values {
  if (!step) throw new Error('a required column has no step');
  return step;
}

/** The customer's id; COPY_NULL for a guest. */
function customerStep({ customer, ids }: SectionJson<'transactions'>, making: Making): Values {
  const place = making.header.indexOf(customer);
  const read = idReader(customer, ids?.[customer]);
  return (cells) => {
    const text = known(cells[place], making);
    return text === '' ? COPY_NULL : read(text);
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
  const read = idReader(name, ids?.[name]);
  return (cells) => {
    const text = known(cells[place], making);
    if (text === '') throw new ValueFault(`${name}: expected an id, got nothing`);
    if (separator === undefined) return [read(text)];
    const parts = named(name, (one) => splitAll(one, separator), text);
    return parts.map(read);
  };
}

function idReader(name: string, form: IdForm | undefined): (text: string) => string {
  const read = (text: string): string => copyText(idText(text, form));
  return (text) => named(name, read, text);
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
  const read = (text: string): number => readNumber(text, found.decimal);
  const textIn = (cells: readonly string[], at: number): string => (at < 0 ? '' : known(cells[at], making));
  const numberOf = (text: string, name: string): number =>
    text === '' ? Number.NaN : readOptional(name, text, read, tallies, Number.NaN);
  // Most prices are written as Postgres reads them.
  const asItIs = found.decimal === '.' ? /^\d{1,15}(?:\.\d{1,15})?$/ : /^\d{1,15}$/;
  return (cells, things) => {
    const counted = numberOf(textIn(cells, quantityAt), quantity ?? '');
    let pieces = Number.isNaN(counted) ? 1 : wholePieces(counted);
    const text = textIn(cells, priceAt);
    if (!total && divideBy === 1 && things === 1 && asItIs.test(text)) return { quantity: pieces, price: text };
    let paid = numberOf(text, column ?? '') / divideBy;
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
  state: NonNullable<SectionJson<'transactions'>['state']>,
  nulls: SectionJson['nulls'],
  header: readonly string[],
): (cells: readonly string[]) => 'bought' | 'returned' | 'cancelled' {
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
