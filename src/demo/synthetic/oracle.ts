// The oracle of the synthetic shop. It ranks by the planted tastes, which is the best that any
// model can learn from the shop's data.

import type { Dataset } from '../../dataset/dataset';
import type { Oracle } from '../../evaluation/offline/evaluate';
import { topIndices } from '../../statistics/best';
import { DAY } from '../../time';
import { customerIndex } from './customers';
import type { SyntheticOptions } from './options';
import { plantWorld, type World } from './world';

/** @param synthetic the options of the generated shop, as the import kept them */
export function tasteOracle(shop: Dataset, synthetic: unknown): Oracle {
  const planted = replantShop(synthetic as Partial<SyntheticOptions>);
  const plantedOf = shop.catalogue.ids.map((id) => planted.articleIndex(id));
  const catalogueOf = new Map(plantedOf.map((article, index) => [article, index]));
  return (customer, purchases, now) => {
    const index = planted.customerIndex(shop.customerIds[customer]);
    if (index === undefined) return [];
    const history = purchases.flatMap(({ article, at }) => {
      const bought = plantedOf[article];
      return bought === undefined ? [] : [{ article: bought, day: planted.dayOf(at) }];
    });
    const chances = planted.world.probabilities(index, planted.dayOf(now), {
      articles: history.map(({ article }) => article),
      days: history.map(({ day }) => day),
    });
    return topIndices(Float32Array.from(chances), chances.length).flatMap((index) => catalogueOf.get(index) ?? []);
  };
}

/**
 * The planted world behind imported data, with functions from the shop's ids to the world's
 * indices.
 */
export interface PlantedShop {
  readonly world: World;
  customerIndex(id: string): number | undefined;
  articleIndex(id: string): number | undefined;
  /** The day of a Unix time in seconds; 0 is the first day. */
  dayOf(seconds: number): number;
}

/** Plants the world of a shop again from its options. Other keys are ignored. */
export function replantShop(options: Partial<SyntheticOptions>): PlantedShop {
  const world = plantWorld(options);
  const { seed, customers, days, endDate } = world.options;
  const byId = new Map(world.catalogue.articles.map((article, index) => [article.id, index]));
  const firstDay = Date.parse(endDate) / 1_000 - (days - 1) * DAY;
  return {
    world,
    customerIndex: (id) => customerIndex(seed, id, customers),
    articleIndex: (id) => byId.get(id),
    dayOf: (seconds) => Math.floor((seconds - firstDay) / DAY),
  };
}
