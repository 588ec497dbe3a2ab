// What scores of lists are worth whose purchases are known, and whether some are better than others
// by more than chance. Knows no model, only whose weights are kept apart.
import type { Dataset } from '../../dataset/dataset';
import { isNewcomer, type List } from './ranker-lists';
import type { StraightGroup } from '../models/straight';

export interface ListJudge {
  /** Lists of each group that tell anything: those with a purchase. */
  readonly lists: Readonly<Record<StraightGroup, number>>;
  /** Whether one of all lists is of a newcomer, by its place. */
  isNewcomer(place: number): boolean;
  /**
   * [lists] what the order of each list is worth, from the scores of all, [all lists][candidates].
   *
   * Of customers with a past: how likely their purchases are, as a logarithm, which is the listwise
   * loss with its sign turned (listwise.ts), after all scores were scaled as suits them best, so
   * that their unit does not matter. The same lists tell differences several times as clearly by it
   * as by NDCG, which changes only where two places are exchanged (figures in models/README.md). Of
   * newcomers: the NDCG all the same. They are shown much the same, of which the first places
   * matter, and what is likely is decided by all that stands far behind these.
   */
  worth(scores: readonly Float32Array[]): Float64Array;
  /**
   * The mean NDCG (Järvelin & Kekäläinen, TOIS 2002), which says more to people. 0 without lists.
   */
  ndcg(scores: readonly Float32Array[], group: StraightGroup): number;
  /** 0 without lists. */
  mean(values: Float64Array, group: StraightGroup): number;
  /**
   * Whether the mean difference is more than its standard error, and the customers are enough to
   * tell. Lists of one customer, who may be asked every day, do not count as independent.
   */
  isBetter(values: Float64Array, others: Float64Array, group: StraightGroup): boolean;
}

/** With fewer customers every difference is chance. */
const ENOUGH = 30;

export function listJudge(shop: Dataset, all: readonly List[]): ListJudge {
  const telling = [...all.keys()].filter((l) => all[l].hits > 0);
  const isNew = telling.map((l) => isNewcomer(shop, all[l]));
  const customers = telling.map((l) => all[l].round.customers[all[l].place]);
  const placesOf = (group: StraightGroup): number[] =>
    [...telling.keys()].filter((i) => isNew[i] === (group === 'newcomers'));
  const meanOf = (values: Float64Array, places: readonly number[]): number =>
    places.reduce((sum, i) => sum + values[i], 0) / Math.max(1, places.length);
  /** 0 of lists of the other group. */
  const ndcgs = (scores: readonly Float32Array[], group: StraightGroup): Float64Array => {
    const values = new Float64Array(telling.length);
    for (const i of placesOf(group)) values[i] = ndcgOf(all[telling[i]], scores[telling[i]]);
    return values;
  };
  return {
    lists: { known: placesOf('known').length, newcomers: placesOf('newcomers').length },
    isNewcomer: (place) => isNewcomer(shop, all[place]),
    worth(scores) {
      const values = ndcgs(scores, 'newcomers');
      const places = placesOf('known');
      const lists = places.map((i) => ({ list: all[telling[i]], scores: scores[telling[i]] }));
      const scale = bestScale(lists);
      places.forEach((i, l) => (values[i] = momentsOf(lists[l], scale).likelihood));
      return values;
    },
    ndcg: (scores, group) => meanOf(ndcgs(scores, group), placesOf(group)),
    mean: (values, group) => meanOf(values, placesOf(group)),
    isBetter(values, others, group) {
      const places = placesOf(group);
      const differences = values.map((value, i) => value - others[i]);
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

interface Scored {
  readonly list: List;
  /** [candidates] */
  readonly scores: Float32Array;
}

/**
 * Scales further apart than these say the same: an order that is always right, or one that says
 * nothing.
 */
const [LEAST, MOST] = [1 / 64, 64];

/**
 * The factor of all scores by which the lists' purchases are likeliest, by Newton's method: the
 * loss is convex in it.
 */
function bestScale(lists: readonly Scored[]): number {
  let scale = 1;
  for (let step = 0; step < 20; step++) {
    let [slope, curve] = [0, 1e-9];
    for (const one of lists) {
      const { lead, variance } = momentsOf(one, scale);
      slope += lead;
      curve += variance;
    }
    const next = Math.max(LEAST, scale / 4, Math.min(MOST, scale * 4, scale + slope / curve));
    if (Math.abs(next - scale) < 1e-4 * scale) return next;
    scale = next;
  }
  return scale;
}

/**
 * Of one list: the mean log-likelihood of what was bought, by the softmax of the scaled scores; how
 * far what was bought scores above the mean by that softmax, which is the slope of the former by
 * the scale; and the variance, which is how fast it falls.
 */
function momentsOf(
  { list: { bought, hits }, scores }: Scored,
  scale: number,
): { likelihood: number; lead: number; variance: number } {
  let most = -Infinity;
  for (const score of scores) if (scale * score > most) most = scale * score;
  let [mass, first, second, target] = [0, 0, 0, 0];
  for (let i = 0; i < scores.length; i++) {
    const weight = Math.exp(scale * scores[i] - most);
    mass += weight;
    first += weight * scores[i];
    second += weight * scores[i] * scores[i];
    if (bought[i] > 0) target += scores[i] / hits;
  }
  const mean = first / mass;
  return {
    likelihood: scale * target - most - Math.log(mass),
    lead: target - mean,
    variance: Math.max(0, second / mass - mean * mean),
  };
}

function ndcgOf({ bought, hits }: List, scores: Float32Array): number {
  const order = Array.from(bought.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
  let gain = 0;
  let ideal = 0;
  order.forEach((place, rank) => {
    gain += bought[place] / Math.log2(rank + 2);
    if (rank < hits) ideal += 1 / Math.log2(rank + 2);
  });
  return gain / ideal;
}
