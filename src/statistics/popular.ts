// What sells and what is new, as lists of articles, best first. Knows no customer.
import { bestOf } from './best';

/**
 * Articles by what sold in the last week, then month; ties by index. Those that did not sell in a
 * month are left out.
 */
export function mostPopular(week: ArrayLike<number>, month: ArrayLike<number>, limit: number): Int32Array {
  const sold: number[] = [];
  for (let article = 0; article < month.length; article++) if (month[article] > 0) sold.push(article);
  return bestOf(sold, limit, (a, b) => week[b] - week[a] || month[b] - month[a] || a - b);
}

/** So long an article is new; its sales since the first are then all within the month. */
const NEW_DAYS = 28;
/** One place in so many is for what never sold. */
const UNSOLD_EVERY = 3;

export interface Arrivals {
  /** [articles] */
  readonly month: ArrayLike<number>;
  /** [articles] in days since the first sale; NaN: not sold yet. */
  readonly ages: ArrayLike<number>;
  /** [articles] how many customers bought others of the same product in a month, their mean. */
  readonly ofProduct: ArrayLike<number>;
  readonly neverSold: (article: number) => boolean;
}

/**
 * Articles first sold within four weeks, by how many customers bought them a day since then; each
 * third place has one that never sold, by what others of its product sell, while there are any.
 * Ties by index.
 */
export function newArrivals({ month, ages, ofProduct, neverSold: unsold }: Arrivals, limit: number): Int32Array {
  // Those of the last hours are counted as if a day had passed: one sale is no storm.
  const rate = (article: number): number => month[article] / Math.max(1, ages[article]);
  const [fresh, hoped]: number[][] = [[], []];
  for (let article = 0; article < month.length; article++) {
    if (ages[article] <= NEW_DAYS) fresh.push(article);
    else if (ofProduct[article] > 0 && unsold(article)) hoped.push(article);
  }
  const begun = bestOf(fresh, limit, (a, b) => rate(b) - rate(a) || a - b);
  const awaited = bestOf(hoped, limit, (a, b) => ofProduct[b] - ofProduct[a] || a - b);
  const list: number[] = [];
  for (let [b, a] = [0, 0]; list.length < limit && (b < begun.length || a < awaited.length);) {
    const turn = (list.length + 1) % UNSOLD_EVERY === 0;
    list.push(a < awaited.length && (turn || b === begun.length) ? awaited[a++] : begun[b++]);
  }
  return Int32Array.from(list);
}
