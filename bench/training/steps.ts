// Real steps of real training: the two models' own losses, batches and settings over the synthetic
// shop, and a trainer that can be sent over the same batches again and again. Knows nothing of how
// they are timed.
import type { Batch, Engine } from '../../src/engine/engine';
import type { Dataset } from '../../src/dataset/dataset';
import { habitsOf } from '../../src/dataset/habit-counts';
import { createRandom } from '../../src/random';
import { silentReporter } from '../../src/telemetry/progress';
import type { TrainingConfig } from '../../src/training/config';
import { serveTowers } from '../../src/training/stages/fit';
import { trainingRounds } from '../../src/dataset/protocols';
import { listwiseLoss } from '../../src/training/models/listwise';
import { learningRanker } from '../../src/training/models/ranker';
import { byRound, collectLists, lessonOf } from '../../src/training/stages/ranker-lists';
import { Batcher } from '../../src/training/stages/train-towers';
import { createTrainer, type Trainer } from '../../src/training/optimise/trainer';
import { sequenceLoss } from '../../src/training/models/two-tower';
import { DAY } from '../../src/time';

/** A model in training. */
export interface Steps {
  readonly name: string;
  /** What an example is. */
  readonly unit: string;
  readonly trainer: Trainer;
  /** `count` batches, made as they are asked for, as in training; every call makes the same. */
  batches(count: number): Iterable<Batch>;
  examplesOf(batch: Batch): number;
}

/** What one run of a model was. */
export interface Run {
  readonly model: Uint8Array;
  readonly inputs: Batch;
}

/** An engine that shows, where it is asked to, what it is given to run. */
export function recording(engine: Engine): { engine: Engine; record(work: () => Promise<unknown>): Promise<Run[]> } {
  const models = new Map<string, Uint8Array>();
  let runs: Run[] | undefined;
  return {
    engine: {
      ...engine,
      async load(name, model) {
        models.set(name, model);
        await engine.load(name, model);
      },
      async lend(name, lent) {
        runs?.push({ model: models.get(name) ?? new Uint8Array(), inputs: structuredClone(lent.inputs) });
        return engine.lend(name, lent);
      },
    },
    async record(work) {
      const recorded: Run[] = (runs = []);
      await work();
      runs = undefined;
      return recorded;
    },
  };
}

const SEED = 1;
/** Questions that the ranker's lists are made of. */
const QUESTIONS = 3_000;

/**
 * Steps of the two towers. With `rows` the table of article ids has so many, of which each batch
 * takes some at random.
 */
export async function towerSteps(engine: Engine, shop: Dataset, config: TrainingConfig, rows?: number): Promise<Steps> {
  const { towers } = config;
  const encoder = rows === undefined ? shop.encoder : { ...shop.encoder, articleSlots: rows };
  const trainer = await createTrainer(engine, {
    ...towers,
    name: `bench.two_tower.${String(rows ?? 'own')}`,
    loss: sequenceLoss(encoder, towers),
    random: createRandom(SEED, 'towers'),
    oneByOne: 0, // as most steps are
    averaged: true,
  });
  const batcher = new Batcher(shop, shop.historyEnds({ before: Infinity }), towers);
  return {
    name: 'two-tower',
    unit: 'purchases',
    trainer,
    *batches(count) {
      const random = createRandom(SEED, 'rows');
      for (const batch of first(batcher.epochs(SEED, 'bench', 0, Infinity), count)) {
        if (rows === undefined) yield batch;
        else
          yield {
            ...batch,
            article_id: { ...batch.article_id, data: batch.article_id.data.map(() => random.int(rows)) },
          };
      }
    },
    examplesOf: (batch) => batch.target.data.length,
  };
}

/**
 * Steps of the ranker, over lists that towers find which have learnt nothing: the shapes are those
 * of training.
 */
export async function rankerSteps(engine: Engine, shop: Dataset, config: TrainingConfig): Promise<Steps> {
  const { ranker: settings } = config;
  const last = shop.at.reduce((latest, at) => Math.max(latest, at), 0);
  const [earlier, later] = [{ before: last - 28 * DAY }, { before: last + 1 }];
  const rounds = trainingRounds(shop, earlier, later, 7, QUESTIONS, createRandom(SEED, 'lessons'));
  const { trainer: towers } = await towerSteps(engine, shop, config);
  const habits = habitsOf(shop, shop.historyEnds(earlier));
  const noRanker = (): never => {
    throw new Error('nothing is scored here');
  };
  const { pipeline } = await serveTowers(engine, shop, habits, config, towers.weights, noRanker, silentReporter);
  const random = createRandom(SEED, 'lists');
  const taken = { isCold: () => random.next() < settings.coldShare, isHeldOut: () => false };
  const lists = await collectLists(shop, pipeline, rounds, taken, silentReporter);
  const groups = [...byRound(lists, settings.batch)].filter((group) => group.length === settings.batch);
  const trainer = await createTrainer(engine, {
    ...settings,
    name: 'bench.ranker',
    loss: listwiseLoss(learningRanker(shop.encoder, settings)),
    random: createRandom(SEED, 'ranker'),
    oneByOne: 0,
  });
  return {
    name: 'ranker',
    unit: 'candidates',
    trainer,
    *batches(count) {
      const draws = createRandom(SEED, 'lessons');
      for (const group of first(groups, count)) yield lessonOf(shop, group, settings.listLength, draws);
    },
    examplesOf: (batch) => batch.label.data.length,
  };
}

/** The first of them, over again where there are fewer. */
function* first<Item>(items: Iterable<Item>, count: number): Generator<Item> {
  let given = 0;
  for (const item of items) {
    if (given++ >= count) return;
    yield item;
  }
}
