// The trainer: what it learns, that it computes what the released model computes, that it is the same every time.
import { openEngine, type Batch, type Engine, type Values } from '../src/engine/engine';
import { encodeOnnx } from '../src/graph/onnx';
import { add, matmul, mean, mul, reshape, sub } from '../src/graph/operators';
import { embedding, input, parameter, type Tensor } from '../src/graph/tensor';
import { createRandom } from '../src/random';
import { mlp } from '../src/training/layers';
import { adagradInit, adagradUpdate, adamInit, adamUpdate } from '../src/training/optimisers';
import { createTrainer, type Trainer } from '../src/training/trainer';

let engine: Engine;
beforeAll(() => {
  engine = openEngine();
});
afterAll(() => engine.close());

const floats = (values: number[], shape: number[]): Values => ({ data: Float32Array.from(values), shape });
const ints = (values: number[], shape: number[]): Values => ({ data: Int32Array.from(values), shape });

function squaredError(prediction: Tensor): Tensor {
  const difference = sub(prediction, input('wanted', ['batch', 1]));
  return mean(mul(difference, difference));
}

function trainerOf(name: string, loss: Tensor, seed = 1): Promise<Trainer> {
  return createTrainer(engine, { name, loss, random: createRandom(seed), denseRate: 0.02, tableRate: 0.1 });
}

test('layers learn the exclusive or, which no single layer can', async () => {
  const loss = squaredError(mlp('xor', input('x', ['batch', 2]), [8, 1]));
  const trainer = await trainerOf('xor', loss, 3);
  const batch = { x: floats([0, 0, 0, 1, 1, 0, 1, 1], [4, 2]), wanted: floats([0, 1, 1, 0], [4, 1]) };
  let last = Infinity;
  await trainer.train(Array<Batch>(400).fill(batch), (_step, value) => (last = value));
  expect(last).toBeLessThan(0.01);
});

test('embeddings learn a checkerboard: which rows go with which columns', async () => {
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

describe('a model with a bag of embeddings', () => {
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

  test('gives the same loss trained with rows fed in as released with the table inside', async () => {
    const loss = build();
    const trainer = await trainerOf('fed', loss);
    await trainer.train(batches(20));
    const probe = batches(21)[20];
    const model = encodeOnnx({ name: 'inline', outputs: { loss }, values: trainer.weights, embeddings: 'inline' });
    await engine.load('inline', model.bytes);
    const released = (await engine.run('inline', probe)).loss.data[0];
    const trained: number[] = [];
    await trainer.train([probe], (_step, value) => trained.push(value));
    expect(trained[0]).toBeCloseTo(released, 5);
  });

  test('learns to the same weights, bit for bit, from the same seed', async () => {
    const run = async (name: string) => {
      const trainer = await trainerOf(name, build());
      await trainer.train(batches(30));
      return [...trainer.weights].map(([weight, values]) => [weight, [...values]]);
    };
    expect(await run('first')).toEqual(await run('second'));
  });

  test('leaves rows alone that no batch has touched', async () => {
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

  test('says which input a batch lacks', async () => {
    const trainer = await trainerOf('lacking', build());
    await expect(trainer.train([{ wanted: floats([1], [1, 1]) }])).rejects.toThrow('lacks the input "ids"');
  });
});

test('training that diverges stops with an error rather than with weights that are no numbers', async () => {
  const x = parameter('x', [1], { values: [1e30] });
  const loss = reshape(mul(mul(x, x), input('scale', [1])), []);
  const trainer = await trainerOf('diverging', loss);
  await expect(trainer.train([{ scale: floats([1e30], [1]) }])).rejects.toThrow('training diverged');
});

test('the first step of Adam moves every number by the rate against its gradient', () => {
  // m / √v = g / |g| after bias correction, whatever the size of the gradient.
  const values = Float32Array.of(1, 1, 1);
  adamUpdate(values, Float32Array.of(0.001, -5, 300), adamInit(3), 0.1);
  expect([...values].map((value) => value.toFixed(4))).toEqual(['0.9000', '1.1000', '0.9000']);
});

test('row-wise Adagrad divides by the root of the mean squared gradients of the row so far', () => {
  const table = Float32Array.of(0, 0, 10, 10);
  const state = adagradInit(2);
  const gradients = { rows: Int32Array.of(1), values: Float32Array.of(3, 4) };
  adagradUpdate(table, 2, gradients, state, 1);
  const first = Math.sqrt((9 + 16) / 2);
  expect(table[2]).toBeCloseTo(10 - 3 / first, 5);
  adagradUpdate(table, 2, gradients, state, 1);
  expect(table[3]).toBeCloseTo(10 - 4 / first - 4 / Math.sqrt(25), 5);
  expect([table[0], table[1]]).toEqual([0, 0]);
});
