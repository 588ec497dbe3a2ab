// Articles that are like something, ranked: by their texts, by what is bought together, at most a few of one product. Knows
// neither where texts come from nor how they are embedded.
import type { LiveShop } from './live-shop';
import type { SimilarArticle } from './types';

/** What is needed of a shop. */
export interface AlikeShop extends Pick<LiveShop, 'catalogue' | 'similar'> {
  readonly habits: Pick<LiveShop['habits'], 'coPurchases'>;
  readonly vectors: Pick<LiveShop['vectors'], 'vectorOf'>;
}

/** What something is compared with. */
export interface Likeness {
  /** Catalogue index of the article that others are like: it is not among them. Undefined: words, in a search. */
  readonly article?: number;
  readonly first: number;
  /** The share of co-purchases in the score, 0 to 1. */
  readonly coPurchase: number;
  /** Articles of one product at most. */
  readonly perProduct: number;
}

/** Searched besides what is asked for: of one product there may be dozens, of which few are kept. */
const SPARE = 64;

/** Ranks what is like each vector [n, dim]. */
export function rankAlike(shop: AlikeShop, vectors: Float32Array, wanted: readonly Likeness[]): SimilarArticle[][] {
  const size = shop.catalogue.size;
  let k = Math.min(size, Math.max(0, ...wanted.map(({ first }) => first)) * 2 + SPARE);
  for (;;) {
    const found = shop.similar(
      vectors,
      k,
      wanted.map(({ article }) => article),
    );
    const lists = wanted.map((likeness, r) => rank(shop, found[r], likeness));
    // Rarely most of what is near is of one product: then farther away.
    if (k >= size || lists.every((list, r) => list.length >= wanted[r].first)) return lists;
    k = Math.min(size, k * 4);
  }
}

interface Near {
  readonly article: number;
  readonly score: number;
}

function rank(
  shop: AlikeShop,
  near: readonly Near[],
  { article: own, first, coPurchase, perProduct }: Likeness,
): SimilarArticle[] {
  const { catalogue } = shop;
  const candidates = own === undefined || coPurchase === 0 ? near : blend(shop, near, own, coPurchase);
  const ofProduct = new Map<number, number>();
  return candidates
    .filter(({ article }) => {
      if (article === own) return false;
      const product = catalogue.productOf(article);
      if (product === null) return true;
      const count = (ofProduct.get(product) ?? 0) + 1;
      ofProduct.set(product, count);
      return count <= perProduct;
    })
    .slice(0, first)
    .map(({ article, score }, i) => ({
      articleKey: catalogue.keys[article],
      articleId: catalogue.ids[article],
      rank: i + 1,
      score: Math.max(-1, Math.min(1, score)),
    }));
}

/**
 * Scores of text and of purchases, weighted. Purchases count by how near an article is to the one that is bought with this
 * most of all. What is bought together but not like it in words is as near in words as the farthest that was found, at most.
 */
function blend(shop: AlikeShop, near: readonly Near[], own: number, share: number): Near[] {
  const { width, neighbours, nearness } = shop.habits.coPurchases;
  const together = new Map<number, number>();
  for (let n = own * width; n < (own + 1) * width && neighbours[n] >= 0; n++) {
    // Sorted: the first is the nearest. An article that is gone has no vector.
    if (shop.vectors.vectorOf(neighbours[n])) together.set(neighbours[n], nearness[n] / nearness[own * width]);
  }
  if (together.size === 0) return [...near];
  const farthest = near.at(-1)?.score ?? 0;
  const texts = new Map(near.map(({ article, score }) => [article, score]));
  for (const article of together.keys()) if (!texts.has(article)) texts.set(article, farthest);
  return Array.from(texts, ([article, score]) => ({
    article,
    score: (1 - share) * score + share * (together.get(article) ?? 0),
  })).sort((a, b) => b.score - a.score || a.article - b.article);
}
