// Finds the format of a column of dates from all its values: a day over 12 tells days from months
// anywhere in the column. Nothing is guessed. If two readings are possible, both are returned.

import { isoDay } from '../../time';
import { createDateReader } from './dates';
import { ShapeReader, type Shape } from './date-shapes';
import { shown } from './value-fault';

export type DateFinding =
  /** `zoned`: the times name their zone. `dateOnly`: there is no time of day but midnight. */
  | { readonly format: string; readonly dateOnly: boolean; readonly zoned: boolean }
  /** Two formats, and what each makes of the example, such as 2024-01-02 and 2024-02-01. */
  | {
      readonly ambiguous: readonly [string, string];
      readonly example: string;
      readonly readings: readonly [string, string];
    }
  /** `none` is the reason. `example` is a value that is not of the column's form. */
  | { readonly none: string; readonly example: string };

/** A column has a format if this share of its values has it; the others are mistakes. */
const MAJORITY = 0.9;

/** Give it all values that are not null. */
export class DateDetection {
  private readonly reader = new ShapeReader();
  private readonly shapes = new Map<string, ShapeCounts>();
  private total = 0;
  private last: string | undefined;
  private lastCounts: ShapeCounts | undefined;
  /** A value that looks like no date, and why. */
  private failure: { text: string; reason: string } | undefined;

  add(value: string): void {
    this.total++;
    if (value === this.last) {
      if (this.lastCounts) this.lastCounts.count++;
      return;
    }
    this.last = value;
    this.lastCounts = undefined;
    const text = value.trim();
    const shape = this.reader.read(text);
    if (shape === undefined || 'reason' in shape) {
      this.failure ??= { text, reason: shape?.reason ?? 'it looks like no date that is known' };
      return;
    }
    let counts = this.shapes.get(shape.key);
    if (!counts) this.shapes.set(shape.key, (counts = new ShapeCounts(shape.key)));
    counts.add(text, shape);
    this.lastCounts = counts;
  }

  result(): DateFinding {
    const found = this.merged().sort((a, b) => b.count - a.count);
    if (found.length === 0) {
      return { none: this.failure?.reason ?? 'there are no values', example: this.failure?.text ?? '' };
    }
    const [first, second] = found;
    if (first.count >= MAJORITY * this.total) return first.result();
    const { text: example, reason } = this.failure ?? { text: second.example, reason: '' };
    if (reason !== '') return { none: reason, example };
    return {
      none: `dates are written in two ways, such as '${shown(first.example)}' and '${shown(example)}'`,
      example,
    };
  }

  /** Some days of the form 2024-1-5 look like ISO: 2024-12-31. */
  private merged(): ShapeCounts[] {
    const iso = this.shapes.get('iso');
    const written = iso && this.reader.written(iso.example);
    const same = written && 'key' in written ? this.shapes.get(written.key) : undefined;
    const others = [...this.shapes.values()];
    return iso && same ? [...others.filter((shape) => shape !== iso && shape !== same), same.with(iso)] : others;
  }
}

type Order = readonly ['Y' | 'M' | 'D', 'Y' | 'M' | 'D', 'Y' | 'M' | 'D'];
const YMD: Order = ['Y', 'M', 'D'];
const YDM: Order = ['Y', 'D', 'M'];
const DMY: Order = ['D', 'M', 'Y'];
const MDY: Order = ['M', 'D', 'Y'];

/** As programs write the time of a day that has none. */
const MIDNIGHT = /(^|[T\s])0?0:00(:00([.,]0+)?)?(?![:\d])/;

/** The values of one shape. */
class ShapeCounts {
  count = 0;
  example = '';
  private timed = 0;
  private hasTime = false;
  private zoned = 0;
  private shortHour = false;
  private readonly numbers = [new NumberRange(), new NumberRange(), new NumberRange()];
  /** A value that has different readings. */
  private telling: string | undefined;

  constructor(private readonly key: string) {}

  add(text: string, { numbers, hour, zoned }: Shape): void {
    if (this.count++ === 0) this.example = text;
    if (hour !== undefined) {
      this.timed++;
      if (!MIDNIGHT.test(text)) this.hasTime = true;
      if (zoned) this.zoned++;
    }
    this.shortHour ||= hour?.length === 1;
    numbers.forEach((number, place) => this.numbers[place].add(number));
    if (numbers.length === 3 && this.telling === undefined && new Set(numbers.map(Number)).size === 3) {
      this.telling = text;
    }
  }

  /** The counts of both, with the key of this one. */
  with(other: ShapeCounts): ShapeCounts {
    const both = new ShapeCounts(this.key);
    for (const { count, example, timed, hasTime, zoned, shortHour, numbers, telling } of [this, other]) {
      both.count += count;
      both.example ||= example;
      both.timed += timed;
      both.hasTime ||= hasTime;
      both.zoned += zoned;
      both.shortHour ||= shortHour;
      both.telling ??= telling;
      both.numbers.forEach((range, place) => range.take(numbers[place]));
    }
    return both;
  }

  result(): DateFinding {
    const finding = { dateOnly: !this.hasTime, zoned: this.timed > 0 && this.zoned === this.timed };
    if (this.key === 'iso') {
      const [, month, day] = this.numbers;
      const wrong = month.over12 > 0 && day.over12 === 0 && this.timed === 0;
      return { format: wrong ? 'YYYY-DD-MM' : 'iso', ...finding };
    }
    if (!this.key.includes('{')) return { format: this.key, ...finding };
    const orders = this.orders();
    if (orders.length === 0) {
      return { none: 'no order of day, month and year fits all dates', example: this.example };
    }
    const formats = orders.map((order) => this.formatIn(order));
    if (formats.length === 1) return { format: formats[0], ...finding };
    return this.ambiguous(formats[0], formats[1]);
  }

  private ambiguous(one: string, other: string): DateFinding {
    const example = this.telling ?? this.example;
    const reading = (format: string): string => {
      try {
        return isoDay(createDateReader(format)(example));
      } catch {
        return 'no date';
      }
    };
    return { ambiguous: [one, other], example, readings: [reading(one), reading(other)] };
  }

  /** The orders that are possible. */
  private orders(): Order[] {
    const [first, second, third] = this.numbers;
    if (/MMM/.test(this.key)) {
      // The month has a name, and stands in neither place.
      if (first.isYear()) return [['Y', 'D', 'M']];
      return first.max <= 31 ? [['D', 'Y', 'M']] : [];
    }
    // Nobody writes the day after the year, unless months over 12 say so.
    if (first.isYear()) return pick(second, third, YDM, YMD).slice(-1);
    if (third.isYear()) return pick(first, second, DMY, MDY);
    return this.shortYearOrders();
  }

  /** Orders with a year of two digits. Those that make no sense are left out. */
  private shortYearOrders(): Order[] {
    if (!this.numbers.every(({ longest }) => longest === 2)) return [];
    return [DMY, MDY, YMD].filter((order) =>
      this.numbers.every((range, place) => {
        if (order[place] === 'Y') return range.shortest === 2 && range.max - range.min <= YEARS_OF_A_SHOP;
        return range.min >= 1 && range.max <= (order[place] === 'M' ? 12 : 31);
      }),
    );
  }

  private formatIn(order: Order): string {
    const letters = this.numbers.map(({ shortest, longest }, place) => {
      const letter = order[place];
      if (letter === 'Y') return longest === 4 ? 'YYYY' : 'YY';
      return shortest === 1 ? letter : letter + letter;
    });
    const hour = this.key.includes(' A') ? 'h' : 'H';
    return this.key
      .replace(/\{(\d)\}/g, (_, place: string) => letters[Number(place)])
      .replace('{h}', this.shortHour ? hour : hour + hour);
  }
}

/** Data of more years than this are not taken for years of two digits. */
const YEARS_OF_A_SHOP = 15;

/** Mistakes in this share of the values do not count. */
const MISTAKES = 0.01;

/**
 * The order in which the day has numbers over 12: `dayFirst`, `monthFirst`, or both are possible.
 */
function pick(first: NumberRange, second: NumberRange, dayFirst: Order, monthFirst: Order): Order[] {
  if (first.over12 > 0 && second.over12 <= MISTAKES * first.over12) return [dayFirst];
  if (second.over12 > 0 && first.over12 <= MISTAKES * second.over12) return [monthFirst];
  return first.over12 > 0 ? [] : [dayFirst, monthFirst];
}

/** The numbers at one place. */
class NumberRange {
  min = Number.POSITIVE_INFINITY;
  max = 0;
  over12 = 0;
  /** Lengths of their texts, in digits. */
  shortest = Number.POSITIVE_INFINITY;
  longest = 0;

  add(text: string): void {
    const number = Number.parseInt(text, 10);
    if (number < this.min) this.min = number;
    if (number > this.max) this.max = number;
    if (number > 12) this.over12++;
    const { length } = String(text.match(/^\d+/)?.[0]);
    if (length < this.shortest) this.shortest = length;
    if (length > this.longest) this.longest = length;
  }

  take(other: NumberRange): void {
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
    this.over12 += other.over12;
    this.shortest = Math.min(this.shortest, other.shortest);
    this.longest = Math.max(this.longest, other.longest);
  }

  isYear(): boolean {
    return this.shortest === 4 && this.longest === 4;
  }
}
