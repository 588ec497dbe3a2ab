// The lists that the ranker learns from and is checked on: what each customer of a round would have
// been shown, and what they then bought. Knows not how a ranker is trained.
import type { Batch } from '../../engine/engine';
import { VitrineError } from '../../errors';
import { type Candidates, pickCandidates, widest } from '../../ranking/candidates';
import type { Dataset } from '../../dataset/dataset';
import type { Random } from '../../random';
import type { Pipeline } from '../../ranking/pipeline';
import type { Customers } from '../../features/customers';
import type { Reporter } from '../../telemetry/progress';
import { ABSENT } from '../models/listwise';
import { customersOf, hasHistory, type Round } from '../../dataset/protocols';

export interface List {
  readonly round: Round;
  /**
   * As it was at the time of the round: what found the candidates, and whose vectors and habits
   * their features are made of.
   */
  readonly pipeline: Pipeline;
  /** Place of the customer in the round. */
  readonly place: number;
  /** Whether the customer's purchases are hidden. */
  readonly cold: boolean;
  readonly candidates: Candidates;
  /** [candidates] 1 where it was bought. */
  readonly bought: Uint8Array;
  /**
   * Of `bought`; 0 says nothing about order, but belongs to how often something shown is bought.
   */
  readonly hits: number;
}

/** Whether the list was made without knowing a purchase of the customer. */
export function isNewcomer(shop: Pick<Dataset, 'offsets'>, { round, place, cold }: List): boolean {
  return cold || !hasHistory(shop, round, place);
}

/** How customers of the rounds are taken. */
export interface Taken {
  /** Draws whose purchases are hidden. */
  readonly isCold: (customer: number) => boolean;
  /** Of whom lists are kept that hold no purchase. */
  readonly isHeldOut: (customer: number) => boolean;
}

/** The lists of all rounds, in their order. */
export async function collectLists(
  shop: Dataset,
  pipeline: Pipeline,
  rounds: readonly Round[],
  { isCold, isHeldOut }: Taken,
  reporter: Reporter,
): Promise<List[]> {
  const lists: List[] = [];
  const total = rounds.reduce((sum, { customers }) => sum + customers.length, 0);
  const progress = reporter.progress('Candidates for the ranker', total, 'lists');
  let done = 0;
  for (const round of rounds) {
    for (let at = 0; at < round.customers.length; at += 256) {
      const places = Array.from({ length: Math.min(256, round.customers.length - at) }, (_, i) => at + i);
      const cold = new Set(places.filter((place) => isCold(round.customers[place])));
      const customers = customersOf(shop, round, places, (place) => cold.has(place));
      const candidates = await pipeline.retrieve(customers, round.moment, round.hideHistory);
      places.forEach((place, i) => {
        const answers = round.answers[place];
        const bought = Uint8Array.from(candidates[i].articles, (article) => (answers.has(article) ? 1 : 0));
        const hits = bought.reduce((sum, one) => sum + one, 0);
        if (hits === 0 && !isHeldOut(round.customers[place])) return;
        lists.push({ round, pipeline, place, cold: cold.has(place), candidates: candidates[i], bought, hits });
      });
      done += places.length;
      progress.tick(done);
    }
  }
  progress.done(`${String(lists.filter(({ hits }) => hits > 0).length)} with a purchase among the candidates`);
  return lists;
}

/**
 * Lists in groups of at most `size`, each of one round, since sales and clock belong to it; in the
 * order of the lists.
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

/** The customers of lists of one round, as they are shown them. */
export function customersOfLists(shop: Dataset, lists: readonly List[]): Customers {
  const cold = new Set(lists.filter((list) => list.cold).map(({ place }) => place));
  const places = lists.map(({ place }) => place);
  return customersOf(shop, lists[0].round, places, (place) => cold.has(place));
}

/**
 * Inputs of the ranker and its loss for lists of one round: what was bought and a random part of
 * the rest, at most `length`. Shorter lists are filled up with what stands for no candidate.
 * `offsets`: of every list the scores [candidates] that layers are added to; 0 if absent.
 */
export function lessonOf(
  shop: Dataset,
  lists: readonly List[],
  length: number,
  random: Random,
  offsets?: ReadonlyMap<List, Float32Array>,
): Batch {
  const { pipeline, round } = lists[0];
  const places = lists.map((list) => sampled(list, length, random));
  const shown = lists.map(({ candidates }, r) => pickCandidates(candidates, places[r]));
  const width = widest(shown);
  const label = new Float32Array(lists.length * width);
  const correction = new Float32Array(lists.length * width).fill(ABSENT);
  const offset = new Float32Array(lists.length * width);
  lists.forEach((list, r) => {
    const { bought, hits } = list;
    const known = offsets?.get(list);
    if (offsets && !known)
      throw new VitrineError('INPUT_INVALID', 'lessonOf: expected scores of every list, got none of one');
    // What was bought is all there; of the rest those that were drawn stand for all.
    const drawn = Math.log((bought.length - hits) / Math.max(1, places[r].length - hits));
    places[r].forEach((place, i) => {
      label[r * width + i] = bought[place] / hits;
      correction[r * width + i] = bought[place] ? 0 : drawn;
      if (known) offset[r * width + i] = known[place];
    });
  });
  return {
    ...pipeline.rankerInputs(customersOfLists(shop, lists), shown, round.moment),
    label: { data: label, shape: [lists.length, width] },
    correction: { data: correction, shape: [lists.length, width] },
    offset: { data: offset, shape: [lists.length, width] },
  };
}

/** Places of all bought candidates and of a random part of the others. */
function sampled({ bought }: List, length: number, random: Random): number[] {
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
