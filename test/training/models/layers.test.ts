// The layers that models share. The optimised forms give the same results as the plain forms.
import type { Batch } from '../../../src/engine/batch';
import { inMemory } from '../../../src/engine/model-runner';
import { openTrainingEngine, type TrainingEngine } from '../../../src/engine/training-engine';
import { gradients } from '../../../src/graph/gradient';
import { encodeOnnx } from '../../../src/graph/onnx';
import { matmul } from '../../../src/graph/products';
import { dropout, layerNorm } from '../../../src/graph/rows';
import { concat } from '../../../src/graph/pieces';
import { reduceSum, reshape } from '../../../src/graph/shapes';
import { add, mul } from '../../../src/graph/elementwise';
import { constant, inOrder, input, parameter, type Tensor } from '../../../src/graph/tensor';
import { createRandom } from '../../../src/random';
import { dropoutMasks, joinedMlp, MASKS, mlp, normalised } from '../../../src/training/models/layers';

let engine: TrainingEngine;
beforeAll(() => {
  engine = openTrainingEngine();
});
afterAll(() => engine.close());

test.each([true, false])(
  'a normalisation folded into its dense layer gives the same as both apart, bias: %s',
  async (biased) => {
    const [rows, from, to] = [5, 6, 3];
    const x = input('x', ['batch', from]);
    const weight = parameter('weight', [from, to]);
    const bias = biased ? parameter('bias', [to]) : undefined;
    const folded = normalised('norm', x, weight, bias);
    const [gain, shift] = ['gain', 'bias'].map((what) => parameter(`norm.${what}`, [from]));
    const plain = matmul(add(mul(layerNorm(x), gain), shift), weight);
    const apart = bias ? add(plain, bias) : plain;

    const fed: Batch = {
      x: values(rows, from),
      weight: values(from, to),
      'norm.gain': values(from),
      'norm.bias': values(from),
      ...(biased && { bias: values(to) }),
      wanted: values(rows, to),
    };
    await expectTheSame(folded, apart, fed, biased ? 6 : 5);
  },
);

test('layers over several tensors give the same as layers over their concatenation', async () => {
  const [a, b] = [input('a', ['batch', 'places', 2]), input('b', ['batch', 'places', 3])];
  const apart = joinedMlp('layers', [a, b], [4, 2]);
  const joined = mlp('layers', concat([a, b]), [4, 2]);
  const fed: Batch = {
    a: values(3, 5, 2),
    b: values(3, 5, 3),
    'layers.0.weight': values(5, 4),
    'layers.0.bias': values(4),
    'layers.1.weight': values(4, 2),
    'layers.1.bias': values(2),
    wanted: values(3, 5, 2),
  };
  await expectTheSame(apart, joined, fed, 7);
});

test('masks hide about their share of each column, differ from one another, and keep the mean', () => {
  const width = 64;
  const { node } = dropoutMasks(0.3, width);
  const numbers = node.kind === 'constant' ? node.value.constant : [];
  const masks = Array.from({ length: MASKS }, (_, m) => numbers.slice(m * width, (m + 1) * width));
  const hidden = (some: readonly number[]): number => some.filter((number) => number === 0).length / some.length;
  expect(hidden(numbers)).toBeCloseTo(0.3, 2);
  expect(numbers.reduce((sum, number) => sum + number, 0) / numbers.length).toBeCloseTo(1, 2);
  expect(new Set(masks.map(String)).size).toBe(MASKS);
  for (let column = 0; column < width; column++) {
    expect(Math.abs(hidden(masks.map((mask) => mask[column])) - 0.3)).toBeLessThan(0.08);
  }
});

test('dropout hides the numbers of each row that its mask hides', async () => {
  const masks = constant([0, 2, 2, 0, 0, 2], [3, 2]);
  const y = dropout(input('x', ['rows', 2]), masks, input('which', ['rows'], 'int32'));
  await engine.load('drop', inMemory(encodeOnnx({ name: 'drop', outputs: { y }, embeddings: 'fed' }).bytes));
  const x = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] };
  const dropped = await engine.run('drop', { x, which: { data: Int32Array.of(1, 0, 1), shape: [3] } });
  expect([...dropped.y.data]).toEqual([2, 0, 0, 8, 10, 0]);
});

const random = createRandom(9);

function values(...shape: number[]): Batch[string] {
  const size = shape.reduce((product, dim) => product * dim);
  return { data: Float32Array.from({ length: size }, () => random.normal()), shape };
}

/** Expects the same output and the same gradients from both tensors, `expected` results in all. */
async function expectTheSame(one: Tensor, other: Tensor, fed: Batch, expected: number): Promise<void> {
  const [a, b] = [await computed('one', one, fed), await computed('other', other, fed)];
  expect(Object.keys(a)).toHaveLength(expected);
  for (const [name, { data, shape }] of Object.entries(a)) {
    expect([name, shape]).toEqual([name, b[name].shape]);
    data.forEach((value, i) => {
      expect(value).toBeCloseTo(b[name].data[i], 4);
    });
  }
}

/** Computes a layer's output, and the gradient of a loss with respect to each leaf of the layer. */
async function computed(name: string, out: Tensor, fed: Batch): Promise<Batch> {
  const loss = reshape(reduceSum(mul(out, input('wanted', out.shape)), [...out.shape.keys()]), []);
  const leaves = inOrder([out]).flatMap((tensor) => {
    const { node } = tensor;
    return node.kind === 'input' || node.kind === 'parameter' ? [{ tensor, leaf: node.name }] : [];
  });
  const all = gradients(
    loss,
    leaves.map(({ tensor }) => tensor),
  );
  const outputs = { out, ...Object.fromEntries(leaves.map(({ leaf }, i) => [`d.${leaf}`, all[i]])) };
  await engine.load(name, inMemory(encodeOnnx({ name, outputs, embeddings: 'fed' }).bytes));
  return engine.run(name, fed);
}
