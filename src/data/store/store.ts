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

/** A place in a customer's purchases, newest first. The next page begins behind it. */
export type PurchaseCursor = Pick<PurchaseRow, 'boughtAt' | 'articleKey' | 'line'>;

export interface PurchasesRequest {
  readonly customerKey: number;
  readonly first: number;
  readonly after?: PurchaseCursor;
}

/** The part of a purchase that recommendations need. */
export type LatestPurchase = Pick<PurchaseRow, 'articleKey' | 'boughtAt' | 'price'>;

export interface CustomerWithPurchases {
  readonly customer: CustomerRow;
  /** Newest first. */
  readonly purchases: LatestPurchase[];
}

export interface ArticleVersion {
  readonly key: number;
  /** The last change of the row, by the database's clock. */
  readonly updatedAt: Date;
}

/** All methods fail with the errors of `databaseError`: DATABASE_UNAVAILABLE, OVERLOADED, … */
export interface Store {
  /** A row for each id in the same order, null if there is none. The next two do the same. */
  customersById(ids: readonly string[]): Promise<(CustomerRow | null)[]>;
  articlesById(ids: readonly string[]): Promise<(ArticleRow | null)[]>;
  articlesByKey(keys: readonly number[]): Promise<(ArticleRow | null)[]>;
  /** In the order of keys, after `afterKey`. */
  customersPage(first: number, afterKey?: number): Promise<Page<CustomerRow>>;
  articlesPage(first: number, afterKey?: number): Promise<Page<ArticleRow>>;
  /** Customers with the most of the shop's latest few thousand purchases, most first. */
  activeCustomers(first: number): Promise<CustomerRow[]>;
  /** At most `limit` for each customer, newest first. */
  latestPurchases(customerKeys: readonly number[], limit: number): Promise<LatestPurchase[][]>;
  /** Each customer, or null if there is none, with at most `limit` purchases. One statement. */
  customersWithPurchases(ids: readonly string[], limit: number): Promise<(CustomerWithPurchases | null)[]>;
  /** Newest first, each page behind its cursor. */
  purchasesPages(requests: readonly PurchasesRequest[]): Promise<(Page<PurchaseRow> | Error)[]>;
  /** Articles that changed in the last seconds, by the database's clock; by default all. */
  articleVersions(withinSeconds?: number): Promise<ArticleVersion[]>;
  /** A text that differs after any article was added, changed or deleted. */
  articlesState(): Promise<string>;
  /**
   * The number of customers who bought each article (by key) in the last days[i] days before the
   * clock. Articles without such sales are absent. The clock is the time of the newest purchase,
   * null without purchases. In live data that is now, in historic data the last day.
   */
  articleSales(days: readonly number[]): Promise<{ clock: Date | null; sales: Map<number, ArticleSales> }>;
  /**
   * All sales of each article (by key), and those of the last `days` before the clock. Reads every
   * purchase, which takes some seconds for tens of millions.
   */
  salesHistory(days: number): Promise<Map<number, SalesHistory>>;
  /**
   * The number of customers who bought each article in the last `days` before the clock, by age
   * band. Band 0 holds customers of unknown age. Band b holds ages from bounds[b − 2] to below
   * bounds[b − 1]; band 1 and the last band are open. Bands without purchases are absent.
   */
  salesByAge(clock: Date, days: number, bounds: readonly number[]): Promise<BandSales[]>;
  /** All rows in the order of keys, some thousands at a time. */
  streamArticles(): AsyncIterable<ArticleRow[]>;
  streamCustomers(): AsyncIterable<CustomerRow[]>;
  /** All purchases by (customer, time, article, line). `report` hears the number read so far. */
  readPurchases(report?: (rows: number) => void): Promise<PurchaseColumns>;
  counts(): Promise<ShopCounts>;
  /** Replaces the lists of these customers. Lists of deleted customers are dropped. */
  saveLists(lists: readonly RecommendationList[], release: string): Promise<void>;
  /**
   * Records a whole order or nothing. The same order sent again is not recorded again.
   * @throws VitrineError INPUT_INVALID
   */
  recordOrder(order: Order): Promise<RecordedOrder>;
  /** A fact about the shop as a whole; undefined if there is none of this name. */
  fact(name: string): Promise<unknown>;
  /** undefined deletes the fact. */
  setFact(name: string, value: unknown): Promise<void>;
  /**
   * Does work that only one process may do at a time, under a lock of the database. The lock of a
   * killed process ends with its connection.
   * @throws VitrineError DATABASE_UNAVAILABLE, also if another process holds the lock
   */
  alone<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Deletes all rows and facts. */
  clear(): Promise<void>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Recommendations for one customer, best first. */
export interface RecommendationList {
  readonly customerKey: number;
  readonly articleKeys: readonly number[];
  /** [articleKeys] */
  readonly scores: readonly number[];
}

export interface ArticleSales {
  /** The number of customers who bought it in each window. */
  readonly buyers: number[];
  /** Units in the longest window. */
  readonly units: number;
  /** The mean price in the longest window; null if unknown. */
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
  /** Units of the last `days`. */
  readonly lately: number;
}

/** The purchases of one age band. */
export interface BandSales {
  readonly band: number;
  /** Keys of articles. */
  readonly keys: number[];
  /** [keys] the number of customers of the band who bought each. */
  readonly buyers: number[];
}

export interface ShopCounts {
  readonly articles: number;
  readonly customers: number;
  readonly purchases: number;
  readonly firstPurchase: Date | null;
  readonly lastPurchase: Date | null;
}
