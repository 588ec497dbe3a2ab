// The numbers of each article at one moment that the features of pairs read: logarithms and roots
// of counts, the same for all customers. Each number is computed when it is first needed and then
// kept, since the same articles are needed again and again.
import type { Moment } from '../statistics/moment';
import { buyersOf } from '../statistics/peer-sales';

/** The index of each number in the row of an article. */
export const ARTICLE_PLACE = {
  salesWeek: 0,
  salesMonth: 1,
  trend: 2,
  age: 3,
  salesQuarter: 4,
  salesEver: 5,
  soldLately: 6,
  repeatRate: 7,
  /** NaN if unknown. */
  price: 8,
  salesOfProduct: 9,
} as const;

/**
 * Index from which one number for each age band follows: the band's buyers compared with the
 * expected share of all buyers.
 */
const PEERS = 10;

/**
 * Takes 40 bytes for each article, and 4 more for each age band. The numbers of an article are
 * adjacent, since fetching them from memory costs most.
 */
export class ArticleMoment {
  /** [articles, width] NaN for numbers that are not computed yet. */
  values = new Float32Array(0);
  readonly #width: number;

  /**
   * @param repeatRates [articles]
   * @param former an instance whose memory is reused and which must no longer be read
   */
  constructor(
    readonly moment: Moment,
    private readonly repeatRates: Float32Array,
    former?: ArticleMoment,
  ) {
    this.#width = PEERS + moment.peers.length;
    if (former && former.#width === this.#width) this.values = former.values.fill(Number.NaN);
  }

  /**
   * Returns the index in `values` at which an article's row begins. A later call may replace
   * `values`.
   */
  rowOf(article: number): number {
    const at = article * this.#width;
    if (at >= this.values.length) this.#grow(article);
    const { values } = this;
    if (!Number.isNaN(values[at])) return at;
    const { sales, long, ages, prices, ofProduct } = this.moment;
    const week = sales.week[article] ?? 0;
    const month = sales.month[article] ?? 0;
    values[at + ARTICLE_PLACE.salesWeek] = Math.log1p(week) / 4;
    values[at + ARTICLE_PLACE.salesMonth] = Math.log1p(month) / 4;
    values[at + ARTICLE_PLACE.trend] = month === 0 && week === 0 ? 0 : Math.log((4 * week + 1) / (month + 1)) / 2;
    values[at + ARTICLE_PLACE.age] = Math.log1p(ages[article] || 0) / 6;
    values[at + ARTICLE_PLACE.salesQuarter] = Math.log1p(long.quarter[article] || 0) / 4;
    values[at + ARTICLE_PLACE.salesEver] = Math.log1p(long.ever[article] || 0) / 4;
    values[at + ARTICLE_PLACE.soldLately] = long.idle[article] >= 0 ? Math.exp(-long.idle[article] / 60) : 0;
    values[at + ARTICLE_PLACE.repeatRate] = Math.sqrt(this.repeatRates[article] ?? 0);
    values[at + ARTICLE_PLACE.price] = prices[article] ?? Number.NaN;
    values[at + ARTICLE_PLACE.salesOfProduct] = Math.log1p(ofProduct[article] ?? 0) / 4;
    return at;
  }

  /**
   * The logarithm of the ratio of an age band's buyers to the expected share of all buyers, 0 if
   * the band was not counted. `row` is a result of `rowOf`.
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

  #grow(article: number): void {
    const rows = Math.max(1024, this.moment.sales.month.length, Math.ceil(1.5 * article) + 1);
    const values = new Float32Array(rows * this.#width).fill(Number.NaN);
    values.set(this.values);
    this.values = values;
  }
}
