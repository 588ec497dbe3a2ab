// Sums rows by place: the gradient of a gather, always added up in one order. Knows nothing of what
// rows are.
import type { Values } from './batch';

/**
 * Writes into each row of `sums` [rows, width] the sum of those of `parts`, n · width numbers,
 * whose place it is; `places` int32, n numbers.
 * @throws Error if there are more or fewer, or a place is none of the rows
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
    if (at[p] < 0 || at[p] >= rows) throw new Error(`a sum at place ${at[p]}, where there are ${rows} rows`);
    const to = at[p] * width;
    let i = 0;
    // Unrolled as the loops of training's own rows are.
    for (; i + 3 < width; i += 4) {
      out[to + i] += x[from + i];
      out[to + i + 1] += x[from + i + 1];
      out[to + i + 2] += x[from + i + 2];
      out[to + i + 3] += x[from + i + 3];
    }
    for (; i < width; i++) out[to + i] += x[from + i];
  }
}
