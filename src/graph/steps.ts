// What operators are written with: nodes of the symbolic graph, literals, and sizes that are read
// off when the graph runs. Knows no operator.
import { shapeError, type Constant, type DType, type OnnxStep, type Shape, type Tensor } from './tensor';

/** Given ∂loss/∂output, the ∂loss/∂input of each input; absent: no gradient flows through. */
export type Backward = (gradient: Tensor, output: Tensor) => readonly (Tensor | undefined)[];

export interface OperationOptions {
  readonly dtype?: DType;
  readonly backward?: Backward;
  /** Which of the step's outputs it is; the first if absent. */
  readonly output?: number;
}

/** A tensor that a step computes from others. */
export function operation(
  step: OnnxStep,
  inputs: readonly Tensor[],
  shape: Shape,
  { dtype = 'float32', backward, output = 0 }: OperationOptions = {},
): Tensor {
  return { node: { kind: 'operation', step, output, inputs, ...(backward && { backward }) }, shape, dtype };
}

export function unary(operator: string, x: Tensor, backward?: Backward): Tensor {
  return operation({ operator, inputs: [x] }, [x], x.shape, backward ? { backward } : {});
}

/** The shape that two shapes broadcast to, as NumPy's do. */
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

export function shapeOf(x: Tensor): OnnxStep {
  return { operator: 'Shape', inputs: [x] };
}

/** The size along one axis as int64 [1]. */
export function sizeOf(x: Tensor, axis: number): OnnxStep {
  return { operator: 'Shape', inputs: [x], attributes: { start: axis, end: axis + 1 } };
}

export function joined(...parts: readonly (OnnxStep | Constant)[]): OnnxStep {
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
