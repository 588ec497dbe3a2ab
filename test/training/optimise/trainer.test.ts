// The trainer learns, computes the same as the released model, and gives the same weights every
// time.
import type { Batch, Values } from '../../../src/engine/batch';
import { inMemory } from '../../../src/engine/model-runner';
import { openTrainingEngine, type TrainingEngine } from '../../../src/engine/training-engine';
import { encodeOnnx } from '../../../src/graph/onnx';
import { matmul } from '../../../src/graph/products';
import { mean } from '../../../src/graph/rows';
import { reduceSum, reshape } from '../../../src/graph/shapes';
import { add, mul, sub } from '../../../src/graph/elementwise';
import { embedding, input, parameter, type Tensor } from '../../../src/graph/tensor';
import { createRandom } from '../../../src/random';
import { mlp } from '../../../src/training/models/layers';
import { createTrainer, type Trainer, type TrainerOptions } from '../../../src/training/optimise/trainer';

let engine: TrainingEngine;
beforeAll(() => {
  engine = openTrainingEngine();
});
afterAll(() => engine.close());

const floats = (values: number[], shape: number[]): Values => ({ data: Float32Array.from(values), shape });
const ints = (values: number[], shape: number[]): Values => ({ data: Int32Array.from(values), shape });

function squaredError(prediction: Tensor): Tensor {
  const difference = sub(prediction, input('wanted', ['batch', 1]));
  return mean(mul(difference, difference));
}

function trainerOf(name: string, loss: Tensor, seed = 1, options: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const random = createRandom(seed);
  return createTrainer(engine, { name, loss, random, denseRate: 0.02, tableRate: 0.1, ...options });
}

test('two layers learn the exclusive or, which one layer cannot', async () => {
  const loss = squaredError(mlp('xor', input('x', ['batch', 2]), [8, 1]));
  const trainer = await trainerOf('xor', loss, 3);
  const batch = { x: floats([0, 0, 0, 1, 1, 0, 1, 1], [4, 2]), wanted: floats([0, 1, 1, 0], [4, 1]) };
  let last = Infinity;
  await trainer.train(Array<Batch>(400).fill(batch), (_step, value) => (last = value));
  expect(last).toBeLessThan(0.01);
});

test('embeddings learn a checkerboard: the matching rows and columns', async () => {
  const side = 6;
  const [rows, columns] = ['rows', 'columns'].map((name) =>
    embedding(name, { name, rows: side, width: 4 }, input(name, ['batch'], 'int32')),
  );
  const both = mul(rows, columns);
  const prediction = matmul(both, parameter('out', [4, 1], 'ones'));
  const trainer = await trainerOf('checkerboard', squaredError(prediction), 5);
  const cells = Array.from({ length: side * side }, (_, i) => [Math.floor(i / side), i % side]);
  const batch = {
    rows: ints(
      cells.map(([row]) => row),
      [cells.length],
    ),
    columns: ints(
      cells.map(([, column]) => column),
      [cells.length],
    ),
    wanted: floats(
      cells.map(([row, column]) => ((row + column) % 2 === 0 ? 1 : -1)),
      [cells.length, 1],
    ),
  };
  let last = Infinity;
  await trainer.train(Array<Batch>(300).fill(batch), (_step, value) => (last = value));
  expect(last).toBeLessThan(0.02);
});

test('the gradient of a row is the sum over all its places, in every use of its table', async () => {
  const table = { name: 'shared', rows: 3, width: 2 };
  const uses = [
    { name: 'pairs', places: ['batch', 2] },
    { name: 'ones', places: ['batch'] },
  ].map(({ name, places }) =>
    mul(embedding(name, table, input(name, places, 'int32')), input(`${name}_worth`, [...places, 1])),
  );
  const trainer = await trainerOf('shared', uses.map((use) => mean(use)).reduce(add));
  await trainer.train([
    {
      pairs: ints([0, 2, 2, 2], [2, 2]),
      pairs_worth: floats([8, 16, 24, 40], [2, 2, 1]),
      ones: ints([2, 0], [2]),
      ones_worth: floats([4, 12], [2, 1]),
    },
  ]);
  // Means over eight numbers and over four: row 0 gets 8 / 8 + 12 / 4, and row 2 gets (16 + 24 +
  // 40) / 8 + 4 / 4. Adagrad stores the squares of these numbers.
  expect([...(trainer.state().get('squares/shared') ?? [])]).toEqual([16, 0, 121]);
});

describe('a model with an embedding bag', () => {
  const table = { name: 'bag_table', rows: 50, width: 4 };
  const build = (): Tensor => {
    const bag = embedding('bag', table, input('ids', ['batch', 3], 'int32'), input('weights', ['batch', 3]));
    const again = embedding('again', table, input('one', ['batch'], 'int32'));
    return squaredError(mlp('head', add(bag, again), [5, 1]));
  };
  const batches = (count: number): Batch[] => {
    const random = createRandom(9);
    return Array.from({ length: count }, () => ({
      ids: ints(
        Array.from({ length: 12 }, () => random.int(50)),
        [4, 3],
      ),
      weights: floats(
        Array.from({ length: 12 }, () => random.next()),
        [4, 3],
      ),
      one: ints(
        Array.from({ length: 4 }, () => random.int(50)),
        [4],
      ),
      wanted: floats(
        Array.from({ length: 4 }, () => random.normal()),
        [4, 1],
      ),
    }));
  };

  test('gives the same loss with fed rows as with the table in the model', async () => {
    const loss = build();
    const trainer = await trainerOf('fed', loss);
    await trainer.train(batches(20));
    const probe = batches(21)[20];
    const model = encodeOnnx({ name: 'inline', outputs: { loss }, values: trainer.weights, embeddings: 'inline' });
    await engine.load('inline', inMemory(model.bytes));
    const released = (await engine.run('inline', probe)).loss.data[0];
    const trained: number[] = [];
    await trainer.train([probe], (_step, value) => trained.push(value));
    expect(trained[0]).toBeCloseTo(released, 5);
  });

  test.each([0, 1_000])(
    'learns the same weights from the same seed, bit for bit, with the first %d steps one by one',
    async (oneByOne) => {
      const run = async (name: string) => {
        const trainer = await trainerOf(name, build(), 1, { oneByOne });
        await trainer.train(batches(30));
        return [...trainer.weights].map(([weight, values]) => [weight, [...values]]);
      };
      expect(await run('first')).toEqual(await run('second'));
    },
  );

  test('does not move rows that no batch has touched', async () => {
    const trainer = await trainerOf('untouched', build(), 2);
    const before = Float32Array.from(trainer.weights.get('bag_table') ?? []);
    const batch = {
      ids: ints([1, 2, 3], [1, 3]),
      weights: floats([1, 1, 0], [1, 3]),
      one: ints([4], [1]),
      wanted: floats([1], [1, 1]),
    };
    await trainer.train([batch]);
    const moved = new Set<number>();
    trainer.weights.get('bag_table')?.forEach((value, i) => {
      if (value !== before[i]) moved.add(Math.floor(i / 4));
    });
    // Row 3 has the weight 0.
    expect([...moved]).toEqual([1, 2, 4]);
  });

  test('continues from a state in another trainer as if it had never stopped', async () => {
    const all = batches(30);
    const options: Partial<TrainerOptions> = { schedule: (step) => 1 / step, oneByOne: 5 };
    const unbroken = await trainerOf('unbroken', build(), 1, options);
    await unbroken.train(all.slice(0, 12));
    const state = unbroken.state();
    await unbroken.train(all.slice(12));

    const other = await trainerOf('other', build(), 77, options);
    await other.train(all.slice(3, 7)); // earlier steps do not matter
    other.restore(state);
    await other.train(all.slice(12));
    expect([...other.state()]).toEqual([...unbroken.state()]);
    expect([...other.weights]).toEqual([...unbroken.weights]);
  });

  test('gives a state that further steps do not change', async () => {
    const trainer = await trainerOf('copied', build());
    await trainer.train(batches(2));
    const state = trainer.state();
    const copy = structuredClone(state);
    await trainer.train(batches(4));
    expect([...state]).toEqual([...copy]);
    expect([...trainer.state()]).not.toEqual([...copy]);
  });

  test('refuses a state that does not fit, names every fault and does not change', async () => {
    const trainer = await trainerOf('fitting', build());
    const before = [...trainer.state()];
    const state = new Map(trainer.state());
    state.set('weights/bag_table', new Float32Array(12));
    state.delete('steps');
    state.set('weights/stranger', new Float32Array(1));
    expect(() => {
      trainer.restore(state);
    }).toThrow(
      'does not fit the trainer fitting: steps needs 1 numbers, got none; ' +
        "weights/bag_table needs 200 numbers, got 12; weights/stranger is not the model's",
    );
    expect([...trainer.state()]).toEqual(before);
  });

  test('names the input of a batch that does not fill its shape', async () => {
    const [batch] = batches(1);
    const trainer = await trainerOf('unfilled', build());
    const wrong = { ...batch, wanted: floats([1, 2], [4, 1]) };
    await expect(trainer.train([wrong])).rejects.toThrow('"wanted" of the batch has 2 numbers for the shape [4, 1]');
  });

  test('names the input that a batch lacks', async () => {
    const trainer = await trainerOf('lacking', build());
    await expect(trainer.train([{ wanted: floats([1], [1, 1]) }])).rejects.toThrow('lacks the input "ids"');
  });
});

test('with noisy targets the mean of the weights is nearer to the goal than the last weights', async () => {
  const loss = squaredError(matmul(input('x', ['batch', 2]), parameter('slope', [2, 1], 'zeros')));
  const missed = async (averaged: boolean): Promise<number> => {
    const trainer = await trainerOf(averaged ? 'mean' : 'last', loss, 1, { averaged });
    const random = createRandom(4);
    const noisy = (steps: number): Batch[] =>
      Array.from({ length: steps }, () => {
        const [x, y] = [random.normal(), random.normal()];
        return { x: floats([x, y], [1, 2]), wanted: floats([x - 2 * y + 3 * random.normal()], [1, 1]) };
      });
    await trainer.train(noisy(1_000));
    let sum = 0;
    for (let place = 0; place < 30; place++) {
      await trainer.train(noisy(30));
      const [a, b] = trainer.weights.get('slope') ?? [];
      sum += Math.hypot(a - 1, b + 2) / 30;
    }
    return sum;
  };
  expect(await missed(true)).toBeLessThan(0.7 * (await missed(false)));
});

test('training that diverges stops with an error', async () => {
  const x = parameter('x', [1], 'ones');
  const loss = reshape(mul(mul(x, x), input('scale', [1])), []);
  const trainer = await trainerOf('diverging', loss, 1, { initialise: (_name, _shape, values) => values.fill(1e30) });
  await expect(trainer.train([{ scale: floats([1e30], [1]) }])).rejects.toThrow('training diverged');
});

describe('a parameter whose gradient is fed', () => {
  // loss = x · g, so the gradient is always g.
  const build = (): Tensor => {
    const x = parameter('x', [2], 'zeros');
    return reshape(reduceSum(mul(x, input('g', [2])), [0]), []);
  };
  const stepBy = async (name: string, gradients: readonly number[][], options: Partial<TrainerOptions>) => {
    const trainer = await trainerOf(name, build(), 1, options);
    await trainer.train(gradients.map((g) => ({ g: floats(g, [2]) })));
    return trainer;
  };

  test('moves by the rate times the factor of each step, counted over all calls', async () => {
    // While the gradient stays the same, Adam moves by the rate.
    const heard: number[] = [];
    const schedule = (step: number): number => {
      heard.push(step);
      return step <= 2 ? 1 : 0.1;
    };
    const gradient = [1, -1];
    const trainer = await stepBy('scheduled', [gradient, gradient], { denseRate: 0.5, schedule });
    await trainer.train([{ g: floats([1, -1], [2]) }]);
    expect(heard).toEqual([1, 2, 3]);
    expect([...(trainer.weights.get('x') ?? [])].map((value) => value.toFixed(4))).toEqual(['-1.0500', '1.0500']);
  });

  test('computes each step with the weights after all earlier steps, or with predicted weights', async () => {
    const seenFrom = async (oneByOne: number): Promise<string[]> => {
      const x = parameter('x', [1], 'ones');
      const options = { denseRate: 0.5, oneByOne };
      const trainer = await trainerOf('ahead', reshape(mul(x, input('g', [1])), []), 1, options);
      const seen: string[] = [];
      const batches = Array.from({ length: 4 }, () => ({ g: floats([1], [1]) }));
      for (let call = 0; call < 2; call++) await trainer.train(batches, (_step, loss) => seen.push(loss.toFixed(1)));
      return seen;
    };
    // Each step moves x by the rate.
    const oneByOne = ['1.0', '0.5', '0.0', '-0.5', '-1.0', '-1.5', '-2.0', '-2.5'];
    expect(await seenFrom(100)).toEqual(oneByOne);
    expect(await seenFrom(2)).toEqual(oneByOne);
    // The very first step cannot be predicted.
    expect(await seenFrom(0)).toEqual(['1.0', ...oneByOne.slice(0, 1), ...oneByOne.slice(2)]);
  });
});
