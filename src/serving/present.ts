// The stage "present": catalogue indices become keys and ids of the shop, with ranks and reasons.
import type { Catalogue } from '../features/catalogue';
import type { HistoryPurchase } from '../features/customers';
import type { Alike } from '../ranking/alike';
import { sourceOf, sourcesOf, type Candidates } from '../ranking/candidates';
import type { Source } from '../ranking/sources/source';
import type { CoPurchases } from '../statistics/co-purchase';
import type { Recommendation, SimilarArticle } from './types';

export interface ToPresent {
  /** The slate, as indices into the candidates. */
  readonly places: readonly number[];
  readonly candidates: Candidates;
  /** [candidates] */
  readonly scores: Float32Array;
  readonly history: readonly HistoryPurchase[];
  readonly neverSold: (article: number) => boolean;
}

export function presentRecommendations(
  slates: readonly ToPresent[],
  catalogue: Catalogue,
  coPurchases: Pick<CoPurchases, 'reason'>,
): Recommendation[][] {
  const { keys, ids } = catalogue;
  const facts = { coPurchases, productOf: (article: number) => catalogue.productOf(article) };
  return slates.map(({ places, candidates: { articles, found }, scores, history, neverSold }) =>
    places.map((place, i) => {
      const article = articles[place];
      const source: Source<Recommendation['source']> = sourceOf(found[place]);
      const reason = source.reason?.(article, history, facts);
      return {
        articleKey: keys[article],
        articleId: ids[article],
        rank: i + 1,
        score: 1 / (1 + Math.exp(-scores[place])),
        source: source.name,
        sources: sourcesOf(found[place]),
        because: reason === undefined ? null : keys[reason],
        neverSold: neverSold(article),
        coldStart: history.length === 0,
      };
    }),
  );
}

export function presentAlike(lists: readonly (readonly Alike[])[], catalogue: Catalogue): SimilarArticle[][] {
  return lists.map((list) => list.map(({ article, score }, i) => ({ ...rankedArticle(catalogue, article, i), score })));
}

/** @param i the index in the list, from 0 */
export function rankedArticle({ keys, ids }: Catalogue, article: number, i: number) {
  return { articleKey: keys[article], articleId: ids[article], rank: i + 1 };
}
