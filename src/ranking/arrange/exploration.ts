// The order of a list: by score, but every so often a place goes to an article that nobody has
// bought yet. What never sold scores low, since most of it will not sell; and what is never seen
// never will. Of such articles the highest score comes first, so that each is shown to those whom
// it suits best. Knows neither models nor sources.
import { topIndices } from '../../statistics/best';

/**
 * Places of the `first` that are shown, best first, as `topIndices` gives them, but each `every`th
 * is the best of what never sold and is not shown yet, while there is any. `every` 0: by score
 * alone. What has no score has no place here either.
 */
export function exploring(
  scores: Float32Array,
  first: number,
  every: number,
  neverSold: (place: number) => boolean,
): number[] {
  if (every === 0 || first < every) return topIndices(scores, first);
  const order = topIndices(scores, scores.length);
  for (let at = every - 1; at < Math.min(first, order.length); at += every) {
    const from = order.findIndex((place, i) => i >= at && neverSold(place));
    if (from < 0) break;
    order.splice(at, 0, ...order.splice(from, 1));
  }
  return order.slice(0, first);
}
