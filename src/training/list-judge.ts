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
  /** Whether the mean difference is more than its standard error, and the lists are enough to tell. */
  isBetter(gains: Float64Array, others: Float64Array, group: Group): boolean;
}

/** With fewer lists every difference is chance. */
const ENOUGH = 30;

export function listJudge(shop: Shop, all: readonly List[]): ListJudge {
  const telling = [...all.keys()].filter((l) => all[l].hits > 0);
  const isNew = telling.map((l) => isNewcomer(shop, all[l]));
  const of = (gains: Float64Array, group: Group): Float64Array =>
    group === 'all' ? gains : gains.filter((_, i) => isNew[i] === (group === 'newcomers'));
  return {
    lists: telling.length,
    gains: (scores) => Float64Array.from(telling, (l) => gainOf(all[l], scores[l])),
    mean: (gains, group = 'all') => mean(of(gains, group)),
    isBetter(gains, others, group) {
      const differences = of(
        gains.map((gain, i) => gain - others[i]),
        group,
      );
      if (differences.length < ENOUGH) return false;
      const difference = mean(differences);
      const variance = mean(differences.map((one) => (one - difference) ** 2)) / differences.length;
      return difference > Math.sqrt(variance);
    },
  };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
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
