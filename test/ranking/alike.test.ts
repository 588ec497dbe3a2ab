// Tests articles that are similar to an article, by texts and purchases together. The shop is made
// by hand, so that its cosines are known.
import { CoPurchases } from '../../src/statistics/co-purchase';
import { dotRow } from '../../src/ranking/vector-rows';
import { rankAlike, type AlikeArticles, type AlikePurchases, type Likeness } from '../../src/ranking/alike';

/**
 * The cosine of each article to the first article. The first article is bought together with the
 * articles of NEARNESS, the last of which is gone.
 */
const COSINES = [1, 0.9, 0.8, 0.1, 0.7, 0.6];
const NEARNESS = new Map([
  [3, 0.4],
  [4, 0.2],
  [5, 0.1],
]);
const GONE = 5;

interface AlikeShop {
  readonly articles: AlikeArticles;
  readonly coPurchases: AlikePurchases;
}

/** @param found number of nearest texts that the index finds */
function shopOf(found = COSINES.length): AlikeShop {
  const vectors = COSINES.map((cosine) => Float32Array.of(cosine, Math.sqrt(1 - cosine ** 2)));
  const width = NEARNESS.size;
  const neighbours = new Int32Array(COSINES.length * width).fill(-1);
  const nearness = new Float32Array(COSINES.length * width);
  neighbours.set([...NEARNESS.keys()]);
  nearness.set([...NEARNESS.values()]);
  const live = [0, 1, 2, 4, 3];
  return {
    articles: {
      catalogue: { size: COSINES.length, productOf: () => null },
      textParts: undefined,
      textVectorOf: (article) => (article === GONE ? undefined : vectors[article]),
      similar: async () => [live.slice(0, found).map((article) => ({ article, score: COSINES[article] }))],
    },
    coPurchases: new CoPurchases(width, neighbours, nearness),
  };
}

async function alike(coPurchase: number, shop = shopOf()): Promise<[article: number, score: number][]> {
  const [list] = await rank(shop, Float32Array.of(1, 0), { article: 0, first: 5, coPurchase, perProduct: 2 });
  return list.map(({ article, score }) => [article, Number(score.toFixed(4))]);
}

function rank({ articles, coPurchases }: AlikeShop, vectors: Float32Array, ...wanted: Likeness[]) {
  return rankAlike(articles, coPurchases, vectors, wanted);
}

test('without a share of purchases the cosine of the texts decides', async () => {
  expect(await alike(0)).toEqual([
    [1, 0.9],
    [2, 0.8],
    [4, 0.7],
    [3, 0.1],
  ]);
});

test('with the whole share purchases decide, relative to the article bought with it most often', async () => {
  expect((await alike(1)).slice(0, 2)).toEqual([
    [3, 1],
    [4, 0.5],
  ]);
});

test('with a small share articles that are alike and bought together come forward, and no stranger comes in', async () => {
  expect(await alike(0.3)).toEqual([
    [4, 0.64],
    [1, 0.63],
    [2, 0.56],
    [3, 0.37],
  ]);
});

test('articles with equal purchases stay in the order of the texts', async () => {
  expect((await alike(1)).slice(2).map(([article]) => article)).toEqual([1, 2]);
  const { articles, coPurchases } = shopOf();
  const similar = async () => [[2, 1].map((article) => ({ article, score: 0.5 }))];
  const equal = await alike(1, { articles: { ...articles, similar }, coPurchases });
  expect(equal.map(([article]) => article)).toEqual([3, 4, 2, 1]);
});

test('an article that is bought together counts by its own cosine even if the search for texts misses it', async () => {
  expect(await alike(0.3, shopOf(3))).toEqual(await alike(0.3));
});

describe('vectors of two parts, looks and taste', () => {
  /**
   * Vectors have three numbers of looks and two numbers of taste. The taste makes up a fifth of the
   * cosine. The second article has the same looks as the first, and the third has the same taste.
   */
  const textParts = { from: 3, share: 0.2 };
  const [looks, taste] = [Math.sqrt(0.8), Math.sqrt(0.2)];
  const own = Float32Array.of(looks, 0, 0, taste, 0);
  const vectors = [own, Float32Array.of(looks, 0, 0, 0, taste), Float32Array.of(0, looks, 0, taste, 0)];
  /**
   * @param bought an article that is bought together with the first one, and that the search for
   * texts misses
   */
  const shopWith = (bought?: number): AlikeShop => {
    const neighbours = new Int32Array(vectors.length).fill(-1);
    if (bought !== undefined) neighbours[0] = bought;
    return {
      articles: {
        catalogue: { size: vectors.length, productOf: () => null },
        textParts,
        textVectorOf: (article) => vectors[article],
        similar: async (queries) =>
          Array.from({ length: queries.length / own.length }, (_, r) =>
            vectors.flatMap((vector, article) =>
              article === bought ? [] : [{ article, score: dotRow(vector, queries, own.length * r) }],
            ),
          ),
      },
      coPurchases: new CoPurchases(1, neighbours, new Float32Array(vectors.length).fill(0.5)),
    };
  };
  const shop = shopWith();
  const scores = async (...shares: number[]): Promise<number[][]> => {
    const vectorsOf = Float32Array.from(shares.flatMap(() => [...own]));
    const wanted = shares.map((coPurchase) => ({ article: 0, first: 2, coPurchase, perProduct: 2 }));
    const lists = await rank(shop, vectorsOf, ...wanted);
    return lists.map((list) => [1, 2].map((key) => list.find(({ article }) => article === key)?.score ?? Number.NaN));
  };

  test('looks count as much as the share of purchases leaves them, in each request by itself', async () => {
    const [none, some, most] = await scores(0, 0.4, 1);
    [
      [none, [0.85, 0.15]],
      [some, [0.6, 0.4]],
      [most, [0, 1]],
    ].forEach(([got, expected]) => got.forEach((score, i) => expect(score).toBeCloseTo(expected[i], 6)));
  });

  test('an article that is bought together counts by its weighed likeness even if the search for texts misses it', async () => {
    const [list] = await rank(shopWith(2), own, { article: 0, first: 2, coPurchase: 0.4, perProduct: 2 });
    expect(list.map(({ article }) => article)).toEqual([2, 1]);
    expect(list[0].score).toBeCloseTo(0.6 * 0.4 + 0.4, 6);
    expect(list[1].score).toBeCloseTo(0.6 * 0.6, 6);
  });

  test('leave vectors of one part as they are', async () => {
    const [list] = await rank({ ...shop, articles: { ...shop.articles, textParts: undefined } }, own, {
      article: 0,
      first: 2,
      coPurchase: 0.4,
      perProduct: 2,
    });
    expect(list[0].score).toBeCloseTo(0.8, 6);
    expect(list[1].score).toBeCloseTo(0.2, 6);
  });
});

test('an article that is gone is not alike, however often it was bought', async () => {
  for (const share of [0.1, 0.5, 1]) {
    expect((await alike(share)).map(([article]) => article)).not.toContain(GONE);
  }
});
