// What one request carries: DataLoaders over the store and the recommender, made afresh for each so
// that nothing leaks between customers. Every read of a query goes through here, so its statements
// and model runs are counted in one place.

import DataLoader from 'dataloader';
import type {
  ArticleRow,
  CustomerRow,
  Order,
  Page,
  PurchaseRow,
  PurchasesRequest,
  RecordedOrder,
  Store,
} from '../../data/store/store';
import type {
  ArticleFacts,
  Recommendation,
  RecommendationRequest,
  RecommendationTrace,
  Recommender,
  SearchRequest,
  SimilarArticle,
  SimilarRequest,
  TrendingArticle,
  TrendingRequest,
} from '../../serving/types';
import type { Lifetime } from '../../serving/lifetime';
import { createStageTimer, type StageTimer } from '../../telemetry/traces';
import type { Turns } from './turns';

export interface Context {
  readonly customers: {
    readonly byId: DataLoader<string, CustomerRow | null>;
    page(first: number, afterKey?: number): Promise<Page<CustomerRow>>;
    active(first: number): Promise<CustomerRow[]>;
  };
  readonly articles: {
    readonly byId: DataLoader<string, ArticleRow | null>;
    readonly byKey: DataLoader<number, ArticleRow | null>;
    /** By key: what the running shop knows besides. */
    readonly facts: DataLoader<number, ArticleFacts | null>;
    page(first: number, afterKey?: number): Promise<Page<ArticleRow>>;
  };
  readonly purchases: DataLoader<PurchasesRequest, Page<PurchaseRow>, string>;
  readonly recommendations: DataLoader<RecommendationRequest, Recommendation[], string>;
  readonly similar: DataLoader<SimilarRequest, SimilarArticle[] | null, string>;
  readonly search: DataLoader<SearchRequest, SimilarArticle[], string>;
  readonly trending: DataLoader<TrendingRequest, TrendingArticle[], string>;
  /** Records an order; what is asked for after it in the same operation knows of it. */
  recordOrder(order: Order): Promise<RecordedOrder>;
  /** Where the time of the request went. */
  readonly timer: StageTimer;
  /** How each list of recommendations came about; undefined: nobody asked. */
  readonly traces: TracedList[] | undefined;
}

export interface TracedList extends RecommendationTrace {
  readonly customerId: string;
}

export interface ContextParts {
  readonly store: Store;
  readonly recommender: Recommender;
  /** For statements of requests; those within a list are gathered already. */
  readonly turns: Turns;
}

export interface ContextOptions {
  /** When it is over nothing more is read or recorded. */
  readonly lifetime: Lifetime;
  /** Whether the client wants to know how the answer came about. */
  readonly traced: boolean;
}

type BatchOf<Key, Value> = (keys: readonly Key[]) => Promise<ArrayLike<Value | Error>>;

export function createContext(
  { store, recommender, turns }: ContextParts,
  { lifetime, traced }: ContextOptions,
): Context {
  const timer = createStageTimer();
  const traces: TracedList[] | undefined = traced ? [] : undefined;

  /** Measures work as `stage`. What has begun is finished: an order is recorded or it is not. */
  const begin = async <Result>(stage: string, work: () => Promise<Result>): Promise<Result> => {
    lifetime.throwIfOver();
    return timer.measure(stage, work);
  };
  /**
   * A statement of its own. It may have to wait for its turn, and nobody may want it any more then.
   */
  const read = <Result>(stage: string, statement: () => Promise<Result>): Promise<Result> =>
    begin(stage, () =>
      turns.run(() => {
        lifetime.throwIfOver();
        return statement();
      }),
    );
  /**
   * A loader whose batches are run by `how` as `stage`. Keys that are objects are told apart by
   * `keyOf`.
   */
  const load = <Key, Value>(how: typeof begin, stage: string, batch: BatchOf<Key, Value>): DataLoader<Key, Value> =>
    new DataLoader((keys) => how(stage, () => batch(keys)));
  const loadBy = <Key, Value>(
    keyOf: (key: Key) => string,
    how: typeof begin,
    stage: string,
    batch: BatchOf<Key, Value>,
  ): DataLoader<Key, Value, string> => new DataLoader((keys) => how(stage, () => batch(keys)), { cacheKeyFn: keyOf });

  const recommend = (requests: readonly RecommendationRequest[]) =>
    recommender.recommend(
      requests.map((request) => ({
        ...request,
        lifetime,
        ...(traces && { trace: (trace) => traces.push({ customerId: request.customerId, ...trace }) }),
      })),
    );
  const context: Context = {
    timer,
    traces,
    customers: {
      byId: load(read, 'customers', (ids) => store.customersById(ids)),
      page: (first, afterKey) => read('customers', () => store.customersPage(first, afterKey)),
      active: (first) => read('customers', () => store.activeCustomers(first)),
    },
    articles: {
      byId: load(read, 'articles', (ids) => store.articlesById(ids)),
      byKey: load(read, 'articles', (keys) => store.articlesByKey(keys)),
      facts: load(begin, 'facts', (keys) => recommender.facts(keys)),
      page: (first, afterKey) => read('articles', () => store.articlesPage(first, afterKey)),
    },
    purchases: loadBy(
      ({ customerKey, first, after }) => JSON.stringify([customerKey, first, after]),
      read,
      'purchases',
      (requests) => store.purchasesPages(requests),
    ),
    recommendations: loadBy(
      ({ customerId, first, excludePurchased }) => JSON.stringify([customerId, first, excludePurchased]),
      begin,
      'recommend',
      recommend,
    ),
    similar: loadBy(
      ({ articleId, first, coPurchase, perProduct }) => JSON.stringify([articleId, first, coPurchase, perProduct]),
      begin,
      'similar',
      (requests) => recommender.similar(requests.map((request) => ({ ...request, lifetime }))),
    ),
    search: loadBy(
      ({ text, first }) => JSON.stringify([text, first]),
      begin,
      'search',
      (requests) => recommender.search(requests.map((request) => ({ ...request, lifetime }))),
    ),
    trending: loadBy(
      ({ first }) => String(first),
      begin,
      'trending',
      (requests) => recommender.trending(requests),
    ),
    async recordOrder(order) {
      const recorded = await begin('record', () => store.recordOrder(order));
      for (const loader of [context.customers.byId, context.purchases, context.recommendations]) loader.clearAll();
      return recorded;
    },
  };
  return context;
}
