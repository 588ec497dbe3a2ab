// The source of a customer's own purchases, since people buy the same articles again.
import type { HistoryPurchase } from '../../features/customers';
import type { Source } from './source';

export const OWN_PURCHASES = {
  name: 'OWN_PURCHASES',
  description: 'The customer bought it before.',
  limit: 48,
  find: async ({ histories }, most) => histories.map((history) => ownPurchases(history).slice(0, most)),
} as const satisfies Source;

/** Distinct articles, latest first. */
export function ownPurchases(history: readonly HistoryPurchase[]): number[] {
  return [...new Set(history.map((purchase) => purchase.article))];
}
