// Finds the best few of many, in order, without sorting the rest.

/** If more than a quarter of the items is wanted, all of them are sorted. */
const SORTED = 4;

/**
 * The first `limit` items by `order`, which must never be 0. Finding a few of many items costs
 * hardly more than one comparison for each item.
 */
export function bestOf(items: ArrayLike<number>, limit: number, order: (a: number, b: number) => number): Int32Array {
  // For many items, sorting is faster than insertion.
  if (items.length <= SORTED * limit) return Int32Array.from(items).sort(order).slice(0, limit);
  const best: number[] = [];
  if (limit <= 0) return new Int32Array(0);
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (best.length === limit) {
      if (order(item, best[limit - 1]) >= 0) continue;
      best.pop();
    }
    let low = 0;
    let high = best.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (order(best[middle], item) < 0) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, item);
  }
  return Int32Array.from(best);
}

/**
 * The indices of the `first` highest scores, best first; ties are in the order of indices.
 * −Infinity means no score.
 */
export function topIndices(scores: Float32Array, first: number): number[] {
  const places: number[] = [];
  for (let place = 0; place < scores.length; place++) if (scores[place] > -Infinity) places.push(place);
  return [...bestOf(places, first, (a, b) => scores[b] - scores[a] || a - b)];
}
