// Habits: what the histories of all customers say about articles. They are counted in training and
// stored with the release.

import { CoPurchases } from './co-purchase';

export interface Habits {
  readonly coPurchases: CoPurchases;
  /** [articles] the share of an article's buyers who bought it again at another time. */
  readonly repeatRates: Float32Array;
  /** [articles] the share of an article's buyers who later bought a variant of it. */
  readonly variantRates: Float32Array;
  /**
   * [1 + age bands, slots of the article layout] the share of units sold that had each value of an
   * attribute. Row 0 counts all customers, the others one age band each.
   */
  readonly attributeShares: Float32Array;
  readonly valueLifts: ValueLifts;
}

/**
 * How much more likely than by chance two values of one attribute stand together in a history: dark
 * blue with blue, dresses with sandals. There are few values, so lifts can be estimated sooner than
 * which articles go together.
 */
export interface ValueLifts {
  /** [attributes, 2] the first slot of the counted values of each attribute, and their number. */
  readonly blocks: Int32Array;
  /**
   * A square [values, values] for each attribute: how much more likely than by chance a customer
   * who bought the row's value buys the column's value, less 1. Above −1.
   */
  readonly excess: Float32Array;
}

/** The index at which the square of each attribute begins, and at the end the total size. */
export function squaresOf(blocks: Int32Array): number[] {
  const starts = [0];
  for (let a = 1; a < blocks.length; a += 2) starts.push(starts[starts.length - 1] + blocks[a] ** 2);
  return starts;
}

/**
 * The same habits for a catalogue in another order.
 * @param places the new index of the article in each row; −1 if it is gone
 * @param size of the new catalogue; its new articles have no habits
 */
export function reorderedHabits(
  { coPurchases: old, repeatRates, variantRates, ...ofValues }: Habits,
  places: readonly number[],
  size: number,
): Habits {
  const { width } = old;
  const neighbours = new Int32Array(size * width).fill(-1);
  const nearness = new Float32Array(size * width);
  const repeats = new Float32Array(size);
  const variants = new Float32Array(size);
  repeatRates.forEach((rate, row) => {
    const article = places.at(row) ?? -1;
    if (article < 0) return;
    repeats[article] = rate;
    variants[article] = variantRates[row];
    let to = article * width;
    for (let n = row * width; n < (row + 1) * width && old.neighbours[n] >= 0; n++) {
      const neighbour = places[old.neighbours[n]];
      if (neighbour < 0) continue;
      neighbours[to] = neighbour;
      nearness[to++] = old.nearness[n];
    }
  });
  return {
    coPurchases: new CoPurchases(width, neighbours, nearness),
    repeatRates: repeats,
    variantRates: variants,
    ...ofValues,
  };
}
