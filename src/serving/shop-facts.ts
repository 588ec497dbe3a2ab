// Answers from the memory of the running shop: the articles that sell at the moment, and prices and
// variants of single articles.
import type { Moment } from '../statistics/moment';
import type { LiveArticles } from './live/live-articles';
import type { LiveShop } from './live/live-shop';
import { rankedArticle } from './present';
import type { ArticleFacts, Recommender, TrendingArticle } from './types';

export function createTrending(
  { catalogue, vectors }: Pick<LiveArticles, 'catalogue' | 'vectors'>,
  moment: () => Moment,
): Recommender['trending'] {
  return async (requests) => {
    const { trending, sales } = moment();
    const live = Array.from(trending).filter((article) => vectors.shown(article));
    return requests.map(({ first }): TrendingArticle[] =>
      live.slice(0, first).map((article, i) => ({
        ...rankedArticle(catalogue, article, i),
        buyersLastWeek: sales.week[article],
      })),
    );
  };
}

export function createFacts(
  { catalogue, vectors }: Pick<LiveArticles, 'catalogue' | 'vectors'>,
  { moment, currency }: Pick<LiveShop, 'moment' | 'currency'>,
): Recommender['facts'] {
  return async (articleKeys) => {
    const { prices, sales } = moment();
    // Articles that are newer than the moment have no counts yet.
    const buyers = (article: number): number => sales.month[article] ?? 0;
    return articleKeys.map((key): ArticleFacts | null => {
      const article = catalogue.indexOf(key);
      if (article === undefined) return null;
      const price = prices[article] ?? Number.NaN;
      let variants: number[] | undefined;
      return {
        price: Number.isNaN(price) ? null : price,
        currency: currency(),
        // Computed on demand, since most requests ask for the price alone.
        get variants() {
          variants ??= catalogue
            .variantsOf(article)
            .filter((other) => other !== article && vectors.shown(other))
            .sort((a, b) => buyers(b) - buyers(a) || a - b)
            .map((other) => catalogue.keys[other]);
          return variants;
        },
      };
    });
  };
}
