// Trains the ranker on candidates that retrieval really returns, keeps what unseen customers' lists
// are worth most by, and calibrates its scores on them. Knows not how a step is run, nor how
// sources find.
import type { Batch, Engine } from '../../engine/engine';
import type { Dataset } from '../../dataset/dataset';
import { pairWidth } from '../../features/pair-features';
import { encodeOnnx } from '../../graph/onnx';
import type { Tensor } from '../../graph/tensor';
import { sampled, type Random } from '../../random';
import { widest } from '../../ranking/candidates';
import type { Reporter } from '../../telemetry/progress';
import { fitCalibrations } from '../models/calibration';
import { hasHistory, type Round } from '../../dataset/protocols';
import { byRound, customersOfLists, isNewcomer, lessonOf, type List, type Taken } from './ranker-lists';
import { listJudge, type ListJudge } from './list-judge';
import { ABSENT, listwiseLoss } from '../models/listwise';
import { openGate, unheard, type Heard } from './gate';
import {
  calibrationWeights,
  gateWeight,
  learningRanker,
  rankerLayers,
  type Calibrations,
  type RankerConfig,
} from '../models/ranker';
import { decayingRate } from '../optimise/schedule';
import {
  isOfNewcomer,
  nothingLearnt,
  STRAIGHT_GROUPS,
  straightLoss,
  straightNames,
  straightRanker,
  type Spread,
  type StraightGroup,
} from '../models/straight';
import { createTrainer, type Initialise, type Weights } from '../optimise/trainer';
import { WEEK } from '../../time';

export interface RankerTraining extends RankerConfig {
  /**
   * Weeks before the end that give examples, at least; the towers that retrieve must not have seen
   * them.
   */
  readonly weeks: number;
  /**
   * A small shop gives more weeks, until they hold this many customer-weeks, but at most a quarter
   * of its time.
   */
  readonly enoughLists: number;
  /** Steps in which the linear part is fitted, for each ridge. */
  readonly straightSteps: number;
  /** At most; the best one is kept. */
  readonly epochs: number;
  /** Customers a step. */
  readonly batch: number;
  /** Candidates of one customer in training: what was bought, and a random part of the rest. */
  readonly listLength: number;
  /**
   * Share of the questions that are of new customers, at least: where fewer are, purchases of
   * others are hidden.
   */
  readonly coldShare: number;
  /**
   * Candidates are looked for at most so often. Many a customer buys nothing of what is found,
   * which teaches no order.
   */
  readonly maxQuestions: number;
  /** Lists that are learnt from at most. */
  readonly maxLists: number;
  readonly denseRate: number;
  readonly tableRate: number;
  readonly weightDecay: number;
}

/**
 * Few lists are enough for few weights; their features are made once and stay in memory: 50 KB a
 * list of a hundred.
 */
const STRAIGHT = { lists: 8_000, rate: 0.02 } as const;
/** From the tightest on: a looser one must show that it is better. */
const RIDGES = [1_000, 300, 100, 30] as const;
/** The share of customers whose lists are not learnt from but checked. */
const HELD_OUT = 0.1;
/** Lists of newcomers that are learnt from in any case, where there are so many. */
const NEWCOMERS = 1_000;
/** Lists that are checked at most. */
const CHECKED = 2_000;

/** How many weeks before `until` give examples for the ranker. */
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
 * Draws whose lists are held out, and who is shown as if nothing were known of their purchases: as
 * many as there are too few of whom nothing is known in these rounds, since where there are enough
 * a past that is hidden is a lesson lost.
 */
export function drawTaken(
  shop: Pick<Dataset, 'customers' | 'offsets'>,
  rounds: readonly Round[],
  { coldShare }: Pick<RankerTraining, 'coldShare'>,
  random: Random,
): Taken {
  const held = new Set(Array.from({ length: shop.customers }, (_, c) => c).filter(() => random.next() < HELD_OUT));
  const isHeldOut = (customer: number): boolean => held.has(customer);
  const newcomers = newcomerShare(shop, rounds);
  const hidden = newcomers < coldShare ? (coldShare - newcomers) / (1 - newcomers) : 0;
  return { isHeldOut, isCold: (customer) => !isHeldOut(customer) && random.next() < hidden };
}

/** The share of the questions that are of customers of whom no purchase is known. */
function newcomerShare(shop: Pick<Dataset, 'offsets'>, rounds: readonly Round[]): number {
  let [asked, newcomers] = [0, 0];
  for (const round of rounds) {
    asked += round.customers.length;
    for (let place = 0; place < round.customers.length; place++) if (!hasHistory(shop, round, place)) newcomers += 1;
  }
  return newcomers / Math.max(1, asked);
}

/**
 * Learns from lists whose answers the towers that found them have not seen. Where there is nothing
 * to learn from, the weights are those that training starts from.
 */
export async function trainRanker(
  engine: Engine,
  shop: Dataset,
  lists: readonly List[],
  { isHeldOut }: Pick<Taken, 'isHeldOut'>,
  config: RankerTraining,
  random: Random,
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

  const straight = await trainStraight(engine, shop, learnt, checked, judge, config, random, reporter);
  const scoreStraight = (some: readonly List[]): Promise<Float32Array[]> =>
    scoreLists(engine, shop, straightRanker(shop.encoder), straight, some);
  const trainer = await createTrainer(engine, {
    name: 'train.ranker',
    loss: listwiseLoss(learningRanker(shop.encoder, config)),
    random,
    denseRate: config.denseRate,
    tableRate: config.tableRate,
    weightDecay: config.weightDecay,
  });
  const alone = unheard(judge, await scoreStraight(checked));
  let best = { ...alone, weights: copied(trainer.weights) };
  if (learnt.length === 0) {
    reporter.say('No recent purchase was among the candidates: the ranker keeps the weights that it starts from');
  }
  // Newcomers do not hear the layers, which need not learn of them.
  const lessons = learnt.filter((list) => !isNewcomer(shop, list));
  if (lessons.length > 0) {
    const progress = reporter.progress('Ranker', lessons.length * config.epochs, 'lists');
    const known = await scoreStraight(lessons);
    const offsets = new Map(lessons.map((list, l) => [list, known[l]]));
    const layers = rankerLayers(shop.encoder, config);
    let loss = Number.NaN;
    let done = 0;
    for (let epoch = 1; epoch <= config.epochs; epoch++) {
      await trainer.train(batches(shop, lessons, config, random, offsets), (_step, value) => {
        loss = Number.isNaN(loss) ? value : 0.98 * loss + 0.02 * value;
        done = Math.min(done + config.batch, lessons.length * epoch);
        progress.tick(done, `loss ${loss.toFixed(3)}`);
      });
      const heard = openGate(judge, alone, await scoreLists(engine, shop, layers, trainer.weights, checked));
      if (judge.mean(heard.worth, 'known') > judge.mean(best.worth, 'known')) {
        best = { ...heard, weights: copied(trainer.weights) };
      }
    }
    const ndcg = ({ scores: found }: Heard): string => judge.ndcg(found, 'known').toFixed(4);
    progress.done(
      `layers heard by ${String(best.gate)}, NDCG of ${String(judge.lists.known)} lists held out ${ndcg(alone)} → ${ndcg(best)}`,
    );
  }
  const calibrations = calibrationOf(shop, checked, best.scores);
  return new Map([...straight, ...best.weights, gateWeight(best.gate), ...calibrationWeights(calibrations)]);
}

/**
 * At most `most` lists; of newcomers, who are all shown much the same, not more than of others, or
 * a thousand: on a day on which most customers are new, little would be learnt of the rest.
 */
function balanced(shop: Dataset, lists: readonly List[], most: number, random: Random): List[] {
  const known = lists.filter((list) => !isNewcomer(shop, list));
  const newcomers = lists.filter((list) => isNewcomer(shop, list));
  return sampled([...known, ...sampled(newcomers, Math.max(NEWCOMERS, known.length), random)], most, random);
}

/**
 * The straight way alone, first: its weights are few, so that what a small shop has to say is
 * learnt to the end before the layers, which can memorise, see anything. Held by the tightest
 * ridge, unless by a looser one what was bought of the lists held out is likelier by more than
 * chance. Weights of newcomers must show even that they are better than as they start: they are
 * learnt from hidden pasts for the most part, and who has one buys otherwise than who has none.
 */
async function trainStraight(
  engine: Engine,
  shop: Dataset,
  lists: readonly List[],
  checked: readonly List[],
  judge: ListJudge,
  config: RankerTraining,
  random: Random,
  reporter: Reporter,
): Promise<Weights> {
  const start = nothingLearnt(pairWidth(shop.encoder.articleLayout));
  const some = sampled(lists, STRAIGHT.lists, random);
  const batches = Array.from(byRound(some, config.batch), (group) => lessonOf(shop, group, config.listLength, random));
  if (batches.length === 0) return start;
  const spread = spreadOf(batches);
  const epochs = Math.ceil(config.straightSteps / batches.length);
  const progress = reporter.progress('Ranker, straight', RIDGES.length * epochs * batches.length, 'steps');
  const worthOf = async (weights: Weights): Promise<Float64Array> =>
    judge.worth(await scoreLists(engine, shop, straightRanker(shop.encoder), weights, checked));
  let done = 0;
  const kept = new Map<StraightGroup, Straight>();
  kept.set('newcomers', { ridge: Infinity, weights: start, worth: await worthOf(start) });
  let before: Weights | undefined;
  for (const ridge of RIDGES) {
    const trainer = await createTrainer(engine, {
      name: 'train.straight',
      loss: straightLoss(shop.encoder, { spread, ridge, lists: some.length }),
      random,
      denseRate: STRAIGHT.rate,
      tableRate: 0,
      schedule: decayingRate({ steps: epochs * batches.length, warmUp: 1, shape: 'linear', floor: 0.02 }),
      // A looser ridge goes on from where the tighter one held.
      initialise: startingFrom(before),
    });
    for (let epoch = 0; epoch < epochs; epoch++) {
      await trainer.train(shuffled(batches, random));
      progress.tick((done += batches.length));
    }
    const { weights } = trainer;
    const worth = await worthOf(weights);
    for (const group of STRAIGHT_GROUPS) {
      const tighter = kept.get(group);
      if (!tighter || judge.isBetter(worth, tighter.worth, group)) {
        kept.set(group, { ridge, weights, worth });
      }
    }
    before = weights;
  }
  const told = STRAIGHT_GROUPS.map((group) => {
    const ridge = kept.get(group)?.ridge ?? Infinity;
    return ridge === Infinity ? `none learnt of ${group}` : `ridge ${ridge} of ${group}`;
  });
  progress.done(told.join(', '));
  return new Map([...kept].flatMap(([group, { weights }]) => ofGroup(weights, group)));
}

/** Those of some weights of the straight way that are a group's. */
function ofGroup(weights: Weights, group: StraightGroup): [string, Float32Array][] {
  const names = straightNames(group);
  return [...weights].filter(([name]) => names.includes(name));
}

/** A straight way that has been learnt, and what the lists held out are worth by it. */
interface Straight {
  readonly ridge: number;
  readonly weights: Weights;
  readonly worth: Float64Array;
}

/** Weights to start from, by name; where there are none, as they are made. */
function startingFrom(known: Weights | undefined): Initialise {
  return (name, _shape, values) => {
    const former = known?.get(name);
    if (former) values.set(former);
  };
}

/**
 * The standard deviation of each feature of a pair over batches of lists; a little more, for those
 * that hardly move.
 */
function spreadOf(batches: readonly Batch[]): Spread {
  const width = batches[0].pair.shape[2];
  const groups = [0, 1].map(() => ({ rows: 0, sums: new Float64Array(width), squares: new Float64Array(width) }));
  for (const { pair, correction } of batches) {
    for (let row = 0; row < correction.data.length; row++) {
      if (correction.data[row] === ABSENT) continue;
      const group = groups[isOfNewcomer(pair.data, row * width) ? 1 : 0];
      group.rows += 1;
      for (let f = 0; f < width; f++) {
        const value = pair.data[row * width + f];
        group.sums[f] += value;
        group.squares[f] += value * value;
      }
    }
  }
  const [known, newcomers] = groups.map(({ rows, sums, squares }) =>
    Float32Array.from(sums, (sum, f) => {
      const count = Math.max(1, rows);
      return Math.sqrt(Math.max(0, squares[f] / count - (sum / count) ** 2)) + 1e-3;
    }),
  );
  return { known, newcomers };
}

/** Every list once, in a random order. */
function* batches(
  shop: Dataset,
  lists: readonly List[],
  { batch, listLength }: RankerTraining,
  random: Random,
  offsets: ReadonlyMap<List, Float32Array>,
): Generator<Batch> {
  for (const group of byRound(shuffled(lists, random), batch)) yield lessonOf(shop, group, listLength, random, offsets);
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/**
 * [lists] scores of all candidates of each list, by a ranker, or its straight way alone, with these
 * weights.
 */
async function scoreLists(
  engine: Engine,
  shop: Dataset,
  scores: Tensor,
  weights: Weights,
  lists: readonly List[],
): Promise<Float32Array[]> {
  const name = 'check.ranker';
  const model = encodeOnnx({ name, outputs: { scores }, values: weights, embeddings: 'inline' });
  const read = new Set(model.inputs.map((port) => port.name));
  await engine.load(name, model.bytes);
  const found = new Map<List, Float32Array>();
  for (const group of byRound(lists, 64)) {
    const candidates = group.map((list) => list.candidates);
    const [{ pipeline, round }] = group;
    const all = pipeline.rankerInputs(customersOfLists(shop, group), candidates, round.moment);
    const inputs = Object.fromEntries(Object.entries(all).filter(([port]) => read.has(port)));
    const data = (await engine.run(name, inputs)).scores.data as Float32Array;
    const width = widest(candidates);
    group.forEach((list, r) => found.set(list, data.slice(r * width, r * width + list.bought.length)));
  }
  return lists.map((list) => found.get(list) ?? new Float32Array(0));
}

/**
 * On whole lists [lists][candidates], those without a purchase too: as often as what is shown is
 * bought.
 */
export function calibrationOf(
  shop: Pick<Dataset, 'offsets'>,
  lists: readonly List[],
  scores: readonly Float32Array[],
): Calibrations {
  return fitCalibrations(
    lists.map((list, l) => {
      return { group: isNewcomer(shop, list) ? 'newcomers' : 'known', scores: scores[l], happened: list.bought };
    }),
  );
}

function copied(weights: Weights): Weights {
  return new Map([...weights].map(([name, values]) => [name, values.slice()]));
}
