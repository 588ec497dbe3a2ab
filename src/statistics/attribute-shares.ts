// From counts of articles to counts of the values of their attributes. Knows no customer and no
// moment.
import type { Catalogue } from '../features/catalogue';

/** Purchases of everybody's mix that each group of peers is given besides its own. */
const BORROWED_BY_PEERS = 200;

/**
 * Of each value of an attribute the share of all units sold that had it, a little above 0, by
 * everybody first, then by each group of peers: [1 + groups, slots of the article layout].
 * @param units [1 + groups][articles]
 */
export function attributeShares(catalogue: Catalogue, units: readonly ArrayLike<number>[]): Float32Array {
  const { slots } = catalogue.layout;
  const shares = new Float32Array(units.length * slots);
  units.forEach((sold, group) => {
    const { sums, total } = sumsOfValues(catalogue, sold);
    for (let slot = 0; slot < slots; slot++) {
      shares[group * slots + slot] =
        group === 0
          ? (sums[slot] + 1) / (total + 1)
          : (sums[slot] + BORROWED_BY_PEERS * shares[slot]) / (total + BORROWED_BY_PEERS);
    }
  });
  return shares;
}

/**
 * [slots] what was counted of articles by value, and of all together. `sold` [articles] may end
 * before the catalogue does.
 */
export function sumsOfValues(catalogue: Catalogue, sold: ArrayLike<number>): { sums: Float64Array; total: number } {
  const sums = new Float64Array(catalogue.layout.slots);
  let total = 0;
  for (let article = 0; article < Math.min(catalogue.size, sold.length); article++) {
    const count = sold[article];
    if (count === 0) continue;
    total += count;
    catalogue.forEachValue(article, (_attribute, slot, weight) => {
      sums[slot] += weight * count;
    });
  }
  return { sums, total };
}
