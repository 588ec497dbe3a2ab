// The source of articles that are bought together with a customer's latest purchases.
// statistics/co-purchase.ts counts how near articles are.
import type { Source } from './source';

export const CO_PURCHASES = {
  name: 'CO_PURCHASE',
  description: 'Others bought it together with, or after, what this customer bought lately.',
  limit: 64,
  feature: 'found_together',
  find: async ({ together }, most) => together.map(({ articles }) => articles.subarray(0, most)),
  reason: (article, history, { coPurchases }) => coPurchases.reason(history, article),
} as const satisfies Source;
