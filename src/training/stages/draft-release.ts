// A draft release: unfinished models in the form in which they will be served, loaded into the
// engine, with an index of the articles. The draft is used to find the ranker's candidates and to
// evaluate.
import type { Dataset } from '../../dataset/dataset';
import { inMemory, type ModelRunner } from '../../engine/model-runner';
import { articleInputs } from '../../features/inputs';
import { encodeOnnx, type EncodedModel } from '../../graph/onnx';
import type { Tensor } from '../../graph/tensor';
import { buildIndex, type IndexOptions } from '../../index/local-index';
import type { LocalIndex } from '../../index/vector-index';
import type { Model } from '../../ranking/model-inputs';
import { createPipeline, type Pipeline } from '../../ranking/pipeline';
import { MODEL_OUTPUT, type ModelName } from '../../release/format';
import { modelKey, modelOf } from '../../release/models';
import type { Habits } from '../../statistics/habits';
import type { Reporter } from '../../telemetry/progress';
import { articleTower, queryTower, type TwoTowerConfig } from '../models/two-tower';
import type { Weights } from '../optimise/learnt';

/** The name under which models in training are loaded. */
const DRAFT = { name: 'draft' };

/** A model as it is released: the trained graph without the loss, with its weights written in. */
export function servedModel(name: ModelName, output: Tensor, values: Weights): EncodedModel {
  return encodeOnnx({ name, outputs: { [MODEL_OUTPUT[name]]: output }, values, embeddings: 'inline' });
}

/** Loads a model of the draft and returns a function that runs the model. */
export async function loadDraft(runner: ModelRunner, name: ModelName, model: EncodedModel): Promise<Model> {
  await runner.load(modelKey(DRAFT, name), inMemory(model.bytes));
  return modelOf(runner, DRAFT, name);
}

export interface DraftTowers {
  readonly models: Readonly<Record<'query_tower' | 'article_tower', EncodedModel>>;
  readonly dim: number;
  /** [articles, dim] */
  readonly vectors: Float32Array;
  readonly queryTower: Model;
}

export async function loadTowers(
  runner: ModelRunner,
  shop: Dataset,
  config: TwoTowerConfig,
  weights: Weights,
): Promise<DraftTowers> {
  const models = {
    query_tower: servedModel('query_tower', queryTower(shop.encoder, config), weights),
    article_tower: servedModel('article_tower', articleTower(shop.encoder, config), weights),
  };
  const query = await loadDraft(runner, 'query_tower', models.query_tower);
  const article = await loadDraft(runner, 'article_tower', models.article_tower);
  return { models, dim: config.dim, vectors: await embedArticles(article, shop, config.dim), queryTower: query };
}

async function embedArticles(articleTower: Model, shop: Dataset, dim: number): Promise<Float32Array> {
  const vectors = new Float32Array(shop.catalogue.size * dim);
  for (let from = 0; from < shop.catalogue.size; from += 2048) {
    const size = Math.min(2048, shop.catalogue.size - from);
    const indices = Int32Array.from({ length: size }, (_, i) => from + i);
    vectors.set(await articleTower(articleInputs(shop.catalogue, indices)), from * dim);
  }
  return vectors;
}

/** Builds an index of vectors [n, dim]. The id of a vector is its row. */
export function indexVectors(
  dim: number,
  vectors: Float32Array,
  reporter: Reporter,
  kind?: IndexOptions['kind'],
): LocalIndex {
  const size = vectors.length / dim;
  const progress = reporter.progress('Indexing', size, 'vectors');
  const ids = Int32Array.from({ length: size }, (_, i) => i);
  const index = buildIndex(dim, ids, vectors, {
    ...(kind && { kind }),
    onRows: (rows) => {
      progress.tick(rows);
    },
  });
  progress.done();
  return index;
}

export interface DraftOptions {
  readonly towers: TwoTowerConfig;
  readonly weights: Weights;
  readonly habits: Habits;
  /** If omitted, the pipeline can retrieve but must not be asked to score. */
  readonly ranker?: Model;
  /** Default: depends on the size of the index. */
  readonly kind?: IndexOptions['kind'];
}

export interface Draft {
  readonly pipeline: Pipeline;
  readonly articleIndex: LocalIndex;
  readonly habits: Habits;
  readonly models: DraftTowers['models'];
}

/** Loads the towers and returns a pipeline that retrieves with them. */
export async function openDraft(
  runner: ModelRunner,
  shop: Dataset,
  { towers, weights, habits, ranker = noRanker, kind }: DraftOptions,
  reporter: Reporter,
): Promise<Draft> {
  const { models, dim, vectors, queryTower } = await loadTowers(runner, shop, towers, weights);
  const articleIndex = indexVectors(dim, vectors, reporter, kind);
  const pipeline = createPipeline({
    encoder: shop.encoder,
    catalogue: shop.catalogue,
    vectors: {
      dim,
      index: articleIndex,
      articleOf: (id) => id,
      data: vectors,
      has: () => true,
      // Hidden articles are learnt from like all others.
      shown: () => true,
    },
    habits,
    queryTower,
    ranker,
  });
  return { pipeline, models, articleIndex, habits };
}

const noRanker: Model = () => Promise.reject(new Error('There is no ranker yet.'));
