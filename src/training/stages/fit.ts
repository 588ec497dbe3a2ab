// Fits everything that recommends: encoder, towers, ranker, on what was known at one moment. Gives
// the models as they will be served and the pipeline that runs them, so that what is measured is
// what is released. Knows no files and no protocol.
import type { Store } from '../../data/store/store';
import type { Engine } from '../../engine/engine';
import { encodeDataset, type Cutoff, type PurchaseLog, type Dataset } from '../../dataset/dataset';
import type { Habits } from '../../statistics/habits';
import { habitsOf } from '../../dataset/habit-counts';
import { articleInputs } from '../../features/inputs';
import { encodeOnnx, type EncodedModel } from '../../graph/onnx';
import { mean } from '../../graph/operators';
import type { Tensor } from '../../graph/tensor';
import { createRandom } from '../../random';
import { createPipeline, type Pipeline } from '../../ranking/pipeline';
import type { Model } from '../../ranking/model-inputs';
import { MODEL_OUTPUT, type ModelName } from '../../release/format';
import { modelKey, modelOf } from '../../release/open';
import { buildIndex, flatKind, type IndexOptions } from '../../index/local-index';
import type { LocalIndex } from '../../index/vector-index';
import type { Trained } from '../../release/weights';
import type { Reporter } from '../../telemetry/progress';
import type { Checkpoints } from '../optimise/checkpoint';
import type { TrainingConfig } from '../config';
import { inStages, trainingRounds, thinned, withHistory } from '../../dataset/protocols';
import { servedRanker } from '../models/ranker';
import { collectLists, type List } from './ranker-lists';
import { drawTaken, rankerWeeks, trainRanker } from './train-ranker';
import { towerTrainer, type TowerStage } from './train-towers';
import { createTrainer, type Weights } from '../optimise/trainer';
import { articleTower, queryTower } from '../models/two-tower';
import { meanGain } from './validate';
import { checkAttributes, warmStart } from './warm-start';
import { WEEK } from '../../time';

export interface Fitted {
  readonly shop: Dataset;
  readonly pipeline: Pipeline;
  readonly models: Readonly<Record<'query_tower' | 'article_tower' | 'ranker', EncodedModel>>;
  /** The articles' vectors, ids in catalogue order. */
  readonly articleIndex: LocalIndex;
  /** Rows in catalogue order. */
  readonly habits: Habits;
}

/**
 * Stands in the pipeline while there is no ranker yet: such a pipeline retrieves and must not be
 * asked to score.
 */
const noRanker: Model = () => Promise.reject(new Error('There is no ranker yet.'));

/** The name under which models in training are loaded. */
const DRAFT = { name: 'draft' };
/** Customers that are asked after each epoch to see whether the towers still learn. */
const VALIDATED = 4_000;
/**
 * How often on the way to the cutoff the towers move on, and what is counted is counted anew, to
 * find the ranker's candidates.
 */
const STAGES = 6;

export interface FitOptions {
  readonly config: TrainingConfig;
  /** The ranker learns to foresee what is bought within so many days. */
  readonly days: number;
  /** Where to keep what is learnt on the way, and to find what a run that was killed has left. */
  readonly checkpoints?: Checkpoints | undefined;
  /**
   * A former release to go on from: its towers see the purchases once more, or as many of them as
   * others catch up with at most, and its ranker stays. Nothing may be measured of what comes of it
   * that the former release has seen.
   */
  readonly former?: Trained | undefined;
}

/**
 * Learns from the purchases until a cutoff. The ranker must see candidates as serving will find
 * them, so the towers that find them stop some weeks (or one purchase of each customer) earlier;
 * when the ranker is done they catch up.
 */
export async function fit(
  engine: Engine,
  store: Store,
  raw: PurchaseLog,
  cutoff: Cutoff,
  { config, days, checkpoints, former }: FitOptions,
  reporter: Reporter,
): Promise<Fitted> {
  const shop = await encodeDataset(store, raw, cutoff, reporter);
  /** Whatever changes what a stage learns is in its key. */
  const checkpointOf = (...stage: unknown[]): Pick<TowerStage, 'checkpoint'> => {
    const key = [shop.fingerprint(), config.seed, config.towers, former?.name, cutoff, ...stage];
    return checkpoints ? { checkpoint: { store: checkpoints, key: JSON.stringify(key) } } : {};
  };
  const initialise = former && warmStart(former, shop.encoder);
  // Where time says nothing but the order, no purchase is older news than another.
  const halfLifeDays = 'butLast' in cutoff ? Infinity : config.towers.halfLifeDays;
  const towers = await towerTrainer(
    engine,
    shop,
    { ...config.towers, halfLifeDays },
    config.seed,
    reporter,
    initialise,
  );
  let rankerWeights: Weights;
  // Whoever goes on from a former release sees the purchases once more, or as many as others catch
  // up with at most.
  let epochs = Math.min(1, (config.catchUp * config.towers.maxPurchases) / Math.max(1, shop.at.length));
  if (former) rankerWeights = await formerRanker(engine, shop, config, former);
  else {
    const earlier = earlierCutoff(shop, raw, cutoff, config);
    const rounds = trainingRounds(
      shop,
      earlier,
      cutoff,
      days,
      config.ranker.maxQuestions,
      createRandom(config.seed, 'lessons'),
    );
    const asked = thinned(withHistory(shop, rounds), VALIDATED, createRandom(config.seed, 'validation'));
    const best = await towers.learn({
      name: 'Two towers',
      known: shop.historyEnds(earlier),
      epochs: config.towers.epochs,
      validate: async () => meanGain(engine, shop, await loadTowers(engine, shop, config, towers.weights), asked),
      ...checkpointOf('learn', earlier, days, config.ranker.maxQuestions),
    });
    epochs = best * config.catchUp;
    // From stage to stage the towers and what is counted move on, as the release that serves will
    // have.
    const random = createRandom(config.seed, 'ranker');
    const taken = drawTaken(shop, rounds, config.ranker, random);
    const lists: List[] = [];
    for (const [s, stage] of inStages(rounds, STAGES).entries()) {
      const known = shop.historyEnds(s === 0 || 'butLast' in earlier ? earlier : { before: stage[0].moment.now });
      if (s > 0) {
        const name = `Two towers move on (${String(s)})`;
        await towers.learn({
          name,
          known,
          epochs: epochs / STAGES,
          ...checkpointOf(name, epochs, stage[0].moment.now),
        });
      }
      const habits = habitsOf(shop, known);
      const then = await serveTowers(engine, shop, habits, config, towers.weights, noRanker, reporter, {
        kind: flatKind(),
      });
      lists.push(...(await collectLists(shop, then.pipeline, stage, taken, reporter)));
    }
    rankerWeights = await trainRanker(engine, shop, lists, taken, config.ranker, random, reporter);
  }
  await towers.learn({
    name: 'Two towers catch up',
    known: shop.historyEnds(cutoff),
    epochs,
    ...checkpointOf('catch up', epochs),
  });
  const rankerModel = served('ranker', servedRanker(shop.encoder, config.ranker), rankerWeights);
  await engine.load(modelKey(DRAFT, 'ranker'), rankerModel.bytes);
  const late = await serveTowers(
    engine,
    shop,
    habitsOf(shop, shop.historyEnds(cutoff)),
    config,
    towers.weights,
    modelOf(engine, DRAFT, 'ranker'),
    reporter,
  );
  return { shop, ...late, models: { ...late.models, ranker: rankerModel } };
}

/** The ranker of a former release, its tables in the order of this shop's encoder. */
async function formerRanker(engine: Engine, shop: Dataset, config: TrainingConfig, former: Trained): Promise<Weights> {
  checkAttributes(former, shop.encoder);
  const trainer = await createTrainer(engine, {
    name: 'former.ranker',
    loss: mean(servedRanker(shop.encoder, config.ranker)),
    random: createRandom(config.seed, 'ranker'),
    denseRate: 0,
    tableRate: 0,
    initialise: warmStart(former, shop.encoder),
  });
  return trainer.weights;
}

/** What the towers know that find the ranker's candidates. */
function earlierCutoff(shop: Dataset, raw: PurchaseLog, cutoff: Cutoff, config: TrainingConfig): Cutoff {
  if ('butLast' in cutoff) return { butLast: cutoff.butLast + 1 };
  const weeks = rankerWeeks(shop, raw.first, cutoff.before, config.ranker);
  return { before: Math.max(cutoff.before - weeks * WEEK, (raw.first + cutoff.before) / 2) };
}

type Retrieval = Omit<Fitted, 'shop' | 'models'> & { models: Omit<Fitted['models'], 'ranker'> };

/** The towers with their weights written in, loaded, and a pipeline that retrieves. */
export async function serveTowers(
  engine: Engine,
  shop: Dataset,
  habits: Habits,
  config: TrainingConfig,
  weights: Weights,
  rankerModel: Model,
  reporter: Reporter,
  options: Pick<IndexOptions, 'kind'> = {},
): Promise<Retrieval> {
  const { models, dim, vectors, queryTower } = await loadTowers(engine, shop, config, weights);
  const articleIndex = indexVectors(dim, vectors, reporter, options);
  const pipeline = createPipeline({
    encoder: shop.encoder,
    catalogue: shop.catalogue,
    vectors: {
      dim,
      index: articleIndex,
      articleOf: (id) => id,
      data: vectors,
      has: () => true,
    },
    habits,
    queryTower,
    ranker: rankerModel,
  });
  return { pipeline, models, articleIndex, habits };
}

/** The towers as they will be served, loaded, and the vectors of all articles [articles, dim]. */
async function loadTowers(engine: Engine, shop: Dataset, { towers }: TrainingConfig, weights: Weights) {
  const models = {
    query_tower: served('query_tower', queryTower(shop.encoder, towers), weights),
    article_tower: served('article_tower', articleTower(shop.encoder, towers), weights),
  };
  await engine.load(modelKey(DRAFT, 'query_tower'), models.query_tower.bytes);
  await engine.load(modelKey(DRAFT, 'article_tower'), models.article_tower.bytes);
  const vectors = await embedArticles(modelOf(engine, DRAFT, 'article_tower'), shop, towers.dim);
  return { models, dim: towers.dim, vectors, queryTower: modelOf(engine, DRAFT, 'query_tower') };
}

/** A model as it is released: the trained graph without the loss, its weights written in. */
function served(name: ModelName, output: Tensor, values: Weights): EncodedModel {
  return encodeOnnx({ name, outputs: { [MODEL_OUTPUT[name]]: output }, values, embeddings: 'inline' });
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

/** An index of vectors [n, dim] whose ids are their places. */
export function indexVectors(
  dim: number,
  vectors: Float32Array,
  reporter: Reporter,
  options: Pick<IndexOptions, 'kind'> = {},
): LocalIndex {
  const size = vectors.length / dim;
  const progress = reporter.progress('Indexing', size, 'vectors');
  const ids = Int32Array.from({ length: size }, (_, i) => i);
  const index = buildIndex(dim, ids, vectors, {
    ...options,
    onRows: (rows) => {
      progress.tick(rows);
    },
  });
  progress.done();
  return index;
}
