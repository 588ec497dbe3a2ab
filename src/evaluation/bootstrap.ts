// Confidence intervals of means by the bootstrap (Efron and Tibshirani, An Introduction to the
// Bootstrap, 1993, ch. 13). The cases of one customer are not independent, so customers are drawn
// with all their cases (the cluster bootstrap; Field and Welsh, JRSS B 2007).

import type { Random } from '../random';

export type Interval = readonly [low: number, high: number];

/**
 * The mean of each column in many resamples of the customers. All columns share the same resamples,
 * so the differences of two columns are paired.
 * @param columns each [cases]
 * @param customers [cases] the customer of each case
 * @returns for each column [resamples]
 */
export function resampledMeans(
  columns: readonly ArrayLike<number>[],
  customers: ArrayLike<number>,
  resamples: number,
  random: Random,
): Float64Array[] {
  const { sums, counts } = byCustomer(columns, customers);
  const n = counts.length;
  const width = columns.length;
  const means = columns.map(() => new Float64Array(resamples));
  const total = new Float64Array(width);
  for (let resample = 0; resample < resamples; resample++) {
    total.fill(0);
    let cases = 0;
    for (let draw = 0; draw < n; draw++) {
      const drawn = random.int(n);
      cases += counts[drawn];
      for (let c = 0, at = drawn * width; c < width; c++, at++) total[c] += sums[at];
    }
    for (let c = 0; c < width; c++) means[c][resample] = total[c] / Math.max(1, cases);
  }
  return means;
}

/** The percentile interval of resampled values; [0, 0] if there are none. */
export function percentileInterval(resampled: Float64Array, confidence: number): Interval {
  const sorted = resampled.toSorted();
  const tail = (1 - confidence) / 2;
  return [quantile(sorted, tail), quantile(sorted, 1 - tail)];
}

/** Sums over each customer's cases [customers, columns], and the number of cases [customers]. */
function byCustomer(
  columns: readonly ArrayLike<number>[],
  customers: ArrayLike<number>,
): { sums: Float64Array; counts: Int32Array } {
  const placeOf = new Map<number, number>();
  for (let i = 0; i < customers.length; i++) {
    if (!placeOf.has(customers[i])) placeOf.set(customers[i], placeOf.size);
  }
  const sums = new Float64Array(placeOf.size * columns.length);
  const counts = new Int32Array(placeOf.size);
  for (let i = 0; i < customers.length; i++) {
    const place = placeOf.get(customers[i]) ?? 0;
    counts[place] += 1;
    columns.forEach((column, c) => {
      sums[place * columns.length + c] += column[i];
    });
  }
  return { sums, counts };
}

/** Interpolates between the two nearest of the sorted values. */
function quantile(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) return 0;
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}
