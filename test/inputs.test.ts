// What the models are fed: shapes and weights of histories, the features of pairs, and candidates put together from sources.
import type { ArticleRow } from '../src/data/store';
import {
  CANDIDATE_LIMITS,
  MAX_CANDIDATES,
  mergeCandidates,
  mostPopular,
  ownPurchases,
  type Found,
} from '../src/features/candidates';
import { Catalogue } from '../src/features/catalogue';
import { EncoderFit, HISTORY, type Encoder } from '../src/features/encoder';
import { articleInputs, customerInputs, historyInputs } from '../src/features/inputs';
import {
  PAIR_FEATURES,
  PAIR_WIDTH,
  PAST_LIMIT,
  writePairFeatures,
  type Candidates,
  type PastPurchase,
} from '../src/features/pairs';
import { createRandom } from '../src/random';
import { articleRow, customerRow } from './rows';

/** Article i (from 0): its colour, type and tags tell them apart; the last one came after the encoder was fitted. */
const ARTICLES: ArticleRow[] = Array.from({ length: 40 }, (_, i) =>
  articleRow(i + 1, {
    colourGroupName: `colour ${i % 5}`,
    productTypeName: `type ${i % 3}`,
    attributes: { tag: [`tag ${i % 7}`, `tag ${i % 4}`].slice(0, 1 + (i % 2)) },
  }),
);
const NEW = ARTICLES.length - 1;

const encoder = fitted();
const catalogue = new Catalogue(encoder);
catalogue.put(ARTICLES);

describe('inputs of the article tower', () => {
  test('are slot, single-valued ids and multi-valued ids with weights, row by row', () => {
    const batch = articleInputs(catalogue, [3, 0, 3, NEW]);
    expect(shapesOf(batch)).toEqual({
      article_id: [4],
      article_single: [4, 2],
      'article_attributes.tag': [4, 2],
      'weights.article_attributes.tag': [4, 2],
    });
    expect([...batch.article_id.data]).toEqual([4, 1, 4, 0]);
    const { single, multi } = encoder.articles([3, 0, 3, NEW].map((i) => ARTICLES[i]));
    expect(batch.article_single.data).toEqual(single);
    expect(batch['article_attributes.tag'].data).toEqual(multi[0].ids);
    expect(batch['weights.article_attributes.tag'].data).toEqual(multi[0].weights);
  });

  test('of no article are empty, not absent', () => {
    expect(shapesOf(articleInputs(catalogue, []))).toMatchObject({ article_id: [0], article_single: [0, 2] });
  });
});

describe('inputs of the query tower', () => {
  test('are a customer’s own columns, as the encoder gives them', () => {
    const encoded = encoder.customers([customerRow(1, { age: 20 }), null, customerRow(2, { age: 59 })]);
    const batch = customerInputs(encoder.customerLayout, encoded);
    expect(shapesOf(batch)).toEqual({ customer_single: [3, 1] });
    expect([...batch.customer_single.data]).toEqual([1, 0, 16]);
  });

  test('have the shapes that the models declare, also for customers without purchases', () => {
    expect(shapesOf(historyInputs(catalogue, [[0], [], [1, 2, 3]]))).toEqual({
      last_id: [3],
      history_id: [3, HISTORY],
      history_id_weights: [3, HISTORY],
      history_single: [3, 2, HISTORY],
      'weights.history_single': [3, 2, HISTORY],
      'history_attributes.tag': [3, HISTORY * 2],
      'weights.history_attributes.tag': [3, HISTORY * 2],
    });
  });

  test('hold the history newest first, and the newest by itself', () => {
    const batch = historyInputs(catalogue, [[5, 2, NEW, 5]]);
    expect([...batch.last_id.data]).toEqual([6]);
    expect([...batch.history_id.data].slice(0, 5)).toEqual([6, 3, 0, 6, 0]);
    const { single } = encoder.articles([5, 2, NEW, 5].map((i) => ARTICLES[i]));
    // [single, HISTORY]: all types of the history first, then all colours.
    for (const feature of [0, 1]) {
      const from = feature * HISTORY;
      expect([...batch.history_single.data].slice(from, from + 5)).toEqual([
        ...[0, 1, 2, 3].map((h) => single[h * 2 + feature]),
        0,
      ]);
    }
  });

  test.each([1, 2, 7, HISTORY])('weigh a history of %i so that weights fall with age and sum to 1', (length) => {
    const batch = historyInputs(catalogue, [Array.from({ length }, (_, i) => i)]);
    const weights = [...batch.history_id_weights.data];
    expect(sum(weights)).toBeCloseTo(1, 5);
    for (let h = 1; h < length; h++) {
      expect(weights[h]).toBeLessThan(weights[h - 1]);
      expect(weights[h]).toBeGreaterThan(0);
    }
    expect(weights.slice(length).every((weight) => weight === 0)).toBe(true);
    // The same for every column; the values of one multi-valued column share their purchase's weight.
    expect([...batch['weights.history_single'].data]).toEqual([...weights, ...weights]);
    const tags = batch['weights.history_attributes.tag'].data;
    weights.forEach((weight, h) => expect(tags[h * 2] + tags[h * 2 + 1]).toBeCloseTo(weight, 6));
  });

  test('are all zeros for an empty history', () => {
    const batch = historyInputs(catalogue, [[], [1]]);
    const alone = historyInputs(catalogue, [[]]);
    for (const { data } of Object.values(alone)) expect([...data].every((value) => value === 0)).toBe(true);
    expect(sum(batch.history_id_weights.data.subarray(0, HISTORY))).toBe(0);
  });

  test('read no more than HISTORY purchases', () => {
    const long = Array.from({ length: HISTORY + 10 }, (_, i) => i);
    expect(historyInputs(catalogue, [long])).toEqual(historyInputs(catalogue, [long.slice(0, HISTORY)]));
  });

  test('are for many customers what they are for each alone', () => {
    const histories = [[4, 5, 6], [], [NEW], Array.from({ length: 30 }, (_, i) => i)];
    const together = historyInputs(catalogue, histories);
    histories.forEach((history, r) => {
      for (const [name, { data }] of Object.entries(historyInputs(catalogue, [history]))) {
        expect(together[name].data.subarray(r * data.length, (r + 1) * data.length)).toEqual(data);
      }
    });
  });

  test('keep two columns apart of which one is called as the other’s weights', () => {
    const rows = [1, 2].map((key) =>
      articleRow(key, { attributes: { tag: ['soap', 'hand'], tag_weights: ['heavy', 'light', 'middling'] } }),
    );
    const fit = new EncoderFit();
    fit.addArticles(rows);
    const other = new Catalogue(fit.finish([]));
    other.put(rows);
    // Four inputs for the two columns beside the article's own slot.
    expect(Object.keys(articleInputs(other, [0, 1]))).toHaveLength(5);
  });
});

describe('the features of a pair', () => {
  const DAY = 86_400;
  const NOW = 1_600_000_000;
  const sales = { week: new Float32Array(ARTICLES.length), month: new Float32Array(ARTICLES.length) };
  sales.week.set([0, 3, 500], 0);
  sales.month.set([0, 4, 9_000], 0);
  const names = Object.keys(PAIR_FEATURES) as (keyof typeof PAIR_FEATURES)[];
  const featuresOf = (article: number, past: readonly PastPurchase[], cosine = 0.5, of = sales) => {
    const out = new Float32Array(PAIR_WIDTH);
    writePairFeatures(out, 0, listOf([article], cosine), past, of, NOW);
    return Object.fromEntries(names.map((name, f) => [name, out[f]])) as Record<keyof typeof PAIR_FEATURES, number>;
  };

  test('are finite and of the order of 1 for whatever was bought and sold, whenever', () => {
    const random = createRandom(31);
    const moments = [NOW, NOW - 1, NOW - 8 * DAY, 0, NOW + 400 * DAY, NOW - 40_000 * DAY];
    for (let round = 0; round < 200; round++) {
      const past = Array.from({ length: random.int(PAST_LIMIT) }, () => ({
        article: random.int(ARTICLES.length),
        at: moments[random.int(moments.length)],
      }));
      const wild = { week: Float32Array.of(random.int(1e6)), month: Float32Array.of(random.int(1e7)) };
      // Article 39 has no place in these sales at all: it came after they were counted.
      const features = Object.values(featuresOf(random.int(2) * NEW, past, random.next() * 2 - 1, wild));
      for (const value of features) {
        expect(Number.isFinite(value)).toBe(true);
        expect(Math.abs(value)).toBeLessThan(10);
      }
    }
  });

  test('are all nothing but the cosine for an article that nobody bought, this customer included', () => {
    const { cosine, ...rest } = featuresOf(0, []);
    expect(cosine).toBe(0.5);
    expect(Object.values(rest).every((value) => value === 0)).toBe(true);
  });

  test('tell that an article was bought, how often and how lately', () => {
    const past = [
      { article: 7, at: NOW - 7 * DAY },
      { article: 8, at: NOW - 8 * DAY },
      { article: 7, at: NOW - 300 * DAY },
    ];
    const seven = featuresOf(7, past);
    expect(seven.own).toBe(1);
    expect(seven.times_bought).toBeCloseTo(Math.log(3), 5);
    // The latest of the two counts: a week ago.
    expect(seven.bought_within_week).toBeCloseTo(Math.exp(-1), 5);
    expect(seven.bought_within_month).toBeCloseTo(Math.exp(-7 / 30), 5);
    expect(featuresOf(8, past).bought_within_week).toBeLessThan(seven.bought_within_week);
    expect(featuresOf(9, past)).toMatchObject({ own: 0, times_bought: 0, bought_within_half_year: 0 });
  });

  test('take a purchase of the future as one of this moment', () => {
    expect(featuresOf(7, [{ article: 7, at: NOW + DAY }])).toEqual(featuresOf(7, [{ article: 7, at: NOW }]));
    expect(featuresOf(7, [{ article: 7, at: NOW }]).bought_within_week).toBe(1);
  });

  test('rise with what sells, and the trend with what sells more than it did', () => {
    const [none, some, much] = [0, 1, 2].map((article) => featuresOf(article, []));
    expect(some.sales_week).toBeGreaterThan(none.sales_week);
    expect(much.sales_month).toBeGreaterThan(some.sales_month);
    expect(some.trend).toBeGreaterThan(0); // three of four in the last week
    expect(much.trend).toBeLessThan(0); // 500 of 9,000
  });

  test('are written from the row on that is named, and nowhere else', () => {
    const out = new Float32Array(4 * PAIR_WIDTH).fill(-7);
    writePairFeatures(out, 1, listOf([1, 2], 0.25), [], sales, NOW);
    expect([...out.subarray(0, PAIR_WIDTH), ...out.subarray(3 * PAIR_WIDTH)].every((value) => value === -7)).toBe(true);
    expect([out[PAIR_WIDTH], out[2 * PAIR_WIDTH]]).toEqual([0.25, 0.25]);
    expect([...out.subarray(PAIR_WIDTH, 3 * PAIR_WIDTH)]).not.toContain(-7);
  });

  test('are not written where there is no room for them', () => {
    const write = () => {
      writePairFeatures(new Float32Array(2 * PAIR_WIDTH), 1, listOf([1, 2]), [], sales, NOW);
    };
    expect(write).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
  });
});

describe('candidates', () => {
  const merge = (found: Partial<Found>) =>
    mergeCandidates({ OWN_PURCHASES: [], TWO_TOWER: [], POPULAR: [], ...found }, (article) => article / 1_000);

  test('are each there once, by the first source that found them: own purchases, then taste, then what sells', () => {
    const { articles, sources } = merge({ OWN_PURCHASES: [5, 1], TWO_TOWER: [2, 1, 3], POPULAR: [3, 5, 4, 2] });
    expect([...articles]).toEqual([5, 1, 2, 3, 4]);
    expect(sources).toEqual(['OWN_PURCHASES', 'OWN_PURCHASES', 'TWO_TOWER', 'TWO_TOWER', 'POPULAR']);
  });

  test('come with the cosine of each', () => {
    const { cosines } = merge({ TWO_TOWER: [250, 500], POPULAR: [250, 125] });
    expect([...cosines]).toEqual([0.25, 0.5, 0.125]);
  });

  test('are no more than each source may bring', () => {
    const many = (from: number) => Array.from({ length: 300 }, (_, i) => from + i);
    const { articles, sources } = merge({ OWN_PURCHASES: many(0), TWO_TOWER: many(1_000), POPULAR: many(2_000) });
    for (const [source, limit] of Object.entries(CANDIDATE_LIMITS)) {
      expect(sources.filter((one) => one === source)).toHaveLength(limit);
    }
    expect(articles).toHaveLength(MAX_CANDIDATES);
    expect([...articles].slice(0, 3)).toEqual([0, 1, 2]);
  });

  test('leave places out that found nothing, wherever they are', () => {
    const { articles, sources } = merge({ TWO_TOWER: Int32Array.of(-1, 7, -1), POPULAR: [-1, 0] });
    expect([...articles]).toEqual([7, 0]);
    expect(sources).toEqual(['TWO_TOWER', 'POPULAR']);
  });

  test('are none where no source finds any', () => {
    expect(merge({})).toEqual({ articles: new Int32Array(0), sources: [], cosines: new Float32Array(0) });
  });

  test('of own purchases are distinct, latest first', () => {
    const past = [4, 2, 4, 9, 2].map((article, i) => ({ article, at: 100 - i }));
    expect(ownPurchases(past)).toEqual([4, 2, 9]);
    expect(ownPurchases([])).toEqual([]);
  });

  test('of what sells are by the last week, then the month, then by index', () => {
    //             0  1  2  3  4  5
    const week = [0, 2, 5, 2, 0, 2];
    const month = [9, 2, 5, 8, 0, 2];
    expect(mostPopular(week, month, 10)).toEqual([2, 3, 1, 5, 0]);
    expect(mostPopular(week, month, 2)).toEqual([2, 3]);
    expect(mostPopular([0, 0], [0, 0], 5)).toEqual([]);
  });
});

function fitted(): Encoder {
  const fit = new EncoderFit();
  fit.addArticles(ARTICLES);
  fit.addCustomers(Array.from({ length: 40 }, (_, i) => customerRow(i, { age: 20 + i })));
  return fit.finish(ARTICLES.slice(0, NEW).map(({ id }) => id));
}

function listOf(articles: number[], cosine = 0): Candidates {
  return {
    articles: Int32Array.from(articles),
    sources: articles.map(() => 'POPULAR' as const),
    cosines: new Float32Array(articles.length).fill(cosine),
  };
}

function shapesOf(batch: Readonly<Record<string, { shape: readonly number[]; data: ArrayLike<number> }>>) {
  return Object.fromEntries(
    Object.entries(batch).map(([name, { data, shape }]) => {
      expect(data).toHaveLength(shape.reduce((product, size) => product * size, 1));
      return [name, shape];
    }),
  );
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}
