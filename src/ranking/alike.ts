// Ranks articles that are like something: like an article, or like the words of a search. The
// stages are those of recommendations: retrieve by texts, score by texts and purchases together,
// and arrange a few of each product.
import type { Catalogue } from '../features/catalogue';
import { leaned, type VectorParts } from '../features/vector-parts';
import type { CoPurchases } from '../statistics/co-purchase';
import { fewOfEachProduct } from './arrange/per-product';
import { dotRow } from './vector-rows';

/** The articles of a shop, as far as comparing them requires. */
export interface AlikeArticles {
  readonly catalogue: Pick<Catalogue, 'size' | 'productOf'>;
  /** The two parts of the vectors of texts, undefined if the vectors have only one part. */
  readonly textParts: VectorParts | undefined;
  /** The `k` articles whose texts are nearest to each vector [n, dim], best first. */
  similar(vectors: Float32Array, k: number): Promise<Alike[][]>;
  /** The vector of an article's text, by catalogue index. Undefined if it may not be shown. */
  textVectorOf(article: number): Float32Array | undefined;
}

export type AlikePurchases = Pick<CoPurchases, 'width' | 'neighbours' | 'nearness'>;

export interface Alike {
  /** Catalogue index. */
  readonly article: number;
  /**
   * −1 to 1: the weighted cosine of looks and taste between the two texts, blended with how often
   * this article is bought together with the one that was asked about.
   */
  readonly score: number;
}

/** A request for articles that are like something. */
export interface Likeness {
  /** Catalogue index of the article to compare with. Undefined for the words of a search. */
  readonly article?: number;
  readonly first: number;
  /** The share of co-purchases in the score, 0 to 1. */
  readonly coPurchase: number;
  /** Maximum number of articles of one product. */
  readonly perProduct: number;
}

/**
 * The default share of co-purchases. At this share, articles that are bought together rise among
 * the similar articles, and no dissimilar articles enter the list.
 */
export const CO_PURCHASE_SHARE = 0.08;

/**
 * The share of taste in the likeness of two texts, if their vectors tell taste from looks. Taste
 * decides among articles that look alike, but rarely outweighs the looks. If a request asks for a
 * larger share of co-purchases, taste gets that larger share too, since taste predicts purchases of
 * articles that no customer has bought yet.
 */
const TASTE_SHARE = 0.15;

/**
 * Number of extra articles to find, since only a few of the many articles of one product are kept.
 */
const SPARE = 64;

/** Ranks the articles that are similar to each text vector [n, dim], best first. */
export async function rankAlike(
  articles: AlikeArticles,
  coPurchases: AlikePurchases,
  vectors: Float32Array,
  wanted: readonly Likeness[],
): Promise<Alike[][]> {
  const tastes = wanted.map(({ coPurchase }) => Math.max(TASTE_SHARE, coPurchase));
  const queries = articles.textParts ? leaned(vectors, articles.textParts, tastes) : vectors;
  const dim = queries.length / wanted.length;
  const { size } = articles.catalogue;
  let k = Math.min(size, Math.max(0, ...wanted.map(({ first }) => first)) * 2 + SPARE);
  for (;;) {
    const near = await articles.similar(queries, k);
    const lists = wanted.map((one, r) => {
      const own = queries.subarray(r * dim, (r + 1) * dim);
      return arrange(articles, score(articles, coPurchases, own, near[r], one), one);
    });
    // If most of the nearest articles are of one product, the search is widened.
    if (k >= size || lists.every((list, r) => list.length >= wanted[r].first)) return lists;
    k = Math.min(size, k * 4);
  }
}

function arrange(
  { catalogue }: AlikeArticles,
  scored: readonly Alike[],
  { article: own, first, perProduct }: Likeness,
): Alike[] {
  const others = scored.filter(({ article }) => article !== own);
  return fewOfEachProduct(others, (article) => catalogue.productOf(article), perProduct)
    .slice(0, first)
    .map(({ article, score: likeness }) => ({ article, score: Math.max(-1, Math.min(1, likeness)) }));
}

/**
 * Blends the likeness of texts with purchases. Purchases count relative to the article that is most
 * often bought with the given article. For articles that are bought together, the likeness of their
 * texts counts too.
 */
function score(
  articles: AlikeArticles,
  { width, neighbours, nearness }: AlikePurchases,
  vector: Float32Array,
  near: readonly Alike[],
  { article: own, coPurchase: share }: Likeness,
): readonly Alike[] {
  if (own === undefined || share === 0) return near;
  const texts = new Map(near.map(({ article, score: likeness }) => [article, likeness]));
  const together = new Map<number, number>();
  const cosineTo = (other: number): number | undefined => {
    const text = articles.textVectorOf(other);
    return text && dotRow(vector, text, 0);
  };
  for (let n = own * width; n < (own + 1) * width && neighbours[n] >= 0; n++) {
    const other = neighbours[n];
    const text = texts.get(other) ?? cosineTo(other);
    if (text === undefined) continue;
    texts.set(other, text);
    // Neighbours are sorted: the first is the nearest.
    together.set(other, nearness[n] / nearness[own * width]);
  }
  if (together.size === 0) return near;
  return Array.from(texts, ([article, likeness]) => ({
    article,
    score: (1 - share) * likeness + share * (together.get(article) ?? 0),
    // The sort is stable: equal scores stay in the order of the texts.
  })).sort((a, b) => b.score - a.score);
}
