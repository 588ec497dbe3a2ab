// Counts the times of purchases while they are converted, so that no statement reads all staged
// rows for it.

import { DAY_MS } from '../../time';

/** Times are texts in ISO 8601 in UTC with milliseconds: their order is that of the texts. */
export interface PurchaseTimes {
  /** The number of purchases. */
  count: number;
  /** The earliest and the latest time; '' if there are no purchases. */
  first: string;
  last: string;
  /** Whether all times are the beginning of a day. */
  days: boolean;
  /** The number of purchases a day or more ahead of now, and the earliest of their times. */
  future: number;
  firstFuture: string;
}

export function noTimes(): PurchaseTimes {
  return { count: 0, first: '', last: '', days: true, future: 0, firstFuture: '' };
}

/** Makes a function that adds a number of purchases at one time. */
export function timesCounter(times: PurchaseTimes): (when: string, count: number) => void {
  const limit = new Date(Date.now() + DAY_MS).toISOString();
  let last = '';
  return (when, count) => {
    times.count += count;
    if (when >= limit) times.future += count;
    // Files are mostly ordered by time, so the same time comes many times in a row.
    if (when === last || count === 0) return;
    last = when;
    extend(times, when, when);
    times.days &&= when.endsWith('T00:00:00.000Z');
    if (when >= limit) times.firstFuture = earlier(times.firstFuture, when);
  };
}

/** Adds the times of another file. */
export function addTimes(sum: PurchaseTimes, times: PurchaseTimes): void {
  if (times.count === 0) return;
  extend(sum, times.first, times.last);
  sum.count += times.count;
  sum.days &&= times.days;
  sum.future += times.future;
  if (times.future > 0) sum.firstFuture = earlier(sum.firstFuture, times.firstFuture);
}

function extend(times: PurchaseTimes, first: string, last: string): void {
  times.first = earlier(times.first, first);
  if (last > times.last) times.last = last;
}

function earlier(known: string, other: string): string {
  return known === '' || other < known ? other : known;
}
