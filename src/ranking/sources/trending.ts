// The source of what sells: the same for everybody, so that nobody is left without.
import { LIMITS } from '../../statistics/popular';
import type { Source } from './source';

export const TRENDING: Source = {
  name: 'TRENDING',
  limit: LIMITS.trending,
  find: async ({ pasts, moment }, most) => pasts.map(() => moment.trending.subarray(0, most)),
};
