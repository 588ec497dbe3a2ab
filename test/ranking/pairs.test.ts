// The features of a customer and a candidate together: finite whatever happened, and each saying
// what its name says.
import { bitOf, type Candidates, type SourceName } from '../../src/ranking/candidates';
import { vectorOf } from '../../src/ranking/vector-rows';
import { createMoment, type Moment, type MomentFacts } from '../../src/statistics/moment';
import { writePairFeatures, type ArticleFacts } from '../../src/ranking/pairs';
import { PAIR_FEATURES, PAIR_WIDTH } from '../../src/features/pair-features';
import { HISTORY_LIMIT, type HistoryPurchase } from '../../src/features/customers';
import { createRandom } from '../../src/random';
import { DAY } from '../../src/time';

const ARTICLES = 40;
const NEW = ARTICLES - 1;
const NOW = 1_600_000_000;

type Name = keyof typeof PAIR_FEATURES;
const NAMES = Object.keys(PAIR_FEATURES) as Name[];

const FACTS: ArticleFacts = {
  repeatRates: Float32Array.of(0, 0.25),
  variantRates: Float32Array.of(0, 0.16),
  // As if the shop said nothing of its articles; affinity.test.ts has shops that do.
  affinity: { width: 0, of: () => () => [0, 0, 0, 0] },
  // Two and two are of one product; the last is of none.
  productOf: (article) => (article === NEW ? null : article >> 1),
  // Articles point into four directions in turn; the last has no vector.
  vectors: {
    dim: 4,
    data: Float32Array.from({ length: 4 * NEW }, (_, i) => (i % 4 === (i >> 2) % 4 ? 1 : 0)),
    has: (article) => article !== NEW,
  },
};

/** A moment in which only what is given is known; article 39 came later. */
function momentWith(known: Partial<Omit<MomentFacts, 'now'>> = {}): Moment {
  return createMoment({
    now: NOW,
    sales: { week: new Float32Array(NEW), month: new Float32Array(NEW) },
    long: {
      quarter: new Float32Array(NEW),
      ever: new Float32Array(NEW),
      idle: new Float32Array(NEW).fill(Number.NaN),
    },
    prices: new Float32Array(NEW).fill(Number.NaN),
    ages: new Float32Array(NEW).fill(Number.NaN),
    peers: [],
    productOf: FACTS.productOf,
    ...known,
  });
}

const sales = {
  week: Float32Array.of(0, 3, 500, ...Array<number>(NEW - 3).fill(0)),
  month: Float32Array.of(0, 4, 9_000, ...Array<number>(NEW - 3).fill(0)),
};

interface Pair {
  readonly past?: readonly HistoryPurchase[];
  readonly moment?: Moment;
  readonly cosine?: number;
  readonly together?: number;
  readonly found?: readonly SourceName[];
  readonly band?: number;
}

function featuresOf(article: number, pair: Pair = {}): Record<Name, number> {
  const { past = [], moment = momentWith({ sales }), band = 0 } = pair;
  const out = new Float32Array(PAIR_WIDTH);
  writePairFeatures(out, 0, listOf([article], pair), { past, band }, moment, FACTS);
  return Object.fromEntries(NAMES.map((name, f) => [name, out[f]])) as Record<Name, number>;
}

function listOf(articles: number[], { cosine = 0.5, together = 0, found = ['OWN_PURCHASES'] }: Pair = {}): Candidates {
  return {
    articles: Int32Array.from(articles),
    found: new Uint16Array(articles.length).fill(found.reduce((mask, source) => mask | bitOf(source), 0)),
    cosines: new Float32Array(articles.length).fill(cosine),
    together: new Float32Array(articles.length).fill(together),
  };
}

test('the features are finite and of the order of 1 for whatever was bought and sold, whenever, at whatever price', () => {
  const random = createRandom(31);
  const moments = [NOW, NOW - 1, NOW - 8 * DAY, 0, NOW + 400 * DAY, NOW - 40_000 * DAY];
  const oneOf = <T>(values: readonly T[]): T => values[random.int(values.length)];
  const price = (): number => oneOf([Number.NaN, 0, 1e-9, 0.02, 1e9, -3, Infinity]);
  for (let round = 0; round < 300; round++) {
    const past = Array.from({ length: random.int(HISTORY_LIMIT) }, () => ({
      article: random.int(ARTICLES),
      at: oneOf(moments),
      price: price(),
    }));
    const units = [random.int(1e7), random.int(1e7)];
    const moment = momentWith({
      sales: { week: Float32Array.from(units, (count) => random.int(count + 1)), month: Float32Array.from(units) },
      prices: Float32Array.from({ length: NEW }, price),
      ages: Float32Array.from({ length: NEW }, () => oneOf([0, 3, 1e5, Number.NaN])),
      peers: [new Float32Array(0), Float32Array.from(units, (count) => random.int(count + 1))],
    });
    const pair: Pair = {
      past,
      moment,
      cosine: random.next() * 2 - 1,
      together: random.next() * 3,
      band: random.int(4),
    };
    for (const [name, value] of Object.entries(featuresOf(oneOf([0, 1, 5, NEW]), pair))) {
      expect([name, Number.isFinite(value)]).toEqual([name, true]);
      expect(Math.abs(value)).toBeLessThan(10);
    }
  }
});

test('they are all nothing but the cosine for an article that nobody bought, nor another of its product, this customer included', () => {
  const { cosine, ...rest } = featuresOf(6);
  expect(cosine).toBe(0.5);
  expect(Object.entries(rest).filter(([, value]) => value !== 0)).toEqual([]);
});

test('they tell what others of its product sell, of an article that came after the moment nothing', () => {
  expect(featuresOf(0).sales_of_product).toBeCloseTo(Math.log(5) / 4, 5);
  expect(featuresOf(1).sales_of_product).toBe(0);
  expect(featuresOf(NEW, { moment: momentWith({ sales, productOf: () => 7 }) }).sales_of_product).toBe(0);
});

test('they tell that an article was bought, how often, how lately, and how many others since', () => {
  const past = [
    { article: 6, at: NOW - DAY },
    { article: 6, at: NOW - DAY },
    { article: 7, at: NOW - 7 * DAY },
    { article: 8, at: NOW - 8 * DAY },
    { article: 7, at: NOW - 300 * DAY },
  ];
  const seven = featuresOf(7, { past });
  expect(seven.own).toBe(1);
  expect(seven.times_bought).toBeCloseTo(Math.log(3), 5);
  // The latest of the two counts: a week ago.
  expect(seven.bought_within_days).toBeCloseTo(Math.exp(-7 / 1.5), 5);
  expect(seven.bought_within_week).toBeCloseTo(Math.exp(-1), 5);
  expect(seven.bought_within_month).toBeCloseTo(Math.exp(-7 / 30), 5);
  expect(featuresOf(8, { past }).bought_within_week).toBeLessThan(seven.bought_within_week);
  expect([6, 7, 8].map((article) => featuresOf(article, { past }).own_place)).toEqual([1, 0.5, Math.fround(1 / 3)]);
  expect([6, 7].map((article) => featuresOf(article, { past }).in_latest_basket)).toEqual([1, 0]);
  expect(seven.customer_lately).toBeCloseTo(Math.exp(-1 / 14), 5);
  expect(featuresOf(9, { past })).toMatchObject({ own: 0, times_bought: 0, bought_within_half_year: 0, own_place: 0 });
});

test('they tell which of the own articles is dearer than the others and nearer to the taste, and nothing of this of what is not own', () => {
  const moment = momentWith({ prices: Float32Array.of(1, 4, 2, 2, ...Array<number>(NEW - 4).fill(Number.NaN)) });
  const past = [0, 1, 9].map((article) => ({ article, at: NOW - DAY }));
  const of = (article: number) => featuresOf(article, { past, moment, cosine: 0.25 });
  expect(of(1).own_price).toBeCloseTo(Math.log(2), 5);
  expect(of(0).own_price).toBeCloseTo(-Math.log(2), 5);
  expect(of(9)).toMatchObject({ own_price: 0, own_cosine: 0.25 });
  expect(of(1).own_length).toBeCloseTo(Math.log(4) / 4, 5);
  expect(of(2)).toMatchObject({ own_price: 0, own_length: 0, own_cosine: 0 });
});

test('they take a purchase of the future as one of this moment', () => {
  const bought = (at: number) => featuresOf(7, { past: [{ article: 7, at }] });
  expect(bought(NOW + DAY)).toEqual(bought(NOW));
  expect(bought(NOW).bought_within_week).toBe(1);
});

test('they rise with what sells, and the trend with what sells more than it did', () => {
  const [none, some, much] = [0, 1, 2].map((article) => featuresOf(article));
  expect(some.sales_week).toBeGreaterThan(none.sales_week);
  expect(much.sales_month).toBeGreaterThan(some.sales_month);
  expect(some.trend).toBeGreaterThan(0); // three of four in the last week
  expect(much.trend).toBeLessThan(0); // 500 of 9,000
});

test('they tell what a customer’s peers buy more or less of than everybody', () => {
  // Half of everybody's 9,004 units went to band 1, but all of article 1 and few of article 2.
  const peers = [new Float32Array(NEW), Float32Array.of(0, 4, 100, 4_398), new Float32Array(NEW)];
  const moment = momentWith({ sales, peers });
  const peersOf = (article: number, band: number) => featuresOf(article, { moment, band }).peers;
  expect(peersOf(1, 1)).toBeCloseTo(Math.log(6 / (2 + 4 * (4_502 / 9_004))) / 2, 4);
  expect(peersOf(2, 1)).toBeLessThan(-1);
  // Of a band that bought nothing nothing can be expected; of one that nobody counted neither.
  expect([peersOf(1, 0), peersOf(1, 7)]).toEqual([0, 0]);
});

test('they compare the article’s price with what the customer pays, where both are known', () => {
  const moment = momentWith({ prices: Float32Array.of(0.04, 0.01, Number.NaN) });
  const past = [0.01, 0.03, Number.NaN].map((price) => ({ article: 9, at: NOW - DAY, price }));
  const [dear, cheap, unknown] = [0, 1, 2].map((article) => featuresOf(article, { past, moment }));
  expect(dear.price_level).toBeCloseTo(Math.log(2), 4);
  expect(cheap.price_level).toBeCloseTo(-Math.log(2), 4);
  expect(cheap.price_distance).toBeCloseTo(Math.log(2), 4);
  expect([unknown.price_level, featuresOf(0, { moment }).price_level]).toEqual([0, 0]);
});

test('they compare the article’s vector with those of the latest purchases', () => {
  const past = [4, 4, 5, NEW].map((article, i) => ({ article, at: NOW - i }));
  // Of the distinct 4, 5 and 39 the last has no vector; 8 points where 4 does, 9 where 5 does.
  expect(featuresOf(8, { past })).toMatchObject({
    cosine_to_latest: 1,
    cosine_to_recent: 0.5,
    cosine_to_nearest_recent: 1,
  });
  expect(featuresOf(9, { past })).toMatchObject({ cosine_to_latest: 0, cosine_to_nearest_recent: 1 });
  expect(featuresOf(NEW, { past })).toMatchObject({ cosine_to_latest: 0, cosine_to_nearest_recent: 0 });
});

test('they tell the age of an article, its habit of being bought again, and which sources found it', () => {
  const moment = momentWith({ ages: Float32Array.of(6, Number.NaN) });
  expect(featuresOf(0, { moment }).article_age).toBeCloseTo(Math.log(7) / 6, 5);
  expect(featuresOf(1, { moment }).article_age).toBe(0); // not sold yet
  expect(featuresOf(1).repeat_rate).toBe(0.5);
  expect(featuresOf(1, { together: 0.1 }).together).toBeCloseTo(Math.log(11) / 3, 5);
  const found = featuresOf(1, { found: ['CO_PURCHASE', 'TRENDING'] });
  expect(found).toMatchObject({ found_together: 1, found_by_towers: 0, found_among_peers: 0, found_new: 0 });
  expect(found.found_trending).toBe(1);
});

test('they tell how the article sold over a longer time, and whether it still does', () => {
  const long = {
    quarter: Float32Array.of(6, 0),
    ever: Float32Array.of(20, 20),
    idle: Float32Array.of(30, 400, Number.NaN),
  };
  const [sells, gone, never] = [0, 1, 2].map((article) => featuresOf(article, { moment: momentWith({ long }) }));
  expect(sells.sales_quarter).toBeCloseTo(Math.log(7) / 4, 5);
  expect(gone).toMatchObject({ sales_quarter: 0, sales_ever: sells.sales_ever });
  expect(sells.sold_lately).toBeCloseTo(Math.exp(-0.5), 5);
  expect(gone.sold_lately).toBeLessThan(0.01);
  expect(never).toMatchObject({ sales_ever: 0, sold_lately: 0 });
});

test('they tell how lately the product was bought, and whether its buyers come back for others of it', () => {
  const past = [
    { article: 1, at: NOW - 7 * DAY },
    { article: 4, at: NOW - 9 * DAY },
  ];
  const other = featuresOf(0, { past });
  expect(other).toMatchObject({ own: 0, same_product: 1 });
  expect(other.product_within_week).toBeCloseTo(Math.exp(-1), 5);
  expect(other.variant_rate).toBeCloseTo(0.4, 5);
  expect(featuresOf(20, { past })).toMatchObject({ product_within_week: 0, variant_rate: 0 });
});

test('they tell of what was bought how much of a customer’s purchases is bought again', () => {
  const past = [3, 3, 3, 5].map((article, i) => ({ article, at: NOW - i * DAY }));
  expect(featuresOf(3, { past }).comes_back).toBe(0.5);
  expect(featuresOf(9, { past }).comes_back).toBe(0);
});

test('they are written from the row on that is named, and nowhere else', () => {
  const out = new Float32Array(4 * PAIR_WIDTH).fill(-7);
  writePairFeatures(out, 1, listOf([1, 2], { cosine: 0.25 }), { past: [], band: 0 }, momentWith({ sales }), FACTS);
  expect([...out.subarray(0, PAIR_WIDTH), ...out.subarray(3 * PAIR_WIDTH)].every((value) => value === -7)).toBe(true);
  expect([out[PAIR_WIDTH], out[2 * PAIR_WIDTH]]).toEqual([0.25, 0.25]);
  expect([...out.subarray(PAIR_WIDTH, 3 * PAIR_WIDTH)]).not.toContain(-7);
});

test('they are not written where there is no room for them', () => {
  const write = () => {
    const out = new Float32Array(2 * PAIR_WIDTH);
    writePairFeatures(out, 1, listOf([1, 2]), { past: [], band: 0 }, momentWith(), FACTS);
  };
  expect(write).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
});

test('every feature of every pair is what its plain formula gives, to the last bit', () => {
  const random = createRandom(32);
  const numbers = (length: number, draw: () => number): Float32Array => Float32Array.from({ length }, draw);
  const units = (most: number): Float32Array =>
    numbers(NEW, () => (random.next() < 0.3 ? 0 : random.int(random.next() < 0.5 ? 20 : most)));
  const vectors = Array.from({ length: NEW }, () => [...numbers(32, () => random.normal() / 6)]);
  const facts: ArticleFacts = {
    repeatRates: numbers(NEW, () => random.next()),
    variantRates: numbers(NEW, () => random.next()),
    affinity: {
      width: 0,
      of:
        (_past, _band, { sales: sold }) =>
        (article) => [article / 40, -article / 40, article / 80, sold.month[0] / 160],
    },
    productOf: (article) => (article === NEW ? null : article >> 1),
    vectors: { dim: 32, data: Float32Array.from(vectors.flat()), has: (article) => article < NEW },
  };
  for (let round = 0; round < 30; round++) {
    const month = units(9_000);
    const moment = momentWith({
      sales: { week: month.map((count) => random.int(count + 1)), month },
      long: { quarter: units(30_000), ever: units(1e6), idle: numbers(NEW, () => random.int(90) - 3) },
      prices: numbers(NEW, () => (random.next() < 0.2 ? Number.NaN : random.next())),
      ages: numbers(NEW, () => (random.next() < 0.2 ? Number.NaN : random.int(700) / 2)),
      peers: [month.map((count) => random.int(count + 1))],
    });
    const past = Array.from({ length: random.int(24) }, () => ({
      article: random.int(NEW),
      at: NOW - random.int(3_000) * 3_600,
      ...(random.next() < 0.8 && { price: random.int(3) / 10 }),
    })).sort((a, b) => b.at - a.at);
    const articles = Array.from({ length: 30 }, () => random.int(ARTICLES));
    const list: Candidates = {
      articles: Int32Array.from(articles),
      found: Uint16Array.from(articles, () => 1 + random.int(127)),
      cosines: numbers(30, () => random.next()),
      together: numbers(30, () => Math.max(0, random.normal())),
    };
    const out = new Float32Array(30 * PAIR_WIDTH);
    writePairFeatures(out, 0, list, { past, band: 0 }, moment, facts);
    list.articles.forEach((article, i) => {
      const plain = plainly(article, list, i, past, moment, facts);
      const written = out.subarray(i * PAIR_WIDTH, (i + 1) * PAIR_WIDTH);
      expect(Object.fromEntries(NAMES.map((name, f) => [name, written[f]]))).toEqual(
        Object.fromEntries(NAMES.map((name) => [name, Math.fround(plain[name])])),
      );
    });
  }
});

/**
 * The features of one pair of a customer of band 0, each written as it is meant, whatever that
 * costs.
 */
function plainly(
  article: number,
  { found, cosines, together }: Candidates,
  i: number,
  past: readonly HistoryPurchase[],
  moment: Moment,
  { repeatRates, variantRates, productOf, vectors, affinity }: ArticleFacts,
): Record<Name, number> {
  const { now, sales, long, prices, ages, peers } = moment;
  const { week, month } = sales;
  const days = (at: number | undefined): number => (at === undefined ? Infinity : Math.max(0, (now - at) / DAY));
  const distinct = [...new Set(past.map((one) => one.article))];
  const place = distinct.indexOf(article);
  const own = past.filter((one) => one.article === article);
  const idle = days(own.at(0)?.at);
  const product = productOf(article);
  const variant = product === null ? undefined : past.find((one) => productOf(one.article) === product);
  const variantIdle = days(variant?.at);
  const vector = vectorOf(vectors, article);
  const near = distinct.slice(0, 8).map((one) => {
    const other = vectorOf(vectors, one) ?? [];
    return (vector ?? new Float32Array(0)).reduce((sum, value, d) => sum + value * other[d], 0);
  });
  const known = vector !== undefined && near.length > 0;
  const paid = past.flatMap(({ price = 0 }) => (price > 0 ? [price] : []));
  const mean = paid.reduce((sum, price) => sum + price, 0) / Math.max(1, paid.length);
  const level = mean > 0 && prices[article] > 0 ? Math.log(prices[article] / mean) : 0;
  const logPrices = distinct.flatMap((one) => (prices[one] > 0 ? [Math.log(prices[one])] : []));
  const ownLevel = logPrices.reduce((sum, price) => sum + price, 0) / Math.max(1, logPrices.length);
  const sold = peers[0].articles.indexOf(article);
  const bit = (source: SourceName): number => ((found[i] & bitOf(source)) > 0 ? 1 : 0);
  const [ever, lately, beside, season] = affinity.of(past, 0, moment)(article, new Float32Array(0), 0);
  const [weekly, monthly] = [week[article] ?? 0, month[article] ?? 0];
  // An article that came after the moment has no place in it.
  const siblings = [...month.keys()].filter(
    (one) => article < month.length && one !== article && product !== null && productOf(one) === product,
  );
  const ofSiblings = siblings.reduce((sum, one) => sum + month[one], 0);
  return {
    cosine: cosines[i],
    own: own.length > 0 ? 1 : 0,
    times_bought: Math.log1p(own.length),
    bought_within_week: Math.exp(-idle / 7),
    bought_within_month: Math.exp(-idle / 30),
    bought_within_half_year: Math.exp(-idle / 180),
    sales_week: Math.log1p(weekly) / 4,
    sales_month: Math.log1p(monthly) / 4,
    trend: Math.log((4 * weekly + 1) / (monthly + 1)) / 2,
    history_length: Math.log1p(past.length) / 4,
    bought_within_days: Math.exp(-idle / 1.5),
    own_place: place < 0 ? 0 : 1 / (1 + place),
    in_latest_basket: own.length > 0 && own[0].at === past[0].at ? 1 : 0,
    customer_lately: past.length > 0 ? Math.exp(-days(past[0].at) / 14) : 0,
    together: Math.log1p(100 * together[i]) / 3,
    cosine_to_latest: known ? near[0] : 0,
    cosine_to_recent: known ? near.reduce((sum, cosine) => sum + cosine, 0) / near.length : 0,
    cosine_to_nearest_recent: known ? Math.max(...near) : 0,
    article_age: Math.log1p(ages[article] || 0) / 6,
    peers: Math.log(((sold < 0 ? 0 : peers[0].buyers[sold]) + 2) / (peers[0].share * monthly + 2)) / 2,
    price_level: Math.max(-4, Math.min(4, level)),
    price_distance: Math.min(Math.abs(level), 4),
    repeat_rate: Math.sqrt(repeatRates[article] ?? 0),
    found_together: bit('CO_PURCHASE'),
    found_by_towers: bit('TWO_TOWER'),
    found_among_peers: bit('TRENDING_PEERS'),
    found_new: bit('NEW_ARRIVALS'),
    found_trending: bit('TRENDING'),
    same_product: variant ? 1 / (1 + distinct.indexOf(variant.article)) : 0,
    product_within_week: Math.exp(-variantIdle / 7),
    product_within_month: Math.exp(-variantIdle / 30),
    variant_rate: variant ? Math.sqrt(variantRates[variant.article] ?? 0) : 0,
    comes_back: own.length > 0 ? 1 - distinct.length / past.length : 0,
    sales_quarter: Math.log1p(long.quarter[article] || 0) / 4,
    sales_ever: Math.log1p(long.ever[article] || 0) / 4,
    sold_lately: long.idle[article] >= 0 ? Math.exp(-long.idle[article] / 60) : 0,
    sales_of_product: Math.log1p(siblings.length === 0 ? 0 : ofSiblings / siblings.length) / 4,
    own_price: own.length > 0 && prices[article] > 0 ? Math.log(prices[article]) - ownLevel : 0,
    own_length: own.length > 0 ? Math.log1p(past.length) / 4 : 0,
    own_cosine: own.length > 0 ? cosines[i] : 0,
    affinity: ever,
    affinity_lately: lately,
    affinity_together: beside,
    season,
  };
}
