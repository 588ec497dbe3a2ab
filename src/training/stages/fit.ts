// Fits the encoder, the towers and the ranker on the purchases before a cutoff. Returns the models
// as they will be served and the pipeline that runs them, so the evaluation measures what is
// released.
import type { Store } from '../../data/store/store';
import type { TrainingEngine } from '../../engine/training-engine';
import type { Cutoff, Dataset } from '../../dataset/dataset';
import { encodeDataset, type PurchaseLog } from '../../dataset/read';
import { habitsOf } from '../../dataset/habit-counts';
import { inStages, thinned, trainingRounds, withHistory, type Round } from '../../dataset/protocols';
import type { EncodedModel } from '../../graph/onnx';
import { mean } from '../../graph/rows';
import { flatKind } from '../../index/local-index';
import { createRandom } from '../../random';
import type { Pipeline } from '../../ranking/pipeline';
import type { FormerWeights } from '../../release/weights';
import type { Habits } from '../../statistics/habits';
import type { LocalIndex } from '../../index/vector-index';
import type { Reporter } from '../../telemetry/progress';
import { WEEK } from '../../time';
import type { TrainingConfig } from '../config';
import { servedRanker } from '../models/ranker';
import type { Checkpoints } from '../optimise/checkpoint';
import type { Weights } from '../optimise/learnt';
import { createTrainer } from '../optimise/trainer';
import { loadDraft, loadTowers, openDraft, servedModel } from './draft-release';
import { collectLists, type CustomerDraw, type List } from './ranker-lists';
import { drawCustomers, rankerWeeks, trainRanker } from './train-ranker';
import { towerTrainer, type TowerStage, type TowerTrainer } from './train-towers';
import { meanGain } from './validate';
import { checkAttributes, warmStart } from './warm-start';

export interface Fitted {
  readonly shop: Dataset;
  readonly pipeline: Pipeline;
  readonly models: Readonly<Record<'query_tower' | 'article_tower' | 'ranker', EncodedModel>>;
  /** The vectors of the articles. The ids are catalogue indices. */
  readonly articleIndex: LocalIndex;
  /** Rows in catalogue order. */
  readonly habits: Habits;
}

/** Number of customers in the validation after each segment of the towers. */
const VALIDATED = 4_000;
/**
 * Number of stages in which the towers and the counts advance to the cutoff while the ranker's
 * candidates are retrieved.
 */
const STAGES = 6;

export interface FitOptions {
  readonly raw: PurchaseLog;
  readonly cutoff: Cutoff;
  readonly config: TrainingConfig;
  /** Number of days whose purchases the ranker learns to predict. */
  readonly days: number;
  /** Checkpoints for resuming a killed run. */
  readonly checkpoints?: Checkpoints | undefined;
  /**
   * Weights for a warm start: the towers see the purchases once more, and the ranker does not
   * change. The result must not be measured on purchases that the former models have seen.
   */
  readonly former?: FormerWeights | undefined;
}

/** The state of a running fit. */
interface Fitting extends FitOptions {
  readonly shop: Dataset;
  readonly towers: TowerTrainer;
  /**
   * Makes a checkpoint for a part of the training. The key contains everything that changes the
   * result.
   */
  readonly checkpointOf: (...part: unknown[]) => Pick<TowerStage, 'checkpoint'>;
}

/**
 * Fits the models. The ranker must be trained on candidates like those that serving will find. So
 * the towers are first trained up to some weeks (or one purchase of each customer) before the
 * cutoff, and catch up after the ranker is trained.
 */
export async function fit(
  engine: TrainingEngine,
  store: Store,
  options: FitOptions,
  reporter: Reporter,
): Promise<Fitted> {
  const { raw, cutoff, config, former } = options;
  const shop = await encodeDataset(store, raw, cutoff, reporter);
  // Without dates, no purchase is older than another, so all weights are equal.
  const halfLifeDays = 'butLast' in cutoff ? Infinity : config.towers.halfLifeDays;
  const towers = await towerTrainer(
    engine,
    shop,
    {
      config: { ...config.towers, halfLifeDays },
      seed: config.seed,
      initialise: former && warmStart(former, shop.encoder),
    },
    reporter,
  );
  const fitting: Fitting = { ...options, shop, towers, checkpointOf: checkpointsOf(shop, options) };
  const { epochs, ranker: weights } = former
    ? await fromFormer(engine, fitting, former)
    : await fromNothing(engine, fitting, reporter);
  await towers.learn({
    name: 'Two towers catch up',
    known: shop.historyEnds(cutoff),
    epochs,
    ...fitting.checkpointOf('catch up', epochs),
  });
  const model = servedModel('ranker', servedRanker(shop.encoder, config.ranker), weights);
  const ranker = await loadDraft(engine, 'ranker', model);
  const habits = habitsOf(shop, shop.historyEnds(cutoff));
  const draft = await openDraft(
    engine,
    shop,
    { towers: config.towers, weights: towers.weights, habits, ranker },
    reporter,
  );
  return { shop, ...draft, models: { ...draft.models, ranker: model } };
}

function checkpointsOf(shop: Dataset, { config, cutoff, checkpoints, former }: FitOptions): Fitting['checkpointOf'] {
  return (...part) => {
    const key = [shop.fingerprint(), config.seed, config.towers, former?.name, cutoff, ...part];
    return checkpoints ? { checkpoint: { store: checkpoints, key: JSON.stringify(key) } } : {};
  };
}

/** The weights of the ranker, and the number of epochs in which the towers catch up. */
interface RankerOutcome {
  readonly ranker: Weights;
  readonly epochs: number;
}

/** Keeps the former ranker. The rows of its tables are reordered for this shop's encoder. */
async function fromFormer(
  engine: TrainingEngine,
  { shop, config }: Fitting,
  former: FormerWeights,
): Promise<RankerOutcome> {
  checkAttributes(former, shop.encoder);
  const trainer = await createTrainer(engine, {
    name: 'former.ranker',
    loss: mean(servedRanker(shop.encoder, config.ranker)),
    random: createRandom(config.seed, 'ranker'),
    denseRate: 0,
    tableRate: 0,
    initialise: warmStart(former, shop.encoder),
  });
  // The towers see the purchases once more, but at most as many purchases as in a usual catch-up.
  const most = config.catchUp * config.towers.maxPurchases;
  return { ranker: trainer.weights, epochs: Math.min(1, most / Math.max(1, shop.at.length)) };
}

async function fromNothing(engine: TrainingEngine, fitting: Fitting, reporter: Reporter): Promise<RankerOutcome> {
  const { shop, raw, cutoff, config, days, towers, checkpointOf } = fitting;
  const { seed, ranker: settings } = config;
  const earlier = earlierCutoff(shop, raw, cutoff, config);
  const spans = { earlier, later: cutoff, days };
  const rounds = trainingRounds(shop, spans, settings.maxQuestions, createRandom(seed, 'lessons'));
  const asked = thinned(withHistory(shop, rounds), VALIDATED, createRandom(seed, 'validation'));
  const best = await towers.learn({
    name: 'Two towers',
    known: shop.historyEnds(earlier),
    epochs: config.towers.epochs,
    validate: async () => meanGain(engine, shop, await loadTowers(engine, shop, config.towers, towers.weights), asked),
    ...checkpointOf('learn', earlier, days, settings.maxQuestions),
  });
  const epochs = best * config.catchUp;
  const random = createRandom(seed, 'ranker');
  const draw = drawCustomers(shop, rounds, settings, random);
  const lists = await collectInStages(engine, fitting, { earlier, rounds, draw, epochs }, reporter);
  const examples = { lists, isHeldOut: draw.isHeldOut, config: settings, random };
  return { ranker: await trainRanker(engine, shop, examples, reporter), epochs };
}

interface Collecting {
  readonly earlier: Cutoff;
  readonly rounds: readonly Round[];
  readonly draw: CustomerDraw;
  /** Number of epochs of the towers over all stages. */
  readonly epochs: number;
}

/**
 * Collects the ranker's candidate lists. From stage to stage, the towers and the counts advance, as
 * they do in serving.
 */
async function collectInStages(
  engine: TrainingEngine,
  { shop, config, towers, checkpointOf }: Fitting,
  { earlier, rounds, draw, epochs }: Collecting,
  reporter: Reporter,
): Promise<List[]> {
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
    const options = { towers: config.towers, weights: towers.weights, habits, kind: flatKind() };
    const { pipeline } = await openDraft(engine, shop, options, reporter);
    lists.push(...(await collectLists(shop, pipeline, stage, draw, reporter)));
  }
  return lists;
}

/** The cutoff of the towers that retrieve the ranker's candidates. */
function earlierCutoff(shop: Dataset, raw: PurchaseLog, cutoff: Cutoff, config: TrainingConfig): Cutoff {
  if ('butLast' in cutoff) return { butLast: cutoff.butLast + 1 };
  const weeks = rankerWeeks(shop, raw.first, cutoff.before, config.ranker);
  return { before: Math.max(cutoff.before - weeks * WEEK, (raw.first + cutoff.before) / 2) };
}
