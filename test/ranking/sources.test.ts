// Candidates: each source compared with its plain definition, and the merging of their lists.
import { bitOf, foundBy, pickCandidates, sourceOf, sourcesOf, type Candidates } from '../../src/ranking/candidates';
import { MAX_CANDIDATES, SOURCES, type SourceName } from '../../src/ranking/sources/sources';
import { createMoment, LISTED } from '../../src/statistics/moment';
import { buyersOf, peerSales } from '../../src/statistics/peer-sales';
import { HISTORY_LIMIT } from '../../src/features/customers';
import { CO_PURCHASES } from '../../src/ranking/sources/co-purchases';
import { createRetrieve } from '../../src/ranking/retrieve';
import type { Asked } from '../../src/ranking/sources/source';
import { mostPopular, newArrivals } from '../../src/statistics/popular';
import { ownPurchases } from '../../src/ranking/sources/own-purchases';
import { NEW_ARRIVALS } from '../../src/ranking/sources/new-arrivals';
import { TRENDING } from '../../src/ranking/sources/trending';
import { TRENDING_PEERS } from '../../src/ranking/sources/trending-peers';
import { TWO_TOWER } from '../../src/ranking/sources/two-tower';
import { createRandom } from '../../src/random';

/** The articles that each source finds for one customer. */
interface Known {
  readonly own?: readonly number[];
  readonly together?: readonly number[];
  readonly near?: readonly number[];
  readonly peers?: readonly number[];
  readonly fresh?: readonly number[];
  readonly selling?: readonly number[];
}

/** Every article's cosine to every customer is a thousandth of its index. */
const VECTORS = {
  dim: 1,
  data: Float32Array.from({ length: 2_000 }, (_, article) => article / 1_000),
  has: () => true,
  shown: () => true,
};

interface Finding extends Asked {
  readonly queries: Float32Array;
  readonly vectors: Omit<typeof VECTORS, 'shown'> & { readonly shown: (article: number) => boolean };
  readonly hideHistory: boolean;
}

function findingOf(customers: readonly Known[], more: Partial<Finding> = {}): Finding {
  const { peers = [], fresh = [], selling = [] } = customers[0];
  const moment = createMoment({
    now: 1_000_000,
    sales: { week: new Float32Array(0), month: new Float32Array(0) },
    long: { quarter: new Float32Array(0), ever: new Float32Array(0), idle: new Float32Array(0) },
    prices: new Float32Array(0),
    ages: new Float32Array(0),
    peers: [],
    productOf: () => null,
  });
  const band = { ...peerSales(new Float32Array(0), new Float32Array(0), 0), trending: Int32Array.from(peers) };
  return {
    histories: customers.map(({ own = [] }) => own.map((article, i) => ({ article, at: 1_000 - i }))),
    bands: new Int32Array(customers.length),
    moment: { ...moment, peers: [band], arrivals: Int32Array.from(fresh), trending: Int32Array.from(selling) },
    together: customers.map(({ together = [] }) => ({
      articles: Int32Array.from(together),
      scores: Float32Array.from(together, (_, i) => 1 / (i + 1)),
    })),
    variantsOf: () => [],
    nearest: async (most) => customers.map(({ near = [] }) => near.slice(0, most)),
    queries: Float32Array.from({ length: customers.length }, () => 1),
    vectors: VECTORS,
    hideHistory: false,
    ...more,
  };
}

function candidatesOf({ queries, vectors, hideHistory, ...asked }: Finding): Promise<Candidates[]> {
  const { histories, bands, moment, together, variantsOf, nearest } = asked;
  const nothing = { articles: new Int32Array(0), scores: new Float32Array(0) };
  const retrieve = createRetrieve({
    catalogue: { variantsOf },
    coPurchases: { scores: (history) => together.at(histories.indexOf(history)) ?? nothing },
    bands: { count: 1, bounds: [], of: () => bands },
    vectors,
    embed: async () => queries,
    nearest: async (_queries, most) => (await nearest(most)).map((list) => Array.from(list)),
    atOnce: Infinity,
  });
  return retrieve({ encoded: ENCODED, histories }, moment, hideHistory);
}

/** Empty customer columns, since the tests set the age bands directly. */
const ENCODED = { rows: 0, single: new Int32Array(0), multi: [] };

/** Returns each candidate with the names of the sources that found the article. */
async function found(known: Known, more: Partial<Finding> = {}): Promise<[number, readonly SourceName[]][]> {
  const [{ articles, found: masks }] = await candidatesOf(findingOf([known], more));
  return Array.from(articles, (article, i) => [article, sourcesOf(masks[i])]);
}

const many = (from: number, count = 400): number[] => Array.from({ length: count }, (_, i) => from + i);

describe('candidates', () => {
  test('are each there once, with all the sources that found it', async () => {
    const known: Known = { own: [5, 1], together: [7], near: [2, 1, 3], peers: [7], fresh: [8], selling: [3, 5, 4, 8] };
    expect(await found(known)).toEqual([
      [5, ['OWN_PURCHASES', 'TRENDING']],
      [1, ['OWN_PURCHASES', 'TWO_TOWER']],
      [7, ['CO_PURCHASE', 'TRENDING_PEERS']],
      [2, ['TWO_TOWER']],
      [3, ['TWO_TOWER', 'TRENDING']],
      [8, ['NEW_ARRIVALS', 'TRENDING']],
      [4, ['TRENDING']],
    ]);
  });

  test('are other variants of purchases, the latest purchase first, and the best seller first among its variants', async () => {
    const products = [
      [5, 6, 7, 8],
      [1, 2],
    ];
    const { moment } = findingOf([{}]);
    const sales = { week: Float32Array.from({ length: 9 }, (_, i) => (i === 8 ? 2 : 0)), month: new Float32Array(9) };
    const more: Partial<Finding> = {
      moment: { ...moment, sales },
      variantsOf: (article) => products.find((product) => product.includes(article)) ?? [],
    };
    expect(await found({ own: [5, 1, 3] }, more)).toEqual([
      [5, ['OWN_PURCHASES']],
      [1, ['OWN_PURCHASES']],
      [3, ['OWN_PURCHASES']],
      [8, ['VARIANTS']],
      [6, ['VARIANTS']],
      [7, ['VARIANTS']],
      [2, ['VARIANTS']],
    ]);
  });

  test('are named after the source that says most of the customer', () => {
    const maskOf = (...names: SourceName[]) => names.reduce((mask, name) => mask | bitOf(name), 0);
    expect(sourceOf(maskOf('TRENDING', 'OWN_PURCHASES', 'TWO_TOWER')).name).toBe('OWN_PURCHASES');
    expect(sourceOf(maskOf('TRENDING', 'TRENDING_PEERS')).name).toBe('TRENDING_PEERS');
    for (const { name } of SOURCES) expect(sourceOf(bitOf(name)).name).toBe(name);
  });

  test('have a cosine and a co-purchase score each, whichever source found them', async () => {
    const [{ articles, cosines, together }] = await candidatesOf(findingOf([{ together: [9, 4], near: [250, 4] }]));
    expect([...articles]).toEqual([9, 4, 250]);
    expect([...cosines]).toEqual([0.009, 0.004, 0.25].map(Math.fround));
    expect([...together]).toEqual([1, 0.5, 0]);
    const beyond = many(1_000);
    const [far] = await candidatesOf(findingOf([{ together: beyond, near: [1_399] }]));
    expect(far.together[far.articles.indexOf(1_399)]).toBeCloseTo(1 / 400, 6);
  });

  test('are at most as many as each source may bring', async () => {
    const own = many(0, HISTORY_LIMIT);
    const known = {
      own,
      together: many(1_000),
      near: many(2_000),
      peers: many(3_000),
      fresh: many(4_000),
      selling: many(5_000),
    };
    const variantsOf = (article: number): number[] => (article < 12 ? many(10_000 + 200 * article, 100) : []);
    const [{ articles, found }] = await candidatesOf(findingOf([known], { variantsOf }));
    for (const { name, limit } of SOURCES) expect(found.filter((mask) => foundBy(mask, name))).toHaveLength(limit);
    expect(articles).toHaveLength(MAX_CANDIDATES);
    expect([...articles].slice(0, 3)).toEqual([0, 1, 2]);
  });

  test('hold no purchases if those are hidden, and as many others from each source', async () => {
    const own = many(1, HISTORY_LIMIT);
    const known = { own, together: many(1), near: many(30), selling: many(50) };
    const [{ articles, found }] = await candidatesOf(findingOf([known], { hideHistory: true }));
    expect([...articles].filter((article) => own.includes(article))).toEqual([]);
    const counted = (name: SourceName) => found.filter((mask) => foundBy(mask, name)).length;
    expect(counted('OWN_PURCHASES')).toBe(0);
    for (const { name, limit } of [CO_PURCHASES, TWO_TOWER, TRENDING])
      expect([name, counted(name)]).toEqual([name, limit]);
  });

  test('of one customer do not depend on the other customers of the batch', async () => {
    const customers: Known[] = [{ own: many(1, 90), near: many(0) }, { own: [3], near: many(5) }, {}];
    const all = await candidatesOf(findingOf(customers, { hideHistory: true }));
    for (const [r, known] of customers.entries()) {
      const [alone] = await candidatesOf(findingOf([known], { hideHistory: true }));
      expect(all[r]).toEqual(alone);
    }
  });

  test('leave out places that found nothing, and articles that the shop no longer has or hides', async () => {
    const vectors = { ...VECTORS, shown: (article: number) => article !== 7 };
    expect(await found({ near: [-1, 6, -1, 7], selling: [7, 0] }, { vectors })).toEqual([
      [6, ['TWO_TOWER']],
      [0, ['TRENDING']],
    ]);
  });

  test('are none if no source finds any, and for an empty batch', async () => {
    expect(await found({})).toEqual([]);
    expect(
      await candidatesOf({
        ...findingOf([{}]),
        histories: [],
        together: [],
        bands: new Int32Array(0),
        nearest: async () => [],
      }),
    ).toEqual([]);
  });

  test('can be picked by place', async () => {
    const [all] = await candidatesOf(findingOf([{ own: [5], together: [9, 4], near: [4, 6] }]));
    const picked = pickCandidates(all, [2, 0]);
    expect([...picked.articles]).toEqual([4, 5]);
    expect([...picked.found]).toEqual([all.found[2], all.found[0]]);
    expect([...picked.cosines, ...picked.together]).toEqual([
      all.cosines[2], all.cosines[0], all.together[2], all.together[0],
    ]); // prettier-ignore
  });
});

test('no source that reads a list of the moment may bring more than the list has', () => {
  for (const { limit } of [TRENDING, TRENDING_PEERS, NEW_ARRIVALS]) expect(limit).toBeLessThanOrEqual(LISTED);
});

test('a feature belongs to one source at most', () => {
  const features = SOURCES.flatMap((source) => ('feature' in source ? [source.feature] : []));
  expect(new Set(features).size).toBe(features.length);
});

test('own purchases are distinct, latest first', () => {
  const history = [4, 2, 4, 9, 2].map((article, i) => ({ article, at: 100 - i }));
  expect(ownPurchases(history)).toEqual([4, 2, 9]);
  expect(ownPurchases([])).toEqual([]);
});

test('the most popular articles are ordered by the last week, then the month, then by index', () => {
  //             0  1  2  3  4  5
  const week = [0, 2, 5, 2, 0, 2];
  const month = [9, 2, 5, 8, 0, 2];
  expect([...mostPopular(week, month, 10)]).toEqual([2, 3, 1, 5, 0]);
  expect([...mostPopular(week, month, 2)]).toEqual([2, 3]);
  expect([...mostPopular([0, 0], [0, 0], 5)]).toEqual([]);
});

describe('new arrivals', () => {
  test('are the articles first sold within four weeks, by sales a day since then', () => {
    //            new     old  10 a day  not sold  1 a day, half a day old  the last moment
    const ages = [7, 28.01, 2, Number.NaN, 0.5, 28];
    const month = [7, 900, 20, 0, 1, 1];
    const sold = { month, ages, ofProduct: month.map(() => 0), neverSold: (article: number) => month[article] === 0 };
    expect([...newArrivals(sold, 9)]).toEqual([2, 0, 4, 5]);
    expect([...newArrivals(sold, 1)]).toEqual([2]);
  });

  test('have in each third place an article that was never sold, by the sales of others of its product', () => {
    const ages = [1, 2, 3, 4, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 40];
    const month = [9, 9, 9, 9, 0, 0, 0, 0, 9];
    const ofProduct = [0, 0, 0, 0, 2, 7, 0, 5, 8];
    // Article 7 was sold long ago.
    const sold = { month, ages, ofProduct, neverSold: (article: number) => month[article] === 0 && article !== 7 };
    expect([...newArrivals(sold, 9)]).toEqual([0, 1, 5, 2, 3, 4]);
    expect([...newArrivals(sold, 3)]).toEqual([0, 1, 5]);
    expect([...newArrivals({ ...sold, ages: ages.map(() => Number.NaN) }, 9)]).toEqual([5, 4]);
  });
});

test('the sales of its product are the mean of the others that have sold', () => {
  const empty = new Float32Array(5);
  const { ofProduct, arrivals } = createMoment({
    now: 1_000_000,
    sales: { week: empty, month: Float32Array.of(4, 0, 2, 9, 3) },
    long: { quarter: empty, ever: empty, idle: empty },
    prices: empty,
    ages: empty.map(() => Number.NaN),
    peers: [],
    // The first three articles are of one product, the next article is of another, and the last has
    // no product.
    productOf: (article) => (article < 3 ? 0 : article === 3 ? 1 : null),
  });
  expect([...ofProduct]).toEqual([2, 3, 4, 0, 0]);
  expect([...arrivals]).toEqual([1]);
});

describe('the most popular articles among peers', () => {
  test('are those that the band bought most, and between equals those that everybody bought most', () => {
    const month = Float32Array.of(50_000, 4_000, 1_000, 0, 6_000);
    const sold = peerSales(Float32Array.of(100, 300, 300, 0, 0), month, 10);
    expect([...sold.trending]).toEqual([1, 2, 0]);
    // A band that bought little counts less than all customers together.
    expect([...peerSales(Float32Array.of(1, 3, 3, 0, 0), month, 10).trending]).toEqual([0, 1, 2]);
    expect([...peerSales(Float32Array.of(100, 300, 300, 0, 0), month, 2).trending]).toEqual([1, 2]);
  });

  test('can be looked up article by article, though only sold articles are kept', () => {
    const random = createRandom(8);
    const buyers = Float32Array.from({ length: 500 }, () => Math.max(0, random.int(9) - 6));
    const month = buyers.map((count) => count * 3);
    const sold = peerSales(buyers, month, 5);
    expect(sold.share).toBeCloseTo(1 / 3, 5);
    expect(Array.from({ length: 502 }, (_, article) => buyersOf(sold, article))).toEqual([...buyers, 0, 0]);
  });

  test('are none if nobody bought or nobody was counted', () => {
    const sold = peerSales(new Float32Array(3), new Float32Array(3), 5);
    expect(sold).toEqual({
      articles: new Int32Array(0),
      buyers: new Float32Array(0),
      share: 0,
      trending: new Int32Array(0),
    });
  });
});

test('a moment counts hidden articles, but none of its lists holds them', () => {
  const month = Float32Array.of(9, 8, 7, 6, 0);
  const facts = {
    now: 1_000_000,
    sales: { week: month, month },
    long: { quarter: month, ever: month, idle: new Float32Array(5) },
    prices: new Float32Array(5),
    ages: Float32Array.of(100, 3, 3, 100, Number.NaN),
    peers: [Float32Array.of(5, 4, 3, 2, 0)],
    productOf: (article: number) => article % 2,
  };
  const hidden = new Set([0, 2]);
  const [all, shown] = [createMoment(facts), createMoment({ ...facts, shown: (article) => !hidden.has(article) })];
  expect([...all.trending]).toEqual([0, 1, 2, 3]);
  expect([...shown.trending]).toEqual([1, 3]);
  expect([...all.arrivals]).toEqual([1, 2, 4]);
  expect([...shown.arrivals]).toEqual([1, 4]);
  expect([...all.peers[0].trending]).toEqual([0, 1, 2, 3]);
  expect([...shown.peers[0].trending]).toEqual([1, 3]);
  expect(shown.ofProduct).toEqual(all.ofProduct);
  expect(shown.peers[0].articles).toEqual(all.peers[0].articles);
});
