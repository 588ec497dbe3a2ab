// The requests and answers of a recommender: the interface between ranking and the code that shows
// the results. Every function takes a batch: n requests in, n results out, in the same order, each
// a value or an Error.

import type { ArticleRow, CustomerRow } from '../data/store/store';
import type { SourceName } from '../ranking/sources/sources';
import type { Mortal } from './lifetime';

export interface RecommendationRequest extends Mortal {
  readonly customerId: string;
  /** The customer's row if the caller has read it, null if the caller found none. */
  readonly customer?: CustomerRow | null;
  /** Maximum number of articles. */
  readonly first: number;
  /**
   * Leaves out the articles that the customer has bought. Default: false, since people buy articles
   * again.
   */
  readonly excludePurchased?: boolean;
  /** Receives a trace of how the list was made, once the list is complete. */
  readonly trace?: (trace: RecommendationTrace) => void;
}

export interface Recommendation {
  readonly articleKey: number;
  readonly articleId: string;
  /** From 1, which is the best. */
  readonly rank: number;
  /**
   * 0..1, higher is better: the probability that a customer who buys anything soon buys this
   * article. An article that was never sold may be ranked higher than its score implies.
   */
  readonly score: number;
  readonly source: SourceName;
  /** All sources that found the article. */
  readonly sources: readonly SourceName[];
  /**
   * The key of the purchased article that led to this recommendation: another variant, or an
   * article that is often bought together with the recommended one.
   */
  readonly because: number | null;
  /**
   * Whether no customer has bought the article yet. Such an article may be ranked higher so that
   * customers see it at all.
   */
  readonly neverSold: boolean;
  /** Whether the customer has no purchases. */
  readonly coldStart: boolean;
}

/** How one list of recommendations came about. */
export interface RecommendationTrace {
  /** Number of requests that shared the run. */
  readonly batch: number;
  /** Number of the customer's purchases that were read. */
  readonly purchases: number;
  /**
   * Number of candidates that each source found. A candidate of several sources counts for each of
   * them.
   */
  readonly found: ReadonlyMap<SourceName, number>;
  /** Number of distinct candidates that were scored. */
  readonly candidates: number;
  /** The stages of the run: the start of each by performance.now(), and its duration in ms. */
  readonly stages: readonly { readonly name: string; readonly begun: number; readonly ms: number }[];
}

export interface SimilarRequest extends Mortal {
  readonly articleId: string;
  /** The article's row if the caller has read it, null if the caller found none. */
  readonly article?: ArticleRow | null;
  /** Maximum number of articles. */
  readonly first: number;
  /**
   * The share of purchases in the score: 0 uses the text alone, 1 purchases alone. Default:
   * `CO_PURCHASE_SHARE`.
   */
  readonly coPurchase?: number;
  /** Maximum number of articles of one product, which mostly differ in colour. Default: 2. */
  readonly perProduct?: number;
}

export interface SimilarArticle {
  readonly articleKey: number;
  readonly articleId: string;
  /** From 1, which is the most similar. */
  readonly rank: number;
  /** −1..1: the similarity of both articles, see `Alike`. */
  readonly score: number;
}

export interface SearchRequest extends Mortal {
  readonly text: string;
  /** Maximum number of articles. */
  readonly first: number;
}

export interface TrendingRequest {
  /** Maximum number of articles. */
  readonly first: number;
}

export interface TrendingArticle {
  readonly articleKey: number;
  readonly articleId: string;
  /** From 1, which is the article that most customers bought. */
  readonly rank: number;
  /** Number of customers who bought the article in the last seven days. */
  readonly buyersLastWeek: number;
}

/** Facts of an article that the running shop knows besides its row. */
export interface ArticleFacts {
  /** The median of the prices paid in the last four weeks, null if unknown. */
  readonly price: number | null;
  /** The shop's currency, ISO 4217, null if unknown. */
  readonly currency: string | null;
  /** Keys of the other articles of the same product. */
  readonly variants: readonly number[];
}

/** Batch functions for the whole process. */
export interface Recommender {
  /**
   * Recommends articles. An unknown customer is an ordinary request, whose answer is marked as a
   * cold start.
   */
  recommend(requests: readonly RecommendationRequest[]): Promise<(Recommendation[] | Error)[]>;
  /** Finds similar articles. The result is null if there is no such article. */
  similar(requests: readonly SimilarRequest[]): Promise<(SimilarArticle[] | null | Error)[]>;
  /** The articles whose texts are nearest to the words, at most two of one product. */
  search(requests: readonly SearchRequest[]): Promise<(SimilarArticle[] | Error)[]>;
  /** The articles that sell at the moment. */
  trending(requests: readonly TrendingRequest[]): Promise<(TrendingArticle[] | Error)[]>;
  /** Returns facts by article key, null for an article that the running shop does not know yet. */
  facts(articleKeys: readonly number[]): Promise<(ArticleFacts | null | Error)[]>;
}
