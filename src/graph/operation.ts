// Helpers for writing operators: nodes of the symbolic graph, literals, and sizes that are read
// when the graph runs.
import { shapeError, type Backward, type Constant, type DType, type OnnxNode, type Shape, type Tensor } from './tensor';

export interface OperationOptions {
  readonly dtype?: DType;
  readonly backward?: Backward;
  /** The index among the ONNX node's outputs. Default: the first output. */
  readonly output?: number;
}

/** Makes a tensor that an ONNX node computes from other tensors. */
export function operation(
  onnx: OnnxNode,
  inputs: readonly Tensor[],
  shape: Shape,
  { dtype = 'float32', backward, output = 0 }: OperationOptions = {},
): Tensor {
  return { node: { kind: 'operation', onnx, output, inputs, ...(backward && { backward }) }, shape, dtype };
}

export function unary(operator: string, x: Tensor, backward?: Backward): Tensor {
  return operation({ operator, inputs: [x] }, [x], x.shape, backward ? { backward } : {});
}

/** The shape that two shapes broadcast to, by NumPy's rules. */
export function broadcast(a: Shape, b: Shape, operator: string, operands: readonly Tensor[]): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - (rank - a.length)] ?? 1;
    const y = b[i - (rank - b.length)] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw shapeError(operator, 'shapes that broadcast', operands);
  });
}

export function shapeOf(x: Tensor): OnnxNode {
  return { operator: 'Shape', inputs: [x] };
}

/** The size along one axis as int64 [1]. */
export function sizeOf(x: Tensor, axis: number): OnnxNode {
  return { operator: 'Shape', inputs: [x], attributes: { start: axis, end: axis + 1 } };
}

export function joined(...parts: readonly (OnnxNode | Constant)[]): OnnxNode {
  return { operator: 'Concat', inputs: parts, attributes: { axis: 0 } };
}

export function ints(values: readonly number[]): Constant {
  return { constant: values, shape: [values.length], type: 'int64' };
}

export function int(value: number): Constant {
  return { constant: [value], shape: [], type: 'int64' };
}

export function floats(values: readonly number[], shape: readonly number[]): Constant {
  return { constant: values, shape, type: 'float32' };
}
