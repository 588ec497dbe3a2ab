// What is known of a customer and a candidate together at one moment: repeats, recency, sales, where the candidate came from.
// One definition for training, which looks back in time, and for serving, which looks at now. Knows no model.
import { VitrineError } from '../errors';

/** Names of the sources of candidates, in the order in which they claim a candidate that several found. */
export const SOURCES = ['OWN_PURCHASES', 'TWO_TOWER', 'POPULAR'] as const;
export type SourceName = (typeof SOURCES)[number];

/** Past purchases of a customer that sources and pair features read, in training and in serving. */
export const PAST_LIMIT = 100;

/** One purchase of a customer's past: an article by catalogue index, and when, in Unix seconds. */
export interface PastPurchase {
  readonly article: number;
  readonly at: number;
}

/** Units of every article sold in the last 7 and 28 days before a moment, by catalogue index. */
export interface Sales {
  readonly week: Float32Array;
  readonly month: Float32Array;
}

/** The windows of Sales in days. */
export const SALES_DAYS = [7, 28] as const;

/** Candidates of one customer: distinct articles, each with the first source that found it. */
export interface Candidates {
  readonly articles: Int32Array;
  readonly sources: readonly SourceName[];
  /** Cosine of the query vector and the article's. */
  readonly cosines: Float32Array;
}

/**
 * The features of a pair and the weight that each has in a score before anything is learnt: a shop with little data ranks by
 * taste, own purchases and what sells, and training moves on from there.
 */
export const PAIR_FEATURES = {
  cosine: 3,
  own: 0.5,
  times_bought: 0.5,
  bought_within_week: 1.5,
  bought_within_month: 1,
  bought_within_half_year: 0.5,
  sales_week: 2,
  sales_month: 1,
  trend: 0.3,
  history_length: 0,
} as const;
export const PAIR_WIDTH = Object.keys(PAIR_FEATURES).length;

const DAY = 86_400;

/**
 * Writes the features of one customer's candidates into `out` [candidates, PAIR_WIDTH] from row `start` on.
 * `past` is newest first, `now` in Unix seconds. Every feature is finite and of the order of 1.
 */
export function writePairFeatures(
  out: Float32Array,
  start: number,
  candidates: Candidates,
  past: readonly PastPurchase[],
  sales: Sales,
  now: number,
): void {
  if (out.length < (start + candidates.articles.length) * PAIR_WIDTH) {
    throw new VitrineError('INPUT_INVALID', 'writePairFeatures: the array is too short for these candidates');
  }
  const times = new Map<number, number>();
  const latest = new Map<number, number>();
  for (const { article, at } of past) {
    times.set(article, (times.get(article) ?? 0) + 1);
    if (!latest.has(article)) latest.set(article, at);
  }
  candidates.articles.forEach((article, i) => {
    const at = (start + i) * PAIR_WIDTH;
    const last = latest.get(article);
    const days = last === undefined ? Infinity : Math.max(0, (now - last) / DAY);
    const week = sales.week[article] ?? 0;
    const month = sales.month[article] ?? 0;
    out[at] = candidates.cosines[i];
    out[at + 1] = last === undefined ? 0 : 1;
    out[at + 2] = Math.log1p(times.get(article) ?? 0);
    // Exponential clocks: smooth in time, 0 for what was never bought.
    out[at + 3] = Math.exp(-days / 7);
    out[at + 4] = Math.exp(-days / 30);
    out[at + 5] = Math.exp(-days / 180);
    out[at + 6] = Math.log1p(week) / 4;
    out[at + 7] = Math.log1p(month) / 4;
    out[at + 8] = Math.log((4 * week + 1) / (month + 1)) / 2;
    out[at + 9] = Math.log1p(past.length) / 4;
  });
}
