// The options of the synthetic shop, their limits, and the days and weeks that follow from them.

import { VitrineError } from '../../errors';
import { DAY_MS, isoDay } from '../../time';

/**
 * The shop is made from these options alone: the same options give the same bytes and the same
 * world.
 */
export interface SyntheticOptions {
  readonly customers: number;
  readonly articles: number;
  readonly transactions: number;
  readonly days: number;
  readonly seed: number;
  /** The last day, `YYYY-MM-DD`. */
  readonly endDate: string;
}

export const DEFAULT_SHOP: SyntheticOptions = Object.freeze({
  customers: 6_000,
  articles: 2_500,
  transactions: 150_000,
  days: 365,
  seed: 1,
  endDate: '2020-09-22',
});

/** As many customers, articles, transactions and days as the H&M data set has. */
export const FULL_SHOP: SyntheticOptions = Object.freeze({
  customers: 1_371_980,
  articles: 105_542,
  transactions: 31_788_324,
  days: 734,
  seed: 1,
  endDate: '2020-09-22',
});

/**
 * Fills up the options with the defaults.
 * @throws VitrineError INPUT_INVALID listing every fault
 */
export function checkOptions(given: Partial<SyntheticOptions>): SyntheticOptions {
  const { customers, articles, transactions, days, seed, endDate } = { ...DEFAULT_SHOP, ...given };
  const faults: string[] = [];
  const whole = (name: string, value: number, least: number, most: number) => {
    if (Number.isInteger(value) && value >= least && value <= most) return;
    faults.push(`${name}: expected a whole number from ${least} to ${most}, got ${value}`);
  };
  whole('customers', customers, 1, 50_000_000);
  whole('articles', articles, 1, 1_500_000);
  whole('transactions', transactions, 0, 2_000_000_000);
  whole('days', days, 1, 3_650);
  whole('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  const parsed = new Date(endDate);
  if (Number.isNaN(parsed.getTime()) || isoDay(parsed.getTime() / 1_000) !== endDate) {
    faults.push(`endDate: expected a date such as ${DEFAULT_SHOP.endDate}, got ${endDate}`);
  }
  if (faults.length > 0)
    throw new VitrineError('INPUT_INVALID', `The synthetic shop cannot be made: ${faults.join('; ')}.`);
  return { customers, articles, transactions, days, seed, endDate };
}

/** The week of a day. The last week ends with the last day, so the first one may be shorter. */
export function weekOf({ days }: SyntheticOptions, day: number): number {
  return Math.ceil(days / 7) - 1 - Math.floor((days - 1 - day) / 7);
}

/** The week of the year, 0 to 52, in the middle of a week of the data. */
export function weekOfYear({ days, endDate }: SyntheticOptions, week: number): number {
  const middle = new Date(Date.parse(endDate) - ((Math.ceil(days / 7) - 1 - week) * 7 + 3) * DAY_MS);
  return (middle.getTime() - Date.UTC(middle.getUTCFullYear(), 0, 1)) / (7 * DAY_MS);
}
