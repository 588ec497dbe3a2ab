// The shape of a date's text: its format but for the order of day and month, which one text alone
// often does not tell.

import { isDay, isWeekday, monthOf } from './calendar';
import { ISO } from './dates';
import { WRITTEN_ZONE } from './zones';

export interface Shape {
  /**
   * A format in which {0}, {1} and {2} stand for the numbers of the date, and {h} for the hour. Or
   * one of the formats that have a name.
   */
  readonly key: string;
  /** The numbers of the date as written. */
  readonly numbers: readonly string[];
  /** As written; undefined if there is no time of day. */
  readonly hour: string | undefined;
  readonly zoned: boolean;
}

/** Why a text that looks like a date is none. */
export interface Unreadable {
  readonly reason: string;
}

/** Reads shapes. */
export class ShapeReader {
  /** Written shapes of texts that differ in their digits only. */
  private readonly masks = new Map<string, Masked | Unreadable | undefined>();

  /** Returns undefined if the text looks like no date. */
  read(text: string): Shape | Unreadable | undefined {
    const iso = ISO.exec(text);
    if (iso) return { key: 'iso', numbers: iso.slice(1, 4), hour: iso[4], zoned: iso[7] !== undefined };
    if (/^[\d.,eE+]+$/.test(text)) return numericShape(text) ?? writtenShape(text);
    return compactShape(text) ?? this.written(text);
  }

  /** The shape of a text by its separators, even if it is also ISO. */
  written(text: string): Shape | Unreadable | undefined {
    const mask = text.replace(/\d/g, '0');
    let masked = this.masks.get(mask);
    // The form of a group of eight digits depends on the digits.
    if (masked === undefined && !this.masks.has(mask)) {
      if (text.length > LONGEST || /\d{8}/.test(text)) return writtenShape(text);
      const shape = writtenShape(text);
      masked = shape && 'key' in shape ? maskedShape(text, shape) : shape;
      if (this.masks.size < MOST_MASKS) this.masks.set(mask, masked);
    }
    if (masked === undefined || 'reason' in masked) return masked;
    const { shape, places, hourAt } = masked;
    const numbers = places.map(([from, to]) => text.slice(from, to));
    return { ...shape, numbers, hour: hourAt && text.slice(hourAt[0], hourAt[1]) };
  }
}

const LONGEST = 80;
const MOST_MASKS = 5_000;

type Place = readonly [from: number, to: number];

/** A shape with the places of its numbers. */
interface Masked {
  readonly shape: Shape;
  readonly places: readonly Place[];
  readonly hourAt: Place | undefined;
}

function maskedShape(text: string, shape: Shape): Masked {
  const time = TIME.exec(text) ?? DOTTED_TIME.exec(text);
  const hourAt = time && shape.hour !== undefined ? ([time.index, time.index + shape.hour.length] as const) : undefined;
  // The numbers of the date are those outside the time and the zone, in their order.
  const clock = time ? ([time.index, time.index + time[0].length] as const) : undefined;
  let from = 0;
  const places = shape.numbers.map((number): Place => {
    let at = text.indexOf(number, from);
    if (clock && at < clock[1] && at + number.length > clock[0]) at = text.indexOf(number, clock[1]);
    from = at + number.length;
    return [at, from];
  });
  return { shape, places, hourAt };
}

/** Years of plausible dates in forms that other numbers have too. */
const FIRST_YEAR = 1990;
const LAST_YEAR = 2100;
const FIRST_SECOND = Date.UTC(FIRST_YEAR, 0, 1) / 1_000;
const LAST_SECOND = Date.UTC(LAST_YEAR, 0, 1) / 1_000;
/** The days 1 January 1990 and 2100 of Excel. */
const EXCEL_FIRST = 32_874;
const EXCEL_LAST = 73_051;

/** Unix times, days of Excel, and digits only. The magnitudes of these kinds do not overlap. */
function numericShape(text: string): Shape | undefined {
  const known = (key: string): Shape => ({ key, numbers: [], hour: undefined, zoned: false });
  const compact = digitsShape(text);
  if (compact) return compact;
  const number = /^\d+([.,]\d*)?(e\+?\d+)?$/i.test(text) ? Number(text.replace(',', '.')) : Number.NaN;
  const epochs = [
    ['epoch-s', 1],
    ['epoch-ms', 1e3],
    ['epoch-us', 1e6],
    ['epoch-ns', 1e9],
  ] as const;
  for (const [key, unit] of epochs) {
    if (number >= FIRST_SECOND * unit && number < LAST_SECOND * unit) return { ...known(key), hour: '0', zoned: true };
  }
  if (!(number >= EXCEL_FIRST && number < EXCEL_LAST)) return undefined;
  return { ...known('excel'), hour: Number.isInteger(number) ? undefined : '0' };
}

/** 20240131, 31012024, 2024013108, 202401310809, 20240131080939 */
function digitsShape(text: string): Shape | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const part = (from: number, length: number): number => Number(text.slice(from, from + length));
  const time = { 8: '', 10: 'HH', 12: 'HHmm', 14: 'HHmmss' }[text.length];
  if (time === undefined) return undefined;
  if (plausible(part(0, 4), part(4, 2), part(6, 2)) && part(8, 2) < 24 && part(10, 2) < 60 && part(12, 2) < 60) {
    return { key: `YYYYMMDD${time}`, numbers: [], hour: time === '' ? undefined : text.slice(8, 10), zoned: false };
  }
  const [first, second, year] = [part(0, 2), part(2, 2), part(4, 4)];
  if (time !== '' || !(plausible(year, second, first) || plausible(year, first, second))) return undefined;
  return {
    key: '{0}{1}{2}',
    numbers: [text.slice(0, 2), text.slice(2, 4), text.slice(4)],
    hour: undefined,
    zoned: false,
  };
}

function plausible(year: number, month: number, day: number): boolean {
  return year >= FIRST_YEAR && year < LAST_YEAR && isDay(year, month, day);
}

const COMPACT = new RegExp(`^(\\d{8})([T ])(\\d{2})(\\d{2})(\\d{2})?(?:[.,]\\d+)?\\s*(${WRITTEN_ZONE})?$`, 'i');

/** A day with the hour alone. */
const HOUR_ONLY = /^(\d{4}-\d{2}-\d{2})([T ])(\d{2})$/;

/** 20240131T080939Z, 2024-01-31 08 */
function compactShape(text: string): Shape | undefined {
  const hourly = HOUR_ONLY.exec(text);
  if (hourly) return { key: `YYYY-MM-DD${hourly[2]}HH`, numbers: [], hour: hourly[3], zoned: false };
  const found = COMPACT.exec(text);
  if (!found) return undefined;
  const [, , between, hour, , seconds, zone] = found;
  const key = `YYYYMMDD${between.toUpperCase()}HHmm${seconds === undefined ? '' : 'ss'}${zone === undefined ? '' : 'Z'}`;
  return { key, numbers: [], hour, zoned: zone !== undefined };
}

/** 8:09, 08:09:39.5, 8:09 PM; or with full stops after a blank. */
const TIME = /(?<!\d)(\d{1,2}):(\d{2})(?!\d)(?::(\d{2})(?:[.,]\d+)?)?(\s*[ap]\.?\s?m\b\.?)?/i;
const DOTTED_TIME = /(?<=\d[\d./-]*\s)(\d{1,2})\.(\d{2})(?:\.(\d{2}))?$/;
const ZONE = new RegExp(`^(\\s*)(?:${WRITTEN_ZONE})(?![\\p{L}\\d])(?:\\s*\\([^)]*\\))?`, 'iu');

/** Dates with separators or names, and a time of day perhaps. */
function writtenShape(text: string): Shape | Unreadable | undefined {
  if (text.length > LONGEST || !/\d/.test(text)) return undefined;
  const time = TIME.exec(text);
  const found = time ?? DOTTED_TIME.exec(text);
  if (!found) return dateShape(text, '', '');
  const mark = time ? ':' : '.';
  const clock = `{h}${mark}mm${found[3] === undefined ? '' : `${mark}ss`}${found[4] === undefined ? '' : ' A'}`;
  const after = text.slice(found.index + found[0].length);
  const zone = ZONE.exec(after);
  const rest = after.slice(zone?.[0].length ?? 0);
  const named = zone ? undefined : /^\s*([A-Z]{2,5})\b/.exec(rest)?.[1];
  const before = text.slice(0, found.index);
  const shape = dateShape(
    before,
    zone ? `${clock}${zone[1] === '' ? '' : ' '}Z` : clock,
    named === undefined ? rest : '',
  );
  if (shape === undefined) return undefined;
  if (named !== undefined) {
    return { reason: `the zone ${named} is not the same everywhere, expected UTC or an offset such as -05:00` };
  }
  return { ...shape, hour: found[1], zoned: zone !== null };
}

/** @param clock the format of the time of day, which stands between `before` and `after` */
function dateShape(before: string, clock: string, after: string): Shape | undefined {
  const numbers: string[] = [];
  let named = false;
  const formatOf = (text: string, last: boolean): string | undefined => {
    let format = '';
    for (const [piece] of text.matchAll(/\d+(?:(?:st|nd|rd|th|er)(?!\p{L})|[ºª])?|[\p{L}\p{M}]+\.?|\s+|[^]/giu)) {
      if (/^\d{8}$/.test(piece) && numbers.length === 0 && digitsShape(piece)?.key === 'YYYYMMDD') {
        format += 'YYYYMMDD';
        numbers.push(piece.slice(0, 4), piece.slice(4, 6), piece.slice(6));
      } else if (/^\d/.test(piece)) {
        format += /^\d+$/.test(piece) ? `{${numbers.length}}` : 'Do';
        numbers.push(piece);
      } else if (/^\s/.test(piece)) format += ' ';
      else if (monthOf(piece) !== undefined && !named) {
        named = true;
        format += 'MMM';
      } else if (isWeekday(piece)) format += 'ddd';
      else if (/^t$/i.test(piece) && !last) format += 'T';
      else if (/^(de|del|of|at|um|kl|den|le|il|el|op|om|uhr|às|à|alle|a|las|年|月|日)\.?$/iu.test(piece))
        format += `[${piece}]`;
      else if (/^[-/.,:|()]$/.test(piece)) format += piece;
      else return undefined;
    }
    return format;
  };
  const first = formatOf(before, false);
  const last = formatOf(after, true);
  if (first === undefined || last === undefined || numbers.length !== (named ? 2 : 3)) return undefined;
  return { key: first + clock + last, numbers, hour: undefined, zoned: false };
}
