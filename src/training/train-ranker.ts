// Trains the ranker on candidates that retrieval really returns, keeps the epoch that orders unseen customers' lists best, and
// calibrates its scores on them. Knows not how a step is run, nor how sources find.
import type { Batch, Engine } from '../engine/engine';
import type { Shop } from '../features/dataset';
import { encodeOnnx } from '../graph/onnx';
import type { Tensor } from '../graph/tensor';
import { sampled, type Random } from '../random';
import { widest } from '../recommend/pipeline';
import type { Reporter } from '../telemetry';
import { fitCalibration } from './calibration';
import { byRound, customersOfLists, lessonOf, type List, type Taken } from './ranker-lists';
import { calibrationWeights, listwiseLoss, ranker, type RankerConfig } from './ranker';
import { createTrainer, type Weights } from './trainer';

export interface RankerTraining extends RankerConfig {
  /** Weeks before the end that give examples, at least; the towers that retrieve must not have seen them. */
  readonly weeks: number;
  /** A small shop gives more weeks, until they hold this many customer-weeks, but at most a quarter of its time. */
  readonly enoughLists: number;
  /** At most; the best one is kept. */
  readonly epochs: number;
  /** Customers a step. */
  readonly batch: number;
  /** Candidates of one customer in training: what was bought, and a random part of the rest. */
  readonly listLength: number;
  /** Share of the lists that are made as if nothing were known of the customer's purchases: few real ones are of new customers. */
  readonly coldShare: number;
  /** Candidates are looked for at most so often. Many a customer buys nothing of what is found, which teaches no order. */
  readonly maxQuestions: number;
  /** Lists that are learnt from at most. */
  readonly maxLists: number;
  readonly denseRate: number;
  readonly tableRate: number;
  readonly weightDecay: number;
}

const WEEK = 7 * 86_400;
/** The share of customers whose lists are not learnt from but checked. */
const HELD_OUT = 0.1;
/** Lists that are checked at most. */
const CHECKED = 2_000;
/** With fewer checked lists that hold a purchase, which epoch is best would be chance: the last is kept. */
const ENOUGH_CHECKED = 50;

/** How many weeks before `until` give examples for the ranker. */
export function rankerWeeks(shop: Shop, first: number, until: number, { weeks, enoughLists }: RankerTraining): number {
  const most = Math.max(1, Math.floor((until - first) / 4 / WEEK));
  let lists = 0;
  for (let week = 1; week <= most; week++) {
    lists += shop.boughtWithin(until - week * WEEK, until - (week - 1) * WEEK).size;
    if (week >= weeks && lists >= enoughLists) return week;
  }
  return most;
}

/** Draws whose lists are held out, and who is shown as if nothing were known of their purchases. */
export function drawTaken(shop: Shop, { coldShare }: RankerTraining, random: Random): Taken {
  const held = new Set(Array.from({ length: shop.customers }, (_, c) => c).filter(() => random.next() < HELD_OUT));
  const isHeldOut = (customer: number): boolean => held.has(customer);
  return { isHeldOut, isCold: (customer) => !isHeldOut(customer) && random.next() < coldShare };
}

/**
 * Learns from lists whose answers the towers that found them have not seen. Where there is nothing to learn from, the weights are
 * those that training starts from.
 */
export async function trainRanker(
  engine: Engine,
  shop: Shop,
  lists: readonly List[],
  { isHeldOut }: Pick<Taken, 'isHeldOut'>,
  config: RankerTraining,
  random: Random,
  reporter: Reporter,
): Promise<Weights> {
  const isChecked = ({ round, place }: List): boolean => isHeldOut(round.customers[place]);
  const learnt = sampled(
    lists.filter((list) => !isChecked(list)),
    config.maxLists,
    random,
  );
  const checked = sampled(lists.filter(isChecked), CHECKED, random);
  const telling = checked.filter(({ hits }) => hits > 0).length;

  const scores = ranker(shop.encoder, config);
  const trainer = await createTrainer(engine, {
    name: 'train.ranker',
    loss: listwiseLoss(scores),
    random,
    denseRate: config.denseRate,
    tableRate: config.tableRate,
    weightDecay: config.weightDecay,
  });
  const check = (): Promise<Float32Array[]> => scoreLists(engine, shop, scores, trainer.weights, checked);
  let checkedScores = await check();
  if (learnt.length === 0) {
    reporter.say('No recent purchase was among the candidates: the ranker keeps the weights that it starts from');
    return withCalibration(trainer.weights, checked, checkedScores);
  }
  const progress = reporter.progress('Ranker', learnt.length * config.epochs, 'lists');
  let loss = Number.NaN;
  let done = 0;
  let best = { gain: meanGain(checked, checkedScores), weights: copied(trainer.weights), scores: checkedScores };
  for (let epoch = 1; epoch <= config.epochs; epoch++) {
    await trainer.train(batches(shop, learnt, config, random), (_step, value) => {
      loss = Number.isNaN(loss) ? value : 0.98 * loss + 0.02 * value;
      done = Math.min(done + config.batch, learnt.length * epoch);
      progress.tick(done, `loss ${loss.toFixed(3)}`);
    });
    checkedScores = await check();
    const gain = meanGain(checked, checkedScores);
    if (gain > best.gain || telling < ENOUGH_CHECKED) {
      best = { gain, weights: copied(trainer.weights), scores: checkedScores };
    }
  }
  progress.done(`loss ${loss.toFixed(3)}, NDCG ${best.gain.toFixed(4)} on ${String(telling)} lists held out`);
  return withCalibration(best.weights, checked, best.scores);
}

/** Every list once, in a random order. */
function* batches(
  shop: Shop,
  lists: readonly List[],
  { batch, listLength }: RankerTraining,
  random: Random,
): Generator<Batch> {
  const shuffled = lists
    .map((list) => ({ list, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ list }) => list);
  for (const group of byRound(shuffled, batch)) yield lessonOf(shop, group, listLength, random);
}

/** [lists] scores of all candidates of each list, by the ranker with these weights. */
async function scoreLists(
  engine: Engine,
  shop: Shop,
  scores: Tensor,
  weights: Weights,
  lists: readonly List[],
): Promise<Float32Array[]> {
  const name = 'check.ranker';
  await engine.load(name, encodeOnnx({ name, outputs: { scores }, values: weights, embeddings: 'inline' }).bytes);
  const found = new Map<List, Float32Array>();
  for (const group of byRound(lists, 64)) {
    const candidates = group.map((list) => list.candidates);
    const [{ pipeline, round }] = group;
    const inputs = pipeline.rankerInputs(customersOfLists(shop, group), candidates, round.moment);
    const data = (await engine.run(name, inputs)).scores.data as Float32Array;
    const width = widest(candidates);
    group.forEach((list, r) => found.set(list, data.slice(r * width, r * width + list.bought.length)));
  }
  return lists.map((list) => found.get(list) ?? new Float32Array(0));
}

/** Mean NDCG of whole lists over those with a purchase; 0 for none. */
function meanGain(lists: readonly List[], scores: readonly Float32Array[]): number {
  let sum = 0;
  let counted = 0;
  lists.forEach(({ bought, hits }, l) => {
    if (hits === 0) return;
    const order = Array.from(bought.keys()).sort((a, b) => scores[l][b] - scores[l][a] || a - b);
    let gain = 0;
    let ideal = 0;
    order.forEach((place, rank) => {
      gain += bought[place] / Math.log2(rank + 2);
      if (rank < hits) ideal += 1 / Math.log2(rank + 2);
    });
    sum += gain / ideal;
    counted += 1;
  });
  return sum / Math.max(1, counted);
}

/** On whole lists, those without a purchase too: as often as what is shown is bought. */
function withCalibration(weights: Weights, lists: readonly List[], scores: readonly Float32Array[]): Weights {
  const size = lists.reduce((sum, { bought }) => sum + bought.length, 0);
  const flat = new Float64Array(size);
  const happened = new Uint8Array(size);
  let at = 0;
  lists.forEach(({ bought }, l) => {
    flat.set(scores[l], at);
    happened.set(bought, at);
    at += bought.length;
  });
  return new Map([...weights, ...calibrationWeights(fitCalibration(flat, happened))]);
}

function copied(weights: Weights): Weights {
  return new Map([...weights].map(([name, values]) => [name, values.slice()]));
}
