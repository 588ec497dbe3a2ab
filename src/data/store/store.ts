// The shop's rows as the program reads and writes them: the interface of the store, which
// open-store.ts opens.

import type { AccessStore } from './access/access-store';
import type { ShopClock } from './clock';
import type { Order, RecordedOrder } from './orders';
import type { PurchaseColumns } from './purchase-columns';
import type { ArticleRow, CustomerRow, PurchaseRow } from './rows';
import type { Page } from './sql/batches';

export type { ArticleRow, CustomerRow, PurchaseRow };
export type { Order, Page, PurchaseColumns, RecordedOrder, ShopClock };

/** A position in a customer's purchases, newest first. The next page begins after it. */
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

/** All methods may fail with the errors of `databaseError`: DATABASE_UNAVAILABLE, OVERLOADED, … */
export interface Store {
  /** Keys, the audit of changes, and shared budgets. */
  readonly access: AccessStore;
  /**
   * Returns a row for each id in the same order; null if there is none. The next two methods do the
   * same.
   */
  customersById(ids: readonly string[]): Promise<(CustomerRow | null)[]>;
  articlesById(ids: readonly string[]): Promise<(ArticleRow | null)[]>;
  articlesByKey(keys: readonly number[]): Promise<(ArticleRow | null)[]>;
  /** Returns a page in the order of keys, beginning after `afterKey`. */
  customersPage(first: number, afterKey?: number): Promise<Page<CustomerRow>>;
  articlesPage(first: number, afterKey?: number): Promise<Page<ArticleRow>>;
  /**
   * The customers who made most of the shop's latest few thousand purchases, the most active first.
   */
  activeCustomers(first: number): Promise<CustomerRow[]>;
  /**
   * At most `limit` purchases for each customer, newest first. Returned and cancelled purchases are
   * left out, and those dated a day or more after now.
   */
  latestPurchases(customerKeys: readonly number[], limit: number): Promise<LatestPurchase[][]>;
  /**
   * Each customer with at most `limit` purchases; null if there is no such customer. One statement.
   */
  customersWithPurchases(ids: readonly string[], limit: number): Promise<(CustomerWithPurchases | null)[]>;
  /**
   * Returns a page for each request, newest first, beginning after the request's cursor. The pages
   * have purchases in all states.
   */
  purchasesPages(requests: readonly PurchasesRequest[]): Promise<(Page<PurchaseRow> | Error)[]>;
  /** Articles that changed in the last seconds, by the database's clock. Default: all articles. */
  articleVersions(withinSeconds?: number): Promise<ArticleVersion[]>;
  /** A text that changes whenever an article is added, changed or deleted. */
  articlesState(): Promise<string>;
  /** The shop's clock, as the setting, the shop's description or the data say. */
  clock(): Promise<ShopClock>;
  /**
   * The sales of each article (by key) in the last days[i] days before the clock. Articles without
   * such sales are left out. Here and below, purchases that are dated up to a day after the clock
   * count as well, such as orders during a replay. Returned and cancelled ones do not count.
   */
  articleSales(days: readonly number[]): Promise<{ clock: ShopClock; sales: Map<number, ArticleSales> }>;
  /**
   * All sales of each article (by key), and those of the last `days` before the clock. Reads every
   * purchase, which takes some seconds for tens of millions.
   */
  salesHistory(days: number): Promise<Map<number, SalesHistory>>;
  /**
   * The number of customers who bought each article in the last `days` before the clock, by age
   * band. Band 0 holds customers of unknown age. Band b holds ages from bounds[b − 2] to below
   * bounds[b − 1]; band 1 and the last band are open. Bands without purchases are left out.
   */
  salesByAge(clock: Date, days: number, bounds: readonly number[]): Promise<BandSales[]>;
  /** All rows in the order of keys, some thousands at a time. */
  streamArticles(): AsyncIterable<ArticleRow[]>;
  streamCustomers(): AsyncIterable<CustomerRow[]>;
  /**
   * All purchases that count, by (customer, time, article, line). `report` is called with the
   * number read so far.
   */
  readPurchases(report?: (rows: number) => void): Promise<PurchaseColumns>;
  /** Counts all rows. */
  counts(): Promise<ShopCounts>;
  /** Replaces the lists of these customers. Lists of deleted customers are dropped. */
  saveLists(lists: readonly RecommendationList[], release: string): Promise<void>;
  /**
   * Records a whole order or nothing. The same order sent again is not recorded again.
   * @throws VitrineError INPUT_INVALID
   */
  recordOrder(order: Order): Promise<RecordedOrder>;
  /** A fact about the shop as a whole; undefined if there is none with this name. */
  fact(name: string): Promise<unknown>;
  /** Stores a fact. The value undefined deletes the fact. */
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
  /** The number of customers who bought the article in each window. */
  readonly buyers: number[];
  /** Pieces sold in the longest window. */
  readonly units: number;
  /** The median of the prices that were paid in the longest window; null if unknown. */
  readonly price: number | null;
  /** The first and the last sale in the longest window. */
  readonly first: Date;
  readonly last: Date;
}

/** All sales of one article. */
export interface SalesHistory {
  readonly first: Date;
  readonly last: Date;
  /** Pieces ever sold. */
  readonly units: number;
  /** Pieces sold in the last `days`. */
  readonly lately: number;
}

/** The purchases of one age band. */
export interface BandSales {
  readonly band: number;
  /** Keys of articles. */
  readonly keys: number[];
  /** [keys] the number of customers of the band who bought each article. */
  readonly buyers: number[];
}

export interface ShopCounts {
  readonly articles: number;
  readonly customers: number;
  readonly purchases: number;
  readonly firstPurchase: Date | null;
  readonly lastPurchase: Date | null;
}
