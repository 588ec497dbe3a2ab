// What sold to one age band within a month: sparse, since training holds many moments at once.
// Knows not how bands are made.
import { bestOf } from './best';
import { sum } from '../numbers';

export interface PeerSales {
  /** What was sold, by catalogue index, ascending. */
  readonly articles: Int32Array;
  /** [articles] customers of this band who bought each. */
  readonly buyers: Float32Array;
  /** What this band bought as a share of all. */
  readonly share: number;
  /** Best first. */
  readonly trending: Int32Array;
}

/**
 * A band's purchases are read as if so many more purchases of it had gone as the whole shop's did.
 */
const BORROWED = 200;

/**
 * From how many customers of a band bought each article, and how many of all, `month`, both by
 * catalogue index. The best are those that most of the band bought, its few purchases shrunk
 * towards what all bought; `limit` of them.
 */
export function peerSales(buyers: Float32Array, month: Float32Array, limit: number): PeerSales {
  const total = sum(month);
  const sold: number[] = [];
  for (let article = 0; article < buyers.length; article++) if (buyers[article] > 0) sold.push(article);
  const articles = Int32Array.from(sold);
  const score = (article: number): number => buyers[article] + (BORROWED * month[article]) / Math.max(1, total);
  return {
    articles,
    buyers: Float32Array.from(articles, (article) => buyers[article]),
    share: total > 0 ? sum(buyers) / total : 0,
    trending: bestOf(articles, limit, (a, b) => score(b) - score(a) || a - b),
  };
}

/** Of one article. */
export function buyersOf({ articles, buyers }: PeerSales, article: number): number {
  let low = 0;
  let high = articles.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (articles[middle] < article) low = middle + 1;
    else high = middle;
  }
  return articles[low] === article ? buyers[low] : 0;
}
