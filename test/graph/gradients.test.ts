// Every operator's gradient against central differences over random shapes, run by ONNX Runtime as
// in training.
import type { Batch } from '../../src/engine/batch';
import { inMemory } from '../../src/engine/model-runner';
import { openTrainingEngine, type TrainingEngine } from '../../src/engine/training-engine';
import { gradients } from '../../src/graph/gradient';
import { encodeOnnx, rowsInput } from '../../src/graph/onnx';
import * as op from '../../src/graph/operators';
import { constant, embedding, input, parameter, type Shape, type Tensor } from '../../src/graph/tensor';

let engine: TrainingEngine;
beforeAll(() => {
  engine = openTrainingEngine();
});
afterAll(() => engine.close());

interface Case {
  readonly name: string;
  /** Shapes of the operands, with sizes that vary from trial to trial. */
  readonly shapes: (n: number, m: number) => Shape[];
  readonly build: (...operands: Tensor[]) => Tensor;
  /** Keeps operands where the function is smooth. */
  readonly positive?: boolean;
}

const CASES: readonly Case[] = [
  { name: 'add with broadcasting', shapes: (n, m) => [[n, m], [m]], build: op.add },
  {
    name: 'add of a row and a column',
    shapes: (n, m) => [
      [1, m],
      [n, 1],
    ],
    build: op.add,
  },
  {
    name: 'sub with broadcasting',
    shapes: (n, m) => [
      [n, 1],
      [n, m],
    ],
    build: op.sub,
  },
  {
    name: 'mul with broadcasting',
    shapes: (n, m) => [
      [2, n, m],
      [n, 1],
    ],
    build: op.mul,
  },
  { name: 'mul of a tensor with itself', shapes: (n, m) => [[n, m]], build: (x) => op.mul(x, x) },
  { name: 'div with broadcasting', shapes: (n, m) => [[n, m], [m]], build: op.div, positive: true },
  { name: 'neg', shapes: (n) => [[n]], build: op.neg },
  { name: 'exp', shapes: (n) => [[n]], build: op.exp },
  { name: 'log', shapes: (n) => [[n]], build: op.log, positive: true },
  { name: 'sqrt', shapes: (n) => [[n]], build: op.sqrt, positive: true },
  { name: 'tanh', shapes: (n) => [[n]], build: op.tanh },
  { name: 'sigmoid', shapes: (n) => [[n]], build: op.sigmoid },
  { name: 'softplus', shapes: (n) => [[n]], build: op.softplus },
  { name: 'relu', shapes: (n) => [[n]], build: op.relu },
  { name: 'reshape', shapes: (n) => [[n, 6]], build: (x) => op.reshape(x, [x.shape[0], 2, 3]) },
  { name: 'flatten', shapes: (n, m) => [[n, m, 2]], build: (x) => op.flatten(x, 1) },
  { name: 'transpose', shapes: (n, m) => [[n, m, 3]], build: (x) => op.transpose(x, [2, 0, 1]) },
  {
    name: 'concat',
    shapes: (n, m) => [
      [n, m],
      [n, 2],
      [n, 3],
    ],
    build: (...parts) => op.concat(parts),
  },
  {
    name: 'concat along a leading axis',
    shapes: (n, m) => [
      [n, m],
      [3, m],
    ],
    build: (...parts) => op.concat(parts, 0),
  },
  {
    name: 'expandAs',
    shapes: (n, m) => [
      [n, 1],
      [n, m],
    ],
    build: (x, like) => op.mul(op.expandAs(x, like), like),
  },
  {
    name: 'firstRows',
    shapes: (n, m) => [
      [n + 2, m],
      [n, 1],
    ],
    build: (x, like) => op.mul(op.firstRows(x, like), like),
  },
  {
    name: 'fillWhere',
    shapes: (n, m) => [[n, m]],
    build: (x) => op.fillWhere(op.greater(op.stopGradient(x), constant(0.5)), -2, x),
  },
  { name: 'reduceSum', shapes: (n, m) => [[n, m, 2]], build: (x) => op.reduceSum(x, [0, 2]) },
  { name: 'reduceMean', shapes: (n, m) => [[n, m]], build: (x) => op.reduceMean(x, [1]) },
  { name: 'mean', shapes: (n, m) => [[n, m]], build: op.mean },
  { name: 'logSumExp', shapes: (n, m) => [[n, m]], build: op.logSumExp },
  { name: 'softmax', shapes: (n, m) => [[n, m]], build: op.softmax },
  {
    name: 'matmul',
    shapes: (n, m) => [
      [n, 3],
      [3, m],
    ],
    build: op.matmul,
  },
  {
    name: 'matmul of a batch by one matrix',
    shapes: (n, m) => [
      [2, n, 3],
      [3, m],
    ],
    build: op.matmul,
  },
  {
    name: 'matmul of batches that broadcast',
    shapes: (n, m) => [
      [2, n, m, 3],
      [2, 1, 3, 2],
    ],
    build: op.matmul,
  },
  {
    name: 'gather, rows taken twice and not at all',
    shapes: (n, m) => [[n + 2, m]],
    build: (x) => op.gather(x, ids([0, 2, 2, 1], [2, 2])),
  },
  {
    name: 'pieces, all used',
    shapes: (n) => [[n, 6]],
    build: (x) => {
      const [a, b, c] = op.pieces(x, 1, [2, 3, 1]);
      return op.concat([op.mul(b, c), op.exp(a), op.tanh(b)]);
    },
  },
  {
    name: 'pieces, of which one is not used and one twice',
    shapes: (n) => [[4, n]],
    build: (x) => {
      const [a, , c] = op.pieces(x, 0, [1, 2, 1]);
      return op.add(op.mul(a, c), op.exp(c));
    },
  },
  {
    name: 'product with a transposed operand',
    shapes: (n, m) => [
      [n, 3],
      [m, 3],
    ],
    build: (a, b) => op.transposeLast(op.matmul(a, op.transposeLast(b))),
  },
  {
    name: 'normalisedLinear',
    shapes: (n, m) => [[n, m + 2], [m + 2, 3], [3]],
    build: op.normalisedLinear,
  },
  { name: 'layerNorm', shapes: (n, m) => [[2, n, m + 2]], build: op.layerNorm },
  {
    name: 'dropout',
    shapes: (n, m) => [[n, m]],
    build: (x) => {
      const width = Number(x.shape[1]);
      const masks = Array.from({ length: 2 * width }, (_, i) => (i * 7) % 3);
      return op.dropout(x, constant(masks, [2, width]), ids([1], [1]));
    },
  },
  {
    name: 'attention',
    shapes: (n, m) => [
      [2, n, 3],
      [2, m, 3],
      [2, m, 2],
      [n, m],
    ],
    build: op.attention,
  },
  {
    name: 'dot interaction of two sides',
    shapes: (n, m) => [
      [2, n, 3],
      [2, m, 3],
    ],
    build: (a, b) => op.matmul(a, op.transposeLast(b)),
  },
  { name: 'linear', shapes: (n, m) => [[n, 3], [3, m], [m]], build: op.linear },
  { name: 'linear over more than rows', shapes: (n, m) => [[2, n, 3], [3, m], [m]], build: op.linear },
  {
    name: 'addedProduct',
    shapes: (n, m) => [
      [n, 3],
      [3, m],
      [n, m],
    ],
    build: op.addedProduct,
  },
  { name: 'fromRows', shapes: (n, m) => [[2, n, m]], build: (x) => op.fromRows(op.asRows(x), x) },
  {
    name: 'crossEntropyOfProducts, targets taken twice and not at all',
    shapes: (n, m) => [
      [n, 3],
      [m, 3],
    ],
    build: (a, b) => {
      const [n, m] = [Number(a.shape[0]), Number(b.shape[0])];
      const targets = Array.from({ length: n }, (_, i) => (i >> 1) % m);
      const bias = Array.from({ length: m }, (_, i) => Math.sin(i));
      return op.crossEntropyOfProducts(a, b, constant(bias, [m]), ids(targets, [n]));
    },
  },
  { name: 'l2Normalise', shapes: (n, m) => [[n, m]], build: op.l2Normalise },
];

test.each(CASES)('the gradient of $name agrees with central differences', async ({ shapes, build, positive }) => {
  for (const [n, m] of [
    [1, 2],
    [4, 3],
    [5, 7],
  ]) {
    const operands = shapes(n, m).map((shape, i) => parameter(`x${String(i)}`, shape.map(Number)));
    const output = build(...operands);
    // A random weighting of the outputs makes every one of them matter, each differently.
    const weights = parameter('weights', output.shape.map(Number));
    const weighted = op.mul(output, weights);
    const loss = op.reshape(
      op.reduceSum(
        weighted,
        output.shape.map((_, i) => i),
      ),
      [],
    );
    const values = Object.fromEntries(
      [...operands, weights].map((tensor) => [nameOf(tensor), random(tensor.shape.map(Number), positive === true)]),
    );
    await expectGradientsToAgree(loss, operands, values);
  }
});

test('a row that is gathered very often gets each of its gradients, though several threads compute', async () => {
  const [rows, width, times] = [3, 64, 20_000];
  const x = parameter('x', [rows, width]);
  const places = Int32Array.from({ length: times }, (_, i) => (i * i) % rows);
  const gathered = op.gather(x, input('ids', ['times'], 'int32'));
  const loss = op.reshape(op.reduceSum(gathered, [0, 1]), []);
  const outputs = { gradient: gradients(loss, [x])[0] };
  const threads = openTrainingEngine({ threadsPerRun: 4 });
  try {
    await threads.load('often', inMemory(encodeOnnx({ name: 'often', outputs, embeddings: 'fed' }).bytes));
    for (let trial = 0; trial < 5; trial++) {
      const { gradient } = await threads.run('often', {
        x: { data: new Float32Array(rows * width), shape: [rows, width] },
        ids: { data: places, shape: [times] },
      });
      const counts = [0, 1, 2].map((row) => places.filter((place) => place === row).length);
      expect([...gradient.data]).toEqual(counts.flatMap((count) => Array<number>(width).fill(count)));
    }
  } finally {
    await threads.close();
  }
});

test('the gradient of an embedding bag arrives at its pooled rows', async () => {
  const table = { name: 'table', rows: 10, width: 3 };
  const bag = embedding('bag', table, input('ids', ['batch', 4], 'int32'), input('weights', ['batch', 4]));
  const loss = op.mean(op.mul(bag, bag));
  const [gradient] = gradients(loss, [bag]);
  const { bytes, inputs } = encodeOnnx({ name: 'bag', outputs: { gradient }, embeddings: 'fed' });
  expect(inputs.map((port) => port.name)).toEqual([rowsInput('bag')]);
  await engine.load('bag', inMemory(bytes));
  const rows = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] };
  const results = await engine.run('bag', { [rowsInput('bag')]: rows });
  // d mean(x²) / dx = 2x / 6
  results.gradient.data.forEach((value, i) => {
    expect(value).toBeCloseTo((2 * (i + 1)) / 6, 6);
  });
});

test('an inlined embedding bag is the weighted sum of the rows of its table', async () => {
  const table = { name: 'table', rows: 3, width: 2 };
  const bag = embedding('bag', table, input('ids', ['batch', 2], 'int32'), input('weights', ['batch', 2]));
  const values = new Map([['table', Float32Array.of(1, 2, 10, 20, 100, 200)]]);
  const { bytes } = encodeOnnx({ name: 'bag', outputs: { bag }, values, embeddings: 'inline' });
  await engine.load('inline', inMemory(bytes));
  const results = await engine.run('inline', {
    ids: { data: Int32Array.of(0, 2, 1, 1), shape: [2, 2] },
    weights: { data: Float32Array.of(1, 0.5, 0.5, 0), shape: [2, 2] },
  });
  expect([...results.bag.data]).toEqual([51, 102, 5, 10]);
});

test('layerNorm gives rows of mean 0 and variance 1', async () => {
  const x = parameter('x', [2, 4]);
  await engine.load(
    'norm',
    inMemory(encodeOnnx({ name: 'norm', outputs: { y: op.layerNorm(x) }, embeddings: 'fed' }).bytes),
  );
  const { y } = await engine.run('norm', { x: { data: Float32Array.of(1, 2, 3, 4, -5, 0, 0, 5), shape: [2, 4] } });
  for (const row of [[...y.data.slice(0, 4)], [...y.data.slice(4)]]) {
    expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 5);
    expect(row.reduce((sum, value) => sum + value ** 2, 0) / 4).toBeCloseTo(1, 3);
  }
});

test('the cost of a choice among products is the logarithm of its share', async () => {
  const [a, b] = [input('a', [2, 2]), input('b', [3, 2])];
  const bias = constant([0.5, 0, -3], [3]);
  const y = op.crossEntropyOfProducts(a, b, bias, ids([2, 0], [2]));
  await engine.load('choice', inMemory(encodeOnnx({ name: 'choice', outputs: { y }, embeddings: 'fed' }).bytes));
  const [left, right] = [Float32Array.of(1, -2, 30, 40), Float32Array.of(2, 1, 0, 3, -1, 1)];
  const results = await engine.run('choice', { a: { data: left, shape: [2, 2] }, b: { data: right, shape: [3, 2] } });
  const cost = (row: number, target: number): number => {
    const scores = [0, 1, 2].map(
      (k) => left[2 * row] * right[2 * k] + left[2 * row + 1] * right[2 * k + 1] + [0.5, 0, -3][k],
    );
    return Math.log(scores.reduce((sum, score) => sum + Math.exp(score - scores[target]), 0));
  };
  expect(results.y.data[0]).toBeCloseTo(cost(0, 2), 4);
  // A share that is no number any more costs much, not everything.
  expect(cost(1, 0)).toBeGreaterThan(10);
  expect(results.y.data[1]).toBeCloseTo(cost(1, 0), 3);
});

test('no gradient flows through stopGradient', async () => {
  const x = parameter('x', [2]);
  const loss = op.mean(op.mul(op.stopGradient(x), x));
  const [gradient] = gradients(loss, [x]);
  await engine.load('stop', inMemory(encodeOnnx({ name: 'stop', outputs: { gradient }, embeddings: 'fed' }).bytes));
  const results = await engine.run('stop', { x: { data: Float32Array.of(3, 5), shape: [2] } });
  expect([...results.gradient.data]).toEqual([1.5, 2.5]);
});

test('logSumExp, softmax and softplus survive numbers that overflow eˣ', async () => {
  const x = input('x', ['batch', 2]);
  const outputs = { lse: op.logSumExp(x), softmax: op.softmax(x), softplus: op.softplus(x) };
  await engine.load('big', inMemory(encodeOnnx({ name: 'big', outputs, embeddings: 'fed' }).bytes));
  const results = await engine.run('big', { x: { data: Float32Array.of(1000, 1000), shape: [1, 2] } });
  expect(results.lse.data[0]).toBeCloseTo(1000 + Math.log(2), 2);
  expect([...results.softmax.data]).toEqual([0.5, 0.5]);
  expect([...results.softplus.data]).toEqual([1000, 1000]);
});

test('shapes that do not fit are refused when the graph is written, with both shapes', () => {
  expect(() => op.matmul(parameter('a', [2, 3]), parameter('b', [2, 3]))).toThrow(
    'matmul: expected [..., n, k] and [..., k, m]; got [2, 3] and [2, 3]',
  );
  expect(() => op.add(parameter('a', [2]), parameter('b', [3]))).toThrow('Add: expected shapes that broadcast');
});

test('asking for the gradient of a tensor that the loss does not depend on is an error', () => {
  expect(() => gradients(op.mean(parameter('x', [2])), [parameter('y', [2])])).toThrow('does not depend on tensor 0');
  expect(() => gradients(parameter('x', [2]), [])).toThrow('expected a loss of shape [], got [2]');
});

test('a symbolic batch gives the same gradients as a fixed one', async () => {
  const weight = parameter('weight', [3, 2]);
  const run = async (batch: number | string): Promise<Batch> => {
    const x = input('x', [batch, 4, 3]);
    const hidden = op.l2Normalise(op.add(op.matmul(x, weight), constant(0.1)));
    const [gradient] = gradients(op.mean(op.flatten(op.exp(hidden), 1)), [weight]);
    await engine.load(
      'symbolic',
      inMemory(encodeOnnx({ name: 'symbolic', outputs: { gradient }, embeddings: 'fed' }).bytes),
    );
    const data = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i));
    return engine.run('symbolic', {
      x: { data, shape: [2, 4, 3] },
      weight: { data: Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6), shape: [3, 2] },
    });
  };
  expect((await run('batch')).gradient.data).toEqual((await run(2)).gradient.data);
});

async function expectGradientsToAgree(loss: Tensor, operands: Tensor[], values: Batch): Promise<void> {
  const outputs = Object.fromEntries(gradients(loss, operands).map((g, i) => [`g${String(i)}`, g]));
  await engine.load(
    'case',
    inMemory(encodeOnnx({ name: 'case', outputs: { loss, ...outputs }, embeddings: 'fed' }).bytes),
  );
  const analytic = await engine.run('case', values);
  const step = 1e-2; // single precision: smaller steps drown in rounding
  for (const [i, operand] of operands.entries()) {
    const name = nameOf(operand);
    const { data, shape } = values[name];
    const gradient = analytic[`g${String(i)}`];
    expect(gradient.shape).toEqual([...shape]);
    for (let k = 0; k < data.length; k++) {
      const at = async (offset: number): Promise<number> => {
        const moved = Float32Array.from(data);
        moved[k] += offset;
        return (await engine.run('case', { ...values, [name]: { data: moved, shape } }, { outputs: ['loss'] })).loss
          .data[0];
      };
      const numeric = ((await at(step)) - (await at(-step))) / (2 * step);
      expect(Math.abs(gradient.data[k] - numeric)).toBeLessThan(2e-2 * Math.max(1, Math.abs(numeric)));
    }
  }
}

function nameOf(tensor: Tensor): string {
  if (tensor.node.kind !== 'parameter') throw new Error('operands of these tests are parameters');
  return tensor.node.name;
}

/** Whole numbers written into the graph. */
function ids(values: readonly number[], shape: readonly number[]): Tensor {
  return op.cast(constant(values, shape), 'int32');
}

let state = 42;
/** Numbers at least 0.1 away from 0, where relu bends; mulberry32. */
function random(shape: readonly number[], positive: boolean): { data: Float32Array; shape: readonly number[] } {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const data = Float32Array.from({ length: size }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    const uniform = ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    const magnitude = positive ? 0.5 + uniform : 0.1 + uniform;
    return positive || uniform > 0.5 ? magnitude : -magnitude;
  });
  return { data, shape };
}
