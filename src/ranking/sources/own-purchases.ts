// The source of what a customer bought before: people buy again.
import type { HistoryPurchase } from '../../features/customers';
import type { Source } from './source';

export const OWN_PURCHASES: Source = {
  name: 'OWN_PURCHASES',
  limit: 48,
  find: async ({ pasts }, most) => pasts.map((past) => ownPurchases(past).slice(0, most)),
};

/** Distinct articles, latest first. */
export function ownPurchases(past: readonly HistoryPurchase[]): number[] {
  return [...new Set(past.map((purchase) => purchase.article))];
}
