// The requests and answers of a recommender: the joint between ranked articles and the code that
// shows them. Everything is a batch: n requests in, n results out, in the same order, each a value
// or an Error.

import type { ArticleRow, CustomerRow } from '../data/store/store';
import type { SourceName } from '../ranking/sources/sources';
import type { Mortal } from './lifetime';

export interface RecommendationRequest extends Mortal {
  readonly customerId: string;
  /** The customer's row if the caller has read it; null: the caller found none. */
  readonly customer?: CustomerRow | null;
  /** Articles at most. */
  readonly first: number;
  /** Leaves out the articles that the customer has bought. Default false: people buy again. */
  readonly excludePurchased?: boolean;
  /** Is told how the list came about, once it has. */
  readonly trace?: (trace: RecommendationTrace) => void;
}

export interface Recommendation {
  readonly articleKey: number;
  readonly articleId: string;
  /** From 1, the best. */
  readonly rank: number;
  /**
   * 0..1, higher is better: how likely a customer who buys anything soon buys this. An article that
   * was never sold may stand above its score.
   */
  readonly score: number;
  readonly source: SourceName;
  /** All sources that found it. */
  readonly sources: readonly SourceName[];
  /**
   * The key of the purchase that brought the article up: another variant of it, or an article that
   * others buy with it.
   */
  readonly because: number | null;
  /** Whether nobody has bought it yet. It may have its place to be seen at all. */
  readonly neverSold: boolean;
  /** Whether the customer has no purchases. */
  readonly coldStart: boolean;
}

/** How one list of recommendations came about. */
export interface RecommendationTrace {
  /** Requests that shared the run. */
  readonly batch: number;
  /** Purchases of the customer that were read. */
  readonly purchases: number;
  /** How many candidates each source brought. One that several found counts for each. */
  readonly found: ReadonlyMap<SourceName, number>;
  /** Distinct candidates that were scored. */
  readonly candidates: number;
  /** The stages of the run: when each began, by performance.now(), and its milliseconds. */
  readonly stages: readonly { readonly name: string; readonly begun: number; readonly ms: number }[];
}

export interface SimilarRequest extends Mortal {
  readonly articleId: string;
  /** The article's row if the caller has read it; null: the caller found none. */
  readonly article?: ArticleRow | null;
  /** Articles at most. */
  readonly first: number;
  /**
   * The share of purchases in the score: 0 is the text alone, 1 purchases alone. Default
   * `CO_PURCHASE_SHARE`.
   */
  readonly coPurchase?: number;
  /** Articles of one product at most. They differ in colour, mostly. Default 2. */
  readonly perProduct?: number;
}

export interface SimilarArticle {
  readonly articleKey: number;
  readonly articleId: string;
  /** From 1, the most alike. */
  readonly rank: number;
  /** −1..1: how alike both are, see `Alike`. */
  readonly score: number;
}

export interface SearchRequest extends Mortal {
  readonly text: string;
  /** Articles at most. */
  readonly first: number;
}

export interface TrendingRequest {
  /** Articles at most. */
  readonly first: number;
}

export interface TrendingArticle {
  readonly articleKey: number;
  readonly articleId: string;
  /** From 1, the article that most customers bought. */
  readonly rank: number;
  /** Customers who bought it in the last seven days. */
  readonly buyersLastWeek: number;
}

/** Facts of an article that the running shop knows besides its row. */
export interface ArticleFacts {
  /** The mean price paid in the last four weeks; null: unknown. */
  readonly price: number | null;
  /** Keys of the other articles of the same product. */
  readonly variants: readonly number[];
}

/** Batch functions for the whole process. */
export interface Recommender {
  /** An unknown customer is an ordinary request, whose answer is marked as a cold start. */
  recommend(requests: readonly RecommendationRequest[]): Promise<(Recommendation[] | Error)[]>;
  /** null: there is no such article. */
  similar(requests: readonly SimilarRequest[]): Promise<(SimilarArticle[] | null | Error)[]>;
  /** The articles whose texts are nearest to the words, at most two of one product. */
  search(requests: readonly SearchRequest[]): Promise<(SimilarArticle[] | Error)[]>;
  /** The articles that sell at the moment. */
  trending(requests: readonly TrendingRequest[]): Promise<(TrendingArticle[] | Error)[]>;
  /** By key; null: an article that the running shop does not know yet. */
  facts(articleKeys: readonly number[]): Promise<(ArticleFacts | null | Error)[]>;
}
