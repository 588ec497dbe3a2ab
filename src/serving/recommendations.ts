// Recommendations: the six stages of a request, for a batch of requests at once.
import type { Store } from '../data/store/store';
import type { Catalogue } from '../features/catalogue';
import type { Encoder } from '../features/encoder';
import { arrange } from '../ranking/arrange/arrange';
import { countBySource } from '../ranking/candidates';
import { hiddenFrom } from '../ranking/filter';
import type { Pipeline } from '../ranking/pipeline';
import type { CoPurchases } from '../statistics/co-purchase';
import { neverSold, type Moment } from '../statistics/moment';
import { createStageTimer, type StageTimer } from '../telemetry/traces';
import { presentRecommendations } from './present';
import { readPeople } from './read';
import type { RecommendationTrace, Recommender } from './types';

export interface RecommendParts {
  readonly store: Pick<Store, 'customersWithPurchases' | 'latestPurchases'>;
  readonly encoder: Pick<Encoder, 'customers'>;
  readonly catalogue: Catalogue;
  readonly coPurchases: Pick<CoPurchases, 'reason'>;
  /** The shop at this moment. */
  readonly moment: () => Moment;
  readonly pipeline: Pick<Pipeline, 'retrieve' | 'score'>;
  /** Every `explore`th position is for an article that was never sold, 0 for no such positions. */
  readonly explore: number;
}

export function createRecommend(parts: RecommendParts): Recommender['recommend'] {
  const { store, encoder, catalogue, coPurchases, pipeline, explore } = parts;
  return async (requests) => {
    const timer = createStageTimer();
    const people = await timer.measure('read', () => readPeople(store, catalogue, requests));
    const histories = people.map(({ history }) => history);
    const moment = parts.moment();
    // The counts of the moment do not include the customer's very latest purchases.
    const had = histories.map((history) => new Set(history.map(({ article }) => article)));
    const isNew = had.map((own) => (article: number) => neverSold(moment, article) && !own.has(article));

    const { customers, candidates } = await timer.measure('retrieve', async () => {
      const rows = people.map(({ customer }) => customer);
      const encoded = { encoded: encoder.customers(rows), histories };
      return { customers: encoded, candidates: await pipeline.retrieve(encoded, moment) };
    });
    const hidden = timer.measureSync('filter', () => {
      const filters = requests.map(({ excludePurchased = false }) => ({ hideHistory: excludePurchased }));
      return hiddenFrom(histories, filters);
    });
    const scores = await timer.measure('score', () => pipeline.score(customers, candidates, moment));
    const slates = timer.measureSync('arrange', () =>
      arrange(
        requests.map(({ first }, r) => {
          const { articles } = candidates[r];
          return { articles, scores: scores[r], hidden: hidden[r], first, neverSold: isNew[r] };
        }),
        explore,
      ),
    );
    const lists = timer.measureSync('present', () =>
      presentRecommendations(
        slates.map((places, r) => ({
          places,
          candidates: candidates[r],
          scores: scores[r],
          history: histories[r],
          neverSold: isNew[r],
        })),
        catalogue,
        coPurchases,
      ),
    );
    requests.forEach(({ trace }, r) =>
      trace?.({
        batch: requests.length,
        purchases: histories[r].length,
        found: countBySource(candidates[r]),
        candidates: candidates[r].articles.length,
        stages: stagesOf(timer),
      }),
    );
    return lists;
  };
}

function stagesOf({ spans, begun }: StageTimer): RecommendationTrace['stages'] {
  return Array.from(spans, ([name, ms]) => ({ name, begun: begun.get(name) ?? 0, ms }));
}
