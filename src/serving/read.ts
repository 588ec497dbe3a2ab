// The stage "read": the rows that a batch of requests needs, with one statement for each table.
import type { ArticleRow, CustomerRow, LatestPurchase, Store } from '../data/store/store';
import type { Catalogue } from '../features/catalogue';
import { HISTORY_LIMIT, type HistoryPurchase } from '../features/customers';
import type { RecommendationRequest, SimilarRequest } from './types';

export interface Person {
  /** null if there is no such customer. */
  readonly customer: CustomerRow | null;
  /** Newest first. */
  readonly history: readonly HistoryPurchase[];
}

/**
 * Reads each request's customer and their latest purchases. A request that carries the customer's
 * row only needs the purchases.
 */
export async function readPeople(
  store: Pick<Store, 'customersWithPurchases' | 'latestPurchases'>,
  catalogue: Pick<Catalogue, 'indexOf'>,
  requests: readonly RecommendationRequest[],
): Promise<Person[]> {
  const ids = distinct(requests.flatMap(({ customer, customerId }) => (customer === undefined ? [customerId] : [])));
  const keys = distinct(requests.flatMap(({ customer }) => (customer ? [customer.key] : [])));
  const [rows, purchases] = await Promise.all([
    ids.length > 0 ? store.customersWithPurchases(ids, HISTORY_LIMIT) : [],
    keys.length > 0 ? store.latestPurchases(keys, HISTORY_LIMIT) : [],
  ]);
  const byId = new Map(ids.map((id, i) => [id, rows[i]]));
  const byKey = new Map(keys.map((key, i) => [key, purchases[i]]));
  return requests.map(({ customer, customerId }) => {
    if (customer) return { customer, history: historyOf(byKey.get(customer.key) ?? [], catalogue) };
    const found = customer === null ? undefined : byId.get(customerId);
    if (!found) return { customer: null, history: [] };
    return { customer: found.customer, history: historyOf(found.purchases, catalogue) };
  });
}

function historyOf(purchases: readonly LatestPurchase[], catalogue: Pick<Catalogue, 'indexOf'>): HistoryPurchase[] {
  return purchases.flatMap(({ articleKey, boughtAt, price }) => {
    // An article that is newer than the last refresh has no catalogue index yet, so its purchases
    // are left out.
    const article = catalogue.indexOf(articleKey);
    return article === undefined ? [] : [{ article, at: boughtAt.getTime() / 1000, price: price ?? Number.NaN }];
  });
}

/**
 * Returns the article of each request: the catalogue index if the shop knows the article, otherwise
 * the row that the request carries or the store has, or null if there is no such article.
 * @param indexOf finds the catalogue index by the shop's id or by a row
 */
export async function readArticles(
  store: Pick<Store, 'articlesById'>,
  indexOf: (article: string | ArticleRow) => number | undefined,
  requests: readonly SimilarRequest[],
): Promise<(ArticleRow | number | null)[]> {
  const found = requests.map(({ article, articleId }) =>
    article === null ? null : (indexOf(article ?? articleId) ?? article),
  );
  const missing = distinct(requests.filter((_, r) => found[r] === undefined).map(({ articleId }) => articleId));
  const rows = missing.length > 0 ? await store.articlesById(missing) : [];
  const byId = new Map(missing.map((id, i) => [id, rows[i]]));
  return requests.map(({ articleId }, r) => found[r] ?? byId.get(articleId) ?? null);
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
