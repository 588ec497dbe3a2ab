// Operators that move numbers without changing them, and sums along axes, which are their gradients
// and the other way round. Knows nothing of what the numbers mean.
import { TYPES } from './onnx-format';
import { broadcast, floats, int, ints, joined, operation, shapeOf, sizeOf } from './steps';
import { sameShape, shapeError, type OnnxStep, type Shape, type Tensor } from './tensor';

/**
 * The same numbers in another shape. A symbolic size may stay at its place, or be the one size that
 * is worked out from the rest.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  let inferred = 0;
  const target = shape.map((dim, i) => {
    if (typeof dim === 'number') return dim;
    if (dim === x.shape[i]) return 0; // ONNX: 0 copies the size at this place
    inferred += 1;
    return -1;
  });
  if (inferred > 1) throw shapeError('reshape', `at most one size to infer in [${shape.join(', ')}]`, [x]);
  const step: OnnxStep = { operator: 'Reshape', inputs: [x, ints(target)] };
  return operation(step, [x], shape, { dtype: x.dtype, backward: (g) => [reshapeAs(g, x)] });
}

/** Joins the last axes from `axis` on into one. [batch, 3, 4] → [batch, 12] for axis 1. */
export function flatten(x: Tensor, axis: number): Tensor {
  const tail = x.shape.slice(axis).reduce<number>((size, dim) => {
    if (typeof dim !== 'number') throw shapeError('flatten', 'known sizes in the joined axes', [x]);
    return size * dim;
  }, 1);
  return reshape(x, [...x.shape.slice(0, axis), tail]);
}

export function reshapeAs(x: Tensor, like: Tensor): Tensor {
  const unknown = like.shape.filter((dim, i) => typeof dim !== 'number' && dim !== x.shape[i]);
  // Most shapes are known but for one size: nothing needs to be read off when the graph runs.
  if (unknown.length <= 1) return reshape(x, like.shape);
  const step: OnnxStep = { operator: 'Reshape', inputs: [x, shapeOf(like)] };
  return operation(step, [x, like], like.shape, { backward: (g) => [reshapeAs(g, x), undefined] });
}

/** [..., n] → [rows, n]. */
export function asRows(x: Tensor): Tensor {
  const outer = x.shape.slice(0, -1);
  const width = x.shape[x.shape.length - 1];
  if (outer.length === 1) return x;
  const target = typeof width === 'number' ? ints([-1, width]) : joined(ints([-1]), sizeOf(x, x.shape.length - 1));
  const step: OnnxStep = { operator: 'Reshape', inputs: [x, target] };
  return operation(step, [x], [outer.join('*'), width], { backward: (g) => [reshapeAs(g, x)] });
}

/** The other way round: [rows, n] in the outer shape of `like` [...outer, k] → [...outer, n]. */
export function fromRows(x: Tensor, like: Tensor): Tensor {
  const outer = like.shape.slice(0, -1);
  if (outer.length === 1) return x;
  const shape = [...outer, x.shape[1]];
  if (shape.filter((dim) => typeof dim !== 'number').length <= 1) return reshape(x, shape);
  const sizes: OnnxStep = { operator: 'Shape', inputs: [like], attributes: { start: 0, end: outer.length } };
  const target = joined(sizes, typeof x.shape[1] === 'number' ? ints([x.shape[1]]) : sizeOf(x, 1));
  return operation({ operator: 'Reshape', inputs: [x, target] }, [x, like], shape, {
    backward: (g) => [asRows(g), undefined],
  });
}

export function transpose(x: Tensor, perm: readonly number[]): Tensor {
  const shape = perm.map((axis) => x.shape[axis]);
  const inverse = perm.map((_, i) => perm.indexOf(i));
  return operation({ operator: 'Transpose', inputs: [x], attributes: { perm } }, [x], shape, {
    backward: (g) => [transpose(g, inverse)],
  });
}

/**
 * Rows of x by number, from 0. x [n, ...rest], ids int32 [...outer] → [...outer, ...rest]. A row
 * that is taken several times gets the sum of its gradients.
 */
export function gather(x: Tensor, ids: Tensor): Tensor {
  if (x.shape.length === 0 || ids.dtype !== 'int32') throw shapeError('gather', 'rows and int32 ids', [x, ids]);
  const step: OnnxStep = { operator: 'Gather', inputs: [x, ids], attributes: { axis: 0 } };
  return operation(step, [x, ids], [...ids.shape, ...x.shape.slice(1)], {
    dtype: x.dtype,
    backward: (g) => [scatter(g, ids, x), undefined],
  });
}

/** Numbers that ScatterND is given at most: so few it adds on one thread. */
const SCATTERED = 1 << 17;

/**
 * The sum of the rows of g by the row of `like` that each belongs to. g [...outer, ...rest], ids
 * [...outer] → [n, ...rest].
 *
 * ONNX Runtime's ScatterND spreads large inputs over its threads, which then add to one row at the
 * same time and lose what the other added. So it gets the first rows, so many that it leaves them
 * on one thread; the rest goes to ScatterElements, ten times slower but never on several.
 */
function scatter(g: Tensor, ids: Tensor, like: Tensor): Tensor {
  const width = like.shape.slice(1).reduce<number>((size, dim) => size * Number(dim), 1);
  if (Number.isNaN(width)) throw shapeError('gather', 'known sizes of what a row holds', [like]);
  const long: OnnxStep = { operator: 'Cast', inputs: [ids], attributes: { to: TYPES.int64 } };
  const places: OnnxStep = { operator: 'Reshape', inputs: [long, ints([-1, 1])] };
  const rows: OnnxStep = { operator: 'Reshape', inputs: [g, ints([-1, width])] };
  const zeros: OnnxStep = { operator: 'ConstantOfShape', inputs: [joined(sizeOf(like, 0), ints([width]))] };
  const many = ints([Math.max(1, Math.floor(SCATTERED / width))]);
  const first = (of: OnnxStep): OnnxStep => ({ operator: 'Slice', inputs: [of, ints([0]), many, ints([0])] });
  const rest = (of: OnnxStep): OnnxStep => ({ operator: 'Slice', inputs: [of, many, ints([END]), ints([0])] });
  const fast: OnnxStep = {
    operator: 'ScatterND',
    inputs: [zeros, first(places), first(rows)],
    attributes: { reduction: 'add' },
  };
  const every: OnnxStep = { operator: 'Expand', inputs: [rest(places), { operator: 'Shape', inputs: [rest(rows)] }] };
  const all: OnnxStep = {
    operator: 'ScatterElements',
    inputs: [fast, every, rest(rows)],
    attributes: { reduction: 'add', axis: 0 },
  };
  return operation({ operator: 'Reshape', inputs: [all, shapeOf(like)] }, [like, ids, g], like.shape);
}

const END = Number.MAX_SAFE_INTEGER;

/** The places 0, 1, … along an axis of x as float32 [size]. */
export function placesAlong(x: Tensor, axis: number): Tensor {
  const size: OnnxStep = { operator: 'Squeeze', inputs: [sizeOf(x, axis), ints([0])] };
  const range: OnnxStep = { operator: 'Range', inputs: [int(0), size, int(1)] };
  const step: OnnxStep = { operator: 'Cast', inputs: [range], attributes: { to: TYPES.float32 } };
  return operation(step, [x], [x.shape[axis]]);
}

/** As many of the first rows of x as `like` has. [n, ...], [m, ...] → [m, ...]. */
export function firstRows(x: Tensor, like: Tensor): Tensor {
  const shape = [like.shape[0], ...x.shape.slice(1)];
  const step: OnnxStep = { operator: 'Slice', inputs: [x, ints([0]), sizeOf(like, 0), ints([0])] };
  return operation(step, [x, like], shape, {
    backward: (g) => {
      const rest: OnnxStep = { operator: 'Sub', inputs: [sizeOf(x, 0), sizeOf(like, 0)] };
      const tail: OnnxStep = { operator: 'Shape', inputs: [x], attributes: { start: 1 } };
      const zeros: OnnxStep = { operator: 'ConstantOfShape', inputs: [joined(rest, tail)] };
      const padded: OnnxStep = { operator: 'Concat', inputs: [g, zeros], attributes: { axis: 0 } };
      return [operation(padded, [g, x], x.shape), undefined];
    },
  });
}

/** x repeated along its axes of size 1 to the shape of `like`. */
export function expandAs(x: Tensor, like: Tensor): Tensor {
  if (sameShape(x.shape, like.shape)) return x;
  const step: OnnxStep = { operator: 'Expand', inputs: [x, shapeOf(like)] };
  return operation(step, [x, like], like.shape, { backward: (g) => [sumTo(g, x), undefined] });
}

/**
 * What x is a repetition of, where that is as good an operand beside `other`, which will be
 * broadcast with it.
 */
export function unexpanded(x: Tensor, other: Tensor): Tensor {
  if (x.node.kind !== 'operation' || x.node.step.operator !== 'Expand') return x;
  const source = x.node.inputs.at(0);
  if (!source || source.shape.length !== x.shape.length) return x;
  return sameShape(broadcast(source.shape, other.shape, 'Expand', [x, other]), x.shape) ? source : x;
}

/** The sum over the axes, which stay with size 1. */
export function reduceSum(x: Tensor, axes: readonly number[]): Tensor {
  const at = axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis));
  const shape = x.shape.map((dim, i) => (at.includes(i) ? 1 : dim));
  const step: OnnxStep = { operator: 'ReduceSum', inputs: [x, ints(at)], attributes: { keepdims: 1 } };
  return operation(step, [x], shape, { backward: (g) => [expandAs(g, x)] });
}

/** The gradient of broadcasting: sums the axes along which `like` was repeated. */
export function sumTo(gradient: Tensor, like: Tensor): Tensor {
  if (sameShape(gradient.shape, like.shape)) return gradient;
  const extra = gradient.shape.length - like.shape.length;
  if (extra > 0 && like.shape.length === 1 && like.shape[0] === gradient.shape[extra]) return sumOfRows(gradient);
  const repeated = gradient.shape.flatMap((dim, i) =>
    i < extra || (like.shape[i - extra] === 1 && dim !== 1) ? [i] : [],
  );
  const summed = repeated.length > 0 ? reduceSum(gradient, repeated) : gradient;
  return sameShape(summed.shape, like.shape) ? summed : reshapeAs(summed, like);
}

/**
 * The sum over all axes but the last. [..., n] → [n]. As the product of ones with the rows: ONNX
 * Runtime's sum down the rows is three to thirty times slower, since its threads write numbers side
 * by side.
 */
function sumOfRows(x: Tensor): Tensor {
  const rows = asRows(x);
  const width = x.shape[x.shape.length - 1];
  const ones: OnnxStep = { operator: 'Expand', inputs: [floats([1], []), joined(ints([1]), sizeOf(rows, 0))] };
  const sum: OnnxStep = { operator: 'MatMul', inputs: [ones, rows] };
  const step: OnnxStep = { operator: 'Squeeze', inputs: [sum, ints([0])] };
  return operation(step, [rows], [width], { backward: (g) => [expandAs(g, rows)] });
}
