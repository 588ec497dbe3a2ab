// The source of what is bought together with a customer's latest purchases. How near articles are
// is counted in co-purchase.ts.
import type { Source } from './source';

export const CO_PURCHASES: Source = {
  name: 'CO_PURCHASE',
  limit: 64,
  find: async ({ together }, most) => together.map(({ articles }) => articles.subarray(0, most)),
};
