// From requests to ranked articles, many at once: read, then the pipeline, then present; and from
// articles to similar ones. Plain batch functions, DataLoader's contract. Knows neither GraphQL,
// nor Prisma, nor ONNX.
import { LRUCache } from 'lru-cache';
import type { ArticleRow, CustomerRow, LatestPurchase, Store } from '../data/store/store';
import { foundBy, sourceOf, SOURCES, sourcesOf, type Candidates, type SourceName } from '../ranking/candidates';
import type { Encoder } from '../features/encoder';
import { neverSold } from '../statistics/moment';
import { HISTORY_LIMIT, type HistoryPurchase } from '../features/customers';
import { createStageTimer, type StageTimer } from '../telemetry/traces';
import { CO_PURCHASE_SHARE, rankAlike } from '../ranking/alike';
import { exploring } from '../ranking/arrange/exploration';
import type { LiveShop } from './live-shop';
import { createPipeline, without, type Model } from '../ranking/pipeline';
import type {
  Recommendation,
  RecommendationRequest,
  Recommender,
  SimilarArticle,
  SimilarRequest,
  TrendingArticle,
} from './types';

/**
 * Customers whose candidates or features are made in one go, a few milliseconds for which nobody
 * else is heard.
 */
const AT_ONCE = 4;
/** Articles of one product at most among similar ones, unless a request says otherwise. */
const PER_PRODUCT = 2;

/**
 * Articles in kept lists of similar ones, 80 bytes each: people look at some thousands again and
 * again, mostly at lists of twelve.
 */
const KEPT_ALIKE = 240_000;

export interface RecommenderParts {
  readonly store: Pick<Store, 'customersWithPurchases' | 'articlesById' | 'latestPurchases'>;
  readonly encoder: Encoder;
  readonly shop: LiveShop;
  readonly queryTower: Model;
  readonly ranker: Model;
  /** As in the settings of the program. */
  readonly explore: number;
}

export function createRecommender(parts: RecommenderParts): Recommender {
  const { store, encoder, shop, queryTower, ranker, explore } = parts;
  const { catalogue, vectors } = shop;
  const pipeline = createPipeline({
    encoder,
    catalogue,
    vectors,
    habits: shop.habits,
    queryTower,
    ranker,
    atOnce: AT_ONCE,
  });

  /**
   * The row of each request's customer and their purchases, newest first: of those whose row is
   * there the latter only.
   */
  async function read(requests: readonly RecommendationRequest[]): Promise<CustomerWithPast[]> {
    const ids = distinct(requests.flatMap(({ customer, customerId }) => (customer === undefined ? [customerId] : [])));
    const keys = distinct(requests.flatMap(({ customer }) => (customer ? [customer.key] : [])));
    const [rows, purchases] = await Promise.all([
      ids.length > 0 ? store.customersWithPurchases(ids, HISTORY_LIMIT) : [],
      keys.length > 0 ? store.latestPurchases(keys, HISTORY_LIMIT) : [],
    ]);
    const byId = new Map(ids.map((id, i) => [id, rows[i]]));
    const byKey = new Map(keys.map((key, i) => [key, purchases[i]]));
    return requests.map(({ customer, customerId }) => {
      if (customer) return { customer, past: pastOf(byKey.get(customer.key) ?? []) };
      const found = customer === null ? undefined : byId.get(customerId);
      return found ? { customer: found.customer, past: pastOf(found.purchases) } : { customer: null, past: [] };
    });
  }

  function pastOf(purchases: readonly LatestPurchase[]): HistoryPurchase[] {
    return purchases.flatMap(({ articleKey, boughtAt, price }) => {
      // An article that is newer than the last refresh has no place in the history yet.
      const article = catalogue.indexOf(articleKey);
      return article === undefined ? [] : [{ article, at: boughtAt.getTime() / 1000, price: price ?? Number.NaN }];
    });
  }

  const kept = new LRUCache<string, SimilarArticle[]>({
    maxSize: KEPT_ALIKE,
    sizeCalculation: ({ length }) => length + 1,
  });
  let keptEdition = shop.edition;

  /**
   * The lists of similar articles that were asked for lately, of this edition of the shop; null: it
   * is not there.
   */
  function keptOf(
    edition: number,
    articles: readonly (ArticleRow | number | null)[],
    requests: readonly SimilarRequest[],
  ): (SimilarArticle[] | null)[] {
    if (edition !== keptEdition) kept.clear();
    keptEdition = edition;
    return requests.map((request, r) => kept.get(alikeKey(articles[r], request)) ?? null);
  }

  /** The earlier purchase that brought an article up, where it was one; a catalogue index. */
  function reasonOf(source: SourceName, article: number, past: readonly HistoryPurchase[]): number | undefined {
    if (source === 'CO_PURCHASE') return shop.habits.coPurchases.reason(past, article);
    if (source !== 'VARIANTS') return undefined;
    const product = catalogue.productOf(article);
    return past.find((purchase) => catalogue.productOf(purchase.article) === product)?.article;
  }

  return {
    async recommend(requests) {
      const timer = createStageTimer();
      const people = await timer.measure('read', () => read(requests));
      const customers = people.map(({ customer }) => customer);
      const pasts = people.map(({ past }) => past);
      const moment = shop.moment();
      const encoded = timer.measureSync('encode', () => encoder.customers(customers));
      const known = { encoded, histories: pasts };
      const candidates = await pipeline.retrieve(known, moment, false, timer);
      const scores = await timer.measure('score', () => pipeline.score(known, candidates, moment));
      const lists = timer.measureSync('order', () =>
        requests.map(({ first, excludePurchased = false }, r): Recommendation[] => {
          const { articles, found } = candidates[r];
          const had = new Set(pasts[r].map(({ article }) => article));
          const wanted = excludePurchased ? without(had, articles, scores[r]) : scores[r];
          // What this customer has just bought is known before the moment moves on.
          const isUnsold = (place: number): boolean => neverSold(moment, articles[place]) && !had.has(articles[place]);
          return exploring(wanted, first, explore, isUnsold).map((place, i) => {
            const article = articles[place];
            const source = sourceOf(found[place]);
            const reason = reasonOf(source, article, pasts[r]);
            return {
              articleKey: catalogue.keys[article],
              articleId: catalogue.ids[article],
              rank: i + 1,
              score: 1 / (1 + Math.exp(-scores[r][place])),
              source,
              sources: sourcesOf(found[place]),
              because: reason === undefined ? null : catalogue.keys[reason],
              neverSold: isUnsold(place),
              coldStart: pasts[r].length === 0,
            };
          });
        }),
      );
      requests.forEach(({ trace }, r) =>
        trace?.({
          batch: requests.length,
          purchases: pasts[r].length,
          found: countBySource(candidates[r]),
          candidates: candidates[r].articles.length,
          stages: stagesOf(timer),
        }),
      );
      return lists;
    },

    async similar(requests) {
      const articles = await articlesOf(
        requests,
        (article) => shop.articleOf(article),
        (ids) => store.articlesById(ids),
      );
      const { edition } = shop;
      const lists = keptOf(edition, articles, requests);
      const missing = [...lists.keys()].flatMap((r) => {
        const own = articles[r];
        return own === null || lists[r] !== null ? [] : [{ r, own }];
      });
      if (missing.length === 0) return lists;
      const texts = await shop.embedArticles(missing.map(({ own }) => own));
      const ranked = await rankAlike(
        shop,
        texts,
        missing.map(({ r, own }) => ({
          // One that came since the last look has no place yet: nothing is bought with it, and it
          // finds not itself.
          article: typeof own === 'number' ? own : (catalogue.indexOf(own.key) ?? -1),
          ...wantedOf(requests[r]),
        })),
      );
      missing.forEach(({ r, own }, i) => {
        lists[r] = ranked[i];
        // Of what changed meanwhile, one part of the answer may be older than the other.
        if (typeof own === 'number' && shop.edition === edition) kept.set(alikeKey(own, requests[r]), ranked[i]);
      });
      return lists;
    },

    async search(requests) {
      if (requests.length === 0) return [];
      const embedded = await shop.embedTexts(
        requests.map(({ text }) => text),
        'search',
      );
      return rankAlike(
        shop,
        embedded,
        requests.map(({ first }) => ({ first, coPurchase: 0, perProduct: PER_PRODUCT })),
      );
    },

    async trending(requests) {
      const { trending, sales } = shop.moment();
      const live = Array.from(trending).filter((article) => vectors.has(article));
      return requests.map(({ first }): TrendingArticle[] =>
        live.slice(0, first).map((article, i) => ({
          articleKey: catalogue.keys[article],
          articleId: catalogue.ids[article],
          rank: i + 1,
          buyersLastWeek: sales.week[article],
        })),
      );
    },

    async facts(articleKeys) {
      const { prices, sales } = shop.moment();
      return articleKeys.map((key) => {
        const article = catalogue.indexOf(key);
        if (article === undefined) return null;
        // Articles that are newer than the moment have no place in it.
        const price = prices[article] ?? Number.NaN;
        // What sells first; ties in the order in which they came.
        const buyers = (one: number): number => sales.month[one] ?? 0;
        let variants: number[] | undefined;
        return {
          price: Number.isNaN(price) ? null : price,
          // Most who ask for a price do not ask for these.
          get variants() {
            variants ??= catalogue
              .variantsOf(article)
              .filter((other) => other !== article && vectors.has(other))
              .sort((a, b) => buyers(b) - buyers(a) || a - b)
              .map((other) => catalogue.keys[other]);
            return variants;
          },
        };
      });
    },
  };
}

interface CustomerWithPast {
  /** null: there is none. */
  readonly customer: CustomerRow | null;
  readonly past: HistoryPurchase[];
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

function countBySource({ found }: Candidates): Map<SourceName, number> {
  return new Map(SOURCES.map((source) => [source, found.filter((mask) => foundBy(mask, source)).length]));
}

function stagesOf({ spans, begun }: StageTimer): { name: string; begun: number; ms: number }[] {
  return Array.from(spans, ([name, ms]) => ({ name, begun: begun.get(name) ?? 0, ms }));
}

function wantedOf({ first, coPurchase = CO_PURCHASE_SHARE, perProduct = PER_PRODUCT }: SimilarRequest) {
  return { first, coPurchase, perProduct };
}

/**
 * What the list of an article depends on, besides the shop; none is kept of an article that has no
 * place in it.
 */
function alikeKey(own: ArticleRow | number | null, request: SimilarRequest): string {
  const { first, coPurchase, perProduct } = wantedOf(request);
  return typeof own === 'number' ? `${own} ${first} ${coPurchase} ${perProduct}` : '';
}

/**
 * The article of each request: the catalogue index of one that is known, else the row that the
 * request carries or, all read in one call, the store has; null: there is none.
 */
async function articlesOf(
  requests: readonly SimilarRequest[],
  known: (article: string | ArticleRow) => number | undefined,
  read: (ids: readonly string[]) => Promise<(ArticleRow | null)[]>,
): Promise<(ArticleRow | number | null)[]> {
  const found = requests.map(({ article, articleId }) =>
    article === null ? null : (known(article ?? articleId) ?? article),
  );
  const missing = distinct(requests.filter((_, r) => found[r] === undefined).map(({ articleId }) => articleId));
  const rows = missing.length > 0 ? await read(missing) : [];
  const byId = new Map(missing.map((id, i) => [id, rows[i]]));
  return requests.map(({ articleId }, r) => found[r] ?? byId.get(articleId) ?? null);
}
