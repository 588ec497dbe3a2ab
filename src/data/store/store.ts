// The shop's rows as the program sees them: the interface of the store and the types of its rows.
// Values are raw; src/features decides what a model makes of them. open-store.ts opens it.

import type { Order, RecordedOrder } from './orders';
import type { Article, Customer, Purchase } from './prisma/client';
import type { PurchaseColumns } from './purchase-columns';

export type ArticleRow = Article;
export type CustomerRow = Customer;
export type PurchaseRow = Purchase;
export type { Order, PurchaseColumns, RecordedOrder };

export interface Page<T> {
  rows: T[];
  hasNext: boolean;
}

/** A place in a customer's purchases, newest first: pages go on behind it. */
export type PurchaseCursor = Pick<PurchaseRow, 'boughtAt' | 'articleKey' | 'line'>;

export interface PurchasesRequest {
  readonly customerKey: number;
  readonly first: number;
  readonly after?: PurchaseCursor;
}

/** A purchase as it is read where many are: no more of it than a recommendation needs. */
export type LatestPurchase = Pick<PurchaseRow, 'articleKey' | 'boughtAt' | 'price'>;

export interface CustomerWithPurchases {
  readonly customer: CustomerRow;
  /** Newest first. */
  readonly purchases: LatestPurchase[];
}

/** When an article's row was last changed, by the database's clock. */
export interface ArticleVersion {
  readonly key: number;
  readonly updatedAt: Date;
}

/** Every method fails as `databaseError` says: DATABASE_UNAVAILABLE, OVERLOADED, … */
export interface Store {
  /** In the order asked for; null where there is no such row. So for the two that follow. */
  customersById(ids: readonly string[]): Promise<(CustomerRow | null)[]>;
  articlesById(ids: readonly string[]): Promise<(ArticleRow | null)[]>;
  articlesByKey(keys: readonly number[]): Promise<(ArticleRow | null)[]>;
  /** By key ascending, after `afterKey`. */
  customersPage(first: number, afterKey?: number): Promise<Page<CustomerRow>>;
  articlesPage(first: number, afterKey?: number): Promise<Page<ArticleRow>>;
  /** Those who bought most of the shop's latest few thousand purchases, most first. */
  activeCustomers(first: number): Promise<CustomerRow[]>;
  /** At most `limit` each, newest first; [] for customers without any. */
  latestPurchases(customerKeys: readonly number[], limit: number): Promise<LatestPurchase[][]>;
  /**
   * Both at once, in one statement: customers by id, null where there is none, and the latest
   * purchases of each.
   */
  customersWithPurchases(ids: readonly string[], limit: number): Promise<(CustomerWithPurchases | null)[]>;
  /** Newest first, each behind its cursor. */
  purchasesPages(requests: readonly PurchasesRequest[]): Promise<(Page<PurchaseRow> | Error)[]>;
  /** Articles changed in the last seconds of the database's clock; all of them without. */
  articleVersions(withinSeconds?: number): Promise<ArticleVersion[]>;
  /** Differs whenever an article was added, changed or deleted since: cheap to compare. */
  articlesState(): Promise<string>;
  /**
   * To how many customers each article (by key) sold in the last days[i] days up to the clock, the
   * newest purchase: on live data that is now, on historic data its last day. Articles sold in none
   * of them are absent; no purchases: clock null.
   */
  articleSales(days: readonly number[]): Promise<{ clock: Date | null; sales: Map<number, ArticleSales> }>;
  /**
   * What each article (by key) sold in all its time, and in the `days` before the clock. Reads
   * every purchase: some seconds for tens of millions.
   */
  salesHistory(days: number): Promise<Map<number, SalesHistory>>;
  /**
   * To how many customers each article sold in the `days` before the clock, by their age: band 0
   * holds those of unknown age, band b those from bounds[b − 2] until before bounds[b − 1], the
   * first and last open. Bands that bought nothing are absent.
   */
  salesByAge(clock: Date, days: number, bounds: readonly number[]): Promise<BandSales[]>;
  /** All rows in key order, some thousands at a time. */
  streamArticles(): AsyncIterable<ArticleRow[]>;
  streamCustomers(): AsyncIterable<CustomerRow[]>;
  /** All purchases by (customer, time, article, line). `report` hears how many have been read. */
  readPurchases(report?: (rows: number) => void): Promise<PurchaseColumns>;
  counts(): Promise<ShopCounts>;
  /**
   * Keeps what was found for customers, in place of what was kept before; those of customers who
   * are gone are dropped.
   */
  saveLists(lists: readonly RecommendationList[], release: string): Promise<void>;
  /**
   * Records an order, all of it or nothing, once whatever the number of tries. @throws VitrineError
   * INPUT_INVALID
   */
  recordOrder(order: Order): Promise<RecordedOrder>;
  /** What is known of the shop as a whole by this name; undefined: nothing. */
  fact(name: string): Promise<unknown>;
  /** undefined forgets it. */
  setFact(name: string, value: unknown): Promise<void>;
  /**
   * Does what only one process may do at a time, under a lock of the database: a killed one's lock
   * is gone with its connection.
   * @throws VitrineError DATABASE_UNAVAILABLE, also where another process is at it
   */
  alone<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Forgets everything: rows and facts. */
  clear(): Promise<void>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Recommendations of one customer, best first. */
export interface RecommendationList {
  readonly customerKey: number;
  readonly articleKeys: readonly number[];
  /** [articleKeys] */
  readonly scores: readonly number[];
}

export interface ArticleSales {
  /** Customers who bought it in each of the windows asked for. */
  readonly buyers: number[];
  /** Units in the longest one. */
  readonly units: number;
  /** Mean price paid in the longest window; null: nobody knows. */
  readonly price: number | null;
  /** The first and the last sale in the longest window. */
  readonly first: Date;
  readonly last: Date;
}

/** All sales of one article. */
export interface SalesHistory {
  readonly first: Date;
  readonly last: Date;
  readonly units: number;
  /** Units of the days asked for. */
  readonly lately: number;
}

/** What one age band bought: articles by key. */
export interface BandSales {
  readonly band: number;
  readonly keys: number[];
  /** [keys] customers of the band who bought each. */
  readonly buyers: number[];
}

export interface ShopCounts {
  readonly articles: number;
  readonly customers: number;
  readonly purchases: number;
  readonly firstPurchase: Date | null;
  readonly lastPurchase: Date | null;
}
