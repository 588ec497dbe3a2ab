// Counts what customers buy together: the pairs in many histories, made into the neighbours of each
// article. Knows no model.
import { bestOf } from '../statistics/best';
import { CoPurchases } from '../statistics/co-purchase';
import type { HistoryEnds, Dataset } from './dataset';

/** The purchases that are counted: a shop's, customer by customer, oldest first. */
export type Histories = Pick<Dataset, 'customers' | 'offsets' | 'article' | 'at'> & {
  readonly catalogue: { readonly size: number };
};

export interface CoPurchaseOptions {
  /** Neighbours that are kept of each article. */
  readonly neighbours: number;
  /** Distinct articles of each customer that are counted, the latest. */
  readonly maxHistory: number;
  /** How many distinct articles apart two purchases may stand to be counted as a pair. */
  readonly window: number;
  /**
   * A pair counts 1 when bought at one time, else this to the power of the articles from the one to
   * the other.
   */
  readonly decay: number;
  /**
   * What a pair counts for the later article's neighbours, where it counts 1 for the earlier one's.
   */
  readonly backward: number;
  /**
   * Customers are counted less the more they bought: divided by this power of their distinct
   * articles.
   */
  readonly damping: number;
  /**
   * How much a neighbour's own popularity is held against it: pairs are divided by the units of the
   * neighbour to this power and by those of the article to what is left of 1. ½ is the cosine
   * (Sarwar et al., WWW 2001), 0 how often the neighbour comes along.
   */
  readonly popularity: number;
  /** Added to the units of both, so that one chance pair of rare articles scores low. */
  readonly smoothing: number;
}

/**
 * The same for every shop; chosen on what customers of two shops bought before what is tested. What
 * comes after an article says more than what came before it, and neighbours with few observations
 * must be held back more than popular ones.
 */
export const CO_PURCHASE: CoPurchaseOptions = {
  neighbours: 32,
  maxHistory: 200,
  window: 10,
  decay: 0.9,
  backward: 0.3,
  damping: 0.25,
  popularity: 0.3,
  smoothing: 20,
};

/**
 * Counts the pairs in what is known of each customer. Goes from article to article over the
 * histories that hold it and sums into one array of the catalogue's length, so that memory is 8
 * bytes a purchase and 8 a neighbour, and time is purchases times window.
 */
export function coPurchases(
  shop: Histories,
  known: HistoryEnds,
  options: Partial<CoPurchaseOptions> = {},
): CoPurchases {
  const settings = { ...CO_PURCHASE, ...options };
  const { neighbours: width, window, decay, backward, damping, popularity, smoothing } = settings;
  const size = shop.catalogue.size;
  const histories = distinctHistories(shop, known, settings.maxHistory);
  const { places, starts, customerOf, byArticle, offsets } = histories;
  const { article, at } = shop;
  const byDistance = Float64Array.from({ length: window + 1 }, (_, distance) => decay ** distance);
  const weightOf = Float64Array.from({ length: shop.customers }, (_, c) => (starts[c + 1] - starts[c]) ** -damping);
  // Of a customer's weight as much goes into an article's units as goes into its pairs.
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
        if (share === 0) continue;
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

/**
 * Each customer's distinct articles, oldest first, by the place of the latest purchase; and which
 * histories hold an article.
 */
interface DistinctHistories {
  /**
   * [n] places in the shop's purchases, customer by customer: of customer c those at starts[c] ≤ i
   * < starts[c + 1].
   */
  readonly places: Int32Array;
  readonly starts: Int32Array;
  /** [n] */
  readonly customerOf: Int32Array;
  /**
   * [n] indices of `places` article by article: of article a those at offsets[a] ≤ o < offsets[a +
   * 1].
   */
  readonly byArticle: Int32Array;
  readonly offsets: Int32Array;
}

function distinctHistories(shop: Histories, known: HistoryEnds, most: number): DistinctHistories {
  const { article, customers } = shop;
  const size = shop.catalogue.size;
  const total = known.reduce((sum, end, customer) => sum + end - shop.offsets[customer], 0);
  const places = new Int32Array(total);
  const customerOf = new Int32Array(total);
  const starts = new Int32Array(customers + 1);
  const offsets = new Int32Array(size + 1);
  const seenBy = new Int32Array(size).fill(-1);
  let kept = 0;
  for (let customer = 0; customer < customers; customer++) {
    const start = kept;
    for (let p = known[customer] - 1; p >= shop.offsets[customer] && kept - start < most; p--) {
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
