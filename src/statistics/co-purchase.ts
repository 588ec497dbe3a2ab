// Co-purchases: the articles that stand near each article in many histories. They serve as a source
// of candidates, a feature and a baseline (item-to-item).

import { bestOf } from './best';
import type { HistoryPurchase } from '../features/customers';

/** The number of latest distinct articles in a history whose neighbours count. */
const READ = 24;
/** Each older article has this fraction of the weight of the next newer one. */
const READ_DECAY = 0.75;

export interface Scored {
  readonly articles: Int32Array;
  readonly scores: Float32Array;
}

/** The nearest neighbours of every article, by catalogue index. */
export class CoPurchases {
  private readonly sums: Float32Array;

  constructor(
    /** Maximum number of neighbours of an article. */
    readonly width: number,
    /** [articles, width] the neighbours of each article, nearest first; −1 after the last one. */
    readonly neighbours: Int32Array,
    /** [articles, width] the nearness of each neighbour, from 0 to about 1. */
    readonly nearness: Float32Array,
  ) {
    this.sums = new Float32Array(neighbours.reduce((most, article) => Math.max(most, article + 1), 0));
  }

  /** The nearness of a neighbour, from 0 to about 1; 0 if `neighbour` is not one. */
  nearnessOf(article: number, neighbour: number): number {
    const from = article * this.width;
    const place = this.neighbours.subarray(from, from + this.width).indexOf(neighbour);
    return place < 0 ? 0 : this.nearness[from + place];
  }

  /**
   * The article of a history (newest first) that adds most to the score of `neighbour`; undefined
   * if none does.
   */
  reason(history: readonly HistoryPurchase[], neighbour: number): number | undefined {
    let best: number | undefined;
    let most = 0;
    let weight = 1;
    for (const article of new Set(history.map((purchase) => purchase.article))) {
      if (weight < READ_DECAY ** READ) break;
      const share = weight * this.nearnessOf(article, neighbour);
      if (share > most) [best, most] = [article, share];
      weight *= READ_DECAY;
    }
    return best;
  }

  /**
   * Scores the neighbours of the articles in a history (newest first): the sum of their nearness to
   * each, with the newest counting most. A neighbour may be in the history itself.
   * @param sorted number of the best neighbours that come first, in order; the others follow in any
   *   order
   */
  scores(history: readonly HistoryPurchase[], sorted = Infinity): Scored {
    const { width, neighbours, nearness, sums } = this;
    const found: number[] = [];
    const seen = new Set<number>();
    let weight = 1;
    for (const { article } of history) {
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
