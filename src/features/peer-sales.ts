// What sold to one age band within a month: sparse, since training holds many moments at once. Knows not how bands are made.
import { bestOf } from './best';

export interface PeerSales {
  /** What was sold, by catalogue index, ascending. */
  readonly articles: Int32Array;
  /** [articles] */
  readonly units: Float32Array;
  /** Units of this band as a share of all. */
  readonly share: number;
  /** Best first. */
  readonly trending: Int32Array;
}

/** A band's units are read as if so many more purchases of it had gone as the whole shop's did. */
const BORROWED = 200;

/**
 * Of a band's `units` and everybody's, `month`, both by catalogue index. The best are those that sold most in the band, its few
 * purchases shrunk towards what all bought; `limit` of them.
 */
export function peerSales(units: Float32Array, month: Float32Array, limit: number): PeerSales {
  const total = sum(month);
  const sold: number[] = [];
  for (let article = 0; article < units.length; article++) if (units[article] > 0) sold.push(article);
  const articles = Int32Array.from(sold);
  const score = (article: number): number => units[article] + (BORROWED * month[article]) / Math.max(1, total);
  return {
    articles,
    units: Float32Array.from(articles, (article) => units[article]),
    share: total > 0 ? sum(units) / total : 0,
    trending: bestOf(articles, limit, (a, b) => score(b) - score(a) || a - b),
  };
}

/** Units of one article. */
export function unitsOf({ articles, units }: PeerSales, article: number): number {
  let low = 0;
  let high = articles.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (articles[middle] < article) low = middle + 1;
    else high = middle;
  }
  return articles[low] === article ? units[low] : 0;
}

function sum(values: Float32Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}
