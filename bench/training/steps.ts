// Real training steps: the losses, batches and settings of the two models over the synthetic shop,
// with a trainer that can repeat the same batches.
import type { Batch } from '../../src/engine/batch';
import type { TrainingEngine } from '../../src/engine/training-engine';
import type { Dataset } from '../../src/dataset/dataset';
import { habitsOf } from '../../src/dataset/habit-counts';
import { createRandom } from '../../src/random';
import { silentReporter } from '../../src/telemetry/progress';
import type { TrainingConfig } from '../../src/training/config';
import { openDraft } from '../../src/training/stages/draft-release';
import { trainingRounds } from '../../src/dataset/protocols';
import { deepLoss } from '../../src/training/models/ranker';
import { byRound, collectLists, trainingBatch } from '../../src/training/stages/ranker-lists';
import { Batcher } from '../../src/training/stages/train-towers';
import { createTrainer, type Trainer } from '../../src/training/optimise/trainer';
import { sequenceLoss } from '../../src/training/models/two-tower';
import { DAY } from '../../src/time';

/** A model in training, with its batches. */
export interface Steps {
  readonly name: string;
  /** The kind of the model's examples. */
  readonly unit: string;
  readonly trainer: Trainer;
  /** Makes `count` batches lazily, as in training. Every call makes the same batches. */
  batches(count: number): Iterable<Batch>;
  examplesOf(batch: Batch): number;
}

/** One run of a model. */
export interface Run {
  readonly model: Uint8Array;
  readonly inputs: Batch;
}

/** Makes an engine that can record the models and inputs that it runs. */
export function recording(engine: TrainingEngine): {
  engine: TrainingEngine;
  record(work: () => Promise<unknown>): Promise<Run[]>;
} {
  const models = new Map<string, Uint8Array>();
  let runs: Run[] | undefined;
  return {
    engine: {
      ...engine,
      async load(name, model) {
        models.set(name, model.bytes());
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
/** Number of questions from which the ranker's lists are made. */
const QUESTIONS = 3_000;

/**
 * Steps of the two towers. `rows` is the size of the table of article ids; each batch uses random
 * rows of the table.
 */
export async function towerSteps(
  engine: TrainingEngine,
  shop: Dataset,
  config: TrainingConfig,
  rows?: number,
): Promise<Steps> {
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
 * Steps of the ranker. Untrained towers find the candidates of its lists, since only the shapes
 * must be those of training.
 */
export async function rankerSteps(engine: TrainingEngine, shop: Dataset, config: TrainingConfig): Promise<Steps> {
  const { ranker: settings } = config;
  const last = shop.at.reduce((latest, at) => Math.max(latest, at), 0);
  const [earlier, later] = [{ before: last - 28 * DAY }, { before: last + 1 }];
  const rounds = trainingRounds(shop, { earlier, later, days: 7 }, QUESTIONS, createRandom(SEED, 'lessons'));
  const { trainer: towers } = await towerSteps(engine, shop, config);
  const habits = habitsOf(shop, shop.historyEnds(earlier));
  const options = { towers: config.towers, weights: towers.weights, habits };
  const { pipeline } = await openDraft(engine, shop, options, silentReporter);
  const random = createRandom(SEED, 'lists');
  const taken = { hidesHistory: () => random.next() < settings.coldShare, isHeldOut: () => false };
  const lists = await collectLists(shop, pipeline, rounds, taken, silentReporter);
  const groups = [...byRound(lists, settings.batch)].filter((group) => group.length === settings.batch);
  const trainer = await createTrainer(engine, {
    ...settings,
    name: 'bench.ranker',
    loss: deepLoss(shop.encoder, settings),
    random: createRandom(SEED, 'ranker'),
    oneByOne: 0,
  });
  return {
    name: 'ranker',
    unit: 'candidates',
    trainer,
    *batches(count) {
      const draws = createRandom(SEED, 'lessons');
      for (const group of first(groups, count)) yield trainingBatch(shop, group, settings.listLength, draws);
    },
    examplesOf: (batch) => batch.label.data.length,
  };
}

/** Yields the first `count` items, or all items if there are fewer. */
function* first<Item>(items: Iterable<Item>, count: number): Generator<Item> {
  let given = 0;
  for (const item of items) {
    if (given++ >= count) return;
    yield item;
  }
}
