// The shop at one moment: which articles sell, to which age bands, since when and at what price.
// Training makes moments of the past, and serving makes the present one. Both make them here.

import { HISTORY_LIMIT } from '../features/customers';
import { peerSales, type PeerSales } from './peer-sales';
import { mostPopular, newArrivals } from './popular';

/**
 * [articles] the number of customers who bought each article in the last 7 and 28 days. A customer
 * who buys an article several times counts once.
 */
export interface Sales {
  readonly week: Float32Array;
  readonly month: Float32Array;
}

/** The windows of `Sales` in days. */
export const SALES_DAYS = [7, 28] as const;

/** The window of `LongSales.quarter` in days. */
export const QUARTER_DAYS = 91;

/** Long-term sales [articles]. They change slowly, so serving may know them some days late. */
export interface LongSales {
  /** Units sold in the last 91 days. */
  readonly quarter: Float32Array;
  /** Units ever sold. */
  readonly ever: Float32Array;
  /** Days since the last sale; NaN if never sold. After a long time an article is probably gone. */
  readonly idle: Float32Array;
}

/** Counts before a moment, by catalogue index. Articles that came later are not in the arrays. */
export interface MomentFacts {
  /** Unix seconds. */
  readonly now: number;
  readonly sales: Sales;
  readonly long: LongSales;
  /** The price paid in the month; NaN if unknown. */
  readonly prices: Float32Array;
  /** Days since the first sale; NaN if never sold. */
  readonly ages: Float32Array;
  /**
   * [bands][articles] the number of customers of each age band who bought each article in the
   * month. Empty if the shop knows no ages.
   */
  readonly peers: readonly Float32Array[];
  /** The number of an article's product; null if unknown. */
  readonly productOf: (article: number) => number | null;
  /** The articles that the lists of the moment may hold. Default: all. */
  readonly shown?: (article: number) => boolean;
}

export interface Moment extends Omit<MomentFacts, 'peers' | 'productOf' | 'shown'> {
  /** [bands] the sales to each age band. */
  readonly peers: readonly PeerSales[];
  /** Best sellers, best first. */
  readonly trending: Int32Array;
  /** New arrivals, best first. */
  readonly arrivals: Int32Array;
  /**
   * [articles] the mean number of buyers in the month over the article's variants that have sold; 0
   * if no variant has.
   */
  readonly ofProduct: Float32Array;
  /** Set if only the order of each customer's purchases counts, not their time. */
  readonly timeless?: true;
}

/** Maximum number of articles of a moment's list that a source may return. */
export const LISTED = 60;

/**
 * Whether no customer had bought an article before the moment. Also true for an article that came
 * later.
 */
export function neverSold({ sales, long }: Pick<Moment, 'sales' | 'long'>, article: number): boolean {
  // Long-term sales may be some days late, the sales of the month are not.
  return !(long.ever[article] > 0 || sales.month[article] > 0);
}

/**
 * Makes a moment, which takes 32 bytes for each article, and 8 for each article that a band bought.
 */
export function createMoment({ productOf, shown = () => true, ...facts }: MomentFacts): Moment {
  const { sales, long, ages, peers } = facts;
  const isNeverSold = (article: number): boolean => neverSold({ sales, long }, article);
  const ofProduct = salesOfProduct(sales.month, productOf, isNeverSold);
  // With this length, a source that leaves out a customer's purchases can still return LISTED
  // articles.
  const length = LISTED + HISTORY_LIMIT;
  return {
    ...facts,
    ofProduct,
    peers: peers.map((buyers) => peerSales(buyers, sales.month, length, shown)),
    trending: mostPopular(sales.week, sales.month, length, shown),
    arrivals: newArrivals({ month: sales.month, ages, ofProduct, neverSold: isNeverSold, shown }, length),
  };
}

/**
 * [articles] the mean monthly sales of the variants. Variants that have not sold yet do not count,
 * since at a moment of the past it was unknown which variants were still to come.
 */
function salesOfProduct(
  month: Float32Array,
  productOf: MomentFacts['productOf'],
  isNeverSold: (article: number) => boolean,
): Float32Array {
  const products = Int32Array.from(month, (_, article) => productOf(article) ?? -1);
  const size = products.reduce((most, product) => Math.max(most, product), -1) + 1;
  const [sums, counts] = [new Float64Array(size), new Int32Array(size)];
  products.forEach((product, article) => {
    if (product < 0 || isNeverSold(article)) return;
    sums[product] += month[article];
    counts[product] += 1;
  });
  return month.map((own, article) => {
    const product = products[article];
    if (product < 0) return 0;
    const others = counts[product] - (isNeverSold(article) ? 0 : 1);
    return others > 0 ? (sums[product] - own) / others : 0;
  });
}
