// The features of a pair, each by its plain formula and without regard to speed. Tests compare
// pairs.ts with them.
import type { HistoryPurchase } from '../../src/features/customers';
import type { PairFeature } from '../../src/features/pair-features';
import { bitOf, type Candidates } from '../../src/ranking/candidates';
import type { ArticleFacts } from '../../src/ranking/pairs';
import type { SourceName } from '../../src/ranking/sources/sources';
import { vectorOf } from '../../src/ranking/vector-rows';
import type { Moment } from '../../src/statistics/moment';
import { DAY } from '../../src/time';

/** A candidate, by its index, and a customer of age band 0. */
export interface PlainPair {
  readonly candidates: Candidates;
  readonly place: number;
  /** Newest first. */
  readonly history: readonly HistoryPurchase[];
  readonly moment: Moment;
  readonly facts: ArticleFacts;
}

export function plainFeatures(pair: PlainPair): Record<PairFeature, number> {
  return { ...ofHistory(pair), ...ofProduct(pair), ...ofSales(pair), ...ofPrice(pair), ...ofFinding(pair) };
}

function ofHistory({ candidates, place, history, moment, facts }: PlainPair) {
  const article = candidates.articles[place];
  const distinct = distinctOf(history);
  const own = history.filter((one) => one.article === article);
  const bought = own.length > 0;
  const idle = daysSince(own.at(0)?.at, moment);
  const [ever, lately, beside, season] = facts.affinity.of(history, 0, moment)(article, new Float32Array(0), 0);
  return {
    own: bought ? 1 : 0,
    times_bought: Math.log1p(own.length),
    bought_within_days: Math.exp(-idle / 1.5),
    bought_within_week: Math.exp(-idle / 7),
    bought_within_month: Math.exp(-idle / 30),
    bought_within_half_year: Math.exp(-idle / 180),
    own_place: bought ? 1 / (1 + distinct.indexOf(article)) : 0,
    in_latest_basket: bought && own[0].at === history[0].at ? 1 : 0,
    history_length: Math.log1p(history.length) / 4,
    customer_lately: history.length > 0 ? Math.exp(-daysSince(history[0].at, moment) / 14) : 0,
    comes_back: bought ? 1 - distinct.length / history.length : 0,
    own_length: bought ? Math.log1p(history.length) / 4 : 0,
    own_cosine: bought ? candidates.cosines[place] : 0,
    affinity: ever,
    affinity_lately: lately,
    affinity_together: beside,
    season,
  };
}

function ofProduct({ candidates, place, history, moment, facts: { productOf, variantRates } }: PlainPair) {
  const product = productOf(candidates.articles[place]);
  const variant = product === null ? undefined : history.find((one) => productOf(one.article) === product);
  const idle = daysSince(variant?.at, moment);
  return {
    same_product: variant ? 1 / (1 + distinctOf(history).indexOf(variant.article)) : 0,
    product_within_week: Math.exp(-idle / 7),
    product_within_month: Math.exp(-idle / 30),
    variant_rate: variant ? Math.sqrt(variantRates[variant.article] ?? 0) : 0,
  };
}

function ofSales({ candidates, place, moment, facts: { productOf, repeatRates } }: PlainPair) {
  const article = candidates.articles[place];
  const { sales, long, ages, peers } = moment;
  const [week, month] = [sales.week[article] ?? 0, sales.month[article] ?? 0];
  const sold = peers[0].articles.indexOf(article);
  const product = productOf(article);
  // An article that was added after the moment has no counts in the moment.
  const siblings = [...sales.month.keys()].filter(
    (one) => article < sales.month.length && one !== article && product !== null && productOf(one) === product,
  );
  const ofSiblings = siblings.reduce((sum, one) => sum + sales.month[one], 0);
  return {
    sales_week: Math.log1p(week) / 4,
    sales_month: Math.log1p(month) / 4,
    trend: Math.log((4 * week + 1) / (month + 1)) / 2,
    article_age: Math.log1p(ages[article] || 0) / 6,
    peers: Math.log(((sold < 0 ? 0 : peers[0].buyers[sold]) + 2) / (peers[0].share * month + 2)) / 2,
    repeat_rate: Math.sqrt(repeatRates[article] ?? 0),
    sales_quarter: Math.log1p(long.quarter[article] || 0) / 4,
    sales_ever: Math.log1p(long.ever[article] || 0) / 4,
    sold_lately: long.idle[article] >= 0 ? Math.exp(-long.idle[article] / 60) : 0,
    sales_of_product: Math.log1p(siblings.length === 0 ? 0 : ofSiblings / siblings.length) / 4,
  };
}

function ofPrice({ candidates, place, history, moment: { prices } }: PlainPair) {
  const article = candidates.articles[place];
  const paid = history.flatMap(({ price = 0 }) => (price > 0 ? [price] : []));
  const mean = meanOf(paid);
  const level = mean > 0 && prices[article] > 0 ? Math.log(prices[article] / mean) : 0;
  const own = distinctOf(history);
  const ownLevel = meanOf(own.flatMap((one) => (prices[one] > 0 ? [Math.log(prices[one])] : [])));
  return {
    price_level: Math.max(-4, Math.min(4, level)),
    price_distance: Math.min(Math.abs(level), 4),
    own_price: own.includes(article) && prices[article] > 0 ? Math.log(prices[article]) - ownLevel : 0,
  };
}

function ofFinding({ candidates: { articles, found, cosines, together }, place, history, facts }: PlainPair) {
  const bit = (source: SourceName): number => ((found[place] & bitOf(source)) > 0 ? 1 : 0);
  const vector = vectorOf(facts.vectors, articles[place]);
  const near = distinctOf(history)
    .slice(0, 8)
    .map((one) => {
      const other = vectorOf(facts.vectors, one) ?? [];
      return (vector ?? new Float32Array(0)).reduce((sum, value, d) => sum + value * other[d], 0);
    });
  const known = vector !== undefined && near.length > 0;
  return {
    cosine: cosines[place],
    together: Math.log1p(100 * together[place]) / 3,
    cosine_to_latest: known ? near[0] : 0,
    cosine_to_recent: known ? meanOf(near) : 0,
    cosine_to_nearest_recent: known ? Math.max(...near) : 0,
    found_together: bit('CO_PURCHASE'),
    found_by_towers: bit('TWO_TOWER'),
    found_among_peers: bit('TRENDING_PEERS'),
    found_new: bit('NEW_ARRIVALS'),
    found_trending: bit('TRENDING'),
  };
}

function distinctOf(history: readonly HistoryPurchase[]): number[] {
  return [...new Set(history.map((one) => one.article))];
}

function daysSince(at: number | undefined, { now }: Moment): number {
  return at === undefined ? Infinity : Math.max(0, (now - at) / DAY);
}

/** The mean of the values, 0 if there are none. */
function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
