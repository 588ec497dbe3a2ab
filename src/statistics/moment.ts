// What is true of the shop at one moment: what sells, to whom, since when and at what price. One
// shape for training, which looks back in time, and for serving, which looks at now; the lists that
// sources read are made here, in one way for both. Knows no customer.
import { HISTORY_LIMIT } from '../features/customers';
import { peerSales, type PeerSales } from './peer-sales';
import { mostPopular, newArrivals } from './popular';

/**
 * How many customers bought each article in the last 7 and 28 days before a moment, by catalogue
 * index. Who buys it twice, or ten pieces at once, is one: what is asked is to whom it would sell.
 */
export interface Sales {
  readonly week: Float32Array;
  readonly month: Float32Array;
}

/** The windows of Sales in days. */
export const SALES_DAYS = [7, 28] as const;

/** The window of `LongSales.quarter` in days. */
export const QUARTER_DAYS = 91;

/**
 * What sold over a longer time before a moment, by catalogue index. It moves slowly: serving may
 * know it some days late.
 */
export interface LongSales {
  /** Units of the last 91 days. */
  readonly quarter: Float32Array;
  /** Units of all time. */
  readonly ever: Float32Array;
  /**
   * Days since the last sale; NaN: none known. What nobody buys any more is gone from the shelves,
   * as a rule.
   */
  readonly idle: Float32Array;
}

/**
 * What was counted of the shop's articles before a moment, by catalogue index; later articles have
 * no place in it.
 */
export interface MomentFacts {
  /** Unix seconds. */
  readonly now: number;
  readonly sales: Sales;
  readonly long: LongSales;
  /** Mean price paid in the month; NaN: not sold, or for prices that nobody knows. */
  readonly prices: Float32Array;
  /** Days since the first sale; NaN: none known. */
  readonly ages: Float32Array;
  /**
   * [bands] of the customers of each age band how many bought each article in the month; none where
   * the shop knows no ages.
   */
  readonly peers: readonly Float32Array[];
  /** Tells products apart; null: unknown. */
  readonly productOf: (article: number) => number | null;
}

export interface Moment extends Omit<MomentFacts, 'peers' | 'productOf'> {
  /** [bands] */
  readonly peers: readonly PeerSales[];
  /** What sells, best first. */
  readonly trending: Int32Array;
  /** What began to sell in the last days or may do so now, best first. */
  readonly arrivals: Int32Array;
  /**
   * Customers of the month of the other variants of its product that have sold, their mean; 0 where
   * there are none.
   */
  readonly ofProduct: Float32Array;
  /** Where time says nothing but the order of each customer's purchases. */
  readonly timeless?: true;
}

/** Articles of a moment's list that a source may bring at most. */
export const LISTED = 60;

/**
 * Whether nobody had bought an article before the moment; true also of one that is newer than that.
 */
export function neverSold({ sales, long }: Pick<Moment, 'sales' | 'long'>, article: number): boolean {
  // What sold over a longer time may be known late, what sold lately is not.
  return !(long.ever[article] > 0 || sales.month[article] > 0);
}

/** Memory: 32 bytes an article, and 8 for each that a band bought. */
export function createMoment({ productOf, ...facts }: MomentFacts): Moment {
  const { sales, long, ages, peers } = facts;
  const unsold = (article: number): boolean => neverSold({ sales, long }, article);
  const ofProduct = salesOfProduct(sales.month, productOf, unsold);
  // A source that must leave out a customer's purchases still brings as many.
  const length = LISTED + HISTORY_LIMIT;
  return {
    ...facts,
    ofProduct,
    peers: peers.map((buyers) => peerSales(buyers, sales.month, length)),
    trending: mostPopular(sales.week, sales.month, length),
    arrivals: newArrivals({ month: sales.month, ages, ofProduct, neverSold: unsold }, length),
  };
}

/**
 * What has not sold yet counts for nothing: at a past moment nobody knew which variants were still
 * to come.
 */
function salesOfProduct(
  month: Float32Array,
  productOf: MomentFacts['productOf'],
  unsold: (article: number) => boolean,
): Float32Array {
  const products = Int32Array.from(month, (_, article) => productOf(article) ?? -1);
  const size = products.reduce((most, product) => Math.max(most, product), -1) + 1;
  const [sums, counts] = [new Float64Array(size), new Int32Array(size)];
  products.forEach((product, article) => {
    if (product < 0 || unsold(article)) return;
    sums[product] += month[article];
    counts[product] += 1;
  });
  return month.map((own, article) => {
    const product = products[article];
    if (product < 0) return 0;
    const others = counts[product] - (unsold(article) ? 0 : 1);
    return others > 0 ? (sums[product] - own) / others : 0;
  });
}
