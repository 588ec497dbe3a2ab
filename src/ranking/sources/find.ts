// Asks every source and puts the candidates of each customer together, each article once. The same
// for training and serving. Knows the sources by name; nothing of how they find.
import { bitOf, SOURCES, type Candidates, type SourceName } from '../candidates';
import { CO_PURCHASES } from './co-purchases';
import { NEW_ARRIVALS } from './new-arrivals';
import { OWN_PURCHASES, ownPurchases } from './own-purchases';
import { dotRow, type VectorRows } from '../vector-rows';
import type { Asked, Source } from './source';
import { TRENDING } from './trending';
import { TRENDING_PEERS } from './trending-peers';
import { TWO_TOWER } from './two-tower';
import { VARIANTS } from './variants';

const BY_NAME = {
  OWN_PURCHASES,
  VARIANTS,
  CO_PURCHASE: CO_PURCHASES,
  TWO_TOWER,
  TRENDING_PEERS,
  NEW_ARRIVALS,
  TRENDING,
} as const satisfies Record<SourceName, Source>;

/** Candidates of one customer at most: what all sources together may bring. */
export const MAX_CANDIDATES = SOURCES.reduce((sum, source) => sum + BY_NAME[source].limit, 0);

export interface Finding extends Asked {
  /** [n, dim] */
  readonly queries: Float32Array;
  /** Articles that have none are not in the shop any more. */
  readonly vectors: VectorRows;
  /** Articles that a customer has had are not wanted; each source brings others in their place. */
  readonly hidePast: boolean;
}

/** [n] the candidates of each customer. */
export async function findCandidates(asked: Finding): Promise<Candidates[]> {
  const hidden = asked.pasts.map((past) => new Set(asked.hidePast ? ownPurchases(past) : []));
  const most = Math.max(0, ...hidden.map(({ size }) => size));
  const lists = await Promise.all(SOURCES.map((name) => BY_NAME[name].find(asked, BY_NAME[name].limit + most)));
  const { vectors } = asked;
  const { dim, data } = vectors;
  return asked.pasts.map((_, r) => {
    const query = asked.queries.subarray(r * dim, (r + 1) * dim);
    let count = 0;
    for (let s = 0; s < SOURCES.length; s++) {
      const name = SOURCES[s];
      const list = lists[s][r];
      let left = BY_NAME[name].limit;
      for (let i = 0; i < list.length && left > 0; i++) {
        const article = list[i];
        if (article < 0 || hidden[r].has(article)) continue;
        const place = placeOf(article);
        if (place >= 0) FOUND[place] |= bitOf(name);
        else {
          if (!vectors.has(article)) continue;
          ARTICLES[count] = article;
          FOUND[count] = bitOf(name);
          COSINES[count] = dotRow(query, data, article * dim);
          places[article] = ++count;
        }
        left -= 1;
      }
    }
    const articles = ARTICLES.slice(0, count);
    const together = new Float32Array(count);
    const { articles: near, scores } = asked.together[r];
    for (let i = 0; i < near.length; i++) {
      const place = placeOf(near[i]);
      if (place >= 0) together[place] = scores[i];
    }
    for (let i = 0; i < count; i++) places[articles[i]] = 0;
    return { articles, found: FOUND.slice(0, count), cosines: COSINES.slice(0, count), together };
  });
}

// Where the candidates of the customer in hand are put together: some hundred lookups for each are
// too many for a map.
const ARTICLES = new Int32Array(MAX_CANDIDATES);
const FOUND = new Uint16Array(MAX_CANDIDATES);
const COSINES = new Float32Array(MAX_CANDIDATES);
/** By article: its place among them, from 1; 0: none. */
let places = new Uint16Array(0);

/** −1: it is not among them. */
function placeOf(article: number): number {
  if (article >= places.length) {
    const more = new Uint16Array(2 * article + 1024);
    more.set(places);
    places = more;
  }
  return places[article] - 1;
}
