// What goes into a recommender and what comes out: the joint between ranked articles and whoever
// shows them. Batches only: n requests in, n results out, same order, each a value or an Error.
// Knows no GraphQL, no models.

import type { ArticleRow, CustomerRow } from '../data/store/store';
import type { SimilarArticle } from '../ranking/alike';
import type { SourceName } from '../ranking/candidates';
import type { Mortal } from './lifetime';

export type { SimilarArticle, SourceName };

export interface RecommendationRequest extends Mortal {
  readonly customerId: string;
  /**
   * The customer's row when the caller has read it, null when the caller knows that there is none.
   */
  readonly customer?: CustomerRow | null;
  /** How many articles at most. */
  readonly first: number;
  /** Whether to leave out what the customer has had. Default false: people buy again. */
  readonly excludePurchased?: boolean;
  /** Hears how the list came about, once it has; absent: nobody asks. */
  readonly trace?: (trace: RecommendationTrace) => void;
}

export interface Recommendation {
  readonly articleKey: number;
  readonly articleId: string;
  /** From 1, the best. */
  readonly rank: number;
  /**
   * 0..1, higher is better: how likely this is bought by a customer who buys anything soon. What
   * never sold may stand above its score.
   */
  readonly score: number;
  readonly source: SourceName;
  /** All sources that found it. */
  readonly sources: readonly SourceName[];
  /**
   * The key of the earlier purchase that brought it up: of which it is a variant, or with which
   * others buy it.
   */
  readonly because: number | null;
  /** Whether nobody has bought it yet: it may have been given its place to be seen at all. */
  readonly neverSold: boolean;
  /** Whether nothing is known of the customer's purchases. */
  readonly coldStart: boolean;
}

/** How one list of recommendations came about. */
export interface RecommendationTrace {
  /** Requests that shared the run. */
  readonly batch: number;
  /** Purchases of the customer that were read. */
  readonly purchases: number;
  /** How many candidates each source brought; one that several found counts for each. */
  readonly found: ReadonlyMap<SourceName, number>;
  /** Distinct candidates that were scored. */
  readonly candidates: number;
  /**
   * Stages of the run with when they began, by performance.now(), and how many milliseconds they
   * took.
   */
  readonly stages: readonly { readonly name: string; readonly begun: number; readonly ms: number }[];
}

export interface SimilarRequest extends Mortal {
  readonly articleId: string;
  /**
   * The article's row when the caller has read it, null when the caller knows that there is none.
   */
  readonly article?: ArticleRow | null;
  /** How many articles at most. */
  readonly first: number;
  /**
   * What is bought together with it, against what it is like: 0 is its text alone, 1 purchases
   * alone; `CO_PURCHASE_SHARE` if absent.
   */
  readonly coPurchase?: number;
  /** Articles of one product at most, which differ in colour mostly. Default 2. */
  readonly perProduct?: number;
}

export interface SearchRequest extends Mortal {
  readonly text: string;
  /** How many articles at most. */
  readonly first: number;
}

export interface TrendingRequest {
  /** How many articles at most. */
  readonly first: number;
}

export interface TrendingArticle {
  readonly articleKey: number;
  readonly articleId: string;
  /** From 1, what most customers bought. */
  readonly rank: number;
  /** Customers who bought it in the last seven days. */
  readonly buyersLastWeek: number;
}

/** What a running shop knows of an article besides its row. */
export interface ArticleFacts {
  /** Mean price paid in the last four weeks; null: not sold, or nobody knows. */
  readonly price: number | null;
  /** Keys of the other articles of the same product. */
  readonly variants: readonly number[];
}

/** Batch functions, one object for the whole process. */
export interface Recommender {
  /** An unknown customer is an ordinary request: the answer is marked as a cold start. */
  recommend(requests: readonly RecommendationRequest[]): Promise<(Recommendation[] | Error)[]>;
  /** null: there is no such article. */
  similar(requests: readonly SimilarRequest[]): Promise<(SimilarArticle[] | null | Error)[]>;
  /** The articles whose texts are nearest to a few words, at most two of the same product. */
  search(requests: readonly SearchRequest[]): Promise<(SimilarArticle[] | Error)[]>;
  /** What sells at the moment. */
  trending(requests: readonly TrendingRequest[]): Promise<(TrendingArticle[] | Error)[]>;
  /** null: an article, by key, that the running shop does not know yet. */
  facts(articleKeys: readonly number[]): Promise<(ArticleFacts | null | Error)[]>;
}
