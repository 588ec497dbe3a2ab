// Time zones: offsets written in texts, and the clocks of places by name, with their summer times.

import { VitrineError } from '../../errors';
import { DAY } from '../../time';
import { ValueFault } from './value-fault';

/**
 * Seconds that a written zone is ahead of UTC: Z, UTC, GMT, +01, +0100, +01:00, GMT+01:00; NaN for
 * an offset that cannot exist.
 */
export function offsetOf(zone: string): number {
  const parts = /^(?:Z|UTC|GMT)?(?:([+-])(\d{2}):?(\d{2})?)?$/i.exec(zone);
  if (!parts) return Number.NaN;
  const [, sign, hours, minutes = '0'] = parts;
  if (sign === undefined) return 0;
  if (Number(hours) > 15 || Number(minutes) > 59) return Number.NaN;
  return Number(`${sign}1`) * (Number(hours) * 3_600 + Number(minutes) * 60);
}

/** A written zone in regular expressions, as `offsetOf` reads it. */
export const WRITTEN_ZONE = '(?:UTC|GMT|Z)?[+-]\\d{2}(?::?\\d{2})?|UTC|GMT|Z';

/** Turns the seconds of a clock on the wall into seconds since 1970. @throws ValueFault */
export type Clock = (local: number) => number;

/**
 * The clock of a place such as Europe/Berlin. A time that the clock shows twice, when summer ends,
 * is the first one. A time that it never shows is refused.
 * @throws VitrineError INPUT_INVALID if there is no such zone
 */
export function createClock(zone: string): Clock {
  if (/^(UTC|GMT|Z|Etc\/UTC)$/i.test(zone)) return (local) => local;
  const offsetAt = createOffsets(zone);
  return (local) => {
    const before = offsetAt(local - DAY);
    const after = offsetAt(local + DAY);
    if (before === after) return local - before;
    if (offsetAt(local - before) === before) return local - before;
    if (offsetAt(local - after) === after) return local - after;
    throw new ValueFault(`there is no such time in ${zone}, since the clock went forward`);
  };
}

/** The seconds that the zone is ahead of UTC at a moment in seconds since 1970. */
function createOffsets(zone: string): (seconds: number) => number {
  const format = formatOf(zone);
  const compute = (seconds: number): number => {
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(seconds * 1_000)) parts[type] = Number(value);
    const { year, month, day, hour, minute, second } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) / 1_000 - seconds;
  };
  // Offsets change on few days. Those of a day's beginning and end tell whether it is one of them.
  const days = new Map<number, number>();
  const atDay = (day: number): number => {
    let offset = days.get(day);
    if (offset === undefined) days.set(day, (offset = compute(day * DAY)));
    return offset;
  };
  return (seconds) => {
    const day = Math.floor(seconds / DAY);
    const offset = atDay(day);
    return offset === atDay(day + 1) ? offset : compute(seconds);
  };
}

function formatOf(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  } catch (cause) {
    const expected = 'expected the name of a time zone such as Europe/Berlin or UTC';
    throw new VitrineError('INPUT_INVALID', `zone: ${expected}, got '${zone}'.`, { cause });
  }
}
