// Why each article of a list of recommendations is there: its chance, what brought it up, and the purchase that did.

import type { HomePageQuery } from '../../../schema/client';
import { articlePath, percent, reasonOf } from '../format';

type Recommendation = HomePageQuery['recommendations'][number];

export function Reasons({ recommendations }: { readonly recommendations: readonly Recommendation[] }) {
  return (
    <ol class="reasons">
      {recommendations.map((one) => (
        <li key={one.article.id}>
          <span class="reason-rank">{one.rank}</span>
          <span class="reason-text">
            <a href={articlePath(one.article.id)}>{one.article.name ?? one.article.id}</a>
            <span class="quiet">{reasonOf(one)}</span>
            <span class="sources">
              {one.sources.map((source) => (
                <span key={source} class={source === one.source ? 'source main' : 'source'}>
                  {source.toLowerCase().replaceAll('_', ' ')}
                </span>
              ))}
            </span>
          </span>
          <span class="took" title="How likely it is bought next">
            {percent(one.score)}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** The recommendations in the data of an operation; none where it asked for none, or not for why. */
export function recommendationsIn(data: unknown): readonly Recommendation[] {
  if (typeof data !== 'object' || data === null || !('recommendations' in data)) return [];
  const { recommendations } = data as { recommendations: readonly Partial<Recommendation>[] };
  return recommendations.filter((one): one is Recommendation => one.sources !== undefined);
}
