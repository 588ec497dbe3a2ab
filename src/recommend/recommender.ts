// From requests to ranked articles, many at once: read, then the pipeline, then present; and from articles to similar ones.
// Plain batch functions, DataLoader's contract. Knows neither GraphQL, nor Prisma, nor ONNX.
import type { ArticleRow, CustomerRow, Store } from '../data/store';
import type { Encoder } from '../features/encoder';
import { sourceOf } from '../features/candidates';
import { PAST_LIMIT, type PastPurchase } from '../features/pairs';
import type { LiveShop } from './live-shop';
import { createPipeline, topIndices, type Model } from './pipeline';
import type { Recommendation, Recommender, SimilarArticle } from './types';

export interface RecommenderParts {
  readonly store: Pick<Store, 'customersById' | 'articlesById' | 'latestPurchases'>;
  readonly encoder: Encoder;
  readonly shop: LiveShop;
  readonly queryTower: Model;
  readonly ranker: Model;
}

export function createRecommender({ store, encoder, shop, queryTower, ranker }: RecommenderParts): Recommender {
  const { catalogue, vectors } = shop;
  const pipeline = createPipeline({ encoder, catalogue, vectors, habits: shop.habits, queryTower, ranker });

  async function pastsOf(customers: readonly (CustomerRow | null)[]): Promise<PastPurchase[][]> {
    const known = customers.filter((customer) => customer !== null);
    const purchases =
      known.length > 0
        ? await store.latestPurchases(
            known.map(({ key }) => key),
            PAST_LIMIT,
          )
        : [];
    const byKey = new Map(known.map(({ key }, i) => [key, purchases[i]]));
    return customers.map((customer) =>
      (customer ? (byKey.get(customer.key) ?? []) : []).flatMap(({ articleKey, boughtAt, price }) => {
        // An article that is newer than the last refresh has no place in the history yet.
        const article = catalogue.indexOf(articleKey);
        return article === undefined ? [] : [{ article, at: boughtAt.getTime() / 1000, price: price ?? Number.NaN }];
      }),
    );
  }

  return {
    async recommend(requests) {
      const customers = await withRows(
        requests,
        ({ customer }) => customer,
        ({ customerId }) => customerId,
        (ids) => store.customersById(ids),
      );
      const pasts = await pastsOf(customers);
      const moment = shop.moment();
      const known = { encoded: encoder.customers(customers), pasts };
      const candidates = await pipeline.retrieve(known, moment);
      const scores = await pipeline.score(known, candidates, moment);
      return requests.map(({ first }, r): Recommendation[] =>
        topIndices(scores[r], first).map((place, i) => {
          const article = candidates[r].articles[place];
          return {
            articleKey: catalogue.keys[article],
            articleId: catalogue.ids[article],
            rank: i + 1,
            score: 1 / (1 + Math.exp(-scores[r][place])),
            source: sourceOf(candidates[r].found[place]),
            coldStart: pasts[r].length === 0,
          };
        }),
      );
    },

    async similar(requests) {
      const articles = await withRows(
        requests,
        ({ article }) => article,
        ({ articleId }) => articleId,
        (ids) => store.articlesById(ids),
      );
      const known = articles.filter((article) => article !== null);
      if (known.length === 0) return articles.map(() => null);
      const most = Math.max(...requests.map(({ first }) => first));
      // One more than asked for: the nearest to an article is itself.
      const found = shop.similar(await shop.embedTexts(known), most + 1);
      const byId = new Map(known.map((article, i) => [article.id, found[i]]));
      return requests.map(({ first }, r): SimilarArticle[] | null => {
        const own: ArticleRow | null = articles[r];
        if (!own) return null;
        return (byId.get(own.id) ?? [])
          .filter(({ article }) => catalogue.keys[article] !== own.key)
          .slice(0, first)
          .map(({ article, score }, i) => ({
            articleKey: catalogue.keys[article],
            articleId: catalogue.ids[article],
            rank: i + 1,
            score: Math.max(-1, Math.min(1, score)),
          }));
      });
    },
  };
}

/** The row of each request: the one that it carries, else read, all in one call. */
async function withRows<Request, Row>(
  requests: readonly Request[],
  carried: (request: Request) => Row | null | undefined,
  idOf: (request: Request) => string,
  read: (ids: readonly string[]) => Promise<(Row | null)[]>,
): Promise<(Row | null)[]> {
  const missing = [...new Set(requests.filter((request) => carried(request) === undefined).map(idOf))];
  const rows = missing.length > 0 ? await read(missing) : [];
  const byId = new Map(missing.map((id, i) => [id, rows[i]]));
  return requests.map((request) => carried(request) ?? byId.get(idOf(request)) ?? null);
}
