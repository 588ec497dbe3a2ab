// The candidate lists that the ranker is trained and checked on, with the articles that the
// customers bought.
import type { Batch } from '../../engine/batch';
import type { TrainingEngine } from '../../engine/training-engine';
import { inMemory } from '../../engine/model-runner';
import { encodeOnnx } from '../../graph/onnx';
import type { Tensor } from '../../graph/tensor';
import type { Weights } from '../optimise/learnt';
import { VitrineError } from '../../errors';
import { type Candidates, pickCandidates, widest } from '../../ranking/candidates';
import type { Dataset } from '../../dataset/dataset';
import type { Random } from '../../random';
import type { Pipeline } from '../../ranking/pipeline';
import type { Customers } from '../../features/customers';
import type { Reporter } from '../../telemetry/progress';
import { ABSENT } from '../models/ranker';
import { customersOf, hasHistory, type Round } from '../../dataset/protocols';

export interface List {
  readonly round: Round;
  /** The pipeline of the round's time. It found the candidates and makes their features. */
  readonly pipeline: Pipeline;
  /** Index of the customer in the round. */
  readonly place: number;
  readonly historyHidden: boolean;
  readonly candidates: Candidates;
  /** [candidates] 1 for a bought candidate, otherwise 0. */
  readonly bought: Uint8Array;
  /**
   * Number of bought candidates in the list. A list without purchases teaches no order, but counts
   * for calibration.
   */
  readonly hits: number;
}

/** Whether the customer had no purchases, or they were hidden. */
export function isOfColdCustomer(shop: Pick<Dataset, 'offsets'>, { round, place, historyHidden }: List): boolean {
  return historyHidden || !hasHistory(shop, round, place);
}

export interface CustomerDraw {
  /** Whether to hide a customer's history. Each call is a new random draw. */
  readonly hidesHistory: (customer: number) => boolean;
  /**
   * Whether a customer is held out. The lists of held-out customers are kept even without a
   * purchase.
   */
  readonly isHeldOut: (customer: number) => boolean;
}

/** Collects the lists of all rounds, in the order of the rounds. */
export async function collectLists(
  shop: Dataset,
  pipeline: Pipeline,
  rounds: readonly Round[],
  { hidesHistory, isHeldOut }: CustomerDraw,
  reporter: Reporter,
): Promise<List[]> {
  const lists: List[] = [];
  const total = rounds.reduce((sum, { customers }) => sum + customers.length, 0);
  const progress = reporter.progress('Candidates for the ranker', total, 'lists');
  let done = 0;
  for (const round of rounds) {
    for (let at = 0; at < round.customers.length; at += 256) {
      const places = Array.from({ length: Math.min(256, round.customers.length - at) }, (_, i) => at + i);
      const cold = new Set(places.filter((place) => hidesHistory(round.customers[place])));
      const customers = customersOf(shop, round, places, (place) => cold.has(place));
      const candidates = await pipeline.retrieve(customers, round.moment, round.hideHistory);
      places.forEach((place, i) => {
        const answers = round.answers[place];
        const bought = Uint8Array.from(candidates[i].articles, (article) => (answers.has(article) ? 1 : 0));
        const hits = bought.reduce((sum, one) => sum + one, 0);
        if (hits === 0 && !isHeldOut(round.customers[place])) return;
        lists.push({ round, pipeline, place, historyHidden: cold.has(place), candidates: candidates[i], bought, hits });
      });
      done += places.length;
      progress.tick(done);
    }
  }
  progress.done(`${String(lists.filter(({ hits }) => hits > 0).length)} with a purchase among the candidates`);
  return lists;
}

/**
 * Groups of at most `size` lists, in the order of the lists. All lists of a group are of the same
 * round, so they have the same moment.
 */
export function* byRound(lists: Iterable<List>, size: number): Generator<List[]> {
  const open = new Map<Round, List[]>();
  for (const list of lists) {
    const gathered = open.get(list.round) ?? [];
    gathered.push(list);
    if (gathered.length === size) {
      yield gathered;
      open.delete(list.round);
    } else open.set(list.round, gathered);
  }
  yield* open.values();
}

/** The customers of lists of one round. Hidden histories are left out. */
function customersOfLists(shop: Dataset, lists: readonly List[]): Customers {
  const cold = new Set(lists.filter((list) => list.historyHidden).map(({ place }) => place));
  const places = lists.map(({ place }) => place);
  return customersOf(shop, lists[0].round, places, (place) => cold.has(place));
}

/**
 * Inputs of the ranker and its loss for lists of one round. Each list contributes the bought
 * candidates and a random part of the other candidates, at most `length` in all. Shorter lists are
 * padded. `offsets` are the scores [candidates] of the linear part for every list. Default: 0.
 */
export function trainingBatch(
  shop: Dataset,
  lists: readonly List[],
  length: number,
  random: Random,
  offsets?: ReadonlyMap<List, Float32Array>,
): Batch {
  const { pipeline, round } = lists[0];
  const places = lists.map((list) => drawPlaces(list, length, random));
  const shown = lists.map(({ candidates }, r) => pickCandidates(candidates, places[r]));
  const width = widest(shown);
  const label = new Float32Array(lists.length * width);
  const correction = new Float32Array(lists.length * width).fill(ABSENT);
  const offset = new Float32Array(lists.length * width);
  lists.forEach((list, r) => {
    const { bought, hits } = list;
    const scores = offsets?.get(list);
    if (offsets && !scores)
      throw new VitrineError('INPUT_INVALID', 'trainingBatch: expected offsets of every list, got none for one');
    // All bought candidates are included. The drawn other candidates stand for all other
    // candidates.
    const drawn = Math.log((bought.length - hits) / Math.max(1, places[r].length - hits));
    places[r].forEach((place, i) => {
      label[r * width + i] = bought[place] / hits;
      correction[r * width + i] = bought[place] ? 0 : drawn;
      if (scores) offset[r * width + i] = scores[place];
    });
  });
  return {
    ...pipeline.rankerInputs(customersOfLists(shop, lists), shown, round.moment),
    label: { data: label, shape: [lists.length, width] },
    correction: { data: correction, shape: [lists.length, width] },
    offset: { data: offset, shape: [lists.length, width] },
  };
}

/** [lists][candidates] the scores of a ranker, or of a part of one, with these weights. */
export async function scoreLists(
  engine: TrainingEngine,
  shop: Dataset,
  scores: Tensor,
  weights: Weights,
  lists: readonly List[],
): Promise<Float32Array[]> {
  const name = 'check.ranker';
  const model = encodeOnnx({ name, outputs: { scores }, values: weights, embeddings: 'inline' });
  const read = new Set(model.inputs.map((port) => port.name));
  await engine.load(name, inMemory(model.bytes));
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

/** The indices of all bought candidates and of a random part of the other candidates. */
function drawPlaces({ bought }: List, length: number, random: Random): number[] {
  const hits: number[] = [];
  const others: number[] = [];
  for (let place = 0; place < bought.length; place++) (bought[place] ? hits : others).push(place);
  const wanted = Math.max(0, Math.min(length - hits.length, others.length));
  for (let i = 0; i < wanted; i++) {
    const j = i + random.int(others.length - i);
    [others[i], others[j]] = [others[j], others[i]];
  }
  return [...hits, ...others.slice(0, wanted)];
}

export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
