// The weights that training starts from, drawn from a seeded stream. Knows nothing of what they are
// for.
import type { Init, Table } from '../../graph/tensor';
import type { Random } from '../../random';

/** Fills a dense parameter of this shape. */
export function fillParameter(values: Float32Array, shape: readonly number[], init: Init, random: Random): void {
  if (init === 'zeros') values.fill(0);
  else if (init === 'ones') values.fill(1);
  else if (typeof init === 'object') values.set(init.values);
  else {
    const limit = Math.sqrt(6 / (shape[0] + (shape[1] ?? 1)));
    for (let i = 0; i < values.length; i++) values[i] = (random.next() * 2 - 1) * limit;
  }
}

/**
 * Rows of about a tenth of unit length, whatever the width: small beside what training will make of
 * them.
 */
export function initialTable({ rows, width }: Table, random: Random): Float32Array {
  const scale = 0.1 / Math.sqrt(width);
  const values = new Float32Array(rows * width);
  for (let i = 0; i < values.length; i++) values[i] = random.normal() * scale;
  return values;
}
