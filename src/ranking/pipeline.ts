// The stages retrieve and score for many customers at once. The same code serves requests, finds
// the candidates that the ranker is trained on, and is measured by an evaluation. The stages filter
// and arrange, which follow, are plain functions (filter.ts, arrange/).
import type { Catalogue } from '../features/catalogue';
import type { Customers } from '../features/customers';
import type { Encoder } from '../features/encoder';
import type { VectorIndex } from '../index/vector-index';
import { ageBands } from '../statistics/age-bands';
import type { Habits } from '../statistics/habits';
import { Affinity } from './affinity';
import { queryInputs, type Model } from './model-inputs';
import { PairWriter } from './pairs';
import { createRetrieve, type Retrieve } from './retrieve';
import { createScorer, type Scorer } from './score';
import { vectorOf, type VectorRows } from './vector-rows';

/** Articles by their vectors, by catalogue index. */
export interface ArticleVectors extends VectorRows {
  /** Whether an article with a vector may be shown, rather than only learnt from. */
  readonly shown: (article: number) => boolean;
  /** Holds the articles that may be shown. */
  readonly index: Pick<VectorIndex, 'search'>;
  /** The catalogue index of an id of the vector index, −1 if the shop no longer has the article. */
  readonly articleOf: (id: number) => number;
}

export interface Pipeline extends Scorer {
  /** [n, dim] query vectors. */
  embed(customers: Customers): Promise<Float32Array>;
  /**
   * The `k` articles nearest to each query, as catalogue indices, best first. A small shop may have
   * fewer than `k`.
   */
  nearest(queries: Float32Array, k: number): Promise<number[][]>;
  /** The vector of an article [dim], undefined if the article has none. */
  vectorOf(article: number): Float32Array | undefined;
  readonly retrieve: Retrieve;
}

export interface PipelineParts {
  readonly encoder: Encoder;
  readonly catalogue: Catalogue;
  readonly vectors: ArticleVectors;
  readonly habits: Habits;
  readonly queryTower: Model;
  readonly ranker: Model;
  /** Number of customers that are processed before the event loop gets a turn. Default: all. */
  readonly atOnce?: number;
}

export function createPipeline(parts: PipelineParts): Pipeline {
  const { encoder, catalogue, vectors, habits, queryTower, ranker, atOnce = Infinity } = parts;
  const bands = ageBands(encoder);
  const pairs = new PairWriter({
    repeatRates: habits.repeatRates,
    variantRates: habits.variantRates,
    affinity: new Affinity(catalogue, habits.attributeShares, habits.valueLifts),
    vectors,
    productOf: (article) => catalogue.productOf(article),
  });
  const embed = (customers: Customers): Promise<Float32Array> => queryTower(queryInputs(encoder, customers, vectors));
  const nearest = (queries: Float32Array, k: number): Promise<number[][]> => nearestIn(vectors, queries, k);
  const { coPurchases } = habits;
  return {
    embed,
    nearest,
    vectorOf: (article) => vectorOf(vectors, article),
    retrieve: createRetrieve({ catalogue, coPurchases, bands, vectors, embed, nearest, atOnce }),
    ...createScorer({ encoder, catalogue, bands, pairs, ranker, atOnce }),
  };
}

async function nearestIn(
  { dim, index, articleOf }: Pick<ArticleVectors, 'dim' | 'index' | 'articleOf'>,
  queries: Float32Array,
  k: number,
): Promise<number[][]> {
  const rows = queries.length / dim;
  if (rows === 0) return [];
  const found = await index.search(queries, k);
  return Array.from({ length: rows }, (_, r) =>
    Array.from(found.ids.subarray(r * found.k, (r + 1) * found.k), (id) => (id < 0 ? -1 : articleOf(id))).filter(
      (article) => article >= 0,
    ),
  );
}
