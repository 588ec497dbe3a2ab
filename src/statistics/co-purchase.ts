// What customers buy together: of each article those that stand near it in many histories, and how
// near. What item-to-item recommendation goes by, as source of candidates, as feature and as
// baseline. Knows no model.
import { bestOf } from './best';
import type { HistoryPurchase } from '../features/customers';

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

  /**
   * Of a customer's latest articles (newest first) the one that counts most in the score of
   * another; undefined: none does.
   */
  reason(past: readonly HistoryPurchase[], neighbour: number): number | undefined {
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
   * The articles that are bought with a customer's latest ones (newest first), by the sum of how
   * near they are to each; the newest counts most. Articles of the past may be among them. The best
   * `sorted` come first, in order; the others follow in none.
   */
  scores(past: readonly HistoryPurchase[], sorted = Infinity): Scored {
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
