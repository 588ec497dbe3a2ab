// What is like an article: texts and purchases blended, over a shop made by hand whose cosines can be read off.
import { CoPurchases } from '../src/features/co-purchase';
import { rankAlike, type AlikeShop } from '../src/recommend/alike';

/** Cosines to the first article, which is bought with those of NEARNESS, the last of which is gone. */
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
    } as unknown as AlikeShop['catalogue'],
    habits: { coPurchases: new CoPurchases(width, neighbours, nearness) },
    textVectorOf: (article) => (article === GONE ? undefined : vectors[article]),
    similar: () => [live.slice(0, found).map((article) => ({ article, score: COSINES[article] }))],
  };
}

function alike(coPurchase: number, shop = shopOf()) {
  const [list] = rankAlike(shop, Float32Array.of(1, 0), [{ article: 0, first: 5, coPurchase, perProduct: 2 }]);
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

test('an article that is gone is not alike, however often it was bought', () => {
  for (const share of [0.1, 0.5, 1]) expect(alike(share).map(([article]) => article)).not.toContain(GONE);
});
