// Finds out whether a column has numbers, and their decimal mark, from all its values. "1,234" may
// be a little more than one or a thousand: other values of the column tell.

import { splitMoney, type DecimalMark } from './numbers';

export type NumberFinding =
  /**
   * `currencies`: those that were named. `money`: some value has the sign of a currency. `whole`:
   * no value has a fraction.
   */
  | {
      readonly decimal: DecimalMark;
      readonly currencies: readonly string[];
      readonly money: boolean;
      readonly whole: boolean;
    }
  /** All values could have either mark, such as 1,234. The separator of the file is a hint. */
  | { readonly ambiguous: true; readonly currencies: readonly string[]; readonly example: string }
  /** `none` is the reason. */
  | { readonly none: string; readonly example: string };

/** A column has numbers if this share of its values are; the others are mistakes. */
const MAJORITY = 0.9;

/** Give it all values that are not null. */
export class NumberDetection {
  private total = 0;
  private numbers = 0;
  /** Values that only one mark can read. */
  private readonly only = { '.': 0, ',': 0 };
  private readonly examples: { '.'?: string; ','?: string; either?: string; none?: string } = {};
  private fractions = 0;
  private either = 0;
  private money = false;
  private readonly currencies = new Set<string>();

  add(text: string): void {
    this.total++;
    const parts = splitMoney(text);
    const marks = parts === undefined ? undefined : marksOf(parts.digits);
    if (parts === undefined || marks === undefined) {
      this.examples.none ??= text;
      return;
    }
    this.numbers++;
    this.money ||= parts.money;
    if (parts.currency !== null) this.currencies.add(parts.currency);
    if (marks.fraction) this.fractions++;
    if (marks.decimal !== undefined) {
      this.only[marks.decimal]++;
      this.examples[marks.decimal] ??= text;
    } else if (marks.grouped) {
      this.either++;
      this.examples.either ??= text;
    }
  }

  result(): NumberFinding {
    const { examples, only } = this;
    if (this.total === 0) return { none: 'there are no values', example: '' };
    if (this.numbers < MAJORITY * this.total) {
      return { none: 'it is no number', example: examples.none ?? '' };
    }
    const currencies = [...this.currencies];
    const [point, comma] = [only['.'], only[',']];
    if (point > 0 && comma > 0 && Math.min(point, comma) > (1 - MAJORITY) * Math.max(point, comma)) {
      return { none: `decimal marks differ: '${examples['.']}' and '${examples[',']}'`, example: examples[','] ?? '' };
    }
    if (point === 0 && comma === 0 && this.either > 0) {
      return { ambiguous: true, currencies, example: examples.either ?? '' };
    }
    const decimal = comma > point ? ',' : '.';
    // Digits after a mark that groups them are no fraction.
    const whole = this.fractions === 0;
    return { decimal, currencies, money: this.money, whole };
  }
}

interface Marks {
  /** The mark that must be the decimal one; undefined if either may. */
  readonly decimal: DecimalMark | undefined;
  /** Such as 1,234: the mark is followed by three digits only, so it may group them. */
  readonly grouped: boolean;
  /** Whether there is a fraction that is not 0. */
  readonly fraction: boolean;
}

/** Returns undefined if no decimal mark makes a number of the digits. */
function marksOf(digits: string): Marks | undefined {
  if (/^\d+$/.test(digits)) return { decimal: undefined, grouped: false, fraction: false };
  const marks = digits.replace(/[^.,]/g, '');
  const last = marks.at(-1) as DecimalMark | undefined;
  const fraction = last !== undefined && /[.,]\d*[1-9]\d*$/.test(digits);
  if (last === undefined) {
    // Blanks and apostrophes group only.
    return /^\d{1,3}([ '’]\d{3})+$/.test(digits) ? { decimal: undefined, grouped: false, fraction: false } : undefined;
  }
  const other = last === '.' ? ',' : '.';
  const occurrences = marks.split(last).length - 1;
  if (occurrences > 1) {
    // 1.234.567 has no other reading; 1,02,096 is Indian.
    if (marks.includes(other) || !/^\d{1,3}(?:[.,]\d{2,3})*[.,]\d{3}$/.test(digits)) return undefined;
    return { decimal: other, grouped: true, fraction: false };
  }
  const group = `[${other === '.' ? '\\.' : ','} '’]`;
  if (!new RegExp(`^(?:\\d*|\\d{1,3}(?:${group}\\d{2,3})*${group}\\d{3})[.,]\\d*$`).test(digits)) return undefined;
  // A mark before exactly three digits, with one to three before it, may group.
  const grouped = /^[1-9]\d{0,2}[.,]\d{3}$/.test(digits);
  return { decimal: grouped ? undefined : last, grouped, fraction: fraction && !grouped };
}
