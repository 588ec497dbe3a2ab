// Counts sales by the values of the articles' attributes.

import type { Catalogue } from '../features/catalogue';

/** This many purchases with the shares of all customers are added to those of each group. */
const BORROWED_BY_PEERS = 200;

/**
 * The share of units sold that had each value of an attribute. Always above 0.
 * @param units [1 + groups][articles] units sold to all customers, then to each group
 * @returns [1 + groups, slots of the article layout]
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
 * Units sold for each value of an attribute, and in total.
 * @param sold [articles] units sold; may be shorter than the catalogue
 * @returns `sums` [slots]
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
