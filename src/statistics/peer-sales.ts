// Sales to one age band within a month. The arrays are sparse, since training holds many moments at
// once.

import { bestOf } from './best';
import { sum } from '../numbers';

export interface PeerSales {
  /** The articles that sold, by catalogue index, ascending. */
  readonly articles: Int32Array;
  /** [articles] the number of customers of this band who bought each article. */
  readonly buyers: Float32Array;
  /** This band's share of all sales. */
  readonly share: number;
  /** The band's best sellers, best first. */
  readonly trending: Int32Array;
}

/** This many purchases with the shares of the whole shop are added to those of each band. */
const BORROWED = 200;

/**
 * @param buyers [articles] the number of customers of the band who bought each article in the month
 * @param month [articles] the number of all customers who bought each article in the month
 * @param limit the length of `trending`
 * @param shown the articles that `trending` may hold
 */
export function peerSales(
  buyers: Float32Array,
  month: Float32Array,
  limit: number,
  shown: (article: number) => boolean = () => true,
): PeerSales {
  const total = sum(month);
  const sold: number[] = [];
  for (let article = 0; article < buyers.length; article++) if (buyers[article] > 0) sold.push(article);
  const articles = Int32Array.from(sold);
  const score = (article: number): number => buyers[article] + (BORROWED * month[article]) / Math.max(1, total);
  return {
    articles,
    buyers: Float32Array.from(articles, (article) => buyers[article]),
    share: total > 0 ? sum(buyers) / total : 0,
    trending: bestOf(articles.filter(shown), limit, (a, b) => score(b) - score(a) || a - b),
  };
}

/** The number of customers of the band who bought an article. */
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
