// All sources of candidates, in one list. The API, the trace and the evaluation follow it.
import { CO_PURCHASES } from './co-purchases';
import { NEW_ARRIVALS } from './new-arrivals';
import { OWN_PURCHASES } from './own-purchases';
import type { Source } from './source';
import { TRENDING } from './trending';
import { TRENDING_PEERS } from './trending-peers';
import { TWO_TOWER } from './two-tower';
import { VARIANTS } from './variants';

/**
 * Ordered from the source that tells most about the customer to the source that is the same for all
 * customers. If several sources found an article, the first of them is shown.
 */
export const SOURCES = [
  OWN_PURCHASES,
  VARIANTS,
  CO_PURCHASES,
  TWO_TOWER,
  TRENDING_PEERS,
  NEW_ARRIVALS,
  TRENDING,
] as const satisfies readonly Source[];

export type SourceName = (typeof SOURCES)[number]['name'];

/** Maximum number of candidates for one customer. */
export const MAX_CANDIDATES = SOURCES.reduce((sum, { limit }) => sum + limit, 0);
