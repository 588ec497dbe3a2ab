// The stage "filter": the articles that may be shown at all, and to each customer.
import type { ArticleRow } from '../data/store/store';
import type { HistoryPurchase } from '../features/customers';

/**
 * Whether an article may stand in a list. Articles that are hidden, not in the shop's catalogue or
 * out of stock are learnt from, but never recommended.
 */
export function mayBeShown({
  hidden,
  listed,
  availability,
}: Pick<ArticleRow, 'hidden' | 'listed' | 'availability'>): boolean {
  return listed && !hidden && availability !== 'out_of_stock';
}

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
