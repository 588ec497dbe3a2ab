// Counts the habits in the histories of all customers: co-purchases, repeat purchases, and values
// of attributes that go together.

import { ageBands } from '../statistics/age-bands';
import { attributeShares } from '../statistics/attribute-shares';
import type { Catalogue } from '../features/catalogue';
import { coPurchases } from './co-purchase-counts';
import { HISTORY_LIMIT } from '../features/customers';
import type { HistoryEnds, Dataset } from './dataset';
import type { Habits } from '../statistics/habits';
import { valueLifts } from './value-lift-counts';
import { sum } from '../numbers';

export function habitsOf(shop: Dataset, ends: HistoryEnds): Habits {
  return {
    coPurchases: coPurchases(shop, ends),
    ...returns(shop, ends),
    attributeShares: attributeShares(shop.catalogue, unitsByBand(shop, ends)),
    valueLifts: valueLifts(shop, ends, HISTORY_LIMIT),
  };
}

/** [1 + bands][articles] units sold to all customers, and to each age band. */
function unitsByBand(
  { encoder, encodedCustomers, customers, offsets, article, catalogue }: Dataset,
  ends: HistoryEnds,
): Float32Array[] {
  const bands = ageBands(encoder);
  const bandOf = bands.of(encodedCustomers);
  const units = Array.from({ length: 1 + bands.count }, () => new Float32Array(catalogue.size));
  for (let customer = 0; customer < customers; customer++) {
    for (let p = offsets[customer]; p < ends[customer]; p++) {
      units[0][article[p]] += 1;
      if (bands.count > 0) units[1 + bandOf[customer]][article[p]] += 1;
    }
  }
  return units;
}

/** This many buyers with the rates of similar articles are added to those of each article. */
const BORROWED = 20;

type Returning = Pick<Dataset, 'customers' | 'offsets' | 'article' | 'at'> & {
  readonly catalogue: Pick<Catalogue, 'size' | 'layout' | 'forEachValue' | 'productOf'>;
};

/** How often an article's buyers buy the article again, or a variant of it. */
export function returns(
  { customers, offsets, article, at, catalogue }: Returning,
  ends: HistoryEnds,
): Pick<Habits, 'repeatRates' | 'variantRates'> {
  const { size } = catalogue;
  const buyers = new Float32Array(size);
  const again = new Float32Array(size);
  const other = new Float32Array(size);
  for (let customer = 0; customer < customers; customer++) {
    // When this customer first bought each article, and which returns are counted already.
    const bought = new Map<number, { first: number; again: boolean; other: boolean }>();
    const products = new Map<number, number[]>();
    for (let p = offsets[customer]; p < ends[customer]; p++) {
      const one = article[p];
      const before = bought.get(one);
      if (!before) {
        buyers[one] += 1;
        bought.set(one, { first: at[p], again: false, other: false });
      } else if (at[p] > before.first && !before.again) {
        before.again = true;
        again[one] += 1;
      }
      const product = catalogue.productOf(one);
      if (product === null) continue;
      const variants = products.get(product) ?? [];
      for (const variant of variants) {
        const earlier = bought.get(variant);
        if (variant === one || !earlier || earlier.other || at[p] <= earlier.first) continue;
        earlier.other = true;
        other[variant] += 1;
      }
      if (!before) products.set(product, [...variants, one]);
    }
  }
  return {
    repeatRates: sharesOf(again, buyers, catalogue),
    variantRates: sharesOf(other, buyers, catalogue),
  };
}

/**
 * [articles] `count` as a share of `buyers`. With few buyers, an article's share is drawn towards
 * the share of articles with the same attributes, and that share is drawn towards the share of all
 * articles.
 */
function sharesOf(count: Float32Array, buyers: Float32Array, catalogue: Returning['catalogue']): Float32Array {
  const { layout } = catalogue;
  const overall = sum(count) / Math.max(1, sum(buyers));
  const counts = new Float64Array(layout.slots);
  const buyersOf = new Float64Array(layout.slots);
  for (let article = 0; article < catalogue.size; article++) {
    if (buyers[article] === 0) continue;
    catalogue.forEachValue(article, (_attribute, slot, weight) => {
      counts[slot] += weight * count[article];
      buyersOf[slot] += weight * buyers[article];
    });
  }
  return Float32Array.from(buyers, (own, article) => {
    let alike = 0;
    let weights = 0;
    catalogue.forEachValue(article, (_attribute, slot, weight) => {
      alike += (weight * (counts[slot] + BORROWED * overall)) / (buyersOf[slot] + BORROWED);
      weights += weight;
    });
    const expected = weights > 0 ? alike / weights : overall;
    return (count[article] + BORROWED * expected) / (own + BORROWED);
  });
}
