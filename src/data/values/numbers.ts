// Reads numbers and amounts of money, with either decimal mark, thousands, signs and currencies.

import { shown, ValueFault } from './value-fault';

export type DecimalMark = '.' | ',';

export interface Money {
  readonly amount: number;
  /** ISO 4217; null if the text has none, or a sign of many currencies such as $. */
  readonly currency: string | null;
}

/**
 * Reads a number. Currencies are left out.
 * @throws ValueFault
 */
export function readNumber(text: string, decimal: DecimalMark = '.'): number {
  // Most numbers are plain.
  if (PLAIN.test(text) && (decimal === '.' || !text.includes('.'))) return notLost(Number(text), text);
  return readMoney(text, decimal).amount;
}

/**
 * Reads an amount such as 20.96, "1.020,96 €", "USD 1,020.96", -€5 or (5.00).
 * @throws ValueFault
 */
export function readMoney(text: string, decimal: DecimalMark = '.'): Money {
  const parts = splitMoney(text);
  if (parts === undefined) throw new ValueFault(`expected a number, got '${shown(text)}'`);
  const { digits, exponent, negative, currency } = parts;
  const [whole, fraction, ...more] = digits.split(decimal);
  const groups =
    decimal === '.' ? /^\d{1,3}(?:([,'’ ])\d{3})?(?:\1\d{3})*$/ : /^\d{1,3}(?:([.'’ ])\d{3})?(?:\1\d{3})*$/;
  // Indian thousands: 1,02,096
  const indian = /^\d{1,2}(,\d{2})+,\d{3}$/;
  const wholeFits =
    whole === '' || /^\d+$/.test(whole) || groups.test(whole) || (decimal === '.' && indian.test(whole));
  const fits = more.length === 0 && wholeFits && /^\d*$/.test(fraction ?? '') && /\d/.test(digits);
  if (!fits) {
    throw new ValueFault(`expected a number with the decimal mark '${decimal}', got '${shown(text)}'`);
  }
  const amount = notLost(Number(`${whole.replace(/\D/g, '') || '0'}.${fraction || '0'}${exponent}`), text);
  return { amount: negative && amount !== 0 ? -amount : amount, currency };
}

/** −0 is left to readMoney, which makes it 0. */
const PLAIN = /^(?!-0*\.?0*$)[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Throws if the number is too large, or became 0 because it is too small to hold. */
function notLost(number: number, text: string): number {
  if (!Number.isFinite(number)) throw new ValueFault(`expected a number up to 1.8e308, got '${shown(text)}'`);
  if (number === 0 && /[1-9]/.test(text.split(/e/i)[0])) {
    throw new ValueFault(`expected 0 or a number beyond ±5e-324, got '${shown(text)}'`);
  }
  return number;
}

/** The parts of a number whose decimal mark is not known yet. */
export interface NumberParts {
  /** Digits with marks between. Blanks and narrow blanks are ' '. */
  readonly digits: string;
  /** Such as "e-5", or ''. */
  readonly exponent: string;
  readonly negative: boolean;
  readonly currency: string | null;
  /** Whether there is a sign or a name of a currency. */
  readonly money: boolean;
}

const SIGN = '[-+\\u2212\\u2013]';
/** A sign, a code of three letters, or another abbreviation such as kr. and zł. */
const MONEY =
  '\\p{Sc}|(?:US|CA|AU|NZ|HK|A|C|R|S)\\$|[A-Z]{3}|[Kk]r\\.?|zł|Kč|Ft|[Ll]ei|лв\\.?|руб\\.?|р\\.|Fr\\.|Rs\\.?|TL|円|元';
const NUMBER = new RegExp(
  `^(\\()?\\s*(${SIGN})?\\s*(${MONEY})?\\s*(${SIGN})?\\s*(\\d[\\d.,'’ ]*|[.,]\\d+)([eE][-+]?\\d+)?\\s*(${MONEY})?\\s*(${SIGN})?\\s*(\\))?$`,
  'u',
);

/** Returns undefined if the text is no number. Percentages are none. */
export function splitMoney(text: string): NumberParts | undefined {
  // German price tags: 5,- and 5,--
  const plain = text
    .trim()
    .replace(/\s/g, ' ')
    .replace(/[.,](-{1,2}|–|—)(?=\s*\D*$)/, '');
  const found = NUMBER.exec(plain);
  if (!found) return undefined;
  const [, opened, first, before, second, digits, exponent = '', after, last, closed] = found;
  const signs = [first, second, last].filter((sign) => sign !== undefined);
  const brackets = opened !== undefined || closed !== undefined;
  if (signs.length > 1 || (before !== undefined && after !== undefined)) return undefined;
  if (brackets && (opened === undefined || closed === undefined || signs.length > 0)) return undefined;
  const name = before ?? after;
  if (name !== undefined && /^[A-Z]{3}$/.test(name) && !CODES.has(name)) return undefined;
  return {
    digits: digits.trim(),
    exponent,
    negative: brackets || (signs.length > 0 && signs[0] !== '+'),
    currency: name === undefined ? null : currencyOf(name),
    money: name !== undefined,
  };
}

const CODES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/** Signs that belong to one currency. $, kr and ¥ belong to several. */
const CURRENCIES: ReadonlyMap<string, string> = new Map([
  ['€', 'EUR'],
  ['£', 'GBP'],
  ['₹', 'INR'],
  ['₺', 'TRY'],
  ['TL', 'TRY'],
  ['₽', 'RUB'],
  ['РУБ', 'RUB'],
  ['Р', 'RUB'],
  ['₴', 'UAH'],
  ['₩', 'KRW'],
  ['₫', 'VND'],
  ['₪', 'ILS'],
  ['₦', 'NGN'],
  ['₱', 'PHP'],
  ['฿', 'THB'],
  ['ZŁ', 'PLN'],
  ['KČ', 'CZK'],
  ['FT', 'HUF'],
  ['LEI', 'RON'],
  ['ЛВ', 'BGN'],
  ['FR', 'CHF'],
  ['R$', 'BRL'],
  ['US$', 'USD'],
  ['CA$', 'CAD'],
  ['C$', 'CAD'],
  ['AU$', 'AUD'],
  ['A$', 'AUD'],
  ['NZ$', 'NZD'],
  ['HK$', 'HKD'],
  ['S$', 'SGD'],
]);

function currencyOf(name: string): string | null {
  const upper = name.replace(/\.$/, '').toUpperCase();
  const known = CURRENCIES.get(upper);
  if (known !== undefined) return known;
  return CODES.has(upper) ? upper : null;
}
