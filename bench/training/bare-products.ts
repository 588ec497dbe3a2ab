// The matrix products of a training step and nothing else, as a separate graph. Running this graph
// shows the cost that the step would have if all other operators were free. The products are found
// in the forward and backward parts of the step's own graph, and a run of that graph shows their
// shapes.
import type { Batch } from '../../src/engine/batch';
import { inMemory, type ModelRunner } from '../../src/engine/model-runner';
import { ATTRIBUTE, ModelProto, TYPES } from '../../src/graph/onnx-format';
import { createRandom } from '../../src/random';
import type { Run } from './steps';

/** A matrix product of a step. Operands with the same name are the same tensor. */
interface Product {
  readonly operands: readonly [Operand, Operand];
}

interface Operand {
  readonly name: string;
  readonly shape: readonly number[];
}

interface NodeProto {
  readonly opType: string;
  readonly name: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
}

interface Graph {
  readonly node: NodeProto[];
  readonly output: object[];
}

/** Operators of ONNX that are matrix products. */
const PRODUCTS = ['MatMul', 'Gemm'];

/** The products in some runs of a step's graph, ready to be run. */
export interface BareProducts {
  /** Number of products in one run. */
  readonly products: number;
  /** Number of multiplications and additions in all runs. */
  readonly flops: number;
  /** Runs all products of all runs once. */
  readonly run: () => Promise<unknown>;
}

export async function bareProducts(engine: ModelRunner, runs: readonly Run[]): Promise<BareProducts> {
  const all: Product[] = [];
  for (const [i, { model, inputs }] of runs.entries()) {
    for (const { operands } of await productsOf(engine, model, inputs)) all.push({ operands: ownOf(i, operands) });
  }
  // One model contains the products of all runs, because each model has its own threads, which wait
  // actively after a run.
  await engine.load('bench.bare', inMemory(bareModel(all)));
  return {
    products: all.length / runs.length,
    flops: all.reduce((sum, product) => sum + flopsOf(product), 0),
    run: () => engine.run('bench.bare', {}),
  };
}

/**
 * Makes the smaller operand of a product different for each run. All runs share the larger operand,
 * which saves memory. No two products may have the same operands, because ONNX Runtime would
 * compute them only once.
 */
function ownOf(run: number, [a, b]: Product['operands']): Product['operands'] {
  const own = (operand: Operand): Operand => ({ ...operand, name: `${String(run)}: ${operand.name}` });
  return sizeOf(a.shape) < sizeOf(b.shape) ? [own(a), b] : [a, own(b)];
}

/**
 * Finds the products of a step's graph, with their shapes for these inputs. A product whose first
 * operand has a single row is left out: such products only compute sums.
 */
async function productsOf(engine: ModelRunner, model: Uint8Array, inputs: Batch): Promise<Product[]> {
  const decoded = ModelProto.toObject(ModelProto.decode(model)) as { graph: Graph };
  const { node } = decoded.graph;
  const products = node.filter(({ opType }) => PRODUCTS.includes(opType));
  const names = [...new Set(products.flatMap(({ input }) => input.slice(0, 2)))];
  names.forEach((name, i) => {
    const [shape, port] = [`shape.${String(i)}`, `of.${String(i)}`];
    node.push({ opType: 'Shape', name: shape, input: [name], output: [shape] });
    node.push(cast(shape, port));
    decoded.graph.output.push(valueInfo(port, TYPES.int32, 1));
  });
  await engine.load('bench.probe', inMemory(ModelProto.encode(ModelProto.fromObject(decoded)).finish()));
  const ports = names.map((_, i) => `of.${String(i)}`);
  const found = await engine.run('bench.probe', inputs, { outputs: ports });
  const shapes = new Map(names.map((name, i) => [name, [...found[ports[i]].data]]));
  const operand = (name: string): Operand => {
    const shape = shapes.get(name) ?? [];
    return { name: `${name} [${shape.join(', ')}]`, shape };
  };
  return products
    .map(({ input: [a, b] }): Product => ({ operands: [operand(a), operand(b)] }))
    .filter(({ operands: [{ shape }] }) => !(shape.length === 2 && shape[0] === 1));
}

/** Returns the number of multiplications and additions in a product. Leading axes are broadcast. */
function flopsOf({ operands: [a, b] }: Product): number {
  const [n, k] = a.shape.slice(-2);
  const m = b.shape[b.shape.length - 1];
  return 2 * Math.max(sizeOf(a.shape.slice(0, -2)), sizeOf(b.shape.slice(0, -2))) * n * k * m;
}

/**
 * Makes a model that contains only these products. Operands that share a tensor in the step share a
 * tensor here too. The operands are initial values of inputs, which a caller could replace. So ONNX
 * Runtime can neither compute the products in advance nor repack the operands. The output adds up
 * one number from each product, so that no product is skipped and the output is small.
 */
function bareModel(products: readonly Product[]): Uint8Array {
  const random = createRandom('bare');
  const shapes = new Map(products.flatMap(({ operands }) => operands.map(({ name, shape }) => [name, shape])));
  const initializer: object[] = [...shapes].map(([name, dims]) => {
    const values = Float32Array.from({ length: sizeOf(dims) }, () => random.next() - 0.5);
    return { name, dims, dataType: TYPES.float32, rawData: new Uint8Array(values.buffer) };
  });
  const literal = (name: string, values: number[]): void => {
    const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    initializer.push({ name, dims: [values.length], dataType: TYPES.int64, rawData });
  };
  literal('one', [1]);
  const node: object[] = [];
  products.forEach(({ operands: [a, b] }, i) => {
    const rank = Math.max(a.shape.length, b.shape.length);
    const [product, first, number] = [`product.${String(i)}`, `first.${String(i)}`, `number.${String(i)}`];
    literal(`from.${String(rank)}.${String(i)}`, Array<number>(rank).fill(0));
    literal(`to.${String(rank)}.${String(i)}`, Array<number>(rank).fill(1));
    const range = [`from.${String(rank)}.${String(i)}`, `to.${String(rank)}.${String(i)}`];
    node.push({ opType: 'MatMul', name: product, input: [a.name, b.name], output: [product] });
    node.push({ opType: 'Slice', name: first, input: [product, ...range], output: [first] });
    node.push({ opType: 'Reshape', name: number, input: [first, 'one'], output: [number] });
  });
  node.push({ opType: 'Sum', name: 'sum', input: products.map((_, i) => `number.${String(i)}`), output: ['sum'] });
  return ModelProto.encode(
    ModelProto.create({
      irVersion: 9,
      producerName: 'vitrine',
      opsetImport: [{ domain: '', version: 18 }],
      graph: {
        name: 'bare',
        node,
        initializer,
        input: [...shapes].map(([name, shape]) => valueInfo(name, TYPES.float32, ...shape)),
        output: [valueInfo('sum', TYPES.float32, 1)],
      },
    }),
  ).finish();
}

function cast(from: string, to: string): NodeProto & { attribute: object[] } {
  return {
    opType: 'Cast',
    name: to,
    input: [from],
    output: [to],
    attribute: [{ name: 'to', i: TYPES.int32, type: ATTRIBUTE.int }],
  };
}

function valueInfo(name: string, elemType: number, ...shape: number[]): object {
  // The length of an int32 output is the rank of a tensor, which is not known here.
  const dim = elemType === TYPES.int32 ? [{ dimParam: name }] : shape.map((dimValue) => ({ dimValue }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dim) => size * dim, 1);
}
