// Counts pairs of articles in many histories, and finds the neighbours of each article from them.

import { bestOf } from '../statistics/best';
import { CoPurchases } from '../statistics/co-purchase';
import type { HistoryEnds, Dataset } from './dataset';

export type Histories = Pick<Dataset, 'customers' | 'offsets' | 'article' | 'at'> & {
  readonly catalogue: { readonly size: number };
};

/**
 * These settings are the same for every shop. They were chosen on the training data of two shops.
 * Later purchases tell more than earlier ones, and rare neighbours need more discount than popular
 * ones.
 */
export const CO_PURCHASE = {
  /** Maximum number of neighbours of an article. */
  neighbours: 32,
  /** Maximum number of distinct articles of a customer. The latest ones are counted. */
  maxHistory: 200,
  /** Two purchases are a pair if they are at most this many distinct articles apart. */
  window: 10,
  /**
   * The weight of a pair is 1 if it was bought at one time, otherwise this to the power of its
   * distance.
   */
  decay: 0.9,
  /**
   * A factor of the pair's weight when the earlier article counts as a neighbour of the later one.
   * The opposite direction has the factor 1.
   */
  backward: 0.3,
  /** A customer's weight is divided by the number of their distinct articles to this power. */
  damping: 0.25,
  /**
   * Popular neighbours are discounted: pairs are divided by the neighbour's units to this power,
   * and by the article's units to the power of 1 minus this. With ½ this is the cosine (Sarwar et
   * al., WWW 2001).
   */
  popularity: 0.3,
  /** Added to the units of both articles, so that a single pair of rare articles scores low. */
  smoothing: 20,
} as const;

/**
 * Goes through the articles and, for each, through the histories that contain it. The sums are kept
 * in one array of the catalogue's size. This takes 8 bytes for each purchase and each neighbour,
 * and time in proportion to purchases × window.
 */
export function coPurchases(shop: Histories, ends: HistoryEnds): CoPurchases {
  const { neighbours: width, maxHistory, window, decay, backward, damping, popularity, smoothing } = CO_PURCHASE;
  const size = shop.catalogue.size;
  const histories = distinctHistories(shop, ends, maxHistory);
  const { places, starts, customerOf, byArticle, offsets } = histories;
  const { article, at } = shop;
  const byDistance = Float64Array.from({ length: window + 1 }, (_, distance) => decay ** distance);
  const weightOf = Float64Array.from({ length: shop.customers }, (_, c) => (starts[c + 1] - starts[c]) ** -damping);
  // Units count customers with the same weights as pairs do.
  const units = new Float64Array(size);
  for (let i = 0; i < places.length; i++) units[article[places[i]]] += weightOf[customerOf[i]];

  const neighbours = new Int32Array(size * width).fill(-1);
  const nearness = new Float32Array(size * width);
  const sums = new Float64Array(size);
  const touched = new Int32Array(size);
  for (let one = 0; one < size; one++) {
    let count = 0;
    for (let o = offsets[one]; o < offsets[one + 1]; o++) {
      const i = byArticle[o];
      const customer = customerOf[i];
      const time = at[places[i]];
      const weight = weightOf[customer];
      const from = Math.max(starts[customer], i - window);
      const to = Math.min(starts[customer + 1], i + window + 1);
      for (let j = from; j < to; j++) {
        if (j === i) continue;
        const other = article[places[j]];
        const together = at[places[j]] === time;
        const share = together ? 1 : j > i ? byDistance[j - i] : backward * byDistance[i - j];
        if (sums[other] === 0) touched[count++] = other;
        sums[other] += weight * share;
      }
    }
    const found = touched.subarray(0, count);
    for (const other of found) {
      sums[other] /= (units[one] + smoothing) ** (1 - popularity) * (units[other] + smoothing) ** popularity;
    }
    const best = bestOf(found, width, (a, b) => sums[b] - sums[a] || a - b);
    neighbours.set(best, one * width);
    best.forEach((other, n) => {
      nearness[one * width + n] = sums[other];
    });
    for (const other of found) sums[other] = 0;
  }
  return new CoPurchases(width, neighbours, nearness);
}

/** Histories in which each article stands once, at its latest purchase. */
interface DistinctHistories {
  /**
   * [n] indices of purchases. Those of customer c are places[i] for starts[c] ≤ i < starts[c + 1].
   */
  readonly places: Int32Array;
  readonly starts: Int32Array;
  /** [n] the customer of each entry of `places`. */
  readonly customerOf: Int32Array;
  /**
   * [n] indices into `places`. Those of article a are byArticle[o] for
   * offsets[a] ≤ o < offsets[a + 1].
   */
  readonly byArticle: Int32Array;
  readonly offsets: Int32Array;
}

function distinctHistories(shop: Histories, ends: HistoryEnds, most: number): DistinctHistories {
  const { article, customers } = shop;
  const size = shop.catalogue.size;
  const total = ends.reduce((sum, end, customer) => sum + end - shop.offsets[customer], 0);
  const places = new Int32Array(total);
  const customerOf = new Int32Array(total);
  const starts = new Int32Array(customers + 1);
  const offsets = new Int32Array(size + 1);
  const seenBy = new Int32Array(size).fill(-1);
  let kept = 0;
  for (let customer = 0; customer < customers; customer++) {
    const start = kept;
    for (let p = ends[customer] - 1; p >= shop.offsets[customer] && kept - start < most; p--) {
      if (seenBy[article[p]] === customer) continue;
      seenBy[article[p]] = customer;
      offsets[article[p] + 1] += 1;
      customerOf[kept] = customer;
      places[kept++] = p;
    }
    places.subarray(start, kept).reverse();
    starts[customer + 1] = kept;
  }
  for (let a = 0; a < size; a++) offsets[a + 1] += offsets[a];
  const byArticle = new Int32Array(kept);
  const next = offsets.slice();
  for (let i = 0; i < kept; i++) byArticle[next[article[places[i]]]++] = i;
  return { places: places.subarray(0, kept), starts, customerOf, byArticle, offsets };
}
