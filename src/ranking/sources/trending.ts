// The source of articles that sell well. The articles are the same for all customers, so that every
// customer has candidates.
import type { Source } from './source';

export const TRENDING = {
  name: 'TRENDING',
  description: 'It sells well at the moment.',
  limit: 60,
  feature: 'found_trending',
  find: async ({ histories, moment }, most) => histories.map(() => moment.trending.subarray(0, most)),
} as const satisfies Source;
