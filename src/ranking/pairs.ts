// What is known of a customer and a candidate together at one moment: repeats, recency, price,
// sales, what found the candidate. One definition for training, which looks back in time, and for
// serving, which looks at now. Knows no model.
import { VitrineError } from '../errors';
import type { Affinity } from './affinity';
import {
  AGE,
  ArticleMoment,
  PRICE,
  REPEAT_RATE,
  SALES_EVER,
  SALES_MONTH,
  SALES_OF_PRODUCT,
  SALES_QUARTER,
  SALES_WEEK,
  SOLD_LATELY,
  TREND,
} from './article-moment';
import { foundBy, type Candidates } from './candidates';
import type { HistoryPurchase } from '../features/customers';
import type { Habits } from '../statistics/habits';
import type { Moment } from '../statistics/moment';
import { PAIR_WIDTH } from '../features/pair-features';
import { vectorOf, type VectorRows } from './vector-rows';
import { DAY } from '../time';

/** A customer as the features of pairs see them. */
export interface Person {
  /** Newest first. */
  readonly past: readonly HistoryPurchase[];
  /** Age band. */
  readonly band: number;
}

/** What is known of articles whatever the moment and the customer. */
export interface ArticleFacts {
  readonly repeatRates: Habits['repeatRates'];
  readonly variantRates: Habits['variantRates'];
  readonly affinity: Pick<Affinity, 'of' | 'width'>;
  /** Of unit length. */
  readonly vectors: VectorRows;
  /** Tells products apart; null: unknown. */
  readonly productOf: (article: number) => number | null;
}

/** The latest distinct articles that a candidate's vector is compared with. */
const RECENT = 8;

/**
 * Writes the features of one customer's candidates into `out` [candidates, width] from row `start`
 * on; width as `pairWidth` has it. Every feature is finite and of the order of 1; what is not known
 * is 0.
 */
export function writePairFeatures(
  out: Float32Array,
  start: number,
  candidates: Candidates,
  { past, band }: Person,
  moment: Moment,
  { vectors, productOf, repeatRates, variantRates, affinity }: ArticleFacts,
): void {
  const width = PAIR_WIDTH + affinity.width;
  if (out.length < (start + candidates.articles.length) * width) {
    throw new VitrineError('INPUT_INVALID', 'writePairFeatures: the array is too short for these candidates');
  }
  const { now } = moment;
  const articles = ArticleMoment.of(moment, repeatRates);
  const own = ownHistory(past);
  // Of each product the article that was bought last, and its place among the distinct ones, newest
  // first.
  const products = new Map<number, { article: number; place: number; latest: number }>();
  for (const [article, { place, latest }] of own) {
    const product = productOf(article);
    if (product !== null && !products.has(product)) products.set(product, { article, place, latest });
  }
  const fit = affinity.of(past, band, moment);
  const comesBack = past.length > 0 ? 1 - own.size / past.length : 0;
  const recent = [...own.keys()].slice(0, RECENT).flatMap((article) => vectorOf(vectors, article) ?? []);
  const paid = meanPrice(past);
  const ownLevel = meanLogPrice(own.keys(), moment.prices);
  const daysSince = (at: number): number => Math.max(0, (now - at) / DAY);
  // The same for all candidates of a customer.
  const lately = past.length > 0 ? Math.exp(-daysSince(past[0].at) / 14) : 0;
  const length = Math.log1p(past.length) / 4;

  for (let i = 0; i < candidates.articles.length; i++) {
    const article = candidates.articles[i];
    const bought = own.get(article);
    const days = bought ? daysSince(bought.latest) : Infinity;
    const row = articles.rowOf(article);
    const { values } = articles;
    nearnessTo(recent, vectors, article);
    const asked = values[row + PRICE];
    const price = paid > 0 && asked > 0 ? Math.log(asked / paid) : 0;
    const found = candidates.found[i];

    let at = (start + i) * width;
    out[at++] = candidates.cosines[i];
    out[at++] = bought ? 1 : 0;
    out[at++] = log1p(bought?.times ?? 0);
    out[at++] = fading(days, 7);
    out[at++] = fading(days, 30);
    out[at++] = fading(days, 180);
    out[at++] = values[row + SALES_WEEK];
    out[at++] = values[row + SALES_MONTH];
    out[at++] = values[row + TREND];
    out[at++] = length;
    out[at++] = fading(days, 1.5);
    out[at++] = bought ? 1 / (1 + bought.place) : 0;
    out[at++] = bought && bought.latest === past[0].at ? 1 : 0;
    out[at++] = lately;
    out[at++] = log1p(100 * candidates.together[i]) / 3;
    out[at++] = NEARNESS[0];
    out[at++] = NEARNESS[1];
    out[at++] = NEARNESS[2];
    out[at++] = values[row + AGE];
    out[at++] = articles.peersOf(row, article, band);
    out[at++] = clamped(price, 4);
    out[at++] = Math.min(Math.abs(price), 4);
    out[at++] = values[row + REPEAT_RATE];
    out[at++] = foundBy(found, 'CO_PURCHASE') ? 1 : 0;
    out[at++] = foundBy(found, 'TWO_TOWER') ? 1 : 0;
    out[at++] = foundBy(found, 'TRENDING_PEERS') ? 1 : 0;
    out[at++] = foundBy(found, 'NEW_ARRIVALS') ? 1 : 0;
    out[at++] = foundBy(found, 'TRENDING') ? 1 : 0;
    const sameProduct = products.get(productOf(article) ?? -1);
    const productDays = sameProduct ? daysSince(sameProduct.latest) : Infinity;
    out[at++] = sameProduct ? 1 / (1 + sameProduct.place) : 0;
    out[at++] = fading(productDays, 7);
    out[at++] = fading(productDays, 30);
    out[at++] = sameProduct ? Math.sqrt(variantRates[sameProduct.article] ?? 0) : 0;
    out[at++] = bought ? comesBack : 0;
    out[at++] = values[row + SALES_QUARTER];
    out[at++] = values[row + SALES_EVER];
    out[at++] = values[row + SOLD_LATELY];
    out[at++] = values[row + SALES_OF_PRODUCT];
    // What tells one own article from another, which the same weight for all candidates cannot. The
    // price is measured against the mean of all own articles, so that it does not tell own articles
    // from the rest.
    out[at++] = bought && asked > 0 ? clamped(Math.log(asked) - ownLevel, 4) : 0;
    out[at++] = bought ? length : 0;
    out[at++] = bought ? candidates.cosines[i] : 0;
    const [fitsEver, fitsLately, fitsTogether, season] = fit(article, out, at + 4);
    out[at++] = fitsEver;
    out[at++] = fitsLately;
    out[at++] = fitsTogether;
    out[at++] = season;
  }
}

/**
 * By article: how often it was bought, when last (Unix seconds), and its place among the distinct
 * ones, newest first.
 */
function ownHistory(past: readonly HistoryPurchase[]): Map<number, { times: number; latest: number; place: number }> {
  const own = new Map<number, { times: number; latest: number; place: number }>();
  for (const { article, at } of past) {
    const known = own.get(article);
    if (known) known.times += 1;
    else own.set(article, { times: 1, latest: at, place: own.size });
  }
  return own;
}

/** Of the prices that are known; 0: none. */
function meanPrice(past: readonly HistoryPurchase[]): number {
  let [sum, known] = [0, 0];
  for (const { price } of past) {
    if (price === undefined || !(price > 0 && price < Infinity)) continue;
    sum += price;
    known += 1;
  }
  return sum / Math.max(1, known);
}

/** Of the articles whose price of now is known; 0: none. */
function meanLogPrice(articles: Iterable<number>, prices: Float32Array): number {
  let [sum, known] = [0, 0];
  for (const article of articles) {
    if (!(prices[article] > 0 && prices[article] < Infinity)) continue;
    sum += Math.log(prices[article]);
    known += 1;
  }
  return sum / Math.max(1, known);
}

function clamped(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}

/** An exponential clock: smooth in time, 0 for what never was. */
function fading(days: number, scale: number): number {
  return days === Infinity ? 0 : Math.exp(-days / scale);
}

/**
 * Looked up where it can be: most of what is counted are small whole numbers, and the function
 * costs as much as all else of a feature.
 */
function log1p(count: number): number {
  const whole = count | 0;
  return whole === count && whole >= 0 && whole < LOG1P.length ? LOG1P[whole] : Math.log1p(count);
}

const LOG1P = Float64Array.from({ length: 4096 }, (_, count) => Math.log1p(count));

/** What `nearnessTo` found. */
const NEARNESS = new Float64Array(3);
const COSINES = new Float64Array(RECENT + 3);

/**
 * The cosine of an article's vector to the first of some, the mean of those to all, and the
 * greatest, in NEARNESS; 0 where there is none.
 */
function nearnessTo(vectors: readonly Float32Array[], rows: VectorRows, article: number): void {
  const last = vectors.length - 1;
  if (last < 0 || !rows.has(article)) {
    NEARNESS.fill(0);
    return;
  }
  const { dim, data } = rows;
  const at = article * dim;
  // Four at once: one sum alone would wait for each addition.
  for (let v = 0; v <= last; v += 4) {
    const [a, b, c, d] = [
      vectors[v],
      vectors[Math.min(v + 1, last)],
      vectors[Math.min(v + 2, last)],
      vectors[Math.min(v + 3, last)],
    ];
    let [toA, toB, toC, toD] = [0, 0, 0, 0];
    for (let i = 0; i < dim; i++) {
      const x = data[at + i];
      toA += x * a[i];
      toB += x * b[i];
      toC += x * c[i];
      toD += x * d[i];
    }
    COSINES[v] = toA;
    COSINES[v + 1] = toB;
    COSINES[v + 2] = toC;
    COSINES[v + 3] = toD;
  }
  let total = 0;
  let most = -Infinity;
  for (let v = 0; v <= last; v++) {
    total += COSINES[v];
    if (COSINES[v] > most) most = COSINES[v];
  }
  NEARNESS[0] = COSINES[0];
  NEARNESS[1] = total / vectors.length;
  NEARNESS[2] = most;
}
