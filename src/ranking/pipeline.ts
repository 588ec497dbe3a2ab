// The way from customers to ranked candidates: encode → embed → retrieve → merge → score, for many
// customers at once. The same code serves requests, finds the candidates that the ranker is trained
// on, and is what an evaluation measures. Knows neither GraphQL, nor Prisma, nor ONNX; does no
// reading.
import { setImmediate } from 'node:timers/promises';
import { Affinity } from './affinity';
import { ageBands } from '../statistics/age-bands';
import type { Candidates } from './candidates';
import type { Catalogue } from '../features/catalogue';
import { HISTORY_LENGTH, type Encoder } from '../features/encoder';
import { articleInputs, customerInputs, historyInputs } from '../features/inputs';
import type { Habits } from '../statistics/habits';
import type { Moment } from '../statistics/moment';
import { writePairFeatures } from './pairs';
import { pairWidth } from '../features/pair-features';
import type { Customers } from '../features/customers';
import { CO_PURCHASES } from './sources/co-purchases';
import { findCandidates } from './sources/find';
import { vectorOf, type VectorRows } from './vector-rows';
import type { Batch, Values } from '../engine/engine';
import type { VectorIndex } from '../index/vector-index';
import { createStageTimer, type StageTimer } from '../telemetry/traces';

/**
 * A model with one output: named inputs in, numbers out, rows in the order of the inputs. It may
 * keep their memory: give it arrays of its own.
 */
export type Model = (inputs: Batch) => Promise<Float32Array>;

/** Articles by their vectors, by catalogue index. */
export interface ArticleVectors extends VectorRows {
  readonly index: Pick<VectorIndex, 'search'>;
  /** The catalogue index of an id of the vector index; −1 if the shop no longer has the article. */
  articleOf(id: number): number;
}

export interface Pipeline {
  /** [n, dim] query vectors. */
  embed(customers: Customers): Promise<Float32Array>;
  /**
   * The articles nearest to each query, catalogue indices, best first; fewer where the shop has
   * fewer.
   */
  nearest(queries: Float32Array, k: number): Promise<number[][]>;
  /** The vector of an article [dim]; undefined if there is none. */
  vectorOf(article: number): Float32Array | undefined;
  /**
   * Candidates of each customer from all sources; with `hidePast` none that the customer has had,
   * and as many others.
   */
  retrieve(customers: Customers, moment: Moment, hidePast?: boolean, timer?: StageTimer): Promise<Candidates[]>;
  /**
   * Inputs of the ranker: every customer's list as wide as the widest, shorter ones filled with
   * article 0.
   */
  rankerInputs(customers: Customers, candidates: readonly Candidates[], moment: Moment): Batch;
  /** Scores of each customer's candidates, higher is better, never NaN. */
  score(customers: Customers, candidates: readonly Candidates[], moment: Moment): Promise<Float32Array[]>;
}

export interface PipelineParts {
  readonly encoder: Encoder;
  readonly catalogue: Catalogue;
  readonly vectors: ArticleVectors;
  readonly habits: Habits;
  readonly queryTower: Model;
  readonly ranker: Model;
  /**
   * Customers that are worked on before whatever else the process waits for has its turn. Default:
   * all.
   */
  readonly atOnce?: number;
}

export function createPipeline(parts: PipelineParts): Pipeline {
  const { encoder, catalogue, vectors, habits, queryTower, ranker, atOnce = Infinity } = parts;
  const bands = ageBands(encoder);
  const facts = {
    repeatRates: habits.repeatRates,
    variantRates: habits.variantRates,
    affinity: new Affinity(catalogue, habits.attributeShares, habits.valueLifts),
    vectors,
    productOf: (article: number) => catalogue.productOf(article),
  };

  async function nearest(queries: Float32Array, k: number): Promise<number[][]> {
    const rows = queries.length / vectors.dim;
    if (rows === 0) return [];
    const found = await vectors.index.search(queries, k);
    return Array.from({ length: rows }, (_, r) =>
      Array.from(found.ids.subarray(r * found.k, (r + 1) * found.k), (id) =>
        id < 0 ? -1 : vectors.articleOf(id),
      ).filter((article) => article >= 0),
    );
  }

  async function embed(customers: Customers): Promise<Float32Array> {
    return queryTower(queryInputs(encoder, customers, vectors));
  }

  /** `rankerInputs`, with a stop after every few customers. */
  function* inputsByTurns(
    customers: Customers,
    candidates: readonly Candidates[],
    moment: Moment,
  ): Generator<void, Batch> {
    const n = candidates.length;
    const width = widest(candidates);
    const features = pairWidth(catalogue.layout);
    const articles = new Int32Array(n * width);
    const pair = new Float32Array(n * width * features);
    const bandOf = bands.of(customers.encoded);
    for (const [r, list] of candidates.entries()) {
      if (r > 0 && r % atOnce === 0) yield;
      articles.set(list.articles, r * width);
      const person = { past: customers.histories[r], band: bandOf[r] };
      writePairFeatures(pair, r * width, list, person, moment, facts);
    }
    const flat = articleInputs(catalogue, articles);
    const folded = Object.entries(flat).map(([name, { data, shape }]): [string, Values] => [
      name,
      { data, shape: [n, width, ...shape.slice(1)] },
    ]);
    return {
      ...customerBatch(encoder, catalogue, customers),
      ...Object.fromEntries(folded),
      pair: { data: pair, shape: [n, width, features] },
    };
  }

  return {
    embed,
    nearest,
    vectorOf: (article) => vectorOf(vectors, article),
    rankerInputs(customers, candidates, moment) {
      const turns = inputsByTurns(customers, candidates, moment);
      for (;;) {
        const { done, value } = turns.next();
        if (done) return value;
      }
    },
    async retrieve(customers, moment, hidePast = false, timer = createStageTimer()) {
      const queries = await timer.measure('embed', () => embed(customers));
      const bandOf = bands.of(customers.encoded);
      return timer.measure('retrieve', async () => {
        const candidates: Candidates[] = [];
        for (let from = 0; from < customers.histories.length; from += atOnce) {
          if (from > 0) await setImmediate();
          const pasts = customers.histories.slice(from, from + atOnce);
          const own = queries.subarray(from * vectors.dim, (from + pasts.length) * vectors.dim);
          candidates.push(
            ...(await findCandidates({
              pasts,
              bands: bandOf.subarray(from, from + pasts.length),
              moment,
              variantsOf: (article) => catalogue.variantsOf(article),
              together: pasts.map((past) => habits.coPurchases.scores(past, hidePast ? Infinity : CO_PURCHASES.limit)),
              nearest: (most) => nearest(own, most),
              queries: own,
              vectors,
              hidePast,
            })),
          );
        }
        return candidates;
      });
    },
    async score(customers, candidates, moment) {
      const turns = inputsByTurns(customers, candidates, moment);
      let turn = turns.next();
      for (; !turn.done; turn = turns.next()) await setImmediate();
      const scores = await ranker(turn.value);
      const width = widest(candidates);
      return candidates.map(({ articles }, r) => {
        const own = scores.slice(r * width, r * width + articles.length);
        // A number that is none never takes a place in a ranking.
        return own.map((score) => (Number.isNaN(score) ? -Infinity : score));
      });
    },
  };
}

/**
 * Inputs of the query tower: the vectors of the latest purchases, oldest first, and the customers'
 * own columns.
 */
export function queryInputs(encoder: Encoder, { encoded, histories }: Customers, vectors: VectorRows): Batch {
  const { dim } = vectors;
  const n = histories.length;
  const history = new Float32Array(n * HISTORY_LENGTH * dim);
  const length = new Int32Array(n);
  histories.forEach((past, r) => {
    // Newest first; what has no vector yet is left out.
    for (let i = Math.min(past.length, HISTORY_LENGTH) - 1; i >= 0; i--) {
      const vector = vectorOf(vectors, past[i].article);
      if (!vector) continue;
      history.set(vector, (r * HISTORY_LENGTH + length[r]) * dim);
      length[r] += 1;
    }
  });
  return {
    ...customerInputs(encoder.customerLayout, encoded),
    history: { data: history, shape: [n, HISTORY_LENGTH, dim] },
    history_length: { data: length, shape: [n] },
  };
}

/** The width of a batch of candidate lists; at least 1, so that no batch is without size. */
export function widest(candidates: readonly Candidates[]): number {
  return Math.max(1, ...candidates.map((list) => list.articles.length));
}

/** The scores of some articles, of which those that are not wanted have none. */
export function without(hidden: ReadonlySet<number>, articles: Int32Array, scores: Float32Array): Float32Array {
  return scores.map((score, place) => (hidden.has(articles[place]) ? -Infinity : score));
}

function customerBatch(encoder: Encoder, catalogue: Catalogue, { encoded, histories }: Customers): Batch {
  const articles = histories.map((history) => history.slice(0, HISTORY_LENGTH).map((purchase) => purchase.article));
  return { ...customerInputs(encoder.customerLayout, encoded), ...historyInputs(catalogue, articles) };
}
