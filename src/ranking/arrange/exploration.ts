// The rule that gives some positions of a slate to articles that were never sold. The scores of
// these articles are low, since most will not sell, but an article that is never shown cannot sell.
// The best-scored of these articles come first, so that each is shown to the customers whom it
// suits best.
import { topIndices } from '../../statistics/best';

/**
 * Returns the indices of the `first` candidates to show, best first. Each `every`th position gets
 * the best article never sold that is not shown yet, if there is one. If `every` is 0, the scores
 * alone decide. A candidate without a score is never shown.
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
