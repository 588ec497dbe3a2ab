// Ways to recommend that learn next to nothing and are hard to beat: what sells, what the customer
// had, what is bought together. Knows only what was known at one moment.
import type { CoPurchases } from '../statistics/co-purchase';
import type { HistoryEnds, Dataset } from '../dataset/dataset';
import { SALES_DAYS } from '../statistics/moment';
import type { HistoryPurchase } from '../features/customers';
import { ownPurchases } from '../ranking/sources/own-purchases';
import { mostPopular } from '../statistics/popular';
import { DAY } from '../time';

export const BASELINES = ['popularity', 'recent-popularity', 'repurchase', 'item-to-item'] as const;
export type BaselineName = (typeof BASELINES)[number];

/**
 * From a customer's past, newest first, to lists of articles: the best of the first list first,
 * then those of the next.
 */
export type Baseline = (past: readonly HistoryPurchase[]) => readonly Iterable<number>[];

/**
 * - popularity: units of everything known
 * - recent-popularity: units of the last four weeks, then popularity
 * - repurchase: the customer's own, newest first, then recent-popularity
 * - item-to-item: what is bought with the customer's latest purchases, then recent-popularity
 *
 * @param units [articles] sold of everything known at the moment
 * @param month [articles] of these in the last four weeks
 */
export function baselinesAt(
  { units, month }: { readonly units: Float32Array; readonly month: Float32Array },
  together: Pick<CoPurchases, 'scores'>,
): Readonly<Record<BaselineName, Baseline>> {
  const popular = mostPopular(units, units, units.length);
  const recent = mostPopular(month, units, units.length);
  return {
    popularity: () => [popular],
    'recent-popularity': () => [recent],
    repurchase: (past) => [ownPurchases(past), recent],
    'item-to-item': (past) => [together.scores(past).articles, recent],
  };
}

/** Units of each article in what is known of every customer [articles]. */
export function unitsKnown(shop: Dataset, known: HistoryEnds): Float32Array {
  const units = new Float32Array(shop.catalogue.size);
  for (let customer = 0; customer < shop.customers; customer++) {
    for (let p = shop.offsets[customer]; p < known[customer]; p++) units[shop.article[p]] += 1;
  }
  return units;
}

/** Units of each article in the four weeks before a moment, Unix seconds [articles]. */
export function unitsOfMonth(shop: Dataset, now: number): Float32Array {
  const units = new Float32Array(shop.catalogue.size);
  for (const p of shop.purchasesWithin(now - SALES_DAYS[1] * DAY, now)) units[shop.article[p]] += 1;
  return units;
}

/**
 * The first `depth` articles of lists read one after the other, each once, without the hidden ones.
 */
export function firstOf(lists: readonly Iterable<number>[], hidden: ReadonlySet<number>, depth: number): number[] {
  const first = new Set<number>();
  for (const list of lists) {
    for (const article of list) {
      if (first.size === depth) return [...first];
      if (!hidden.has(article)) first.add(article);
    }
  }
  return [...first];
}
