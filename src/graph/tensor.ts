// A symbolic tensor: one node of a computation that runs later, with its operator, inputs and
// shape. It holds no numbers.
import { VitrineError } from '../errors';

/** A size: a number, or the name ("batch") of a size that is known when the graph runs. */
export type Dim = number | string;
export type Shape = readonly Dim[];
export type DType = 'float32' | 'int32' | 'bool';

/** Integers are plain numbers; other numbers are `{ float }`. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** One ONNX node. */
export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly (Tensor | Constant | OnnxNode)[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** How many outputs it must have, read or not; one if absent. */
  readonly outputs?: number;
}

/** A literal in the graph. Integers are int64, as ONNX wants for shapes and axes. */
export interface Constant {
  readonly constant: readonly number[];
  readonly shape: readonly number[];
  readonly type: 'float32' | 'int64';
}

/**
 * How a dense parameter starts. `glorot`: uniform in ±√(6 / (fan in + fan out)) (Glorot & Bengio,
 * AISTATS 2010).
 */
export type Init = 'glorot' | 'zeros' | 'ones';

/** Given ∂loss/∂output, the ∂loss/∂input of each input. Absent: no gradient flows through. */
export type Backward = (gradient: Tensor, output: Tensor) => readonly (Tensor | undefined)[];

/** A part of a gradient, along one axis. */
export interface Piece {
  readonly from: number;
  readonly size: number;
  readonly values: Tensor;
}

/** The pieces that a gradient is made of; it is 0 elsewhere. */
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

/** Inputs, parameters and embeddings are fed or written into the model; operations are computed. */
export type Node =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'parameter'; readonly name: string; readonly init: Init }
  | { readonly kind: 'constant'; readonly value: Constant }
  | {
      readonly kind: 'embedding';
      /** The name of this use of the table. Two uses of one table are two leaves. */
      readonly site: string;
      readonly table: Table;
      readonly ids: Tensor;
      /** [..., n] weights that pool the last axis of the ids. Absent: no pooling. */
      readonly weights: Tensor | undefined;
    }
  | {
      readonly kind: 'operation';
      readonly onnx: OnnxNode;
      /** Its place among the ONNX node's outputs. */
      readonly output: number;
      readonly inputs: readonly Tensor[];
      readonly backward?: Backward;
      /** Only for gradients of pieces. */
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

/** A dense parameter: fed while training, written into the model when it is released. */
export function parameter(name: string, shape: readonly number[], init: Init = 'glorot'): Tensor {
  return { node: { kind: 'parameter', name, init }, shape, dtype: 'float32' };
}

/** A float literal that broadcasts; a scalar has shape []. */
export function constant(values: number | readonly number[], shape: readonly number[] = []): Tensor {
  const list = typeof values === 'number' ? [values] : values;
  return { node: { kind: 'constant', value: { constant: list, shape, type: 'float32' } }, shape, dtype: 'float32' };
}

/**
 * Rows of an embedding table. Without weights: ids [...s] → [...s, width]. With weights [...s, n]
 * it is an embedding bag, the weighted sum over the last axis: ids [...s, n] → [...s, width].
 *
 * In training the rows are gathered and pooled outside the graph, so a step costs the same for any
 * size of the table. In a released model the table is part of the graph.
 */
export function embedding(site: string, table: Table, ids: Tensor, weights?: Tensor): Tensor {
  if (ids.dtype !== 'int32') throw shapeError('embedding', `int32 ids, got ${ids.dtype}`, [ids]);
  if (weights && !sameShape(weights.shape, ids.shape)) {
    throw shapeError('embedding', 'weights of the shape of the ids', [ids, weights]);
  }
  const outer = weights ? ids.shape.slice(0, -1) : ids.shape;
  return { node: { kind: 'embedding', site, table, ids, weights }, shape: [...outer, table.width], dtype: 'float32' };
}

/** The inputs of a tensor that are tensors themselves, in order. */
export function parents(tensor: Tensor): readonly Tensor[] {
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

/** The roots and every tensor that they are computed from, each once, inputs first. */
export function inOrder(roots: readonly Tensor[], stopAt: (tensor: Tensor) => boolean = () => false): Tensor[] {
  const seen = new Set<Tensor>();
  const order: Tensor[] = [];
  // A deep graph would exhaust the call stack.
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
