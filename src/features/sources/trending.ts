// The source of what sells: the same for everybody, so that nobody is left without.
import { bestOf } from '../best';
import type { Source } from './source';

export const TRENDING: Source = {
  name: 'TRENDING',
  limit: 60,
  find: ({ pasts, moment }, most) => pasts.map(() => moment.trending.subarray(0, most)),
};

/** Articles by what sold in the last week, then month; ties by index. Those that did not sell in a month are left out. */
export function mostPopular(week: ArrayLike<number>, month: ArrayLike<number>, limit: number): Int32Array {
  const sold: number[] = [];
  for (let article = 0; article < month.length; article++) if (month[article] > 0) sold.push(article);
  return bestOf(sold, limit, (a, b) => week[b] - week[a] || month[b] - month[a] || a - b);
}
