// Counts which values of an attribute go together in customers' histories.

import type { Catalogue } from '../features/catalogue';
import type { HistoryEnds, Dataset } from './dataset';
import { squaresOf, type ValueLifts } from '../statistics/habits';

/**
 * Maximum number of values of an attribute that are counted, the most frequent ones. Memory grows
 * with the square of this number.
 */
const MOST_VALUES = 256;
/**
 * Maximum number of counted customers, drawn evenly. Counting then takes some seconds for any shop.
 */
const MOST_CUSTOMERS = 50_000;
/** Added to the counted and to the expected pairs, so that rare values have lifts near 0. */
const BORROWED = 20;

type Bought = Pick<Dataset, 'customers' | 'offsets' | 'article'> & {
  readonly catalogue: Pick<Catalogue, 'size' | 'layout' | 'forEachValue'>;
};

/**
 * A lift is how often two values stand together, divided by how often they would by chance
 * (pointwise mutual information without the logarithm; Church & Hanks, 1990). Each distinct article
 * in a history is paired with the other ones, with a total weight of 1.
 * @param latest number of latest purchases of each customer that count
 */
export function valueLifts(
  { customers, offsets, article, catalogue }: Bought,
  ends: HistoryEnds,
  latest: number,
): ValueLifts {
  const blocks = blocksOf(catalogue);
  const squares = squaresOf(blocks);
  const attributes = blocks.length / 2;
  const pairs = new Float64Array(squares[attributes]);
  /** [attributes][values] the weight of all articles with the value. */
  const weightOf = Array.from({ length: attributes }, (_, a) => new Float64Array(blocks[2 * a + 1]));
  let total = 0;

  const drawn = Math.min(customers, MOST_CUSTOMERS);
  for (let i = 0; i < drawn; i++) {
    const customer = Math.floor((i * customers) / drawn);
    const from = Math.max(offsets[customer], ends[customer] - latest);
    const articles = new Set(article.subarray(from, ends[customer]));
    if (articles.size < 2) continue;
    const weight = 1 / (articles.size - 1);
    total += articles.size;

    const bought = Array.from({ length: attributes }, () => new Map<number, number>());
    for (const one of articles) {
      const values: [attribute: number, place: number, part: number][] = [];
      catalogue.forEachValue(one, (a, slot, part) => {
        const place = slot - blocks[2 * a];
        if (place < 0 || place >= blocks[2 * a + 1]) return;
        values.push([a, place, part]);
        bought[a].set(place, (bought[a].get(place) ?? 0) + part);
        weightOf[a][place] += part;
      });
      // An article is not paired with itself.
      for (const [a, u, part] of values) {
        for (const [b, v, other] of values) {
          if (a === b) pairs[squares[a] + u * blocks[2 * a + 1] + v] -= weight * part * other;
        }
      }
    }
    for (let a = 0; a < attributes; a++) {
      for (const [u, count] of bought[a]) {
        const row = squares[a] + u * blocks[2 * a + 1];
        for (const [v, other] of bought[a]) pairs[row + v] += weight * count * other;
      }
    }
  }

  const excess = new Float32Array(pairs.length);
  for (let a = 0; a < attributes; a++) {
    const size = blocks[2 * a + 1];
    for (let u = 0; u < size; u++) {
      for (let v = 0; v < size; v++) {
        const at = squares[a] + u * size + v;
        const chance = (weightOf[a][u] * weightOf[a][v]) / Math.max(1, total);
        excess[at] = (pairs[at] + BORROWED) / (chance + BORROWED) - 1;
      }
    }
  }
  return { blocks, excess };
}

/**
 * The slots of an attribute follow one another: unknown, then values from frequent to rare, or
 * buckets of numbers from low to high.
 */
function blocksOf(catalogue: Bought['catalogue']): Int32Array {
  const { size, layout } = catalogue;
  const attributes = layout.single.length + layout.multi.length;
  const first = new Int32Array(attributes).fill(layout.slots);
  const last = new Int32Array(attributes).fill(-1);
  for (let article = 0; article < size; article++) {
    catalogue.forEachValue(article, (a, slot) => {
      first[a] = Math.min(first[a], slot);
      last[a] = Math.max(last[a], slot);
    });
  }
  return Int32Array.from({ length: 2 * attributes }, (_, i) => {
    const a = i >> 1;
    if (i % 2 === 1) return Math.max(0, Math.min(MOST_VALUES, last[a] - first[a] + 1));
    return last[a] < 0 ? 0 : first[a];
  });
}
