// The features of a customer and a candidate at one moment: repeats, recency, price, sales, and the
// sources that found the candidate. Training, for moments in the past, and serving, for the
// present, compute the features with this code. features/pair-features.ts lists the features.
import { VitrineError } from '../errors';
import type { HistoryPurchase } from '../features/customers';
import { PAIR_PLACE as PLACE, PAIR_WIDTH } from '../features/pair-features';
import type { Habits } from '../statistics/habits';
import type { Moment } from '../statistics/moment';
import { DAY } from '../time';
import type { Affinity, Fit } from './affinity';
import { ARTICLE_PLACE as ARTICLE, ArticleMoment } from './article-moment';
import { bitOf, type Candidates } from './candidates';
import { Nearness } from './nearness';
import { SOURCES } from './sources/sources';
import { vectorOf, type VectorRows } from './vector-rows';

/** A customer as the features of pairs see them. */
export interface Person {
  /** Newest first. */
  readonly history: readonly HistoryPurchase[];
  /** Age band. */
  readonly band: number;
}

/** Facts of articles that hold at every moment and for every customer. */
export interface ArticleFacts {
  readonly repeatRates: Habits['repeatRates'];
  readonly variantRates: Habits['variantRates'];
  readonly affinity: Pick<Affinity, 'of' | 'width'>;
  /** Vectors of unit length. */
  readonly vectors: VectorRows;
  /** A number for each product, null if unknown. */
  readonly productOf: (article: number) => number | null;
}

/** Number of latest distinct articles that a candidate's vector is compared with. */
const RECENT = 8;

/** The sources with a feature of their own. */
const FOUND = SOURCES.flatMap((source) =>
  'feature' in source ? [{ place: PLACE[source.feature], bit: bitOf(source.name) }] : [],
);

/** Writes features. Numbers of articles are kept until the moment changes. */
export class PairWriter {
  /** Number of features of a pair. */
  readonly width: number;
  readonly #nearness: Nearness;
  #articles: ArticleMoment | undefined;

  constructor(private readonly facts: ArticleFacts) {
    this.width = PAIR_WIDTH + facts.affinity.width;
    this.#nearness = new Nearness(facts.vectors, RECENT);
  }

  /**
   * Writes the features of one customer's candidates into `out` [candidates, width] from row
   * `start` on. Every feature is finite and of the order of 1. Unknown features are 0.
   */
  write(out: Float32Array, start: number, candidates: Candidates, person: Person, moment: Moment): void {
    const { width } = this;
    if (out.length < (start + candidates.articles.length) * width) {
      const needed = (start + candidates.articles.length) * width;
      const message = `pair features: expected an array of at least ${needed} numbers, got ${out.length}`;
      throw new VitrineError('INPUT_INVALID', message);
    }
    const articles = this.#articlesAt(moment);
    const reader = readerOf(person, moment, this.facts);
    this.#nearness.compareWith(reader.recent);
    for (let i = 0; i < candidates.articles.length; i++) {
      const article = candidates.articles[i];
      const at = (start + i) * width;
      const row = articles.rowOf(article);
      const bought = reader.own.get(article);
      writeSales(out, at, articles.values, row);
      out[at + PLACE.peers] = articles.peersOf(row, article, person.band);
      writeOwn(out, at, bought, reader);
      writeProduct(out, at, article, reader, this.facts);
      writePrice(out, at, articles.values[row + ARTICLE.price], bought, reader);
      writeFound(out, at, candidates, i, bought);
      this.#nearness.write(out, at, article);
      writeFit(out, at, article, reader.fit);
    }
  }

  #articlesAt(moment: Moment): ArticleMoment {
    if (this.#articles?.moment !== moment) {
      this.#articles = new ArticleMoment(moment, this.facts.repeatRates, this.#articles);
    }
    return this.#articles;
  }
}

/** The facts of a customer that are the same for all candidates. */
interface Reader {
  readonly now: number;
  /** The customer's own articles, by catalogue index. */
  readonly own: ReadonlyMap<number, Own>;
  /** For each product, the last bought article of this product. */
  readonly products: ReadonlyMap<number, OwnProduct>;
  /** The time of the latest purchase, undefined if there is none. */
  readonly latest: number | undefined;
  /** The share of the purchases that repeat an earlier one. */
  readonly comesBack: number;
  /** Vectors of the latest distinct articles. */
  readonly recent: readonly Float32Array[];
  /** The mean price paid, 0 if unknown. */
  readonly paid: number;
  /** The mean logarithm of the prices of the customer's own articles, 0 if unknown. */
  readonly ownLevel: number;
  readonly lately: number;
  readonly length: number;
  readonly fit: Fit;
}

/** An article in a history. */
interface Own {
  times: number;
  /** Unix seconds of the latest purchase. */
  readonly latest: number;
  /** The index among the distinct articles, newest first, from 0. */
  readonly place: number;
}

interface OwnProduct extends Pick<Own, 'latest' | 'place'> {
  readonly article: number;
}

function readerOf(
  { history, band }: Person,
  moment: Moment,
  { vectors, productOf, affinity }: Pick<ArticleFacts, 'vectors' | 'productOf' | 'affinity'>,
): Reader {
  const { now } = moment;
  const own = ownOf(history);
  const products = new Map<number, OwnProduct>();
  for (const [article, { place, latest }] of own) {
    const product = productOf(article);
    if (product !== null && !products.has(product)) products.set(product, { article, place, latest });
  }
  return {
    now,
    own,
    products,
    latest: history.at(0)?.at,
    comesBack: history.length > 0 ? 1 - own.size / history.length : 0,
    recent: [...own.keys()].slice(0, RECENT).flatMap((article) => vectorOf(vectors, article) ?? []),
    paid: meanPrice(history),
    ownLevel: meanLogPrice(own.keys(), moment.prices),
    lately: history.length > 0 ? Math.exp(-daysBetween(history[0].at, now) / 14) : 0,
    length: Math.log1p(history.length) / 4,
    fit: affinity.of(history, band, moment),
  };
}

function writeSales(out: Float32Array, at: number, values: Float32Array, row: number): void {
  out[at + PLACE.sales_week] = values[row + ARTICLE.salesWeek];
  out[at + PLACE.sales_month] = values[row + ARTICLE.salesMonth];
  out[at + PLACE.trend] = values[row + ARTICLE.trend];
  out[at + PLACE.article_age] = values[row + ARTICLE.age];
  out[at + PLACE.repeat_rate] = values[row + ARTICLE.repeatRate];
  out[at + PLACE.sales_quarter] = values[row + ARTICLE.salesQuarter];
  out[at + PLACE.sales_ever] = values[row + ARTICLE.salesEver];
  out[at + PLACE.sold_lately] = values[row + ARTICLE.soldLately];
  out[at + PLACE.sales_of_product] = values[row + ARTICLE.salesOfProduct];
}

function writeOwn(out: Float32Array, at: number, bought: Own | undefined, reader: Reader): void {
  const days = bought ? daysBetween(bought.latest, reader.now) : Infinity;
  out[at + PLACE.own] = bought ? 1 : 0;
  out[at + PLACE.times_bought] = log1p(bought?.times ?? 0);
  out[at + PLACE.bought_within_days] = fading(days, 1.5);
  out[at + PLACE.bought_within_week] = fading(days, 7);
  out[at + PLACE.bought_within_month] = fading(days, 30);
  out[at + PLACE.bought_within_half_year] = fading(days, 180);
  out[at + PLACE.own_place] = bought ? 1 / (1 + bought.place) : 0;
  out[at + PLACE.in_latest_basket] = bought && bought.latest === reader.latest ? 1 : 0;
  out[at + PLACE.history_length] = reader.length;
  out[at + PLACE.customer_lately] = reader.lately;
  out[at + PLACE.comes_back] = bought ? reader.comesBack : 0;
  out[at + PLACE.own_length] = bought ? reader.length : 0;
}

function writeProduct(
  out: Float32Array,
  at: number,
  article: number,
  { products, now }: Reader,
  { productOf, variantRates }: ArticleFacts,
): void {
  const same = products.get(productOf(article) ?? -1);
  const days = same ? daysBetween(same.latest, now) : Infinity;
  out[at + PLACE.same_product] = same ? 1 / (1 + same.place) : 0;
  out[at + PLACE.product_within_week] = fading(days, 7);
  out[at + PLACE.product_within_month] = fading(days, 30);
  out[at + PLACE.variant_rate] = same ? Math.sqrt(variantRates[same.article] ?? 0) : 0;
}

/**
 * `own_price` compares the prices of the customer's own articles with one another. So this feature
 * does not reveal whether a candidate is an own article.
 */
function writePrice(
  out: Float32Array,
  at: number,
  asked: number,
  bought: Own | undefined,
  { paid, ownLevel }: Reader,
): void {
  const price = paid > 0 && asked > 0 ? Math.log(asked / paid) : 0;
  out[at + PLACE.price_level] = clamped(price, 4);
  out[at + PLACE.price_distance] = Math.min(Math.abs(price), 4);
  out[at + PLACE.own_price] = bought && asked > 0 ? clamped(Math.log(asked) - ownLevel, 4) : 0;
}

function writeFound(
  out: Float32Array,
  at: number,
  { cosines, together, found }: Candidates,
  i: number,
  bought: Own | undefined,
): void {
  out[at + PLACE.cosine] = cosines[i];
  out[at + PLACE.own_cosine] = bought ? cosines[i] : 0;
  out[at + PLACE.together] = log1p(100 * together[i]) / 3;
  for (let f = 0; f < FOUND.length; f++) out[at + FOUND[f].place] = (found[i] & FOUND[f].bit) !== 0 ? 1 : 0;
}

/** The features of single attributes come after the features that every shop has. */
function writeFit(out: Float32Array, at: number, article: number, fit: Fit): void {
  const [ever, lately, together, season] = fit(article, out, at + PAIR_WIDTH);
  out[at + PLACE.affinity] = ever;
  out[at + PLACE.affinity_lately] = lately;
  out[at + PLACE.affinity_together] = together;
  out[at + PLACE.season] = season;
}

function ownOf(history: readonly HistoryPurchase[]): Map<number, Own> {
  const own = new Map<number, Own>();
  for (const { article, at } of history) {
    const known = own.get(article);
    if (known) known.times += 1;
    else own.set(article, { times: 1, latest: at, place: own.size });
  }
  return own;
}

/** The mean of the known prices, 0 if no price is known. */
function meanPrice(history: readonly HistoryPurchase[]): number {
  let [sum, known] = [0, 0];
  for (const { price } of history) {
    if (price === undefined || !(price > 0 && price < Infinity)) continue;
    sum += price;
    known += 1;
  }
  return sum / Math.max(1, known);
}

/** The mean logarithm of the articles' known prices, 0 if no price is known. */
function meanLogPrice(articles: Iterable<number>, prices: Float32Array): number {
  let [sum, known] = [0, 0];
  for (const article of articles) {
    if (!(prices[article] > 0 && prices[article] < Infinity)) continue;
    sum += Math.log(prices[article]);
    known += 1;
  }
  return sum / Math.max(1, known);
}

/** Days from a time in Unix seconds until now, 0 if the time is later than now. */
function daysBetween(at: number, now: number): number {
  return Math.max(0, (now - at) / DAY);
}

function clamped(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}

/** Falls smoothly from 1 as the days increase, 0 for Infinity. */
function fading(days: number, scale: number): number {
  return days === Infinity ? 0 : Math.exp(-days / scale);
}

/**
 * log(1 + count). Small whole numbers, as most counts are, come from a table, since computing the
 * logarithm would cost as much as the rest of a feature.
 */
function log1p(count: number): number {
  const whole = count | 0;
  return whole === count && whole >= 0 && whole < LOG1P.length ? LOG1P[whole] : Math.log1p(count);
}

const LOG1P = Float64Array.from({ length: 4096 }, (_, count) => Math.log1p(count));
