// Layers that the models share: that what is written for speed is what is meant.
import { openEngine, type Batch, type Engine } from '../src/engine/engine';
import { gradients } from '../src/graph/gradient';
import { encodeOnnx } from '../src/graph/onnx';
import { add, layerNorm, matmul, mul, reduceSum, reshape } from '../src/graph/operators';
import { inOrder, input, parameter, type Tensor } from '../src/graph/tensor';
import { createRandom } from '../src/random';
import { normalised } from '../src/training/layers';

let engine: Engine;
beforeAll(() => {
  engine = openEngine();
});
afterAll(() => engine.close());

test.each([true, false])('a normalisation folded into its dense layer is the two apart, bias: %s', async (biased) => {
  const [rows, from, to] = [5, 6, 3];
  const x = input('x', ['batch', from]);
  const weight = parameter('weight', [from, to]);
  const bias = biased ? parameter('bias', [to]) : undefined;
  const folded = normalised('norm', x, weight, bias);
  const [gain, shift] = ['gain', 'bias'].map((what) => parameter(`norm.${what}`, [from]));
  const plain = matmul(add(mul(layerNorm(x), gain), shift), weight);
  const apart = bias ? add(plain, bias) : plain;

  const random = createRandom(9);
  const values = (...shape: number[]): Batch[string] => ({
    data: Float32Array.from({ length: shape.reduce((product, dim) => product * dim) }, () => random.normal()),
    shape,
  });
  const fed: Batch = {
    x: values(rows, from),
    weight: values(from, to),
    'norm.gain': values(from),
    'norm.bias': values(from),
    ...(biased && { bias: values(to) }),
    wanted: values(rows, to),
  };
  const [one, other] = [await computed('folded', folded, fed), await computed('apart', apart, fed)];
  expect(Object.keys(one)).toHaveLength(biased ? 6 : 5);
  for (const [name, { data }] of Object.entries(one)) {
    data.forEach((value, i) => {
      expect(value).toBeCloseTo(other[name].data[i], 4);
    });
  }
});

/** A layer's output, and the gradient of a loss of it by each of its leaves. */
async function computed(name: string, out: Tensor, fed: Batch): Promise<Batch> {
  const loss = reshape(reduceSum(mul(out, input('wanted', ['batch', out.shape[1]])), [0, 1]), []);
  const leaves = inOrder([out]).flatMap((tensor) => {
    const { node } = tensor;
    return node.kind === 'input' || node.kind === 'parameter' ? [{ tensor, leaf: node.name }] : [];
  });
  const all = gradients(
    loss,
    leaves.map(({ tensor }) => tensor),
  );
  const outputs = { out, ...Object.fromEntries(leaves.map(({ leaf }, i) => [`d.${leaf}`, all[i]])) };
  await engine.load(name, encodeOnnx({ name, outputs, embeddings: 'fed' }).bytes);
  return engine.run(name, fed);
}
