// Everything that one GraphQL request carries. Each request has its own DataLoaders over the store
// and the recommender, so nothing leaks from one customer to another. All reads of a query go
// through this context, so it can limit them and measure their time.

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
import type { Keys } from '../../access/keys';
import type { Principal } from '../../access/principal';
import type { AuditRow } from '../../data/store/access/access-store';
import type { Lifetime } from '../../serving/lifetime';
import { createStageTimer, type StageTimer } from '../../telemetry/traces';
import type { Turns } from './operation/turns';

export interface Context {
  /** Who asks. Rights to fields were checked before the operation runs (rights/check.ts). */
  readonly principal: Principal;
  readonly keys: Keys;
  /** Changes that were made, the newest first, from before the entry `before`. */
  audit(first: number, before?: number): Promise<AuditRow[]>;
  readonly customers: {
    readonly byId: DataLoader<string, CustomerRow | null>;
    page(first: number, afterKey?: number): Promise<Page<CustomerRow>>;
    active(first: number): Promise<CustomerRow[]>;
  };
  readonly articles: {
    readonly byId: DataLoader<string, ArticleRow | null>;
    readonly byKey: DataLoader<number, ArticleRow | null>;
    /** Prices and variants by the article's key. */
    readonly facts: DataLoader<number, ArticleFacts | null>;
    page(first: number, afterKey?: number): Promise<Page<ArticleRow>>;
  };
  readonly purchases: DataLoader<PurchasesRequest, Page<PurchaseRow>, string>;
  readonly recommendations: DataLoader<RecommendationRequest, Recommendation[], string>;
  readonly similar: DataLoader<SimilarRequest, SimilarArticle[] | null, string>;
  readonly search: DataLoader<SearchRequest, SimilarArticle[], string>;
  readonly trending: DataLoader<TrendingRequest, TrendingArticle[], string>;
  /** Records an order. Later fields of the same operation see it. */
  recordOrder(order: Order): Promise<RecordedOrder>;
  /** Time of each stage. */
  readonly timer: StageTimer;
  /** How each list of recommendations was made. Undefined if the client did not ask for a trace. */
  readonly traces: TracedList[] | undefined;
}

export interface TracedList extends RecommendationTrace {
  readonly customerId: string;
}

export interface ContextParts {
  readonly keys: Keys;
  readonly store: Store;
  readonly recommender: Recommender;
  /** Limits how many statements of all requests run at the same time. */
  readonly turns: Turns;
}

export interface ContextOptions {
  readonly principal: Principal;
  /** Lifetime of the request. When it has ended, nothing more is read or recorded. */
  readonly lifetime: Lifetime;
  /** Whether the client asks how the answer was made. */
  readonly traced: boolean;
}

export function createContext(
  { keys, store, recommender, turns }: ContextParts,
  { principal, lifetime, traced }: ContextOptions,
): Context {
  const timer = createStageTimer();
  const traces: TracedList[] | undefined = traced ? [] : undefined;
  const work = measuredWork(timer, lifetime, turns);
  const rows = rowLoaders(store, work.read);
  const lists = listLoaders(recommender, work.begin, lifetime, traces);
  return {
    principal,
    keys,
    audit: (first, before) => work.read('audit', () => store.access.auditEntries(first, before)),
    timer,
    traces,
    customers: rows.customers,
    articles: { ...rows.articles, facts: lists.facts },
    purchases: rows.purchases,
    recommendations: lists.recommendations,
    similar: lists.similar,
    search: lists.search,
    trending: lists.trending,
    async recordOrder(order) {
      const recorded = await work.begin('record', () => store.recordOrder(order));
      for (const loader of [rows.customers.byId, rows.purchases, lists.recommendations]) loader.clearAll();
      return recorded;
    },
  };
}

/** Runs `work` and measures it as the stage with this name. */
type Run = <Result>(stage: string, work: () => Promise<Result>) => Promise<Result>;

function measuredWork(
  timer: StageTimer,
  lifetime: Lifetime,
  turns: Turns,
): { readonly begin: Run; readonly read: Run } {
  /**
   * Measures the work. Work that has begun is always finished, so that an order is never half
   * recorded.
   */
  const begin: Run = async (stage, work) => {
    lifetime.throwIfOver();
    return timer.measure(stage, work);
  };
  return {
    begin,
    /**
     * Runs a statement in its turn. The client may have gone by then, so the lifetime is checked
     * again.
     */
    read: (stage, statement) =>
      begin(stage, () =>
        turns.run(() => {
          lifetime.throwIfOver();
          return statement();
        }),
      ),
  };
}

/** Makes the loaders for rows of the store. */
function rowLoaders(store: Store, read: Run): Pick<Context, 'customers' | 'purchases'> & { articles: ArticleRows } {
  return {
    customers: {
      byId: new DataLoader((ids) => read('customers', () => store.customersById(ids))),
      page: (first, afterKey) => read('customers', () => store.customersPage(first, afterKey)),
      active: (first) => read('customers', () => store.activeCustomers(first)),
    },
    articles: {
      byId: new DataLoader((ids) => read('articles', () => store.articlesById(ids))),
      byKey: new DataLoader((keys) => read('articles', () => store.articlesByKey(keys))),
      page: (first, afterKey) => read('articles', () => store.articlesPage(first, afterKey)),
    },
    purchases: new DataLoader((requests) => read('purchases', () => store.purchasesPages(requests)), {
      cacheKeyFn: ({ customerKey, first, after }) => JSON.stringify([customerKey, first, after]),
    }),
  };
}

type ArticleRows = Omit<Context['articles'], 'facts'>;
type Lists = Pick<Context, 'recommendations' | 'similar' | 'search' | 'trending'> & Pick<Context['articles'], 'facts'>;

/** Makes the loaders for ranked lists and for the recommender's facts about articles. */
function listLoaders(
  recommender: Recommender,
  begin: Run,
  lifetime: Lifetime,
  traces: TracedList[] | undefined,
): Lists {
  const traceOf = ({ customerId }: RecommendationRequest) =>
    traces && { trace: (trace: RecommendationTrace) => void traces.push({ customerId, ...trace }) };
  return {
    facts: new DataLoader((keys) => begin('facts', () => recommender.facts(keys))),
    recommendations: new DataLoader(
      (requests) =>
        begin('recommend', () =>
          recommender.recommend(requests.map((request) => ({ ...request, lifetime, ...traceOf(request) }))),
        ),
      {
        cacheKeyFn: ({ customerId, first, excludePurchased }) => JSON.stringify([customerId, first, excludePurchased]),
      },
    ),
    similar: new DataLoader(
      (requests) => begin('similar', () => recommender.similar(requests.map((request) => ({ ...request, lifetime })))),
      {
        cacheKeyFn: ({ articleId, first, coPurchase, perProduct }) =>
          JSON.stringify([articleId, first, coPurchase, perProduct]),
      },
    ),
    search: new DataLoader(
      (requests) => begin('search', () => recommender.search(requests.map((request) => ({ ...request, lifetime })))),
      { cacheKeyFn: ({ text, first }) => JSON.stringify([text, first]) },
    ),
    trending: new DataLoader((requests) => begin('trending', () => recommender.trending(requests)), {
      cacheKeyFn: ({ first }) => String(first),
    }),
  };
}
