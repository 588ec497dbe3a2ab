// What goes into a recommender and what comes out: the joint between ranked articles and whoever shows them.
// Batches only: n requests in, n results out, same order, each a value or an Error. Knows no GraphQL, no models.

import type { ArticleRow, CustomerRow } from '../data/store';
import type { SourceName } from '../features/candidates';

export type { SourceName };

export interface RecommendationRequest {
  readonly customerId: string;
  /** The customer's row when the caller has read it, null when the caller knows that there is none. */
  readonly customer?: CustomerRow | null;
  /** How many articles at most. */
  readonly first: number;
}

export interface Recommendation {
  readonly articleKey: number;
  readonly articleId: string;
  /** From 1, the best. */
  readonly rank: number;
  /** 0..1, higher is better: how likely this is bought by a customer who buys anything soon. */
  readonly score: number;
  readonly source: SourceName;
  /** Whether nothing is known of the customer's purchases. */
  readonly coldStart: boolean;
}

export interface SimilarRequest {
  readonly articleId: string;
  /** The article's row when the caller has read it, null when the caller knows that there is none. */
  readonly article?: ArticleRow | null;
  /** How many articles at most. */
  readonly first: number;
}

export interface SimilarArticle {
  readonly articleKey: number;
  readonly articleId: string;
  /** From 1, the most alike. */
  readonly rank: number;
  /** Cosine of the two articles' embeddings, −1..1. */
  readonly score: number;
}

/** Batch functions, one object for the whole process. */
export interface Recommender {
  /** An unknown customer is an ordinary request: the answer is marked as a cold start. */
  recommend(requests: readonly RecommendationRequest[]): Promise<(Recommendation[] | Error)[]>;
  /** null: there is no such article. */
  similar(requests: readonly SimilarRequest[]): Promise<(SimilarArticle[] | null | Error)[]>;
}
