// Sums rows by place: the gradient of a gather, always added up in one order. Knows nothing of what rows are.
import type { Values } from './engine';

/** Writes into `sums` [places, width] the sum of those of `rows` [n, …], n · width numbers, whose place, of `places` int32 [n], it is. */
export function sumRows(sums: Values, rows: Values, places: Values): void {
  const [out, x, at] = [sums.data, rows.data, places.data];
  const width = sums.shape[sums.shape.length - 1];
  out.fill(0);
  for (let p = 0, from = 0; p < at.length; p++, from += width) {
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
