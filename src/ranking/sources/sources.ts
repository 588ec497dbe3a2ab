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
 * From the source that says most of this customer to the one that is the same for everybody. If
 * several found an article, people are shown the first.
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

/** Candidates of one customer at most. */
export const MAX_CANDIDATES = SOURCES.reduce((sum, { limit }) => sum + limit, 0);
