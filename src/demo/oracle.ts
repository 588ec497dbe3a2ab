// The best that can be done on the synthetic shop: its planted tastes rank what each customer would
// likeliest buy next. Knows nothing that a model has learnt.
import { oracleFor, type ShopOptions } from './synthetic-world';
import type { Dataset } from '../dataset/dataset';
import type { Oracle } from '../evaluation/offline/evaluate';
import { topIndices } from '../statistics/best';

/** @param synthetic the options that the shop was generated with, as the import kept them */
export function tasteOracle(shop: Dataset, synthetic: unknown): Oracle {
  const oracle = oracleFor(synthetic as Partial<ShopOptions>);
  const plantedOf = shop.catalogue.ids.map((id) => oracle.articleIndex(id));
  const catalogueOf = new Map(plantedOf.map((planted, index) => [planted, index]));
  return (customer, past, now) => {
    const planted = oracle.customerIndex(shop.customerIds[customer]);
    if (planted === undefined) return [];
    const known = past.flatMap(({ article, at }) => {
      const index = plantedOf[article];
      return index === undefined ? [] : [{ index, day: oracle.dayOf(at) }];
    });
    const chances = oracle.world.probabilities(planted, oracle.dayOf(now), {
      articles: known.map(({ index }) => index),
      days: known.map(({ day }) => day),
    });
    return topIndices(Float32Array.from(chances), chances.length).flatMap((index) => catalogueOf.get(index) ?? []);
  };
}
