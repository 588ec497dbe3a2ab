// Asks every source and puts the candidates of each customer together, each article once. The same for training and serving.
// Knows the sources by name; nothing of how they find.
import { bitOf, SOURCES, type Candidates, type SourceName } from '../candidates';
import { CO_PURCHASES } from './co-purchases';
import { NEW_ARRIVALS } from './new-arrivals';
import { OWN_PURCHASES, ownPurchases } from './own-purchases';
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
  /** The cosine of customer r's query vector and an article's; undefined where the shop does not have the article any more. */
  readonly cosine: (r: number, article: number) => number | undefined;
  /** Articles that a customer has had are not wanted; each source brings others in their place. */
  readonly hidePast: boolean;
}

/** [n] the candidates of each customer. */
export function findCandidates(asked: Finding): Candidates[] {
  const hidden = asked.pasts.map((past) => new Set(asked.hidePast ? ownPurchases(past) : []));
  const most = Math.max(0, ...hidden.map(({ size }) => size));
  const found = SOURCES.map((name) => BY_NAME[name].find(asked, BY_NAME[name].limit + most));
  return asked.pasts.map((_, r) => {
    const masks = new Map<number, number>();
    const cosines: number[] = [];
    SOURCES.forEach((name, s) => {
      let left = BY_NAME[name].limit;
      const list = found[s][r];
      for (let i = 0; i < list.length && left > 0; i++) {
        const article = list[i];
        if (article < 0 || hidden[r].has(article)) continue;
        const mask = masks.get(article);
        if (mask === undefined) {
          const cosine = asked.cosine(r, article);
          if (cosine === undefined) continue;
          cosines.push(cosine);
        }
        masks.set(article, (mask ?? 0) | bitOf(name));
        left -= 1;
      }
    });
    const together = new Map<number, number>();
    const { articles, scores } = asked.together[r];
    for (let i = 0; i < articles.length; i++) together.set(articles[i], scores[i]);
    const candidates: Candidates = {
      articles: new Int32Array(masks.size),
      found: new Uint16Array(masks.size),
      cosines: Float32Array.from(cosines),
      together: new Float32Array(masks.size),
    };
    let place = 0;
    for (const [article, mask] of masks) {
      candidates.articles[place] = article;
      candidates.found[place] = mask;
      candidates.together[place++] = together.get(article) ?? 0;
    }
    return candidates;
  });
}
