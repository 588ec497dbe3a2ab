// The source of new articles: those first sold within four weeks, and those never sold whose
// product's other variants sell. Neither histories nor vectors say much about new articles.
import type { Source } from './source';

export const NEW_ARRIVALS = {
  name: 'NEW_ARRIVALS',
  description: 'It is new, and sells well since it came; or nobody has bought it yet, but others of its product sell.',
  limit: 48,
  feature: 'found_new',
  find: async ({ histories, moment }, most) => histories.map(() => moment.arrivals.subarray(0, most)),
} as const satisfies Source;
