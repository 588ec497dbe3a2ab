// Sums rows by row index, which is the gradient of a gather. The order of the additions never
// changes, so the same seed gives the same weights.
import type { Values } from './batch';

/**
 * Adds row p of `parts`, n · width numbers, to row places[p] of `sums` [rows, width]. `places`
 * holds n int32 row indices. `sums` is cleared first.
 * @throws Error if the sizes do not fit or an index is not a row of `sums`
 */
export function sumRows(sums: Values, parts: Values, places: Values): void {
  const [out, x, at] = [sums.data, parts.data, places.data];
  const [rows, width] = sums.shape;
  if (sums.shape.length !== 2 || x.length !== at.length * width) {
    throw new Error(
      `${x.length} numbers at ${at.length} places do not fit into rows of the shape [${sums.shape.join(', ')}]`,
    );
  }
  out.fill(0);
  for (let p = 0, from = 0; p < at.length; p++, from += width) {
    if (at[p] < 0 || at[p] >= rows) throw new Error(`expected a place below ${rows}, got ${at[p]}`);
    const to = at[p] * width;
    let i = 0;
    // The loop is unrolled by four, which was measured to be faster.
    for (; i + 3 < width; i += 4) {
      out[to + i] += x[from + i];
      out[to + i + 1] += x[from + i + 1];
      out[to + i + 2] += x[from + i + 2];
      out[to + i + 3] += x[from + i + 3];
    }
    for (; i < width; i++) out[to + i] += x[from + i];
  }
}
