// Simple ways to recommend that are hard to beat: best sellers, the customer's own purchases, and
// articles that are bought together.

import type { Dataset, HistoryEnds } from '../dataset/dataset';
import type { HistoryPurchase } from '../features/customers';
import { ownPurchases } from '../ranking/sources/own-purchases';
import type { CoPurchases } from '../statistics/co-purchase';
import { SALES_DAYS } from '../statistics/moment';
import { mostPopular } from '../statistics/popular';
import { DAY } from '../time';

export const BASELINES = ['popularity', 'recent-popularity', 'repurchase', 'item-to-item'] as const;
export type BaselineName = (typeof BASELINES)[number];
export type Baselines = Readonly<Record<BaselineName, Baseline>>;

/**
 * Recommends from a history, newest first. Returns lists of articles, each best first: the
 * baseline's own list, then lists to fill up with.
 */
export type Baseline = (history: readonly HistoryPurchase[]) => readonly Iterable<number>[];

/**
 * - popularity: units of all histories
 * - recent-popularity: units of the last four weeks, then popularity
 * - repurchase: the customer's own purchases, newest first, then recent-popularity
 * - item-to-item: neighbours of the customer's latest purchases, then recent-popularity
 *
 * @param units [articles] units sold before the moment
 * @param month [articles] units sold in the last four weeks before the moment
 */
export function baselinesAt(
  { units, month }: { readonly units: Float32Array; readonly month: Float32Array },
  coPurchases: Pick<CoPurchases, 'scores'>,
): Baselines {
  const popular = mostPopular(units, units, units.length);
  const recent = mostPopular(month, units, units.length);
  return {
    popularity: () => [popular],
    'recent-popularity': () => [recent],
    repurchase: (history) => [ownPurchases(history), recent],
    'item-to-item': (history) => [coPurchases.scores(history).articles, recent],
  };
}

/** [articles] units sold in all histories. */
export function unitsInHistories(shop: Dataset, ends: HistoryEnds): Float32Array {
  const units = new Float32Array(shop.catalogue.size);
  for (let customer = 0; customer < shop.customers; customer++) {
    for (let p = shop.offsets[customer]; p < ends[customer]; p++) units[shop.article[p]] += 1;
  }
  return units;
}

/** [articles] units sold in the four weeks before a moment (Unix seconds). */
export function unitsOfMonth(shop: Dataset, now: number): Float32Array {
  const units = new Float32Array(shop.catalogue.size);
  for (const p of shop.purchasesWithin(now - SALES_DAYS[1] * DAY, now)) units[shop.article[p]] += 1;
  return units;
}

/**
 * The first `depth` articles of several lists, read back to back. Repeated and hidden articles are
 * left out.
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
