// What is like an article: texts and purchases blended, over a shop made by hand whose cosines can
// be read off.
import { CoPurchases } from '../../src/statistics/co-purchase';
import { dotRow } from '../../src/ranking/vector-rows';
import { rankAlike, type AlikeShop } from '../../src/ranking/alike';

/**
 * Cosines to the first article, which is bought with those of NEARNESS, the last of which is gone.
 */
const COSINES = [1, 0.9, 0.8, 0.1, 0.7, 0.6];
const NEARNESS = new Map([
  [3, 0.4],
  [4, 0.2],
  [5, 0.1],
]);
const GONE = 5;

/** @param found how many the index finds of what is nearest in words */
function shopOf(found = COSINES.length): AlikeShop {
  const vectors = COSINES.map((cosine) => Float32Array.of(cosine, Math.sqrt(1 - cosine ** 2)));
  const width = NEARNESS.size;
  const neighbours = new Int32Array(COSINES.length * width).fill(-1);
  const nearness = new Float32Array(COSINES.length * width);
  neighbours.set([...NEARNESS.keys()]);
  nearness.set([...NEARNESS.values()]);
  const live = [0, 1, 2, 4, 3];
  return {
    catalogue: {
      size: COSINES.length,
      keys: COSINES.map((_, i) => i),
      ids: COSINES.map((_, i) => `a${String(i)}`),
      productOf: () => null,
    },
    habits: { coPurchases: new CoPurchases(width, neighbours, nearness) },
    textParts: undefined,
    textVectorOf: (article) => (article === GONE ? undefined : vectors[article]),
    similar: async () => [live.slice(0, found).map((article) => ({ article, score: COSINES[article] }))],
  };
}

async function alike(coPurchase: number, shop = shopOf()) {
  const [list] = await rankAlike(shop, Float32Array.of(1, 0), [{ article: 0, first: 5, coPurchase, perProduct: 2 }]);
  return list.map(({ articleKey, score }) => [articleKey, Number(score.toFixed(4))]);
}

test('without a share of purchases the cosine of the texts decides', () => {
  expect(alike(0)).toEqual([
    [1, 0.9],
    [2, 0.8],
    [4, 0.7],
    [3, 0.1],
  ]);
});

test('with all of it what is bought together does, by how near each is to the one bought most', () => {
  expect(alike(1).slice(0, 2)).toEqual([
    [3, 1],
    [4, 0.5],
  ]);
});

test('a small share moves what is alike and bought together up, and lets no stranger in', () => {
  expect(alike(0.3)).toEqual([
    [4, 0.64],
    [1, 0.63],
    [2, 0.56],
    [3, 0.37],
  ]);
});

test('what purchases do not tell apart stays in the order of the texts', () => {
  expect(
    alike(1)
      .slice(2)
      .map(([article]) => article),
  ).toEqual([1, 2]);
  const [list] = rankAlike(
    { ...shopOf(), similar: () => [[2, 1].map((article) => ({ article, score: 0.5 }))] },
    Float32Array.of(1, 0),
    [{ article: 0, first: 4, coPurchase: 1, perProduct: 2 }],
  );
  expect(list.map(({ articleKey }) => articleKey)).toEqual([3, 4, 2, 1]);
});

test('what is bought together counts by its own cosine also where the search for texts does not find it', () => {
  expect(alike(0.3, shopOf(3))).toEqual(alike(0.3));
});

describe('where vectors are of two parts, looks and taste', () => {
  /**
   * Three numbers of looks, two of taste, a fifth of the cosine: the one article looks the same,
   * the other has the same taste.
   */
  const textParts = { from: 3, share: 0.2 };
  const [looks, taste] = [Math.sqrt(0.8), Math.sqrt(0.2)];
  const own = Float32Array.of(looks, 0, 0, taste, 0);
  const vectors = [own, Float32Array.of(looks, 0, 0, 0, taste), Float32Array.of(0, looks, 0, taste, 0)];
  /**
   * Bought with the first article: nothing, or another, which the search for texts does not find
   * then.
   */
  const shopWith = (bought?: number): AlikeShop => {
    const neighbours = new Int32Array(vectors.length).fill(-1);
    if (bought !== undefined) neighbours[0] = bought;
    return {
      ...shopOf(vectors.length),
      habits: { coPurchases: new CoPurchases(1, neighbours, new Float32Array(vectors.length).fill(0.5)) },
      textParts,
      textVectorOf: (article) => vectors[article],
      similar: (queries) =>
        Array.from({ length: queries.length / own.length }, (_, r) =>
          vectors.flatMap((vector, article) =>
            article === bought ? [] : [{ article, score: dotRow(vector, queries, own.length * r) }],
          ),
        ),
    };
  };
  const shop = shopWith();
  const scores = (...shares: number[]): number[][] =>
    rankAlike(
      shop,
      Float32Array.from(shares.flatMap(() => [...own])),
      shares.map((coPurchase) => ({ article: 0, first: 2, coPurchase, perProduct: 2 })),
    ).map((list) => [1, 2].map((key) => list.find(({ articleKey }) => articleKey === key)?.score ?? Number.NaN));

  test('looks count more, as much as the share of purchases leaves them, in each request by itself', () => {
    const [none, some, most] = scores(0, 0.4, 1);
    [
      [none, [0.85, 0.15]],
      [some, [0.6, 0.4]],
      [most, [0, 1]],
    ].forEach(([got, expected]) => got.forEach((score, i) => expect(score).toBeCloseTo(expected[i], 6)));
  });

  test('what is bought together counts by its weighed likeness also where the search for texts does not find it', () => {
    const [list] = rankAlike(shopWith(2), own, [{ article: 0, first: 2, coPurchase: 0.4, perProduct: 2 }]);
    expect(list.map(({ articleKey }) => articleKey)).toEqual([2, 1]);
    expect(list[0].score).toBeCloseTo(0.6 * 0.4 + 0.4, 6);
    expect(list[1].score).toBeCloseTo(0.6 * 0.6, 6);
  });

  test('vectors that are of one part are not touched', () => {
    const [list] = rankAlike({ ...shop, textParts: undefined }, own, [
      { article: 0, first: 2, coPurchase: 0.4, perProduct: 2 },
    ]);
    expect(list[0].score).toBeCloseTo(0.8, 6);
    expect(list[1].score).toBeCloseTo(0.2, 6);
  });
});

test('an article that is gone is not alike, however often it was bought', () => {
  for (const share of [0.1, 0.5, 1]) expect(alike(share).map(([article]) => article)).not.toContain(GONE);
});
