// The best few of many, in order, without sorting the rest. Knows nothing of what is compared.

/** All are sorted where one of so many is wanted. */
const SORTED = 4;

/**
 * The `limit` that come first by `order`, which must tell any two apart. Takes hardly longer than
 * one look at each where few are wanted of many that come in no particular order.
 */
export function bestOf(items: ArrayLike<number>, limit: number, order: (a: number, b: number) => number): Int32Array {
  // Where many are wanted, to keep them in order takes longer than to sort all.
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
 * Places of the `first` highest scores, best first; ties by place. −Infinity stands for no score:
 * it has no place.
 */
export function topIndices(scores: Float32Array, first: number): number[] {
  const places: number[] = [];
  for (let place = 0; place < scores.length; place++) if (scores[place] > -Infinity) places.push(place);
  return [...bestOf(places, first, (a, b) => scores[b] - scores[a] || a - b)];
}
