// What the features of pairs say of an article at one moment whoever the customer is, or whichever
// age band: logarithms and roots of what was counted. Reckoned when first asked for and kept, for a
// moment is asked about the same articles over and over. Knows no customer.
import type { Habits } from '../statistics/habits';
import type { Moment } from '../statistics/moment';
import { buyersOf } from '../statistics/peer-sales';

/** Places of what is known of one article, behind its `rowOf`. */
export const SALES_WEEK = 0;
export const SALES_MONTH = 1;
export const TREND = 2;
export const AGE = 3;
export const SALES_QUARTER = 4;
export const SALES_EVER = 5;
export const SOLD_LATELY = 6;
export const REPEAT_RATE = 7;
/** NaN: unknown. */
export const PRICE = 8;
export const SALES_OF_PRODUCT = 9;
/** From here on, by age band: customers of the band beside what its share of everybody would be. */
const PEERS = 10;

/**
 * Memory: 40 bytes an article, and 4 for each age band. One row holds all, since most of its cost
 * is to fetch it.
 */
export class ArticleMoment {
  /** [articles, width] NaN: not reckoned yet. */
  values = new Float32Array(0);
  private readonly width: number;

  private constructor(
    private readonly moment: Moment,
    private readonly repeatRates: Habits['repeatRates'],
    used?: ArticleMoment,
  ) {
    this.width = PEERS + moment.peers.length;
    this.values = used?.width === this.width ? used.values.fill(Number.NaN) : this.values;
  }

  private static latest: ArticleMoment | undefined;

  /**
   * Of this moment. There is one at a time: what was given before must not be used any more, its
   * memory goes on to the next.
   */
  static of(moment: Moment, repeatRates: Habits['repeatRates']): ArticleMoment {
    const { latest } = ArticleMoment;
    if (latest?.moment === moment && latest.repeatRates === repeatRates) return latest;
    return (ArticleMoment.latest = new ArticleMoment(moment, repeatRates, latest));
  }

  /** Where an article's values begin in `values`, which a later call may replace. */
  rowOf(article: number): number {
    const at = article * this.width;
    if (at >= this.values.length) this.grow(article);
    const { values } = this;
    if (!Number.isNaN(values[at])) return at;
    const { sales, long, ages, prices, ofProduct } = this.moment;
    const week = sales.week[article] ?? 0;
    const month = sales.month[article] ?? 0;
    values[at + SALES_WEEK] = Math.log1p(week) / 4;
    values[at + SALES_MONTH] = Math.log1p(month) / 4;
    values[at + TREND] = month === 0 && week === 0 ? 0 : Math.log((4 * week + 1) / (month + 1)) / 2;
    values[at + AGE] = Math.log1p(ages[article] || 0) / 6;
    values[at + SALES_QUARTER] = Math.log1p(long.quarter[article] || 0) / 4;
    values[at + SALES_EVER] = Math.log1p(long.ever[article] || 0) / 4;
    values[at + SOLD_LATELY] = long.idle[article] >= 0 ? Math.exp(-long.idle[article] / 60) : 0;
    values[at + REPEAT_RATE] = Math.sqrt(this.repeatRates[article] ?? 0);
    values[at + PRICE] = prices[article] ?? Number.NaN;
    values[at + SALES_OF_PRODUCT] = Math.log1p(ofProduct[article] ?? 0) / 4;
    return at;
  }

  /**
   * Customers of an age band who bought it beside what its share of everybody would be; 0 where the
   * band is unknown. `row` by `rowOf`.
   */
  peersOf(row: number, article: number, band: number): number {
    const sold = this.moment.peers.at(band);
    if (!sold) return 0;
    const at = row + PEERS + band;
    if (Number.isNaN(this.values[at])) {
      const month = this.moment.sales.month[article] ?? 0;
      this.values[at] = Math.log((buyersOf(sold, article) + 2) / (sold.share * month + 2)) / 2;
    }
    return this.values[at];
  }

  private grow(article: number): void {
    const rows = Math.max(1024, this.moment.sales.month.length, Math.ceil(1.5 * article) + 1);
    const values = new Float32Array(rows * this.width).fill(Number.NaN);
    values.set(this.values);
    this.values = values;
  }
}
