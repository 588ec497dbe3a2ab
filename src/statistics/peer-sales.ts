// Sales to one age band within a month. Sparse, since training holds many moments at once.

import { bestOf } from './best';
import { sum } from '../numbers';

export interface PeerSales {
  /** The articles that sold, by catalogue index, ascending. */
  readonly articles: Int32Array;
  /** [articles] the customers of this band who bought each. */
  readonly buyers: Float32Array;
  /** This band's share of all sales. */
  readonly share: number;
  /** Best first. */
  readonly trending: Int32Array;
}

/** Each band counts this many more purchases, with the shop's shares. */
const BORROWED = 200;

/**
 * @param buyers [articles] customers of the band who bought each article in the month
 * @param month [articles] all customers who did
 * @param limit the length of `trending`
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

/** The customers of the band who bought an article. */
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
