// What one request carries: DataLoaders over the store and the recommender, made afresh for each so that nothing leaks
// between customers. Every read of a query goes through here, so its statements and model runs are counted in one place.

import DataLoader from 'dataloader';
import type { ArticleRow, CustomerRow, Page, PurchaseRow, PurchasesRequest, Store } from '../data/store';
import type {
  Recommendation,
  RecommendationRequest,
  Recommender,
  SimilarArticle,
  SimilarRequest,
} from '../recommend/types';
import { createStageTimer, type StageTimer } from '../telemetry';

export interface Context {
  readonly customers: {
    readonly byId: DataLoader<string, CustomerRow | null>;
    page(first: number, afterKey?: number): Promise<Page<CustomerRow>>;
  };
  readonly articles: {
    readonly byId: DataLoader<string, ArticleRow | null>;
    readonly byKey: DataLoader<number, ArticleRow | null>;
    page(first: number, afterKey?: number): Promise<Page<ArticleRow>>;
  };
  readonly purchases: DataLoader<PurchasesRequest, Page<PurchaseRow>, string>;
  readonly recommendations: DataLoader<RecommendationRequest, Recommendation[], string>;
  readonly similar: DataLoader<SimilarRequest, SimilarArticle[] | null, string>;
  /** Where the time of the request went. */
  readonly timer: StageTimer;
}

export interface ContextParts {
  readonly store: Store;
  readonly recommender: Recommender;
}

export function createContext({ store, recommender }: ContextParts): Context {
  const timer = createStageTimer();

  /** A loader whose batches are measured as `stage`. Requests that are objects are told apart by `keyOf`. */
  const load = <Key, Value>(
    stage: string,
    read: (keys: readonly Key[]) => Promise<ArrayLike<Value | Error>>,
  ): DataLoader<Key, Value> => new DataLoader((keys) => timer.measure(stage, () => read(keys)));
  const loadBy = <Key, Value>(
    keyOf: (key: Key) => string,
    stage: string,
    read: (keys: readonly Key[]) => Promise<ArrayLike<Value | Error>>,
  ): DataLoader<Key, Value, string> =>
    new DataLoader((keys) => timer.measure(stage, () => read(keys)), { cacheKeyFn: keyOf });

  return {
    timer,
    customers: {
      byId: load('customers', (ids) => store.customersById(ids)),
      page: (first, afterKey) => timer.measure('customers', () => store.customersPage(first, afterKey)),
    },
    articles: {
      byId: load('articles', (ids) => store.articlesById(ids)),
      byKey: load('articles', (keys) => store.articlesByKey(keys)),
      page: (first, afterKey) => timer.measure('articles', () => store.articlesPage(first, afterKey)),
    },
    purchases: loadBy(
      ({ customerKey, first, after }) => JSON.stringify([customerKey, first, after]),
      'purchases',
      (requests) => store.purchasesPages(requests),
    ),
    recommendations: loadBy(
      ({ customerId, first }) => JSON.stringify([customerId, first]),
      'recommend',
      (requests) => recommender.recommend(requests),
    ),
    similar: loadBy(
      ({ articleId, first }) => JSON.stringify([articleId, first]),
      'similar',
      (requests) => recommender.similar(requests),
    ),
  };
}
