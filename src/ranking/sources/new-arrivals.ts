// The source of what is new: articles first sold within four weeks, and among them such as nobody
// has bought yet but of whose product other variants sell. Neither histories nor vectors know them
// well.
import { LIMITS } from '../../statistics/popular';
import type { Source } from './source';

export const NEW_ARRIVALS: Source = {
  name: 'NEW_ARRIVALS',
  limit: LIMITS.newArrivals,
  find: async ({ pasts, moment }, most) => pasts.map(() => moment.arrivals.subarray(0, most)),
};
