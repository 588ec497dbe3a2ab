// The source of what is new: articles first sold within four weeks, which neither histories nor vectors know well yet.
import { bestOf } from '../best';
import type { Source } from './source';

export const NEW_ARRIVALS: Source = {
  name: 'NEW_ARRIVALS',
  limit: 32,
  find: ({ pasts, moment }, most) => pasts.map(() => moment.arrivals.subarray(0, most)),
};

/** So long an article is new; its sales since the first are then all within the month. */
const NEW_DAYS = 28;

/** Articles first sold within four weeks, by units a day since then; ties by index. `ages` in days; NaN: not sold yet. */
export function newArrivals(month: ArrayLike<number>, ages: ArrayLike<number>, limit: number): Int32Array {
  // Those of the last hours are counted as if a day had passed: one sale is no storm.
  const rate = (article: number): number => month[article] / Math.max(1, ages[article]);
  const fresh: number[] = [];
  for (let article = 0; article < month.length; article++) {
    if (ages[article] <= NEW_DAYS) fresh.push(article);
  }
  return bestOf(fresh, limit, (a, b) => rate(b) - rate(a) || a - b);
}
