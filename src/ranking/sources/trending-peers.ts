// The source of articles that sell among customers of similar age. The source finds nothing if the
// shop knows no ages. statistics/peer-sales.ts counts what each age band buys.
import type { Source } from './source';

export const TRENDING_PEERS = {
  name: 'TRENDING_PEERS',
  description: 'It sells well among customers of like age.',
  limit: 40,
  feature: 'found_among_peers',
  find: async ({ bands, moment }, most) =>
    Array.from(bands, (band) => moment.peers.at(band)?.trending.subarray(0, most) ?? new Int32Array(0)),
} as const satisfies Source;
