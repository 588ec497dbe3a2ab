// The matrix products of a training step and nothing else, as a graph of its own. It shows the cost
// of the step if all other operators were free. The products are found in the step's own graph,
// forward and backward, and a run of it gives their shapes.
import type { Batch } from '../../src/engine/batch';
import { inMemory, type ModelRunner } from '../../src/engine/model-runner';
import { ATTRIBUTE, ModelProto, TYPES } from '../../src/graph/onnx-format';
import { createRandom } from '../../src/random';
import type { Run } from './steps';

/** One matrix product of a step. Operands of the same name are the same tensor. */
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

/** The products of some runs of one step's graph, ready to run. */
export interface BareProducts {
  /** Products of one run. */
  readonly products: number;
  /** Multiplications and additions of all runs. */
  readonly flops: number;
  /** Runs all products of all runs once. */
  readonly run: () => Promise<unknown>;
}

export async function bareProducts(engine: ModelRunner, runs: readonly Run[]): Promise<BareProducts> {
  const all: Product[] = [];
  for (const [i, { model, inputs }] of runs.entries()) {
    for (const { operands } of await productsOf(engine, model, inputs)) all.push({ operands: ownOf(i, operands) });
  }
  // All runs share one model. Each model has its own threads, which wait actively after each run.
  await engine.load('bench.bare', inMemory(bareModel(all)));
  return {
    products: all.length / runs.length,
    flops: all.reduce((sum, product) => sum + flopsOf(product), 0),
    run: () => engine.run('bench.bare', {}),
  };
}

/**
 * Gives each run its own smaller operand. All runs may share the larger one, which saves memory.
 * But no two products may be the same: ONNX Runtime would compute them once.
 */
function ownOf(run: number, [a, b]: Product['operands']): Product['operands'] {
  const own = (operand: Operand): Operand => ({ ...operand, name: `${String(run)}: ${operand.name}` });
  return sizeOf(a.shape) < sizeOf(b.shape) ? [own(a), b] : [a, own(b)];
}

/**
 * The products of a step's graph, with their shapes for these inputs. Products with a single row of
 * ones are sums, so they are left out.
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

/** Multiplications and additions of a product. Leading axes broadcast. */
function flopsOf({ operands: [a, b] }: Product): number {
  const [n, k] = a.shape.slice(-2);
  const m = b.shape[b.shape.length - 1];
  return 2 * Math.max(sizeOf(a.shape.slice(0, -2)), sizeOf(b.shape.slice(0, -2))) * n * k * m;
}

/**
 * A model of these products alone. Operands that are one tensor in the step are one here. They lie
 * in the model as values that might also be fed, so ONNX Runtime can neither compute the products
 * beforehand nor pack the operands. Only one number of each product is asked for: none is left out,
 * and little is handed back.
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
  // A shape of the probe is as long as the tensor's rank, which is not known here.
  const dim = elemType === TYPES.int32 ? [{ dimParam: name }] : shape.map((dimValue) => ({ dimValue }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dim) => size * dim, 1);
}
