// What customers' histories say of articles, counted when a shop is learnt from and kept with the release: what is bought beside each,
// and how often the same again. Knows no moment.
import { coPurchases, CoPurchases, type Histories } from './co-purchase';
import type { Known } from './dataset';

export interface Habits {
  readonly coPurchases: CoPurchases;
  /** [articles] the share of an article's buyers who bought it again at another time; low where few bought it. */
  readonly repeatRates: Float32Array;
}

export function habitsOf(shop: Histories, known: Known): Habits {
  return { coPurchases: coPurchases(shop, known), repeatRates: repeatRates(shop, known) };
}

/** Buyers who came once that every article is given besides its own, so that one faithful customer makes no habit. */
const SMOOTHING = 20;

export function repeatRates(shop: Histories, known: Known): Float32Array {
  const { article, at } = shop;
  const size = shop.catalogue.size;
  const buyers = new Float32Array(size);
  const again = new Float32Array(size);
  /** By article, of the customer looked at: when it was first bought; and whether it has been counted as bought again. */
  const first = new Float64Array(size);
  const seenBy = new Int32Array(size).fill(-1);
  const repeatedBy = new Int32Array(size).fill(-1);
  for (let customer = 0; customer < shop.customers; customer++) {
    for (let p = shop.offsets[customer]; p < known[customer]; p++) {
      const one = article[p];
      if (seenBy[one] !== customer) {
        seenBy[one] = customer;
        first[one] = at[p];
        buyers[one] += 1;
      } else if (at[p] > first[one] && repeatedBy[one] !== customer) {
        repeatedBy[one] = customer;
        again[one] += 1;
      }
    }
  }
  return again.map((count, one) => count / (buyers[one] + SMOOTHING));
}

/**
 * The same habits for a catalogue in another order: the article of row r is now `places[r]`, −1 where it is gone. Articles that are new in
 * it have none.
 */
export function reorderedHabits(
  { coPurchases: old, repeatRates: rates }: Habits,
  places: readonly number[],
  size: number,
): Habits {
  const { width } = old;
  const neighbours = new Int32Array(size * width).fill(-1);
  const nearness = new Float32Array(size * width);
  const repeats = new Float32Array(size);
  rates.forEach((rate, row) => {
    const article = places.at(row) ?? -1;
    if (article < 0) return;
    repeats[article] = rate;
    let to = article * width;
    for (let n = row * width; n < (row + 1) * width && old.neighbours[n] >= 0; n++) {
      const neighbour = places[old.neighbours[n]];
      if (neighbour < 0) continue;
      neighbours[to] = neighbour;
      nearness[to++] = old.nearness[n];
    }
  });
  return { coPurchases: new CoPurchases(width, neighbours, nearness), repeatRates: repeats };
}
