// The features of a customer and a candidate together: each feature is finite, and means what its
// name says.
import { bitOf, type Candidates } from '../../src/ranking/candidates';
import type { SourceName } from '../../src/ranking/sources/sources';
import { createMoment, type Moment, type MomentFacts } from '../../src/statistics/moment';
import { PairWriter, type ArticleFacts } from '../../src/ranking/pairs';
import { PAIR_FEATURES, PAIR_WIDTH, type PairFeature } from '../../src/features/pair-features';
import { HISTORY_LIMIT, type HistoryPurchase } from '../../src/features/customers';
import { createRandom } from '../../src/random';
import { DAY } from '../../src/time';
import { plainFeatures } from './plain-pairs';

const ARTICLES = 40;
const NEW = ARTICLES - 1;
const NOW = 1_600_000_000;

const NAMES = Object.keys(PAIR_FEATURES) as PairFeature[];

const FACTS: ArticleFacts = {
  repeatRates: Float32Array.of(0, 0.25),
  variantRates: Float32Array.of(0, 0.16),
  // The articles of this shop have no attributes. affinity.test.ts tests shops with attributes.
  affinity: { width: 0, of: () => () => [0, 0, 0, 0] },
  // Articles form pairs: two consecutive articles share a product. The last article has no product.
  productOf: (article) => (article === NEW ? null : article >> 1),
  // The vectors of the articles point in four directions in turn. The last article has no vector.
  vectors: {
    dim: 4,
    data: Float32Array.from({ length: 4 * NEW }, (_, i) => (i % 4 === (i >> 2) % 4 ? 1 : 0)),
    has: (article) => article !== NEW,
  },
};

/** A moment at which only the given facts are known. Article 39 was added after the moment. */
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
  readonly history?: readonly HistoryPurchase[];
  readonly moment?: Moment;
  readonly cosine?: number;
  readonly together?: number;
  readonly found?: readonly SourceName[];
  readonly band?: number;
}

function featuresOf(article: number, pair: Pair = {}): Record<PairFeature, number> {
  const { history = [], moment = momentWith({ sales }), band = 0 } = pair;
  const out = new Float32Array(PAIR_WIDTH);
  new PairWriter(FACTS).write(out, 0, listOf([article], pair), { history, band }, moment);
  return Object.fromEntries(NAMES.map((name, f) => [name, out[f]])) as Record<PairFeature, number>;
}

function listOf(articles: number[], { cosine = 0.5, together = 0, found = ['OWN_PURCHASES'] }: Pair = {}): Candidates {
  return {
    articles: Int32Array.from(articles),
    found: new Uint16Array(articles.length).fill(found.reduce((mask, source) => mask | bitOf(source), 0)),
    cosines: new Float32Array(articles.length).fill(cosine),
    together: new Float32Array(articles.length).fill(together),
  };
}

test('the features are finite and of the order of 1, at all times, prices and sales', () => {
  const random = createRandom(31);
  const moments = [NOW, NOW - 1, NOW - 8 * DAY, 0, NOW + 400 * DAY, NOW - 40_000 * DAY];
  const oneOf = <T>(values: readonly T[]): T => values[random.int(values.length)];
  const price = (): number => oneOf([Number.NaN, 0, 1e-9, 0.02, 1e9, -3, Infinity]);
  for (let round = 0; round < 300; round++) {
    const history = Array.from({ length: random.int(HISTORY_LIMIT) }, () => ({
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
      history,
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

test('all but the cosine are 0 for an article that nobody bought, if nobody bought another of its product', () => {
  const { cosine, ...rest } = featuresOf(6);
  expect(cosine).toBe(0.5);
  expect(Object.entries(rest).filter(([, value]) => value !== 0)).toEqual([]);
});

test('pair features tell how others of its product sell, and nothing of an article that came after the moment', () => {
  expect(featuresOf(0).sales_of_product).toBeCloseTo(Math.log(5) / 4, 5);
  expect(featuresOf(1).sales_of_product).toBe(0);
  expect(featuresOf(NEW, { moment: momentWith({ sales, productOf: () => 7 }) }).sales_of_product).toBe(0);
});

test('pair features tell that an article was bought, how often, how lately, and how many others since', () => {
  const history = [
    { article: 6, at: NOW - DAY },
    { article: 6, at: NOW - DAY },
    { article: 7, at: NOW - 7 * DAY },
    { article: 8, at: NOW - 8 * DAY },
    { article: 7, at: NOW - 300 * DAY },
  ];
  const seven = featuresOf(7, { history });
  expect(seven.own).toBe(1);
  expect(seven.times_bought).toBeCloseTo(Math.log(3), 5);
  // The later of the two purchases counts, which was a week ago.
  expect(seven.bought_within_days).toBeCloseTo(Math.exp(-7 / 1.5), 5);
  expect(seven.bought_within_week).toBeCloseTo(Math.exp(-1), 5);
  expect(seven.bought_within_month).toBeCloseTo(Math.exp(-7 / 30), 5);
  expect(featuresOf(8, { history }).bought_within_week).toBeLessThan(seven.bought_within_week);
  expect([6, 7, 8].map((article) => featuresOf(article, { history }).own_place)).toEqual([1, 0.5, Math.fround(1 / 3)]);
  expect([6, 7].map((article) => featuresOf(article, { history }).in_latest_basket)).toEqual([1, 0]);
  expect(seven.customer_lately).toBeCloseTo(Math.exp(-1 / 14), 5);
  expect(featuresOf(9, { history })).toMatchObject({
    own: 0,
    times_bought: 0,
    bought_within_half_year: 0,
    own_place: 0,
  });
});

test('for articles the customer has bought, the features tell which is dearer than the others and closer to the customer’s taste; for other articles these features are 0', () => {
  const moment = momentWith({ prices: Float32Array.of(1, 4, 2, 2, ...Array<number>(NEW - 4).fill(Number.NaN)) });
  const history = [0, 1, 9].map((article) => ({ article, at: NOW - DAY }));
  const of = (article: number) => featuresOf(article, { history, moment, cosine: 0.25 });
  expect(of(1).own_price).toBeCloseTo(Math.log(2), 5);
  expect(of(0).own_price).toBeCloseTo(-Math.log(2), 5);
  expect(of(9)).toMatchObject({ own_price: 0, own_cosine: 0.25 });
  expect(of(1).own_length).toBeCloseTo(Math.log(4) / 4, 5);
  expect(of(2)).toMatchObject({ own_price: 0, own_length: 0, own_cosine: 0 });
});

test('pair features take a purchase of the future as one of this moment', () => {
  const bought = (at: number) => featuresOf(7, { history: [{ article: 7, at }] });
  expect(bought(NOW + DAY)).toEqual(bought(NOW));
  expect(bought(NOW).bought_within_week).toBe(1);
});

test('pair features rise with sales, and the trend rises with growing sales', () => {
  const [none, some, much] = [0, 1, 2].map((article) => featuresOf(article));
  expect(some.sales_week).toBeGreaterThan(none.sales_week);
  expect(much.sales_month).toBeGreaterThan(some.sales_month);
  expect(some.trend).toBeGreaterThan(0); // three of four in the last week
  expect(much.trend).toBeLessThan(0); // 500 of 9,000
});

test('pair features tell what a customer’s peers buy more or less often than everybody', () => {
  // Half of all 9,004 units went to band 1, but all units of article 1 and few units of article 2.
  const peers = [new Float32Array(NEW), Float32Array.of(0, 4, 100, 4_398), new Float32Array(NEW)];
  const moment = momentWith({ sales, peers });
  const peersOf = (article: number, band: number) => featuresOf(article, { moment, band }).peers;
  expect(peersOf(1, 1)).toBeCloseTo(Math.log(6 / (2 + 4 * (4_502 / 9_004))) / 2, 4);
  expect(peersOf(2, 1)).toBeLessThan(-1);
  // One band bought nothing, and the other band was not counted.
  expect([peersOf(1, 0), peersOf(1, 7)]).toEqual([0, 0]);
});

test('pair features compare the article’s price with what the customer pays, if both are known', () => {
  const moment = momentWith({ prices: Float32Array.of(0.04, 0.01, Number.NaN) });
  const history = [0.01, 0.03, Number.NaN].map((price) => ({ article: 9, at: NOW - DAY, price }));
  const [dear, cheap, unknown] = [0, 1, 2].map((article) => featuresOf(article, { history, moment }));
  expect(dear.price_level).toBeCloseTo(Math.log(2), 4);
  expect(cheap.price_level).toBeCloseTo(-Math.log(2), 4);
  expect(cheap.price_distance).toBeCloseTo(Math.log(2), 4);
  expect([unknown.price_level, featuresOf(0, { moment }).price_level]).toEqual([0, 0]);
});

test('pair features compare the article’s vector with those of the latest purchases', () => {
  const history = [4, 4, 5, NEW].map((article, i) => ({ article, at: NOW - i }));
  // The distinct articles are 4, 5 and 39. Article 39 has no vector. Article 8 points in the same
  // direction as 4, and 9 in the same direction as 5.
  expect(featuresOf(8, { history })).toMatchObject({
    cosine_to_latest: 1,
    cosine_to_recent: 0.5,
    cosine_to_nearest_recent: 1,
  });
  expect(featuresOf(9, { history })).toMatchObject({ cosine_to_latest: 0, cosine_to_nearest_recent: 1 });
  expect(featuresOf(NEW, { history })).toMatchObject({ cosine_to_latest: 0, cosine_to_nearest_recent: 0 });
});

test('pair features tell the age of an article, its habit of being bought again, and which sources found it', () => {
  const moment = momentWith({ ages: Float32Array.of(6, Number.NaN) });
  expect(featuresOf(0, { moment }).article_age).toBeCloseTo(Math.log(7) / 6, 5);
  expect(featuresOf(1, { moment }).article_age).toBe(0); // not sold yet
  expect(featuresOf(1).repeat_rate).toBe(0.5);
  expect(featuresOf(1, { together: 0.1 }).together).toBeCloseTo(Math.log(11) / 3, 5);
  const found = featuresOf(1, { found: ['CO_PURCHASE', 'TRENDING'] });
  expect(found).toMatchObject({ found_together: 1, found_by_towers: 0, found_among_peers: 0, found_new: 0 });
  expect(found.found_trending).toBe(1);
});

test('pair features tell how the article sold over a longer time, and whether it still does', () => {
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

test('pair features tell how lately the product was bought, and whether its buyers come back for others of it', () => {
  const history = [
    { article: 1, at: NOW - 7 * DAY },
    { article: 4, at: NOW - 9 * DAY },
  ];
  const other = featuresOf(0, { history });
  expect(other).toMatchObject({ own: 0, same_product: 1 });
  expect(other.product_within_week).toBeCloseTo(Math.exp(-1), 5);
  expect(other.variant_rate).toBeCloseTo(0.4, 5);
  expect(featuresOf(20, { history })).toMatchObject({ product_within_week: 0, variant_rate: 0 });
});

test('pair features tell of own articles how often the customer buys the same again', () => {
  const history = [3, 3, 3, 5].map((article, i) => ({ article, at: NOW - i * DAY }));
  expect(featuresOf(3, { history }).comes_back).toBe(0.5);
  expect(featuresOf(9, { history }).comes_back).toBe(0);
});

test('pair features are written from the given row on, and nowhere else', () => {
  const out = new Float32Array(4 * PAIR_WIDTH).fill(-7);
  const writer = new PairWriter(FACTS);
  writer.write(out, 1, listOf([1, 2], { cosine: 0.25 }), { history: [], band: 0 }, momentWith({ sales }));
  expect([...out.subarray(0, PAIR_WIDTH), ...out.subarray(3 * PAIR_WIDTH)].every((value) => value === -7)).toBe(true);
  expect([out[PAIR_WIDTH], out[2 * PAIR_WIDTH]]).toEqual([0.25, 0.25]);
  expect([...out.subarray(PAIR_WIDTH, 3 * PAIR_WIDTH)]).not.toContain(-7);
});

test('pair features are not written if there is no room for them', () => {
  const write = () => {
    const out = new Float32Array(2 * PAIR_WIDTH);
    new PairWriter(FACTS).write(out, 1, listOf([1, 2]), { history: [], band: 0 }, momentWith());
  };
  expect(write).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
});

test('two releases that are served by turns do not disturb each other', () => {
  const writers = [1, 2].map((rate) => new PairWriter({ ...FACTS, repeatRates: Float32Array.of(0, rate / 4) }));
  const moment = momentWith({ sales });
  const rates = [0, 1, 0, 1].map((release) => {
    const out = new Float32Array(PAIR_WIDTH);
    writers[release].write(out, 0, listOf([1]), { history: [], band: 0 }, moment);
    return out[NAMES.indexOf('repeat_rate')];
  });
  expect(rates).toEqual([0.5, Math.fround(Math.sqrt(0.5)), 0.5, Math.fround(Math.sqrt(0.5))]);
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
        (_history, _band, { sales: sold }) =>
        (article) => [article / 40, -article / 40, article / 80, sold.month[0] / 160],
    },
    productOf: (article) => (article === NEW ? null : article >> 1),
    vectors: { dim: 32, data: Float32Array.from(vectors.flat()), has: (article) => article < NEW },
  };
  const writer = new PairWriter(facts);
  for (let round = 0; round < 30; round++) {
    const month = units(9_000);
    const moment = momentWith({
      sales: { week: month.map((count) => random.int(count + 1)), month },
      long: { quarter: units(30_000), ever: units(1e6), idle: numbers(NEW, () => random.int(90) - 3) },
      prices: numbers(NEW, () => (random.next() < 0.2 ? Number.NaN : random.next())),
      ages: numbers(NEW, () => (random.next() < 0.2 ? Number.NaN : random.int(700) / 2)),
      peers: [month.map((count) => random.int(count + 1))],
    });
    const history = Array.from({ length: random.int(24) }, () => ({
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
    writer.write(out, 0, list, { history, band: 0 }, moment);
    list.articles.forEach((_, i) => {
      const plain = plainFeatures({ candidates: list, place: i, history, moment, facts });
      const written = out.subarray(i * PAIR_WIDTH, (i + 1) * PAIR_WIDTH);
      expect(Object.fromEntries(NAMES.map((name, f) => [name, written[f]]))).toEqual(
        Object.fromEntries(NAMES.map((name) => [name, Math.fround(plain[name])])),
      );
    });
  }
});
