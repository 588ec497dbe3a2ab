// What is true of the shop at one moment: what sells, to whom, since when and at what price. One shape for training, which looks back in
// time, and for serving, which looks at now; the lists that sources read are made here, in one way for both. Knows no customer.
import { PAST_LIMIT } from './pairs';
import { peerSales, type PeerSales } from './peer-sales';
import { newArrivals, NEW_ARRIVALS } from './sources/new-arrivals';
import { mostPopular, TRENDING } from './sources/trending';
import { TRENDING_PEERS } from './sources/trending-peers';

/** Units of every article sold in the last 7 and 28 days before a moment, by catalogue index. */
export interface Sales {
  readonly week: Float32Array;
  readonly month: Float32Array;
}

/** The windows of Sales in days. */
export const SALES_DAYS = [7, 28] as const;

/** The window of `LongSales.quarter` in days. */
export const QUARTER_DAYS = 91;

/** What sold over a longer time before a moment, by catalogue index. It moves slowly: serving may know it some days late. */
export interface LongSales {
  /** Units of the last 91 days. */
  readonly quarter: Float32Array;
  /** Units of all time. */
  readonly ever: Float32Array;
  /** Days since the last sale; NaN: none known. What nobody buys any more is gone from the shelves, as a rule. */
  readonly idle: Float32Array;
}

/** What was counted of the shop's articles before a moment, by catalogue index; later articles have no place in it. */
export interface MomentFacts {
  /** Unix seconds. */
  readonly now: number;
  readonly sales: Sales;
  readonly long: LongSales;
  /** Mean price paid in the month; NaN: not sold, or for prices that nobody knows. */
  readonly prices: Float32Array;
  /** Days since the first sale; NaN: none known. */
  readonly ages: Float32Array;
  /** [bands] units of the month sold to the customers of each age band; none where the shop knows no ages. */
  readonly peers: readonly Float32Array[];
}

export interface Moment extends Omit<MomentFacts, 'peers'> {
  /** [bands] */
  readonly peers: readonly PeerSales[];
  /** What sells, best first. */
  readonly trending: Int32Array;
  /** What began to sell in the last days, best first. */
  readonly arrivals: Int32Array;
}

/** Whether nobody had bought an article before the moment; true also of one that is newer than that. */
export function neverSold({ sales, long }: Pick<Moment, 'sales' | 'long'>, article: number): boolean {
  // What sold over a longer time may be known late, what sold lately is not.
  return !(long.ever[article] > 0 || sales.month[article] > 0);
}

/** Memory: 28 bytes an article, and 8 for each that a band bought. */
export function createMoment(facts: MomentFacts): Moment {
  const { sales, ages, peers } = facts;
  return {
    ...facts,
    // A source that must leave out what a customer has had still brings as many.
    peers: peers.map((units) => peerSales(units, sales.month, TRENDING_PEERS.limit + PAST_LIMIT)),
    trending: mostPopular(sales.week, sales.month, TRENDING.limit + PAST_LIMIT),
    arrivals: newArrivals(sales.month, ages, NEW_ARRIVALS.limit + PAST_LIMIT),
  };
}
