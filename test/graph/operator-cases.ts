// The operators, each with random operands of several shapes, for tests of their gradients.
import * as elementwise from '../../src/graph/elementwise';
import * as pieces from '../../src/graph/pieces';
import * as products from '../../src/graph/products';
import * as rows from '../../src/graph/rows';
import * as shapes from '../../src/graph/shapes';
import { constant, type Shape, type Tensor } from '../../src/graph/tensor';

export const op = { ...elementwise, ...pieces, ...products, ...rows, ...shapes };

export interface Case {
  readonly name: string;
  /** Shapes of the operands. The sizes vary from trial to trial. */
  readonly shapes: (n: number, m: number) => Shape[];
  readonly build: (...operands: Tensor[]) => Tensor;
  /** Whether the operands must be positive, for functions that are smooth only above 0. */
  readonly positive?: boolean;
}

export const CASES: readonly Case[] = [
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
  { name: 'sqrt', shapes: (n) => [[n]], build: op.sqrt, positive: true },
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
      return op.concat([op.mul(b, c), op.softplus(a), op.sigmoid(b)]);
    },
  },
  {
    name: 'pieces, one not used and one used twice',
    shapes: (n) => [[4, n]],
    build: (x) => {
      const [a, , c] = op.pieces(x, 0, [1, 2, 1]);
      return op.add(op.mul(a, c), op.softplus(c));
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

/** Int32 numbers written into the graph. */
export function ids(values: readonly number[], shape: readonly number[]): Tensor {
  return op.cast(constant(values, shape), 'int32');
}
