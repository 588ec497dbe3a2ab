// Best sellers and new arrivals, as lists of articles, best first.

import { bestOf } from './best';

/**
 * The articles that sold in the month and are `shown`, by sales of the week, then of the month,
 * then by index.
 */
export function mostPopular(
  week: ArrayLike<number>,
  month: ArrayLike<number>,
  limit: number,
  shown: (article: number) => boolean = () => true,
): Int32Array {
  const sold: number[] = [];
  for (let article = 0; article < month.length; article++) if (month[article] > 0 && shown(article)) sold.push(article);
  return bestOf(sold, limit, (a, b) => week[b] - week[a] || month[b] - month[a] || a - b);
}

/** An article is new for this many days. All its sales are then within the month. */
const NEW_DAYS = 28;
/** Every third position is for an article that has never sold. */
const NEVER_SOLD_EVERY = 3;

export interface Arrivals {
  /** [articles] the number of customers who bought each article in the month. */
  readonly month: ArrayLike<number>;
  /** [articles] days since the first sale; NaN if not sold yet. */
  readonly ages: ArrayLike<number>;
  /** [articles] the mean number of customers who bought each of its variants in the month. */
  readonly ofProduct: ArrayLike<number>;
  readonly neverSold: (article: number) => boolean;
  /** The articles that the list may hold. Default: all. */
  readonly shown?: (article: number) => boolean;
}

/**
 * Articles first sold within four weeks, by customers per day since then. Every third position is
 * for an article that has never sold, chosen by the sales of its variants. Ties are in the order of
 * indices.
 */
export function newArrivals(
  { month, ages, ofProduct, neverSold, shown = () => true }: Arrivals,
  limit: number,
): Int32Array {
  // An age counts as at least one day, so that one early sale does not mean a rush.
  const rate = (article: number): number => month[article] / Math.max(1, ages[article]);
  const [fresh, hoped]: number[][] = [[], []];
  for (let article = 0; article < month.length; article++) {
    if (!shown(article)) continue;
    if (ages[article] <= NEW_DAYS) fresh.push(article);
    else if (ofProduct[article] > 0 && neverSold(article)) hoped.push(article);
  }
  const begun = bestOf(fresh, limit, (a, b) => rate(b) - rate(a) || a - b);
  const awaited = bestOf(hoped, limit, (a, b) => ofProduct[b] - ofProduct[a] || a - b);
  const list: number[] = [];
  for (let [b, a] = [0, 0]; list.length < limit && (b < begun.length || a < awaited.length);) {
    const turn = (list.length + 1) % NEVER_SOLD_EVERY === 0;
    list.push(a < awaited.length && (turn || b === begun.length) ? awaited[a++] : begun[b++]);
  }
  return Int32Array.from(list);
}
