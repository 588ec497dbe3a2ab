// The source of what sells among customers of like age; empty where the shop knows no ages. What
// sold to whom is counted in peer-sales.ts.
import { LIMITS } from '../../statistics/popular';
import type { Source } from './source';

export const TRENDING_PEERS: Source = {
  name: 'TRENDING_PEERS',
  limit: LIMITS.trendingPeers,
  find: async ({ bands, moment }, most) =>
    Array.from(bands, (band) => moment.peers.at(band)?.trending.subarray(0, most) ?? NOTHING),
};

const NOTHING = new Int32Array(0);
