// Compares every operator's gradient with central differences, over random shapes. ONNX Runtime
// computes both, as in training.
import type { Batch } from '../../src/engine/batch';
import { inMemory } from '../../src/engine/model-runner';
import { openTrainingEngine, type TrainingEngine } from '../../src/engine/training-engine';
import { gradients } from '../../src/graph/gradient';
import { encodeOnnx, rowsInput } from '../../src/graph/onnx';
import { constant, embedding, input, parameter, type Tensor } from '../../src/graph/tensor';
import { CASES, ids, op } from './operator-cases';

let engine: TrainingEngine;
beforeAll(() => {
  engine = openTrainingEngine();
});
afterAll(() => engine.close());

test.each(CASES)('the gradient of $name agrees with central differences', async ({ shapes, build, positive }) => {
  for (const [n, m] of [
    [1, 2],
    [4, 3],
    [5, 7],
  ]) {
    const operands = shapes(n, m).map((shape, i) => parameter(`x${String(i)}`, shape.map(Number)));
    const output = build(...operands);
    // With random weights, every output affects the loss differently.
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

test('a row that is gathered very often gets each of its gradients, although several threads compute', async () => {
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

test('the gradient of an embedding bag is the gradient of its pooled rows', async () => {
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

test('layerNorm gives rows with mean 0 and variance 1', async () => {
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

test('the cross-entropy of products is minus the logarithm of the share of the target', async () => {
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
  // A share that underflows to 0 costs much, but not infinitely much.
  expect(cost(1, 0)).toBeGreaterThan(10);
  expect(results.y.data[1]).toBeCloseTo(cost(1, 0), 3);
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

test('the gradient of a tensor that the loss does not depend on is an error', () => {
  expect(() => gradients(op.mean(parameter('x', [2])), [parameter('y', [2])])).toThrow('does not depend on tensor 0');
  expect(() => gradients(parameter('x', [2]), [])).toThrow('expected a loss of shape [], got [2]');
});

test('a symbolic batch gives the same gradients as a fixed one', async () => {
  const weight = parameter('weight', [3, 2]);
  const run = async (batch: number | string): Promise<Batch> => {
    const x = input('x', [batch, 4, 3]);
    const hidden = op.l2Normalise(op.add(op.matmul(x, weight), constant(0.1)));
    const [gradient] = gradients(op.mean(op.flatten(op.softplus(hidden), 1)), [weight]);
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
  const h = 1e-2; // in single precision, rounding errors would hide a smaller difference
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
      const numeric = ((await at(h)) - (await at(-h))) / (2 * h);
      expect(Math.abs(gradient.data[k] - numeric)).toBeLessThan(2e-2 * Math.max(1, Math.abs(numeric)));
    }
  }
}

function nameOf(tensor: Tensor): string {
  if (tensor.node.kind !== 'parameter') throw new Error('operands of these tests are parameters');
  return tensor.node.name;
}

let state = 42;
/**
 * Random numbers that are at least 0.1 away from 0, since ReLU has its kink at 0. The generator is
 * mulberry32.
 */
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
