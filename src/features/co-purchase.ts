// What customers buy together: of each article those that stand near it in many histories, and how near. What item-to-item
// recommendation goes by, as source of candidates, as feature and as baseline. Knows no model.
import { bestOf } from './best';
import type { PastPurchase } from './pairs';
import type { Known, Shop } from './dataset';

/** The purchases that are counted: a shop's, customer by customer, oldest first. */
export type Histories = Pick<Shop, 'customers' | 'offsets' | 'article' | 'at'> & {
  readonly catalogue: { readonly size: number };
};

export interface CoPurchaseOptions {
  /** Neighbours that are kept of each article. */
  readonly neighbours: number;
  /** Distinct articles of each customer that are counted, the latest. */
  readonly maxHistory: number;
  /** How many distinct articles apart two purchases may stand to be counted as a pair. */
  readonly window: number;
  /** A pair counts 1 when bought at one time, else this to the power of the articles from the one to the other. */
  readonly decay: number;
  /** What a pair counts for the later article's neighbours, where it counts 1 for the earlier one's. */
  readonly backward: number;
  /** Customers are counted less the more they bought: divided by this power of their distinct articles. */
  readonly damping: number;
  /**
   * How much a neighbour's own popularity is held against it: pairs are divided by the units of the neighbour to this power and by
   * those of the article to what is left of 1. ½ is the cosine (Sarwar et al., WWW 2001), 0 how often the neighbour comes along.
   */
  readonly popularity: number;
  /** Added to the units of both, so that one chance pair of rare articles scores low. */
  readonly smoothing: number;
}

/**
 * The same for every shop; chosen on what customers of two shops bought before what is tested. What comes after an article says more
 * than what came before it, and neighbours with few observations must be held back more than popular ones.
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

/** The latest distinct articles of a customer that neighbours are looked up for. */
const READ = 24;
/** How much less each older of them counts than the next newer. */
const READ_DECAY = 0.75;

/** Articles with a score each. */
export interface Scored {
  readonly articles: Int32Array;
  readonly scores: Float32Array;
}

/** The nearest neighbours of every article, by catalogue index. */
export class CoPurchases {
  private readonly sums: Float32Array;

  constructor(
    /** Neighbours of an article at most. */
    readonly width: number,
    /** [articles, width] nearest first; −1: no further one. */
    readonly neighbours: Int32Array,
    /** [articles, width] from 0 to about 1. */
    readonly nearness: Float32Array,
  ) {
    this.sums = new Float32Array(neighbours.reduce((most, article) => Math.max(most, article + 1), 0));
  }

  /** How near one article is to another, from 0 to about 1; 0: it is not among its neighbours. */
  nearnessOf(article: number, neighbour: number): number {
    const from = article * this.width;
    const place = this.neighbours.subarray(from, from + this.width).indexOf(neighbour);
    return place < 0 ? 0 : this.nearness[from + place];
  }

  /** Of a customer's latest articles (newest first) the one that counts most in the score of another; undefined: none does. */
  reason(past: readonly PastPurchase[], neighbour: number): number | undefined {
    let best: number | undefined;
    let most = 0;
    let weight = 1;
    for (const article of new Set(past.map((purchase) => purchase.article))) {
      if (weight < READ_DECAY ** READ) break;
      const share = weight * this.nearnessOf(article, neighbour);
      if (share > most) [best, most] = [article, share];
      weight *= READ_DECAY;
    }
    return best;
  }

  /**
   * The articles that are bought with a customer's latest ones (newest first), by the sum of how near they are to each; the newest
   * counts most. Articles of the past may be among them. The best `sorted` come first, in order; the others follow in none.
   */
  scores(past: readonly PastPurchase[], sorted = Infinity): Scored {
    const { width, neighbours, nearness, sums } = this;
    const found: number[] = [];
    const seen = new Set<number>();
    let weight = 1;
    for (const { article } of past) {
      if (seen.size === READ) break;
      if (seen.has(article)) continue;
      seen.add(article);
      for (let n = article * width; n < (article + 1) * width && neighbours[n] >= 0; n++) {
        const neighbour = neighbours[n];
        if (sums[neighbour] === 0) found.push(neighbour);
        sums[neighbour] += weight * nearness[n];
      }
      weight *= READ_DECAY;
    }
    const order = (a: number, b: number): number => sums[b] - sums[a] || a - b;
    const articles = new Int32Array(found.length);
    const scores = new Float32Array(found.length);
    const best = bestOf(found, sorted, order);
    let count = 0;
    const put = (article: number): void => {
      articles[count] = article;
      scores[count++] = sums[article];
      sums[article] = 0;
    };
    best.forEach(put);
    for (const article of found) if (sums[article] !== 0) put(article);
    return { articles: articles.subarray(0, count), scores: scores.subarray(0, count) };
  }
}

/**
 * Counts the pairs in what is known of each customer. Goes from article to article over the histories that hold it and sums into
 * one array of the catalogue's length, so that memory is 8 bytes a purchase and 8 a neighbour, and time is purchases times window.
 */
export function coPurchases(shop: Histories, known: Known, options: Partial<CoPurchaseOptions> = {}): CoPurchases {
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

/** Each customer's distinct articles, oldest first, by the place of the latest purchase; and which histories hold an article. */
interface DistinctHistories {
  /** [n] places in the shop's purchases, customer by customer: of customer c those at starts[c] ≤ i < starts[c + 1]. */
  readonly places: Int32Array;
  readonly starts: Int32Array;
  /** [n] */
  readonly customerOf: Int32Array;
  /** [n] indices of `places` article by article: of article a those at offsets[a] ≤ o < offsets[a + 1]. */
  readonly byArticle: Int32Array;
  readonly offsets: Int32Array;
}

function distinctHistories(shop: Histories, known: Known, most: number): DistinctHistories {
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
