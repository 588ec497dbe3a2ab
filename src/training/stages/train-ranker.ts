// Trains the ranker on candidates that retrieval really returns. The weights that are best on
// held-out lists are kept, and the scores are calibrated on these lists.
import type { Batch } from '../../engine/batch';
import type { TrainingEngine } from '../../engine/training-engine';
import type { Dataset } from '../../dataset/dataset';
import { sampled, type Random } from '../../random';
import type { Reporter } from '../../telemetry/progress';
import { hasHistory, type Round } from '../../dataset/protocols';
import { fitCalibrations } from '../models/calibration';
import type { RankerConfig } from '../models/deep-part';
import { linearPart } from '../models/linear-part';
import { calibrationWeights, deepLoss, deepRanker, gateWeight, type Calibrations } from '../models/ranker';
import type { Weights } from '../optimise/learnt';
import { createTrainer } from '../optimise/trainer';
import { WEEK } from '../../time';
import { listJudge, type ListJudge } from './list-judge';
import {
  byRound,
  isOfColdCustomer,
  scoreLists,
  shuffled,
  trainingBatch,
  type CustomerDraw,
  type List,
} from './ranker-lists';
import { trainLinearPart } from './train-linear-part';

export interface RankerTraining extends RankerConfig {
  /**
   * Minimum number of weeks at the end that are used for training examples. The towers must not
   * have seen these weeks.
   */
  readonly weeks: number;
  /**
   * A small shop uses more weeks, until the weeks contain this many customer-weeks, but at most a
   * quarter of the shop's time span.
   */
  readonly enoughLists: number;
  /**
   * Number of steps of the linear part, for each ridge. The name is kept because manifests contain
   * it.
   */
  readonly straightSteps: number;
  /** Maximum number of epochs. The best epoch is kept. */
  readonly epochs: number;
  /** Number of customers in one step. */
  readonly batch: number;
  /**
   * Number of candidates of one customer in training: the bought candidates, and a random part of
   * the others.
   */
  readonly listLength: number;
  /**
   * Minimum share of questions of cold customers. If the share is smaller, the history of some
   * returning customers is hidden.
   */
  readonly coldShare: number;
  /**
   * Maximum number of candidate lists that are retrieved. Many customers buy none of their
   * candidates, so their lists teach no order.
   */
  readonly maxQuestions: number;
  /** Maximum number of lists in training. */
  readonly maxLists: number;
  readonly denseRate: number;
  readonly tableRate: number;
  readonly weightDecay: number;
}

/** The share of customers whose lists are held out. */
const HELD_OUT = 0.1;
/** Number of lists of cold customers that are always used in training, if there are this many. */
const COLD_LISTS = 1_000;
/** Maximum number of held-out lists. */
const CHECKED = 2_000;

/** The number of weeks before `until` that are used for training examples of the ranker. */
export function rankerWeeks(
  shop: Dataset,
  first: number,
  until: number,
  { weeks, enoughLists }: RankerTraining,
): number {
  const most = Math.max(1, Math.floor((until - first) / 4 / WEEK));
  let lists = 0;
  for (let week = 1; week <= most; week++) {
    lists += shop.boughtWithin(until - week * WEEK, until - (week - 1) * WEEK).size;
    if (week >= weeks && lists >= enoughLists) return week;
  }
  return most;
}

/**
 * Draws the customers whose lists are held out, and those whose history is hidden. Histories are
 * hidden only until the share of cold customers is reached, since a hidden history is lost for
 * training.
 */
export function drawCustomers(
  shop: Pick<Dataset, 'customers' | 'offsets'>,
  rounds: readonly Round[],
  { coldShare }: Pick<RankerTraining, 'coldShare'>,
  random: Random,
): CustomerDraw {
  const held = new Set(Array.from({ length: shop.customers }, (_, c) => c).filter(() => random.next() < HELD_OUT));
  const isHeldOut = (customer: number): boolean => held.has(customer);
  const cold = shareOfCold(shop, rounds);
  const hidden = cold < coldShare ? (coldShare - cold) / (1 - cold) : 0;
  return { isHeldOut, hidesHistory: (customer) => !isHeldOut(customer) && random.next() < hidden };
}

/** The share of questions of cold customers. */
function shareOfCold(shop: Pick<Dataset, 'offsets'>, rounds: readonly Round[]): number {
  let [asked, cold] = [0, 0];
  for (const round of rounds) {
    asked += round.customers.length;
    for (let place = 0; place < round.customers.length; place++) if (!hasHistory(shop, round, place)) cold += 1;
  }
  return cold / Math.max(1, asked);
}

export interface RankerExamples {
  /** The candidate lists. The towers that found the candidates have not seen the answers. */
  readonly lists: readonly List[];
  readonly isHeldOut: (customer: number) => boolean;
  readonly config: RankerTraining;
  readonly random: Random;
}

/** Trains the ranker. Without lists, the result is the initial weights. */
export async function trainRanker(
  engine: TrainingEngine,
  shop: Dataset,
  { lists, isHeldOut, config, random }: RankerExamples,
  reporter: Reporter,
): Promise<Weights> {
  const isChecked = ({ round, place }: List): boolean => isHeldOut(round.customers[place]);
  const learnt = balanced(
    shop,
    lists.filter((list) => !isChecked(list)),
    config.maxLists,
    random,
  );
  const checked = sampled(lists.filter(isChecked), CHECKED, random);
  const judge = listJudge(shop, checked);
  const linear = await trainLinearPart(engine, shop, { lists: learnt, checked, judge, config, random }, reporter);
  const training = { lists: learnt, checked, judge, config, random, linear };
  const { weights, gate, scores } = await trainDeepPart(engine, shop, training, reporter);
  const calibrations = calibrationOf(shop, checked, scores);
  return new Map([...linear, ...weights, gateWeight(gate), ...calibrationWeights(calibrations)]);
}

interface DeepTraining {
  readonly lists: readonly List[];
  /** Lists that are held out. */
  readonly checked: readonly List[];
  readonly judge: ListJudge;
  readonly config: RankerTraining;
  readonly random: Random;
  /** The weights of the linear part. */
  readonly linear: Weights;
}

/** Trains the deep part, and keeps the weights and the gate of the best epoch. */
async function trainDeepPart(
  engine: TrainingEngine,
  shop: Dataset,
  { lists, checked, judge, config, random, linear }: DeepTraining,
  reporter: Reporter,
): Promise<Gated & { readonly weights: Weights }> {
  const scoreLinear = (some: readonly List[]): Promise<Float32Array[]> =>
    scoreLists(engine, shop, linearPart(shop.encoder), linear, some);
  const trainer = await createTrainer(engine, {
    name: 'train.ranker',
    loss: deepLoss(shop.encoder, config),
    random,
    denseRate: config.denseRate,
    tableRate: config.tableRate,
    weightDecay: config.weightDecay,
  });
  const shut = closedGate(judge, await scoreLinear(checked));
  let best = { ...shut, weights: copied(trainer.weights) };
  if (lists.length === 0) {
    reporter.say('No recent purchase was among the candidates: the ranker keeps the weights that it starts from');
  }
  // The gate is closed for cold customers, so the deep part does not learn from them.
  const examples = lists.filter((list) => !isOfColdCustomer(shop, list));
  if (examples.length === 0) return best;

  const progress = reporter.progress('Ranker', examples.length * config.epochs, 'lists');
  const scores = await scoreLinear(examples);
  const offsets = new Map(examples.map((list, l) => [list, scores[l]]));
  const deep = deepRanker(shop.encoder, config);
  let loss = Number.NaN;
  let done = 0;
  for (let epoch = 1; epoch <= config.epochs; epoch++) {
    await trainer.train(batches(shop, examples, config, random, offsets), (_step, value) => {
      loss = Number.isNaN(loss) ? value : 0.98 * loss + 0.02 * value;
      done = Math.min(done + config.batch, examples.length * epoch);
      progress.tick(done, `loss ${loss.toFixed(3)}`);
    });
    const gated = openGate(judge, shut, await scoreLists(engine, shop, deep, trainer.weights, checked));
    if (judge.mean(gated.worth, 'returning') > judge.mean(best.worth, 'returning')) {
      best = { ...gated, weights: copied(trainer.weights) };
    }
  }
  const ndcg = ({ scores: found }: Gated): string => judge.ndcg(found, 'returning').toFixed(4);
  progress.done(
    `gate ${String(best.gate)}, NDCG of ${String(judge.lists.returning)} held-out lists ${ndcg(shut)} → ${ndcg(best)}`,
  );
  return best;
}

/** A gate, and the scores of the held-out lists with it. */
export interface Gated {
  /** The share of the deep part in the scores of returning customers, from 0 to 1. */
  readonly gate: number;
  /** [lists][candidates] */
  readonly scores: readonly Float32Array[];
  /** [lists] the worth of each list, as the judge returns it. */
  readonly worth: Float64Array;
}

/**
 * The possible values of an open gate, at most ½. The held-out lists are from the training weeks,
 * so they cannot reveal how much the deep part has memorised about these weeks.
 */
const OPEN = [0.25, 0.5] as const;

/** The linear part alone, with its scores [lists][candidates]. */
export function closedGate(judge: ListJudge, linear: readonly Float32Array[]): Gated {
  return { gate: 0, scores: linear, worth: judge.worth(linear) };
}

/**
 * Opens the gate for a deep part with these scores [lists][candidates]. The result is the best gate
 * that is better than `shut` by more than chance. For cold customers the gate stays closed.
 */
export function openGate(judge: ListJudge, shut: Gated, deep: readonly Float32Array[]): Gated {
  let best = shut;
  for (const gate of OPEN) {
    const scores = shut.scores.map((linear, l) => {
      if (judge.isOfColdCustomer(l)) return linear;
      return linear.map((score, i) => score + gate * deep[l][i]);
    });
    const gated = { gate, scores, worth: judge.worth(scores) };
    const isSure = judge.isBetter(gated.worth, shut.worth, 'returning');
    if (isSure && judge.mean(gated.worth, 'returning') > judge.mean(best.worth, 'returning')) best = gated;
  }
  return best;
}

/**
 * Chooses at most `most` lists. Cold customers all see nearly the same list, so they get no more
 * lists than returning customers, or COLD_LISTS if that is more. Otherwise a day with many new
 * customers would leave few lists of returning customers.
 */
function balanced(shop: Dataset, lists: readonly List[], most: number, random: Random): List[] {
  const returning = lists.filter((list) => !isOfColdCustomer(shop, list));
  const cold = lists.filter((list) => isOfColdCustomer(shop, list));
  return sampled([...returning, ...sampled(cold, Math.max(COLD_LISTS, returning.length), random)], most, random);
}

/** Every list once, in a random order. */
function* batches(
  shop: Dataset,
  lists: readonly List[],
  { batch, listLength }: RankerTraining,
  random: Random,
  offsets: ReadonlyMap<List, Float32Array>,
): Generator<Batch> {
  for (const group of byRound(shuffled(lists, random), batch)) {
    yield trainingBatch(shop, group, listLength, random, offsets);
  }
}

/** Calibrates scores [lists][candidates] on whole lists, including lists without a purchase. */
export function calibrationOf(
  shop: Pick<Dataset, 'offsets'>,
  lists: readonly List[],
  scores: readonly Float32Array[],
): Calibrations {
  return fitCalibrations(
    lists.map((list, l) => {
      return { group: isOfColdCustomer(shop, list) ? 'cold' : 'returning', scores: scores[l], bought: list.bought };
    }),
  );
}

function copied(weights: Weights): Weights {
  return new Map([...weights].map(([name, values]) => [name, values.slice()]));
}
