// Operators that move or repeat numbers, and sums along axes. Each kind is the gradient of the
// other kind.
import { TYPES } from './onnx-format';
import { broadcast, floats, int, ints, joined, operation, shapeOf, sizeOf } from './operation';
import { sameShape, shapeError, type OnnxNode, type Shape, type Tensor } from './tensor';

/**
 * The same numbers in another shape. At most one symbolic size may change its axis. This size is
 * inferred.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  let inferred = 0;
  const target = shape.map((dim, i) => {
    if (typeof dim === 'number') return dim;
    if (dim === x.shape[i]) return 0; // in ONNX, 0 copies the size of this axis
    inferred += 1;
    return -1;
  });
  if (inferred > 1) throw shapeError('reshape', `at most one size to infer in [${shape.join(', ')}]`, [x]);
  const onnx: OnnxNode = { operator: 'Reshape', inputs: [x, ints(target)] };
  return operation(onnx, [x], shape, { dtype: x.dtype, backward: (g) => [reshapeAs(g, x)] });
}

/** Joins all axes from `axis` on into one axis. [batch, 3, 4] → [batch, 12] for axis 1. */
export function flatten(x: Tensor, axis: number): Tensor {
  const tail = x.shape.slice(axis).reduce<number>((size, dim) => {
    if (typeof dim !== 'number') throw shapeError('flatten', 'known sizes in the joined axes', [x]);
    return size * dim;
  }, 1);
  return reshape(x, [...x.shape.slice(0, axis), tail]);
}

function reshapeAs(x: Tensor, like: Tensor): Tensor {
  const unknown = like.shape.filter((dim, i) => typeof dim !== 'number' && dim !== x.shape[i]);
  // With at most one unknown size, no size has to be read when the graph runs.
  if (unknown.length <= 1) return reshape(x, like.shape);
  const onnx: OnnxNode = { operator: 'Reshape', inputs: [x, shapeOf(like)] };
  return operation(onnx, [x, like], like.shape, { backward: (g) => [reshapeAs(g, x), undefined] });
}

/** [..., n] → [rows, n]. */
export function asRows(x: Tensor): Tensor {
  const outer = x.shape.slice(0, -1);
  const width = x.shape[x.shape.length - 1];
  if (outer.length === 1) return x;
  const target = typeof width === 'number' ? ints([-1, width]) : joined(ints([-1]), sizeOf(x, x.shape.length - 1));
  const onnx: OnnxNode = { operator: 'Reshape', inputs: [x, target] };
  return operation(onnx, [x], [outer.join('*'), width], { backward: (g) => [reshapeAs(g, x)] });
}

/** The inverse of `asRows`: [rows, n] → [...outer, n] for `like` [...outer, k]. */
export function fromRows(x: Tensor, like: Tensor): Tensor {
  const outer = like.shape.slice(0, -1);
  if (outer.length === 1) return x;
  const shape = [...outer, x.shape[1]];
  if (shape.filter((dim) => typeof dim !== 'number').length <= 1) return reshape(x, shape);
  const sizes: OnnxNode = { operator: 'Shape', inputs: [like], attributes: { start: 0, end: outer.length } };
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
 * Rows of x by number, from 0: x [n, ...rest], ids int32 [...outer] → [...outer, ...rest]. The
 * gradient of a row that is taken several times is the sum over all its uses.
 */
export function gather(x: Tensor, ids: Tensor): Tensor {
  if (x.shape.length === 0 || ids.dtype !== 'int32') throw shapeError('gather', 'rows and int32 ids', [x, ids]);
  const onnx: OnnxNode = { operator: 'Gather', inputs: [x, ids], attributes: { axis: 0 } };
  return operation(onnx, [x, ids], [...ids.shape, ...x.shape.slice(1)], {
    dtype: x.dtype,
    backward: (g) => [scatter(g, ids, x), undefined],
  });
}

/** Maximum size of an input, in numbers, that ScatterND adds on one thread. */
const SCATTERED = 1 << 17;

/**
 * Sums the rows of g by id, into zeros of the shape of `like`: g [...outer, ...rest], ids
 * [...outer] → [n, ...rest].
 *
 * ONNX Runtime's ScatterND spreads large inputs over threads, which then overwrite each other's
 * sums. So ScatterND gets only the first rows, few enough to stay on one thread. The other rows go
 * to ScatterElements, which is ten times slower but always uses one thread.
 */
function scatter(g: Tensor, ids: Tensor, like: Tensor): Tensor {
  const width = like.shape.slice(1).reduce<number>((size, dim) => size * Number(dim), 1);
  if (Number.isNaN(width)) throw shapeError('gather', 'known sizes of what a row holds', [like]);
  const long: OnnxNode = { operator: 'Cast', inputs: [ids], attributes: { to: TYPES.int64 } };
  const places: OnnxNode = { operator: 'Reshape', inputs: [long, ints([-1, 1])] };
  const rows: OnnxNode = { operator: 'Reshape', inputs: [g, ints([-1, width])] };
  const zeros: OnnxNode = { operator: 'ConstantOfShape', inputs: [joined(sizeOf(like, 0), ints([width]))] };
  const many = ints([Math.max(1, Math.floor(SCATTERED / width))]);
  const first = (of: OnnxNode): OnnxNode => ({ operator: 'Slice', inputs: [of, ints([0]), many, ints([0])] });
  const rest = (of: OnnxNode): OnnxNode => ({ operator: 'Slice', inputs: [of, many, ints([END]), ints([0])] });
  const fast: OnnxNode = {
    operator: 'ScatterND',
    inputs: [zeros, first(places), first(rows)],
    attributes: { reduction: 'add' },
  };
  const every: OnnxNode = { operator: 'Expand', inputs: [rest(places), { operator: 'Shape', inputs: [rest(rows)] }] };
  const all: OnnxNode = {
    operator: 'ScatterElements',
    inputs: [fast, every, rest(rows)],
    attributes: { reduction: 'add', axis: 0 },
  };
  return operation({ operator: 'Reshape', inputs: [all, shapeOf(like)] }, [like, ids, g], like.shape);
}

const END = Number.MAX_SAFE_INTEGER;

/** The indices 0, 1, … along an axis of x as float32 [size]. */
export function placesAlong(x: Tensor, axis: number): Tensor {
  const size: OnnxNode = { operator: 'Squeeze', inputs: [sizeOf(x, axis), ints([0])] };
  const range: OnnxNode = { operator: 'Range', inputs: [int(0), size, int(1)] };
  const onnx: OnnxNode = { operator: 'Cast', inputs: [range], attributes: { to: TYPES.float32 } };
  return operation(onnx, [x], [x.shape[axis]]);
}

/** x repeated along its axes of size 1 to the shape of `like`. */
export function expandAs(x: Tensor, like: Tensor): Tensor {
  if (sameShape(x.shape, like.shape)) return x;
  const onnx: OnnxNode = { operator: 'Expand', inputs: [x, shapeOf(like)] };
  return operation(onnx, [x, like], like.shape, { backward: (g) => [sumTo(g, x), undefined] });
}

/**
 * The tensor that was expanded to x, if this tensor broadcasts with `other` to the same shape,
 * otherwise x.
 */
export function unexpanded(x: Tensor, other: Tensor): Tensor {
  if (x.node.kind !== 'operation' || x.node.onnx.operator !== 'Expand') return x;
  const source = x.node.inputs.at(0);
  if (!source || source.shape.length !== x.shape.length) return x;
  return sameShape(broadcast(source.shape, other.shape, 'Expand', [x, other]), x.shape) ? source : x;
}

/** The sum over the axes. The axes remain, with size 1. */
export function reduceSum(x: Tensor, axes: readonly number[]): Tensor {
  const at = axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis));
  const shape = x.shape.map((dim, i) => (at.includes(i) ? 1 : dim));
  const onnx: OnnxNode = { operator: 'ReduceSum', inputs: [x, ints(at)], attributes: { keepdims: 1 } };
  return operation(onnx, [x], shape, { backward: (g) => [expandAs(g, x)] });
}

/** The gradient of broadcasting: the sum over the axes along which `like` was repeated. */
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
 * The sum over all axes but the last: [..., n] → [n]. The sum is a matrix product of ones with the
 * rows. ONNX Runtime's own sum is three to thirty times slower, since its threads write to adjacent
 * memory.
 */
function sumOfRows(x: Tensor): Tensor {
  const rows = asRows(x);
  const width = x.shape[x.shape.length - 1];
  const ones: OnnxNode = { operator: 'Expand', inputs: [floats([1], []), joined(ints([1]), sizeOf(rows, 0))] };
  const sum: OnnxNode = { operator: 'MatMul', inputs: [ones, rows] };
  const onnx: OnnxNode = { operator: 'Squeeze', inputs: [sum, ints([0])] };
  return operation(onnx, [rows], [width], { backward: (g) => [expandAs(g, rows)] });
}
