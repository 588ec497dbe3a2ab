// Training schedules: a run that was killed at any moment continues and ends with the same weights.
// The best weights are kept.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch } from '../../../src/engine/batch';
import { openTrainingEngine, type TrainingEngine } from '../../../src/engine/training-engine';
import { mean } from '../../../src/graph/rows';
import { mul, sub } from '../../../src/graph/elementwise';
import { embedding, input } from '../../../src/graph/tensor';
import { createRandom } from '../../../src/random';
import { silentReporter } from '../../../src/telemetry/progress';
import { openCheckpoints, type Checkpoints } from '../../../src/training/optimise/checkpoint';
import {
  judge,
  runSchedule,
  type ScheduleOptions,
  type ScheduleResult,
} from '../../../src/training/optimise/training-schedule';
import { mlp } from '../../../src/training/models/layers';
import { createTrainer, type Trainer } from '../../../src/training/optimise/trainer';
import type { TrainerState } from '../../../src/training/optimise/learnt';

let engine: TrainingEngine;
let folder: string;
let said: string[];
let store: Checkpoints;
beforeAll(() => {
  engine = openTrainingEngine();
});
afterAll(() => engine.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitrine-schedule-'));
  said = [];
  store = openCheckpoints(folder, { ...silentReporter, say: (line) => said.push(line) });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const SEGMENTS = 6;
const STEPS = 4;

/**
 * Makes a trainer with everything that a checkpoint must hold: parameters, a table, a falling rate,
 * means of weights.
 */
function freshTrainer(seed = 1): Promise<Trainer> {
  const rows = embedding('rows', { name: 'table', rows: 30, width: 3 }, input('ids', ['batch'], 'int32'));
  const difference = sub(mlp('head', rows, [4, 1]), input('wanted', ['batch', 1]));
  return createTrainer(engine, {
    name: 'schedule',
    loss: mean(mul(difference, difference)),
    random: createRandom(seed),
    denseRate: 0.02,
    tableRate: 0.05,
    schedule: (step) => 1 / Math.sqrt(step),
    averaged: true,
  });
}

function* batches(segment: number): Generator<Batch> {
  const random = createRandom(7, 'schedule', segment);
  for (let step = 0; step < STEPS; step++) {
    yield {
      ids: { data: Int32Array.from({ length: 8 }, () => random.int(30)), shape: [8] },
      wanted: { data: Float32Array.from({ length: 8 }, () => random.normal()), shape: [8, 1] },
    };
  }
}

/**
 * A score that, like a real one, depends only on the trainer's state: here on the number of steps.
 */
const scoreOf = (trainer: Trainer, scores: readonly number[]) => (): Promise<number> => {
  const steps = trainer.state().get('steps')?.[0] ?? 0;
  return Promise.resolve(scores[steps / STEPS - 1]);
};

interface Ended {
  readonly result: ScheduleResult;
  readonly state: TrainerState;
}

type Variant = Partial<ScheduleOptions> & { readonly scores?: readonly number[] };

async function run(trainer: Trainer, { scores, ...options }: Variant): Promise<Ended> {
  const result = await runSchedule({
    name: 'Schedule',
    trainer,
    segments: SEGMENTS,
    batches,
    ...(scores && { validate: scoreOf(trainer, scores) }),
    checkpoint: { store, key: 'key' },
    saveEverySeconds: 0,
    reporter: { ...silentReporter, say: (line) => said.push(line) },
    ...options,
  });
  return { result, state: trainer.state() };
}

/** The batches of a process that is killed before one of the batches. */
const killedAt = (segment: number, step: number) =>
  function* (current: number): Generator<Batch> {
    let number = 0;
    for (const batch of batches(current)) {
      if (current === segment && number++ === step) throw new Error('killed');
      yield batch;
    }
  };

const DIP = [0.1, 0.4, 0.2, 0.3, 0.35, 0.1];
const VARIANTS: Readonly<Record<string, Variant>> = {
  'without validation': {},
  'with validation to the end': { scores: [0.1, 0.2, 0.4, 0.3, 0.1, 0.2] },
  'that stops early': { scores: DIP, patience: 3 },
};

describe.each(Object.entries(VARIANTS))('a schedule %s', (_name, variant) => {
  test.each([0, 1, 2, 4].flatMap((segment) => [0, 1, STEPS - 1].map((step) => [segment, step] as const)))(
    'that was killed in segment %i before step %i continues and ends with the same weights',
    async (segment, step) => {
      const unbroken = await run(await freshTrainer(), { ...variant, checkpoint: { store, key: 'unbroken' } });
      const killed = run(await freshTrainer(), { ...variant, batches: killedAt(segment, step) });
      await expect(killed).rejects.toThrow('killed');
      // After a finished segment, the initial weights do not matter.
      expect(await run(await freshTrainer(segment === 0 ? 1 : 99), variant)).toEqual(unbroken);
      expect(said).toEqual(segment === 0 ? [] : [`Schedule: goes on after segment ${String(segment)} of 6`]);
    },
  );

  test('that was killed several times ends with the same weights', async () => {
    const unbroken = await run(await freshTrainer(), { ...variant, checkpoint: { store, key: 'unbroken' } });
    for (const segment of [1, 1, 2, 3, 4]) {
      const killed = run(await freshTrainer(), { ...variant, batches: killedAt(segment, 2) });
      await expect(killed).rejects.toThrow('killed');
    }
    expect(await run(await freshTrainer(), variant)).toEqual(unbroken);
  });

  test('that is finished is not run again; its end is restored', async () => {
    const first = await run(await freshTrainer(), variant);
    const none = (): Iterable<Batch> => {
      throw new Error('no batch is needed');
    };
    expect(await run(await freshTrainer(5), { ...variant, batches: none })).toEqual(first);
    expect(said).toEqual(['Schedule: finished before, taken from its checkpoint']);
  });
});

/** The state after this many segments, without a schedule. */
async function stateAfter(segments: number): Promise<TrainerState> {
  const trainer = await freshTrainer();
  for (let segment = 0; segment < segments; segment++) await trainer.train(batches(segment));
  return trainer.state();
}

test('without validation every segment runs once and the last weights are kept', async () => {
  const steps: number[] = [];
  const { result, state } = await run(await freshTrainer(), { onStep: (step) => steps.push(step) });
  expect(result).toEqual({ segments: 6, steps: 24, scores: [], best: 5 });
  expect(steps).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
  expect(state).toEqual(await stateAfter(6));
});

test('with validation the best weights and all scores are kept', async () => {
  const scores = [0.1, 0.2, 0.4, 0.3, 0.1, 0.2];
  const { result, state } = await run(await freshTrainer(), { scores });
  expect(result).toEqual({
    segments: 6,
    steps: 24,
    scores: scores.map((score, segment) => ({ segment, score })),
    best: 2,
  });
  expect(state).toEqual(await stateAfter(3));
});

test('a schedule stops early when the patience ends', async () => {
  const { result, state } = await run(await freshTrainer(), { scores: DIP, patience: 3 });
  expect(result).toMatchObject({ segments: 5, steps: 20, best: 1 });
  expect(state).toEqual(await stateAfter(2));
});

test('fast segments are not saved one by one, but the end is saved', async () => {
  let saves = 0;
  const counting: Checkpoints = { ...store, save: (...saved) => ((saves += 1), store.save(...saved)) };
  await run(await freshTrainer(), { checkpoint: { store: counting, key: 'key' }, saveEverySeconds: 3600 });
  expect(saves).toBe(1);
});

test('a damaged checkpoint does not change the result', async () => {
  const unbroken = await run(await freshTrainer(), { checkpoint: { store, key: 'unbroken' }, scores: DIP });
  await store.clear();
  await expect(run(await freshTrainer(), { scores: DIP, batches: killedAt(3, 0) })).rejects.toThrow('killed');
  const [name] = await readdir(folder);
  await writeFile(join(folder, name), 'damaged');
  expect(await run(await freshTrainer(), { scores: DIP })).toEqual(unbroken);
  expect(said.join()).toContain('is damaged');
});

test('the checkpoint of another key is ignored', async () => {
  await run(await freshTrainer(), { checkpoint: { store, key: 'other data' } });
  await run(await freshTrainer(), {});
  expect(said).toEqual([]);
});

test.each([
  ['state', { metadata: { segments: 1, steps: 4, scores: [], best: 0, finished: false }, arrays: new Map() }],
  ['progress', { metadata: { segments: 'one' }, arrays: new Map() }],
])('a checkpoint with another %s is ignored', async (_what, checkpoint) => {
  await store.save('key', checkpoint);
  const { state } = await run(await freshTrainer(), {});
  expect(said[0]).toMatch(/^Schedule: its checkpoint does not fit \(.*\); starting anew$/s);
  expect(state).toEqual(await stateAfter(6));
});

test('a score of NaN ends the schedule with an error', async () => {
  await expect(run(await freshTrainer(), { scores: [0.1, Number.NaN] })).rejects.toThrow(
    'The validation of Schedule gave NaN, expected a finite score.',
  );
});

describe('early stopping', () => {
  test('continues while scores rise and while the patience lasts', () => {
    expect(judge([], 2)).toEqual({ best: -1, stop: false });
    expect(judge([0.1, 0.2, 0.3], 2)).toEqual({ best: 2, stop: false });
    expect(judge([0.1, 0.3, 0.2], 2)).toEqual({ best: 1, stop: false });
  });

  test('stops after so many scores without a gain, and keeps the best', () => {
    expect(judge([0.1, 0.3, 0.2, 0.29], 2)).toEqual({ best: 1, stop: true });
    expect(judge([0.3, 0.3, 0.3], 2)).toEqual({ best: 0, stop: true });
  });

  test('ignores a dip that a better score follows', () => {
    expect(judge([0.3, 0.1, 0.4, 0.2], 2)).toEqual({ best: 2, stop: false });
  });

  test('counts NaN as no gain', () => {
    expect(judge([Number.NaN, -5, Number.NaN], 2)).toEqual({ best: 1, stop: false });
  });
});
