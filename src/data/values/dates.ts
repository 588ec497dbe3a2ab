// Reads dates and times of a given format. A date without a time of day is a day, and means its
// beginning in UTC, whatever the zone.

import { DAY } from '../../time';
import { FIRST_SECOND, isDay, LAST_SECOND, secondOfDay, startOfDay } from './calendar';
import { compileFormat, type DateParts } from './date-format';
import { shown, ValueFault } from './value-fault';
import { createClock, offsetOf, WRITTEN_ZONE, type Clock } from './zones';

/** Seconds since 1970, whole: fractions are dropped. @throws ValueFault */
export type DateReader = (text: string) => number;

/** Units of Unix times, in parts of a second. */
const EPOCHS: ReadonlyMap<string, number> = new Map([
  ['epoch-s', 1],
  ['epoch-ms', 1e3],
  ['epoch-us', 1e6],
  ['epoch-ns', 1e9],
]);

/**
 * Makes a reader of a format: 'iso', 'epoch-s', 'epoch-ms', 'epoch-us', 'epoch-ns', 'excel' (days),
 * 'days since 2024-01-01', or tokens such as "DD.MM.YYYY HH:mm". `zone` is that of times that name
 * none. Texts are trimmed.
 * @throws VitrineError INPUT_INVALID if there is no such format or zone
 */
export function createDateReader(format: string, zone = 'UTC'): DateReader {
  const read = createReader(format, createClock(zone));
  // Files are mostly ordered by time, so the same text comes many times in a row.
  let last: string | undefined;
  let result = 0;
  return (text) => {
    if (text !== last) {
      result = read(text.trim());
      last = text;
    }
    return result;
  };
}

/**
 * Makes a reader of days whose time of day stands apart, such as 14:05, 1405 or 2:05 PM. '' is the
 * beginning of the day in UTC, as of days that have no time.
 * @throws VitrineError INPUT_INVALID if there is no such format or zone
 */
export function createDayTimeReader(format: string, zone = 'UTC'): (day: string, time: string) => number {
  const readDay = createDateReader(format);
  const clock = createClock(zone);
  return (day, time) => {
    // Some programs write midnight after each day.
    const start = Math.floor(readDay(day) / DAY) * DAY;
    if (time.trim() === '') return start;
    const second = secondOfDay(time.trim());
    if (second === undefined) throw new ValueFault(`expected a time such as 14:05 or 1405, got '${shown(time)}'`);
    return inBounds(clockTime(clock, start + second, `${day} ${time}`), day);
  };
}

function createReader(format: string, clock: Clock): DateReader {
  const since = SINCE.exec(format);
  if (since) return sinceReader(since[1].toLowerCase(), since[2]);
  const unit = EPOCHS.get(format);
  if (unit !== undefined) {
    return (text) =>
      inBounds(Math.floor(toNumber(text, 'a number of seconds or of their parts since 1970') / unit), text);
  }
  if (format === 'excel') {
    return (text) => {
      const days = toNumber(text, 'a number of days since 1900') - EXCEL_1970;
      const local = inBounds(Math.round(days * DAY), text);
      return Number.isInteger(days) ? local : inBounds(clockTime(clock, local, text), text);
    };
  }
  if (format === 'iso') return (text) => readIso(text, clock);
  const compiled = compileFormat(format);
  return (text) => {
    const parts = compiled.parse(text);
    if (parts === undefined) throw new ValueFault(`expected a date of the form ${format}, got '${shown(text)}'`);
    return toSeconds(parts, compiled.hasTime, clock, text);
  };
}

/** Numbers that count from a day, such as "days since 2024-01-01". */
const SINCE = /^(seconds|minutes|hours|days|weeks) since (\d{4}-\d{2}-\d{2})$/i;
const UNITS: Readonly<Partial<Record<string, number>>> = { seconds: 1, minutes: 60, hours: 3_600, weeks: 7 * DAY };

function sinceReader(unit: string, day: string): DateReader {
  const start = readIso(day, (local) => local);
  const length = UNITS[unit] ?? DAY;
  return (text) => inBounds(start + Math.floor(toNumber(text, `a number of ${unit} since ${day}`) * length), text);
}

/** The day 1 January 1970 of Excel. */
const EXCEL_1970 = 25_569;

function toNumber(text: string, expected: string): number {
  const number = /^[+-]?\d+([.,]\d*)?(e[+-]?\d+)?$/i.test(text) ? Number(text.replace(',', '.')) : Number.NaN;
  if (!Number.isFinite(number)) throw new ValueFault(`expected ${expected}, got '${shown(text)}'`);
  return number;
}

/** Groups: year, month, day, hour, minute, second and zone. */
export const ISO = new RegExp(
  `^(\\d{4})-(\\d{2})-(\\d{2})(?:(?:T|\\s+)(\\d{2}):(\\d{2})(?::(\\d{2})(?:[.,]\\d+)?)?\\s*(${WRITTEN_ZONE})?)?$`,
  'i',
);

function readIso(text: string, clock: Clock): number {
  const found = ISO.exec(text);
  if (!found) {
    throw new ValueFault(`expected a date such as 2020-09-22 or 2020-09-22T14:05:00Z, got '${shown(text)}'`);
  }
  const hasTime = found[4] !== undefined;
  const parts: DateParts = {
    year: Number(found[1]),
    month: Number(found[2]),
    day: Number(found[3]),
    hour: hasTime ? Number(found[4]) : 0,
    minute: hasTime ? Number(found[5]) : 0,
    second: found[6] === undefined ? 0 : Number(found[6]),
    zone: found[7],
  };
  return toSeconds(parts, hasTime, clock, text);
}

function toSeconds(parts: DateParts, hasTime: boolean, clock: Clock, text: string): number {
  const { year, month, day, hour, minute, second, zone } = parts;
  if (!isDay(year, month, day) || hour > 23 || minute > 59 || second > 59) {
    throw new ValueFault(`there is no such time as '${shown(text)}'`);
  }
  const local = startOfDay(year, month, day) + hour * 3_600 + minute * 60 + second;
  if (!hasTime) return local;
  return inBounds(zone === undefined ? clockTime(clock, local, text) : local - offsetOf(zone), text);
}

function clockTime(clock: Clock, local: number, text: string): number {
  try {
    return clock(local);
  } catch (thrown) {
    throw thrown instanceof ValueFault ? new ValueFault(`${thrown.message}: '${shown(text)}'`) : thrown;
  }
}

/** In UTC the year must have four digits too. The condition is negated, so that it refuses NaN. */
function inBounds(seconds: number, text: string): number {
  if (seconds >= FIRST_SECOND && seconds <= LAST_SECOND) return seconds;
  throw new ValueFault(`there is no such time as '${shown(text)}', expected one of the years 100 to 9999`);
}
