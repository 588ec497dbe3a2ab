// Articles that are like something, ranked: by their texts, by what is bought together, at most a
// few of one product. Knows neither where texts come from nor by what they are embedded.
import type { Catalogue } from '../features/catalogue';
import { leaned, type VectorParts } from '../features/vector-parts';
import type { Habits } from '../statistics/habits';
import { dotRow } from './vector-rows';

/** What is needed of a shop. */
export interface AlikeShop {
  readonly catalogue: Pick<Catalogue, 'size' | 'keys' | 'ids' | 'productOf'>;
  readonly habits: Pick<Habits, 'coPurchases'>;
  /** What vectors of texts are made of, where they are of two parts. */
  readonly textParts: VectorParts | undefined;
  /**
   * The `k` articles whose texts are nearest to each vector [n, dim], best first: catalogue index
   * and dot product.
   */
  similar(vectors: Float32Array, k: number): Promise<{ article: number; score: number }[][]>;
  /** The vector of an article's text, by catalogue index; undefined where the article is gone. */
  textVectorOf(article: number): Float32Array | undefined;
}

export interface SimilarArticle {
  readonly articleKey: number;
  readonly articleId: string;
  /** From 1, the most alike. */
  readonly rank: number;
  /**
   * How alike the two texts are, −1..1: the cosine of their embeddings, looks and taste weighed;
   * blended with how often both are bought, 0..1, where that was asked for.
   */
  readonly score: number;
}

/** What something is compared with. */
export interface Likeness {
  /**
   * Catalogue index of the article that others are like: it is not among them. Undefined: words, in
   * a search.
   */
  readonly article?: number;
  readonly first: number;
  /** The share of co-purchases in the score, 0 to 1. */
  readonly coPurchase: number;
  /** Articles of one product at most. */
  readonly perProduct: number;
}

/**
 * The share of co-purchases where a request does not say: it brings what is bought together among
 * what is alike, and no strangers.
 */
export const CO_PURCHASE_SHARE = 0.08;

/**
 * How much of the likeness of two texts is that of their tastes, where their vectors tell it from
 * looks: it decides among what looks alike, and hardly against it. The share of co-purchases, where
 * it is greater: what nobody has bought is asked for by what its text foretells.
 */
const TASTE_SHARE = 0.15;

/**
 * Searched besides what is asked for: of one product there may be dozens, of which few are kept.
 */
const SPARE = 64;

/** Ranks what is like each vector of a text [n, dim]. */
export async function rankAlike(
  shop: AlikeShop,
  vectors: Float32Array,
  wanted: readonly Likeness[],
): Promise<SimilarArticle[][]> {
  const tastes = wanted.map(({ coPurchase }) => Math.max(TASTE_SHARE, coPurchase));
  const queries = shop.textParts ? leaned(vectors, shop.textParts, tastes) : vectors;
  const size = shop.catalogue.size;
  let k = Math.min(size, Math.max(0, ...wanted.map(({ first }) => first)) * 2 + SPARE);
  for (;;) {
    const found = await shop.similar(queries, k);
    const dim = queries.length / wanted.length;
    const lists = wanted.map((one, r) => rank(shop, queries.subarray(r * dim, (r + 1) * dim), found[r], one));
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
  vector: Float32Array,
  near: readonly Near[],
  { article: own, first, coPurchase, perProduct }: Likeness,
): SimilarArticle[] {
  const { catalogue } = shop;
  const candidates = own === undefined || coPurchase === 0 ? near : blend(shop, vector, near, own, coPurchase);
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
 * Scores of text and of purchases, weighted. Purchases count by how near an article is to the one
 * that is bought with this most of all; of what is bought together, too, it counts how alike it is
 * in words.
 */
function blend(shop: AlikeShop, vector: Float32Array, near: readonly Near[], own: number, share: number): Near[] {
  const { width, neighbours, nearness } = shop.habits.coPurchases;
  const texts = new Map(near.map(({ article, score }) => [article, score]));
  const together = new Map<number, number>();
  const cosineTo = (other: number): number | undefined => {
    const text = shop.textVectorOf(other);
    return text && dotRow(vector, text, 0);
  };
  for (let n = own * width; n < (own + 1) * width && neighbours[n] >= 0; n++) {
    const other = neighbours[n];
    const text = texts.get(other) ?? cosineTo(other);
    // One that is gone has none.
    if (text === undefined) continue;
    texts.set(other, text);
    // Sorted: the first is the nearest.
    together.set(other, nearness[n] / nearness[own * width]);
  }
  if (together.size === 0) return [...near];
  return Array.from(texts, ([article, score]) => ({
    article,
    score: (1 - share) * score + share * (together.get(article) ?? 0),
    // Stable: what purchases do not tell apart stays in the order of the texts.
  })).sort((a, b) => b.score - a.score);
}
