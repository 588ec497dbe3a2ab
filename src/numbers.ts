// Sums and means. Values are added from the first to the last, so that the result has the same bits
// each time.

/** The sum of the values; 0 if there are none. */
export function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

/** The mean of the values; NaN if there are none. */
export function mean(values: ArrayLike<number>): number {
  return sum(values) / values.length;
}
