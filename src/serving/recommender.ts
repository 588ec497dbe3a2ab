// The recommender of one release: the batch functions that the API calls.
import type { Encoder } from '../features/encoder';
import { createPipeline } from '../ranking/pipeline';
import type { Model } from '../ranking/model-inputs';
import type { Store } from '../data/store/store';
import type { LiveShop } from './live/live-shop';
import { createRecommend } from './recommendations';
import { createSearch, createSimilar } from './similar';
import { createFacts, createTrending } from './shop-facts';
import type { Recommender } from './types';

/**
 * Number of customers whose candidates or features are made without interruption. This takes a few
 * milliseconds, during which the process is blocked.
 */
const AT_ONCE = 4;

export interface RecommenderParts {
  readonly store: Pick<Store, 'customersWithPurchases' | 'articlesById' | 'latestPurchases'>;
  readonly encoder: Encoder;
  readonly shop: LiveShop;
  readonly queryTower: Model;
  readonly ranker: Model;
  /** The setting VITRINE_EXPLORE. */
  readonly explore: number;
}

export function createRecommender(parts: RecommenderParts): Recommender {
  const { store, encoder, shop, queryTower, ranker, explore } = parts;
  const { articles, habits } = shop;
  const { catalogue, vectors } = articles;
  const { coPurchases } = habits;
  const moment = () => shop.moment();
  const pipeline = createPipeline({ encoder, catalogue, vectors, habits, queryTower, ranker, atOnce: AT_ONCE });
  return {
    recommend: createRecommend({ store, encoder, catalogue, coPurchases, moment, pipeline, explore }),
    similar: createSimilar(store, articles, coPurchases),
    search: createSearch(articles, coPurchases),
    trending: createTrending(articles, moment),
    facts: createFacts(articles, shop),
  };
}
