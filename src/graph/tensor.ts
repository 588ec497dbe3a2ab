// A symbolic tensor: one node of a computation that runs later, with operator, inputs and shape,
// but without numbers.
import { VitrineError } from '../errors';

/**
 * The size of an axis: a number, or the name (such as "batch") of a size that is known only when
 * the graph runs.
 */
export type Dim = number | string;
export type Shape = readonly Dim[];
export type DType = 'float32' | 'int32' | 'bool';

/** Integers are plain numbers. Floating-point numbers are written as `{ float }`. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** One ONNX node. */
export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly (Tensor | Constant | OnnxNode)[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** The number of outputs that the node must have, read or not. Default: 1. */
  readonly outputs?: number;
}

/** A literal in the graph. Integers are int64, as ONNX requires for shapes and axes. */
export interface Constant {
  readonly constant: readonly number[];
  readonly shape: readonly number[];
  readonly type: 'float32' | 'int64';
}

/**
 * The initial values of a dense parameter. `glorot` means uniform in ±√(6 / (fan in + fan out))
 * (Glorot & Bengio, AISTATS 2010).
 */
export type Init = 'glorot' | 'zeros' | 'ones';

/**
 * Returns ∂loss/∂input for each input, given ∂loss/∂output. Undefined for an input through which no
 * gradient flows.
 */
export type Backward = (gradient: Tensor, output: Tensor) => readonly (Tensor | undefined)[];

/** A part of a gradient, along one axis. */
export interface Piece {
  readonly from: number;
  readonly size: number;
  readonly values: Tensor;
}

/** The pieces that a gradient consists of. The gradient is 0 elsewhere. */
export interface Placement {
  readonly like: Tensor;
  readonly axis: number;
  readonly pieces: readonly Piece[];
}

/** An embedding table: `rows` vectors of `width` numbers, kept outside the graph while training. */
export interface Table {
  readonly name: string;
  readonly rows: number;
  readonly width: number;
}

/**
 * Inputs, parameters and embeddings are fed, or written into the model. Operations are computed.
 */
export type Node =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'parameter'; readonly name: string; readonly init: Init }
  | { readonly kind: 'constant'; readonly value: Constant }
  | {
      readonly kind: 'embedding';
      /** The name of this use of the table. Two uses of one table are two leaves of the graph. */
      readonly site: string;
      readonly table: Table;
      readonly ids: Tensor;
      /**
       * [..., n] weights that pool the last axis of the ids. Undefined if the rows are not pooled.
       */
      readonly weights: Tensor | undefined;
    }
  | {
      readonly kind: 'operation';
      readonly onnx: OnnxNode;
      /** The index among the ONNX node's outputs. */
      readonly output: number;
      readonly inputs: readonly Tensor[];
      readonly backward?: Backward;
      /** Only present in gradients of pieces. */
      readonly placement?: Placement;
    };

export interface Tensor {
  readonly node: Node;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A tensor that is fed when the graph runs. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
  return { node: { kind: 'input', name }, shape, dtype };
}

/** A dense parameter: fed in training, and written into the model for a release. */
export function parameter(name: string, shape: readonly number[], init: Init = 'glorot'): Tensor {
  return { node: { kind: 'parameter', name, init }, shape, dtype: 'float32' };
}

/** A float literal, which broadcasts. A scalar has shape []. */
export function constant(values: number | readonly number[], shape: readonly number[] = []): Tensor {
  const list = typeof values === 'number' ? [values] : values;
  return { node: { kind: 'constant', value: { constant: list, shape, type: 'float32' } }, shape, dtype: 'float32' };
}

/**
 * Rows of an embedding table. Without weights: ids [...s] → [...s, width]. With weights [...s, n]
 * the result is an embedding bag, which is the weighted sum over the last axis: ids [...s, n] →
 * [...s, width].
 *
 * In training the rows are gathered and pooled outside the graph, so the cost of a step does not
 * depend on the size of the table. In a released model the table is part of the graph.
 */
export function embedding(site: string, table: Table, ids: Tensor, weights?: Tensor): Tensor {
  if (ids.dtype !== 'int32') throw shapeError('embedding', `int32 ids, got ${ids.dtype}`, [ids]);
  if (weights && !sameShape(weights.shape, ids.shape)) {
    throw shapeError('embedding', 'weights of the shape of the ids', [ids, weights]);
  }
  const outer = weights ? ids.shape.slice(0, -1) : ids.shape;
  return { node: { kind: 'embedding', site, table, ids, weights }, shape: [...outer, table.width], dtype: 'float32' };
}

/** The inputs of a tensor that are also tensors, in order. */
function parents(tensor: Tensor): readonly Tensor[] {
  const { node } = tensor;
  switch (node.kind) {
    case 'operation':
      return node.inputs;
    case 'embedding':
      return node.weights ? [node.ids, node.weights] : [node.ids];
    case 'input':
    case 'parameter':
    case 'constant':
      return [];
    default:
      return node satisfies never;
  }
}

/**
 * The roots and every tensor from which they are computed, each once. Inputs come before the
 * tensors that read them.
 */
export function inOrder(roots: readonly Tensor[], stopAt: (tensor: Tensor) => boolean = () => false): Tensor[] {
  const seen = new Set<Tensor>();
  const order: Tensor[] = [];
  // An explicit stack is used, since recursion through a deep graph would exhaust the call stack.
  const stack: { tensor: Tensor; ready: boolean }[] = roots.toReversed().map((tensor) => ({ tensor, ready: false }));
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (top.ready) {
      order.push(top.tensor);
      continue;
    }
    if (seen.has(top.tensor)) continue;
    seen.add(top.tensor);
    stack.push({ tensor: top.tensor, ready: true });
    if (stopAt(top.tensor)) continue;
    for (const parent of parents(top.tensor).toReversed()) stack.push({ tensor: parent, ready: false });
  }
  return order;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

export function shapeText(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** The error for operands that do not fit. */
export function shapeError(operator: string, expected: string, operands: readonly Tensor[]): VitrineError {
  const got = operands.map((operand) => shapeText(operand.shape)).join(' and ');
  return new VitrineError('INPUT_INVALID', `${operator}: expected ${expected}; got ${got}`);
}
