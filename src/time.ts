// Spans and days of the calendar, all of them in UTC.

/** In seconds. */
export const DAY = 86_400;
export const WEEK = 7 * DAY;
/** In milliseconds. */
export const DAY_MS = 1_000 * DAY;

/** The day of a moment in Unix seconds, as 2020-09-22. */
export function isoDay(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(0, 10);
}
