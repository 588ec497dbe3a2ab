// Courses: what is killed at any moment goes on and ends with the same weights; the best weights
// are kept.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch } from '../../../src/engine/batch';
import { openTrainingEngine, type TrainingEngine } from '../../../src/engine/training-engine';
import { mean, mul, sub } from '../../../src/graph/operators';
import { embedding, input } from '../../../src/graph/tensor';
import { createRandom } from '../../../src/random';
import { silentReporter } from '../../../src/telemetry/progress';
import { openCheckpoints, type Checkpoints } from '../../../src/training/optimise/checkpoint';
import { runCourse, type CourseOptions, type CourseResult } from '../../../src/training/optimise/course';
import { mlp } from '../../../src/training/models/layers';
import { createTrainer, type Trainer, type TrainerState } from '../../../src/training/optimise/trainer';

let engine: TrainingEngine;
let folder: string;
let said: string[];
let store: Checkpoints;
beforeAll(() => {
  engine = openTrainingEngine();
});
afterAll(() => engine.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitrine-course-'));
  said = [];
  store = openCheckpoints(folder, { ...silentReporter, say: (line) => said.push(line) });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const SEGMENTS = 6;
const STEPS = 4;

/**
 * Dense parameters, a table moved by Adam, a rate that falls, means of weights: all that a
 * checkpoint must hold.
 */
function freshTrainer(seed = 1): Promise<Trainer> {
  const rows = embedding('rows', { name: 'table', rows: 30, width: 3 }, input('ids', ['batch'], 'int32'));
  const difference = sub(mlp('head', rows, [4, 1]), input('wanted', ['batch', 1]));
  return createTrainer(engine, {
    name: 'course',
    loss: mean(mul(difference, difference)),
    random: createRandom(seed),
    denseRate: 0.02,
    tableRate: 0.05,
    tableOptimiser: 'adam',
    schedule: (step) => 1 / Math.sqrt(step),
    averaged: true,
  });
}

function* batches(segment: number): Generator<Batch> {
  const random = createRandom(7, 'course', segment);
  for (let step = 0; step < STEPS; step++) {
    yield {
      ids: { data: Int32Array.from({ length: 8 }, () => random.int(30)), shape: [8] },
      wanted: { data: Float32Array.from({ length: 8 }, () => random.normal()), shape: [8, 1] },
    };
  }
}

/**
 * A score that follows the weights alone, as real ones do: here one that rises and falls with the
 * segments.
 */
const scoreOf = (trainer: Trainer, scores: readonly number[]) => (): Promise<number> => {
  const steps = trainer.state().get('steps')?.[0] ?? 0;
  return Promise.resolve(scores[steps / STEPS - 1]);
};

interface Ended {
  readonly result: CourseResult;
  readonly state: TrainerState;
}

type Variant = Partial<CourseOptions> & { readonly scores?: readonly number[] };

async function course(trainer: Trainer, { scores, ...options }: Variant): Promise<Ended> {
  const result = await runCourse({
    name: 'Course',
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

/** The batches, until the process is killed before one of them. */
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
  'with validation every second segment': { scores: DIP, validateEvery: 2 },
};

describe.each(Object.entries(VARIANTS))('a course %s', (_name, variant) => {
  test.each([0, 1, 2, 4].flatMap((segment) => [0, 1, STEPS - 1].map((step) => [segment, step] as const)))(
    'that was killed in segment %i before step %i goes on to the same weights',
    async (segment, step) => {
      const straight = await course(await freshTrainer(), { ...variant, checkpoint: { store, key: 'straight' } });
      const killed = course(await freshTrainer(), { ...variant, batches: killedAt(segment, step) });
      await expect(killed).rejects.toThrow('killed');
      // Other first weights do not matter where a segment was finished.
      expect(await course(await freshTrainer(segment === 0 ? 1 : 99), variant)).toEqual(straight);
      expect(said).toEqual(segment === 0 ? [] : [`Course: goes on after segment ${String(segment)} of 6`]);
    },
  );

  test('that was killed again and again ends with the same weights', async () => {
    const straight = await course(await freshTrainer(), { ...variant, checkpoint: { store, key: 'straight' } });
    for (const segment of [1, 1, 2, 3, 4]) {
      const killed = course(await freshTrainer(), { ...variant, batches: killedAt(segment, 2) });
      await expect(killed).rejects.toThrow('killed');
    }
    expect(await course(await freshTrainer(), variant)).toEqual(straight);
  });

  test('that is finished is not run again, only its end is restored', async () => {
    const first = await course(await freshTrainer(), variant);
    const none = (): Iterable<Batch> => {
      throw new Error('no batch is needed');
    };
    expect(await course(await freshTrainer(5), { ...variant, batches: none })).toEqual(first);
    expect(said).toEqual(['Course: finished before, taken from its checkpoint']);
  });
});

/** The state after so many segments, by the trainer alone. */
async function stateAfter(segments: number): Promise<TrainerState> {
  const trainer = await freshTrainer();
  for (let segment = 0; segment < segments; segment++) await trainer.train(batches(segment));
  return trainer.state();
}

test('without validation every segment is run, once, and the last weights are kept', async () => {
  const steps: number[] = [];
  const { result, state } = await course(await freshTrainer(), { onStep: (step) => steps.push(step) });
  expect(result).toEqual({ segments: 6, steps: 24, scores: [], best: 5 });
  expect(steps).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
  expect(state).toEqual(await stateAfter(6));
});

test('with validation the best weights are kept, and all scores', async () => {
  const scores = [0.1, 0.2, 0.4, 0.3, 0.1, 0.2];
  const { result, state } = await course(await freshTrainer(), { scores });
  expect(result).toEqual({
    segments: 6,
    steps: 24,
    scores: scores.map((score, segment) => ({ segment, score })),
    best: 2,
  });
  expect(state).toEqual(await stateAfter(3));
});

test('a course ends when the patience does', async () => {
  const { result, state } = await course(await freshTrainer(), { scores: DIP, patience: 3 });
  expect(result).toMatchObject({ segments: 5, steps: 20, best: 1 });
  expect(state).toEqual(await stateAfter(2));
});

test('a gain smaller than the least one that counts is none', async () => {
  const { result } = await course(await freshTrainer(), { scores: [0.1, 0.12, 0.14, 0.5], patience: 2, minGain: 0.05 });
  expect(result).toMatchObject({ segments: 3, best: 0 });
});

test('the last segment is validated also when it is not its turn', async () => {
  const { result } = await course(await freshTrainer(), { scores: DIP, validateEvery: 4 });
  expect(result.scores).toEqual([
    { segment: 3, score: 0.3 },
    { segment: 5, score: 0.1 },
  ]);
});

test('segments that come fast are not saved one by one, but the end is', async () => {
  let saves = 0;
  const counting: Checkpoints = { ...store, save: (...saved) => ((saves += 1), store.save(...saved)) };
  await course(await freshTrainer(), { checkpoint: { store: counting, key: 'key' }, saveEverySeconds: 3600 });
  expect(saves).toBe(1);
});

test('a damaged checkpoint costs the time, not the result', async () => {
  const straight = await course(await freshTrainer(), { checkpoint: { store, key: 'straight' }, scores: DIP });
  await store.clear();
  await expect(course(await freshTrainer(), { scores: DIP, batches: killedAt(3, 0) })).rejects.toThrow('killed');
  const [name] = await readdir(folder);
  await writeFile(join(folder, name), 'not what it was');
  expect(await course(await freshTrainer(), { scores: DIP })).toEqual(straight);
  expect(said.join()).toContain('is damaged');
});

test('the checkpoint of another key is not looked at', async () => {
  await course(await freshTrainer(), { checkpoint: { store, key: 'other data' } });
  await course(await freshTrainer(), {});
  expect(said).toEqual([]);
});

test.each([
  ['state', { metadata: { segments: 1, steps: 4, scores: [], best: 0, finished: false }, arrays: new Map() }],
  ['progress', { metadata: { segments: 'one' }, arrays: new Map() }],
])('a checkpoint whose %s is not this course’s is left aside', async (_what, checkpoint) => {
  await store.save('key', checkpoint);
  const { state } = await course(await freshTrainer(), {});
  expect(said[0]).toMatch(/^Course: its checkpoint does not fit \(.*\); starting anew$/s);
  expect(state).toEqual(await stateAfter(6));
});

test('a score that is no number ends the course with an error', async () => {
  await expect(course(await freshTrainer(), { scores: [0.1, Number.NaN] })).rejects.toThrow(
    'The validation of Course gave NaN, expected a finite score.',
  );
});
