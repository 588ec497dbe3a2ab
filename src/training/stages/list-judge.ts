// Judges scores on held-out lists: how good the scores are, and whether one set of scores is better
// than another by more than chance.
import type { Dataset } from '../../dataset/dataset';
import type { CustomerGroup } from '../models/linear-part';
import { isOfColdCustomer, type List } from './ranker-lists';

export interface ListJudge {
  /** Number of lists with a purchase, by group. Only these lists are judged. */
  readonly lists: Readonly<Record<CustomerGroup, number>>;
  /** Whether a list is of a cold customer. `place` is the index among all lists. */
  isOfColdCustomer(place: number): boolean;
  /**
   * [lists] the worth of each judged list, from the scores [all lists][candidates].
   *
   * For returning customers, the worth is the log-likelihood of their purchases, the negative of
   * `listwiseLoss`. All scores are first multiplied by the best scale, so their unit does not
   * matter. NDCG changes only when two candidates change ranks, so the likelihood shows differences
   * several times as clearly in the same lists (figures in docs/lab-book.md). For cold customers,
   * the worth is NDCG. They all see nearly the same list, so the top ranks matter, but the
   * likelihood depends mostly on the low ranks.
   */
  worth(scores: readonly Float32Array[]): Float64Array;
  /** The mean NDCG (Järvelin & Kekäläinen, TOIS 2002), for messages. 0 if there are no lists. */
  ndcg(scores: readonly Float32Array[], group: CustomerGroup): number;
  /** 0 if there are no lists. */
  mean(values: Float64Array, group: CustomerGroup): number;
  /**
   * Whether the mean difference is more than its standard error, with enough customers. One
   * customer may have a list for every day; these do not count as independent.
   */
  isBetter(values: Float64Array, others: Float64Array, group: CustomerGroup): boolean;
}

/** Minimum number of customers. With fewer customers, every difference counts as chance. */
const ENOUGH = 30;

export function listJudge(shop: Dataset, all: readonly List[]): ListJudge {
  const telling = [...all.keys()].filter((l) => all[l].hits > 0);
  const isCold = telling.map((l) => isOfColdCustomer(shop, all[l]));
  const customers = telling.map((l) => all[l].round.customers[all[l].place]);
  const placesOf = (group: CustomerGroup): number[] =>
    [...telling.keys()].filter((i) => isCold[i] === (group === 'cold'));
  const meanOf = (values: Float64Array, places: readonly number[]): number =>
    places.reduce((sum, i) => sum + values[i], 0) / Math.max(1, places.length);
  /** The NDCG of each list, 0 for lists of the other group. */
  const ndcgs = (scores: readonly Float32Array[], group: CustomerGroup): Float64Array => {
    const values = new Float64Array(telling.length);
    for (const i of placesOf(group)) values[i] = ndcgOf(all[telling[i]], scores[telling[i]]);
    return values;
  };
  return {
    lists: { returning: placesOf('returning').length, cold: placesOf('cold').length },
    isOfColdCustomer: (place) => isOfColdCustomer(shop, all[place]),
    worth(scores) {
      const values = ndcgs(scores, 'cold');
      const places = placesOf('returning');
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
 * The limits of the scale. The greatest scale treats the order as always right, and the least scale
 * treats the order as meaningless.
 */
const [LEAST, MOST] = [1 / 64, 64];

/**
 * The scale that makes the purchases most likely, by Newton's method, since the loss is convex in
 * the scale.
 */
function bestScale(lists: readonly Scored[]): number {
  let scale = 1;
  for (let iteration = 0; iteration < 20; iteration++) {
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
 * For one list and the softmax of its scaled scores: the mean log-likelihood of the purchases, and
 * its first and negative second derivative by the scale. The first derivative is the distance of
 * the purchases' scores above the mean (`lead`). The negative second derivative is the variance.
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
