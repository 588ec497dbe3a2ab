// How well scores order lists whose purchases are known, and whether one order is better than another by more than chance. Knows
// no model.
import type { Shop } from '../features/dataset';
import { isNewcomer, type List } from './ranker-lists';

/** Which lists are looked at. */
export type Group = 'all' | 'known' | 'newcomers';

export interface ListJudge {
  /** Lists that tell anything: those with a purchase. */
  readonly lists: number;
  /** [lists] NDCG of each list (Järvelin & Kekäläinen, TOIS 2002), from the scores of all, [all lists][candidates]. */
  gains(scores: readonly Float32Array[]): Float64Array;
  /** 0 without lists. */
  mean(gains: Float64Array, group?: Group): number;
  /**
   * Whether the mean difference is more than its standard error, and the customers are enough to tell. Lists of one customer, who may be
   * asked every day, do not count as independent.
   */
  isBetter(gains: Float64Array, others: Float64Array, group: Group): boolean;
}

/** With fewer customers every difference is chance. */
const ENOUGH = 30;

export function listJudge(shop: Shop, all: readonly List[]): ListJudge {
  const telling = [...all.keys()].filter((l) => all[l].hits > 0);
  const isNew = telling.map((l) => isNewcomer(shop, all[l]));
  const customers = telling.map((l) => all[l].round.customers[all[l].place]);
  const placesOf = (group: Group): number[] =>
    [...telling.keys()].filter((i) => group === 'all' || isNew[i] === (group === 'newcomers'));
  const meanOf = (values: Float64Array, places: readonly number[]): number =>
    places.reduce((sum, i) => sum + values[i], 0) / Math.max(1, places.length);
  return {
    lists: telling.length,
    gains: (scores) => Float64Array.from(telling, (l) => gainOf(all[l], scores[l])),
    mean: (gains, group = 'all') => meanOf(gains, placesOf(group)),
    isBetter(gains, others, group) {
      const places = placesOf(group);
      const differences = gains.map((gain, i) => gain - others[i]);
      const difference = meanOf(differences, places);
      const byCustomer = new Map<number, number>();
      for (const i of places) {
        byCustomer.set(customers[i], (byCustomer.get(customers[i]) ?? 0) + differences[i] - difference);
      }
      if (byCustomer.size < ENOUGH) return false;
      const squares = [...byCustomer.values()].reduce((sum, one) => sum + one * one, 0);
      return difference > Math.sqrt(squares) / places.length;
    },
  };
}

function gainOf({ bought, hits }: List, scores: Float32Array): number {
  const order = Array.from(bought.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
  let gain = 0;
  let ideal = 0;
  order.forEach((place, rank) => {
    gain += bought[place] / Math.log2(rank + 2);
    if (rank < hits) ideal += 1 / Math.log2(rank + 2);
  });
  return gain / ideal;
}
