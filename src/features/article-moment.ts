// What the features of pairs say of an article at one moment whoever the customer is, or whichever age band: logarithms and roots of
// what was counted. Reckoned when first asked for and kept, for a moment is asked about the same articles over and over. Knows no customer.
import type { Habits } from './habits';
import type { Moment } from './moment';
import { unitsOf } from './peer-sales';

/** Places of what is known of one article, behind its `rowOf`. */
export const SALES_WEEK = 0;
export const SALES_MONTH = 1;
export const TREND = 2;
export const AGE = 3;
export const SALES_QUARTER = 4;
export const SALES_EVER = 5;
export const SOLD_LATELY = 6;
export const REPEAT_RATE = 7;
const WIDTH = 8;

/** Bits of what has been reckoned of an article: its row, and from this one on each band's value. */
const ROW = 1;
const FIRST_BAND = 1;

/** Memory: 36 bytes an article, and 4 for each age band that was asked about. */
export class ArticleMoment {
  /** [articles, WIDTH] */
  values = new Float32Array(0);
  private readonly peers: Float32Array[] = [];
  /** [articles] */
  private reckoned = new Int32Array(0);

  private constructor(
    private moment: Moment,
    private repeatRates: Habits['repeatRates'],
  ) {}

  private static latest: ArticleMoment | undefined;

  /** Of this moment. What was given before is of it too from now on: there is one at a time, whose memory goes on to the next. */
  static of(moment: Moment, repeatRates: Habits['repeatRates']): ArticleMoment {
    const one = (ArticleMoment.latest ??= new ArticleMoment(moment, repeatRates));
    if (one.moment !== moment || one.repeatRates !== repeatRates) {
      one.moment = moment;
      one.repeatRates = repeatRates;
      one.reckoned.fill(0);
    }
    return one;
  }

  /** Where an article's values begin in `values`, which a later call may replace. */
  rowOf(article: number): number {
    const at = article * WIDTH;
    if (article >= this.reckoned.length) this.grow(article);
    if ((this.reckoned[article] & ROW) !== 0) return at;
    this.reckoned[article] |= ROW;
    const { values } = this;
    const { sales, long, ages } = this.moment;
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
    return at;
  }

  /** Units of an age band beside what its share of everybody's would be; 0 where the band is unknown. After `rowOf`. */
  peersOf(article: number, band: number): number {
    const sold = this.moment.peers.at(band);
    if (!sold) return 0;
    let values = this.peers.at(band);
    if (!values || article >= values.length) {
      const more = new Float32Array(this.reckoned.length);
      more.set(values ?? []);
      this.peers[band] = values = more;
    }
    const bit = 1 << (FIRST_BAND + band);
    if ((this.reckoned[article] & bit) === 0) {
      this.reckoned[article] |= bit;
      const month = this.moment.sales.month[article] ?? 0;
      values[article] = Math.log((unitsOf(sold, article) + 2) / (sold.share * month + 2)) / 2;
    }
    return values[article];
  }

  private grow(article: number): void {
    const size = Math.max(1024, this.moment.sales.month.length, Math.ceil(1.5 * article) + 1);
    const reckoned = new Int32Array(size);
    reckoned.set(this.reckoned);
    const values = new Float32Array(size * WIDTH);
    values.set(this.values);
    this.reckoned = reckoned;
    this.values = values;
  }
}
