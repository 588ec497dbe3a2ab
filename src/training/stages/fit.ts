// Fits everything that recommends, on the purchases before a cutoff: encoder, towers, ranker. Gives
// the models as they will be served and the pipeline that runs them, so the evaluation measures
// what is released.
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
  /** The vectors of the articles. Their ids are places in the catalogue. */
  readonly articleIndex: LocalIndex;
  /** Rows in catalogue order. */
  readonly habits: Habits;
}

/** Customers of the validation after each segment of the towers. */
const VALIDATED = 4_000;
/**
 * The towers and the counts move on so many times on the way to the cutoff, while the ranker's
 * candidates are retrieved.
 */
const STAGES = 6;

export interface FitOptions {
  readonly raw: PurchaseLog;
  readonly cutoff: Cutoff;
  readonly config: TrainingConfig;
  /** The ranker learns to predict the purchases of so many days. */
  readonly days: number;
  /** For resuming a killed run. */
  readonly checkpoints?: Checkpoints | undefined;
  /**
   * A warm start from these weights: the towers see the purchases once more, and the ranker stays.
   * The result must not be measured on purchases that the former models have seen.
   */
  readonly former?: FormerWeights | undefined;
}

/** A fit under way. */
interface Fitting extends FitOptions {
  readonly shop: Dataset;
  readonly towers: TowerTrainer;
  /** A checkpoint for a part of the training. Its key has all that changes the result. */
  readonly checkpointOf: (...part: unknown[]) => Pick<TowerStage, 'checkpoint'>;
}

/**
 * The ranker must see candidates as serving will find them. So the towers first stop some weeks (or
 * one purchase of each customer) before the cutoff, and catch up when the ranker is done.
 */
export async function fit(
  engine: TrainingEngine,
  store: Store,
  options: FitOptions,
  reporter: Reporter,
): Promise<Fitted> {
  const { raw, cutoff, config, former } = options;
  const shop = await encodeDataset(store, raw, cutoff, reporter);
  // Without dates no purchase is older than another.
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

/** The weights of the ranker, and the epochs in which the towers catch up. */
interface RankerOutcome {
  readonly ranker: Weights;
  readonly epochs: number;
}

/** Keeps the former ranker. Its tables are put in the order of this shop's encoder. */
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
  // The towers see the purchases once more, but at most as many as a usual catch-up does.
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
  /** Epochs of the towers over all stages. */
  readonly epochs: number;
}

/** The ranker's candidate lists. From stage to stage towers and counts move on, as in serving. */
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
