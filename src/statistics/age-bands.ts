// Age bands: customers of one band are peers. The bands have about equally many customers. They are
// made of the encoder's buckets, and one more band is for unknown ages.

import type { EncodedRows, Encoder } from '../features/encoder';

/** Maximum number of bands of known ages. */
const BANDS = 8;

export interface AgeBands {
  /** The number of bands, or 0 if the shop knows no ages. Band 0 is for unknown ages. */
  readonly count: number;
  /** Band b > 0 begins at bounds[b − 2] and ends before bounds[b − 1]. */
  readonly bounds: readonly number[];
  /** [rows] the band of each customer. */
  of(customers: EncodedRows): Int32Array;
}

export function ageBands(encoder: Encoder): AgeBands {
  const feature = encoder.toJSON().customers.find(({ name }) => name === 'age');
  const { single } = encoder.customerLayout;
  const place = single.indexOf('age');
  if (feature?.kind !== 'numeric') {
    return { count: 0, bounds: [], of: ({ rows }) => new Int32Array(rows) };
  }
  // Buckets are quantiles, so bands of equally many buckets have equally many customers.
  const buckets = feature.bounds.length + 1;
  const bands = Math.min(BANDS, buckets);
  const bandOf = (bucket: number): number => (bucket === 0 ? 0 : 1 + Math.floor(((bucket - 1) * bands) / buckets));
  const unknown = encoder.customers([null]).single[place];
  return {
    count: bands + 1,
    bounds: feature.bounds.filter((_, i) => bandOf(i + 2) > bandOf(i + 1)),
    of: ({ rows, single: ids }) =>
      Int32Array.from({ length: rows }, (_, r) => bandOf(ids[r * single.length + place] - unknown)),
  };
}
