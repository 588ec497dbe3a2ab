// Puts the candidates of one customer together from what the sources found. Pure; the same for training and serving.
// Knows nothing of how the sources find them.
import { SOURCES, type Candidates, type PastPurchase, type SourceName } from './pairs';

/** How many candidates each source may bring. The ranker sees at most their sum. */
export const CANDIDATE_LIMITS = { OWN_PURCHASES: 48, TWO_TOWER: 128, POPULAR: 100 } as const satisfies Record<
  SourceName,
  number
>;
export const MAX_CANDIDATES = SOURCES.reduce((sum, source) => sum + CANDIDATE_LIMITS[source], 0);

/** What the sources found for one customer: catalogue indices, best first; −1 entries are places that found nothing. */
export type Found = Readonly<Record<SourceName, ArrayLike<number>>>;

/** Each article once, by the first of SOURCES that found it, with its cosine to the query vector. */
export function mergeCandidates(found: Found, cosine: (article: number) => number): Candidates {
  const seen = new Set<number>();
  const articles: number[] = [];
  const sources: SourceName[] = [];
  for (const source of SOURCES) {
    const list = found[source];
    const limit = Math.min(list.length, CANDIDATE_LIMITS[source]);
    for (let i = 0; i < limit; i++) {
      const article = list[i];
      if (article < 0 || seen.has(article)) continue;
      seen.add(article);
      articles.push(article);
      sources.push(source);
    }
  }
  return { articles: Int32Array.from(articles), sources, cosines: Float32Array.from(articles, cosine) };
}

/** The source of a customer's own purchases: distinct articles, latest first. */
export function ownPurchases(past: readonly PastPurchase[]): number[] {
  return [...new Set(past.map((purchase) => purchase.article))];
}

/**
 * The source of what sells: articles by units sold in the last week, then month; ties by index. Articles that did not sell
 * in a month are left out.
 */
export function mostPopular(week: ArrayLike<number>, month: ArrayLike<number>, limit: number): number[] {
  const sold: number[] = [];
  for (let article = 0; article < month.length; article++) if (month[article] > 0) sold.push(article);
  return sold.sort((a, b) => week[b] - week[a] || month[b] - month[a] || a - b).slice(0, limit);
}
