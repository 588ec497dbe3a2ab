// The stage "filter": the articles that may be shown to each customer.
import type { HistoryPurchase } from '../features/customers';

export interface Filter {
  /** Hides the articles that the customer has bought. */
  readonly hideHistory: boolean;
}

/** The articles that must not be shown to each customer, by catalogue index. */
export function hiddenFrom(
  histories: readonly (readonly HistoryPurchase[])[],
  filters: readonly Filter[],
): ReadonlySet<number>[] {
  return filters.map(({ hideHistory }, r) => new Set(hideHistory ? histories[r].map(({ article }) => article) : []));
}

/** Removes the scores of hidden articles: −Infinity stands for no score. */
export function withoutHidden(scores: Float32Array, articles: Int32Array, hidden: ReadonlySet<number>): Float32Array {
  if (hidden.size === 0) return scores;
  return scores.map((score, place) => (hidden.has(articles[place]) ? -Infinity : score));
}
