// Trains the ranker on candidates that retrieval really returns: for questions of the past, what each customer would have been
// shown at that moment, and what they then bought. Knows not how a step is run, nor how sources find.
import type { Batch, Engine } from '../engine/engine';
import type { Shop } from '../features/dataset';
import type { Candidates } from '../features/pairs';
import type { Random } from '../random';
import { rankerInputs, widest, type Pipeline } from '../recommend/pipeline';
import type { Reporter } from '../telemetry';
import { customersOf, type Round } from './protocols';
import { listwiseLoss, ranker, type RankerConfig } from './ranker';
import { createTrainer, type Weights } from './trainer';

export interface RankerTraining extends RankerConfig {
  /** Weeks before the end that give examples, at least; the towers that retrieve must not have seen them. */
  readonly weeks: number;
  /** A small shop gives more weeks, until they hold this many customer-weeks, but at most a quarter of its time. */
  readonly enoughLists: number;
  readonly epochs: number;
  /** Customers a step. */
  readonly batch: number;
  /** Candidates of one customer in training: what was bought, and a random part of the rest. */
  readonly listLength: number;
  /** Share of the lists that are made as if nothing were known of the customer's purchases: few real ones are of new customers. */
  readonly coldShare: number;
  /** At most this many customer-weeks. */
  readonly maxLists: number;
  readonly denseRate: number;
  readonly tableRate: number;
  readonly weightDecay: number;
}

const WEEK = 7 * 86_400;

interface List {
  readonly round: Round;
  /** Place of the customer in the round. */
  readonly place: number;
  /** Whether the customer's purchases are hidden. */
  readonly cold: boolean;
  readonly candidates: Candidates;
  readonly bought: ReadonlySet<number>;
}

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

/**
 * Learns from questions whose answers the towers of the pipeline have not seen. Where there is nothing to learn from, the weights
 * are those that training starts from.
 */
export async function trainRanker(
  engine: Engine,
  shop: Shop,
  pipeline: Pipeline,
  rounds: readonly Round[],
  config: RankerTraining,
  random: Random,
  reporter: Reporter,
): Promise<Weights> {
  const lists = await collectLists(shop, pipeline, rounds, config, random, reporter);
  const trainer = await createTrainer(engine, {
    name: 'train.ranker',
    loss: listwiseLoss(ranker(shop.encoder, config)),
    random,
    denseRate: config.denseRate,
    tableRate: config.tableRate,
    weightDecay: config.weightDecay,
  });
  if (lists.length === 0) {
    reporter.say('No recent purchase was among the candidates: the ranker keeps the weights that it starts from');
    return trainer.weights;
  }
  const total = lists.length * config.epochs;
  const progress = reporter.progress('Ranker', total, 'lists');
  let loss = Number.NaN;
  await trainer.train(batches(shop, lists, config, random), (step, value) => {
    loss = step === 1 ? value : 0.98 * loss + 0.02 * value;
    progress.tick(Math.min(total, step * config.batch), `loss ${loss.toFixed(3)}`);
  });
  progress.done(`loss ${loss.toFixed(3)}`);
  return trainer.weights;
}

/** Every list once an epoch, in a random order. A batch holds customers of one moment, since sales and clock belong to it. */
function* batches(
  shop: Shop,
  lists: readonly List[],
  { batch, epochs, listLength }: RankerTraining,
  random: Random,
): Generator<Batch> {
  for (let epoch = 0; epoch < epochs; epoch++) {
    const shuffled = lists
      .map((list) => ({ list, key: random.next() }))
      .sort((a, b) => a.key - b.key)
      .map(({ list }) => list);
    const open = new Map<Round, List[]>();
    for (const list of shuffled) {
      const gathered = open.get(list.round) ?? [];
      gathered.push(list);
      if (gathered.length === batch) {
        yield batchOf(shop, gathered, listLength, random);
        open.delete(list.round);
      } else open.set(list.round, gathered);
    }
    for (const rest of open.values()) yield batchOf(shop, rest, listLength, random);
  }
}

async function collectLists(
  shop: Shop,
  pipeline: Pipeline,
  rounds: readonly Round[],
  { coldShare }: RankerTraining,
  random: Random,
  reporter: Reporter,
): Promise<List[]> {
  const lists: List[] = [];
  const total = rounds.reduce((sum, { customers }) => sum + customers.length, 0);
  const progress = reporter.progress('Candidates for the ranker', total, 'lists');
  let done = 0;
  for (const round of rounds) {
    for (let at = 0; at < round.customers.length; at += 256) {
      const places = Array.from({ length: Math.min(256, round.customers.length - at) }, (_, i) => at + i);
      const cold = new Set(places.filter(() => random.next() < coldShare));
      const customers = customersOf(shop, round, places, (place) => cold.has(place));
      const candidates = await pipeline.retrieve(customers, round.moment);
      places.forEach((place, i) => {
        const bought = round.answers[place];
        // A list without anything bought says nothing about order.
        if (!candidates[i].articles.some((article) => bought.has(article))) return;
        lists.push({ round, place, cold: cold.has(place), candidates: candidates[i], bought });
      });
      done += places.length;
      progress.tick(done);
    }
  }
  progress.done(`${String(lists.length)} with a purchase among the candidates`);
  return lists;
}

/** All bought candidates and a random part of the others, at most `length` a list. */
function batchOf(shop: Shop, lists: readonly List[], length: number, random: Random): Batch {
  const shown = lists.map((list) => sample(list, length, random));
  const { round } = lists[0];
  const cold = new Set(lists.filter((list) => list.cold).map(({ place }) => place));
  const customers = customersOf(
    shop,
    round,
    lists.map(({ place }) => place),
    (place) => cold.has(place),
  );
  const width = widest(shown);
  const label = new Float32Array(lists.length * width);
  const absent = new Float32Array(lists.length * width).fill(1);
  shown.forEach(({ articles }, r) => {
    const hits = articles.reduce((sum, article) => sum + (lists[r].bought.has(article) ? 1 : 0), 0);
    articles.forEach((article, i) => {
      label[r * width + i] = lists[r].bought.has(article) ? 1 / hits : 0;
      absent[r * width + i] = 0;
    });
  });
  return {
    ...rankerInputs(shop.encoder, shop.catalogue, customers, shown, round.moment),
    label: { data: label, shape: [lists.length, width] },
    absent: { data: absent, shape: [lists.length, width] },
  };
}

function sample({ candidates, bought }: List, length: number, random: Random): Candidates {
  const hits: number[] = [];
  const others: number[] = [];
  candidates.articles.forEach((article, i) => (bought.has(article) ? hits : others).push(i));
  for (let i = 0; i < Math.min(length - hits.length, others.length); i++) {
    const j = i + random.int(others.length - i);
    [others[i], others[j]] = [others[j], others[i]];
  }
  const kept = [...hits, ...others.slice(0, Math.max(0, length - hits.length))];
  return {
    articles: Int32Array.from(kept, (i) => candidates.articles[i]),
    sources: kept.map((i) => candidates.sources[i]),
    cosines: Float32Array.from(kept, (i) => candidates.cosines[i]),
  };
}
