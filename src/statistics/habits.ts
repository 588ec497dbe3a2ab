// What customers' histories say of articles, counted when a shop is learnt from and kept with the
// release: what is bought beside each, how often the same again, and which values of attributes go
// together. Knows no moment.
import { CoPurchases } from './co-purchase';
import type { ValueLifts } from './value-lifts';

export interface Habits {
  readonly coPurchases: CoPurchases;
  /** [articles] the share of an article's buyers who bought it again at another time. */
  readonly repeatRates: Float32Array;
  /** [articles] the share of an article's buyers who later bought another of the same product. */
  readonly variantRates: Float32Array;
  /**
   * [1 + age bands, slots of the article layout] of everybody's units and of each band's the share
   * that had a value of an attribute.
   */
  readonly attributeShares: Float32Array;
  /** Which values of an attribute go together. */
  readonly valueLifts: ValueLifts;
}

/**
 * The same habits for a catalogue in another order: the article of row r is now `places[r]`, −1
 * where it is gone. Articles that are new in it have none.
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
