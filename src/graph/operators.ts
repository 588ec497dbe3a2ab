// The operators that models are written with, each with its shape rule, its ONNX form and its gradient.
// Gradients are written in the same operators, so a gradient graph is a graph like any other.
// Knows nothing of how graphs run, nor of what they model.
import {
  constant,
  sameShape,
  shapeError,
  type Constant,
  type DType,
  type Dim,
  type OnnxStep,
  type Shape,
  type Tensor,
} from './tensor';

type Backward = (gradient: Tensor, output: Tensor) => readonly (Tensor | undefined)[];

// ── Elementwise, with NumPy broadcasting ────────────────────────────────────────────────────────────────────────────

export function add(a: Tensor, b: Tensor): Tensor {
  return binary('Add', a, b, (g) => [sumTo(g, a), sumTo(g, b)]);
}

export function sub(a: Tensor, b: Tensor): Tensor {
  return binary('Sub', a, b, (g) => [sumTo(g, a), sumTo(neg(g), b)]);
}

export function mul(a: Tensor, b: Tensor): Tensor {
  return binary('Mul', a, b, (g) => [sumTo(mul(g, b), a), sumTo(mul(g, a), b)]);
}

export function div(a: Tensor, b: Tensor): Tensor {
  return binary('Div', a, b, (g, out) => [sumTo(div(g, b), a), sumTo(neg(div(mul(g, out), b)), b)]);
}

export function neg(x: Tensor): Tensor {
  return unary('Neg', x, (g) => [neg(g)]);
}

export function exp(x: Tensor): Tensor {
  return unary('Exp', x, (g, out) => [mul(g, out)]);
}

export function log(x: Tensor): Tensor {
  return unary('Log', x, (g) => [div(g, x)]);
}

export function sqrt(x: Tensor): Tensor {
  return unary('Sqrt', x, (g, out) => [div(mul(g, constant(0.5)), out)]);
}

export function tanh(x: Tensor): Tensor {
  return unary('Tanh', x, (g, out) => [mul(g, sub(constant(1), mul(out, out)))]);
}

export function sigmoid(x: Tensor): Tensor {
  return unary('Sigmoid', x, (g, out) => [mul(g, mul(out, sub(constant(1), out)))]);
}

/** log(1 + eˣ), computed without overflow. */
export function softplus(x: Tensor): Tensor {
  return unary('Softplus', x, (g) => [mul(g, sigmoid(x))]);
}

export function relu(x: Tensor): Tensor {
  return unary('Relu', x, (g, out) => [mul(g, cast(greater(out, constant(0)), 'float32'))]);
}

// ── Comparison and type: no gradient flows through ──────────────────────────────────────────────────────────────────

export function equal(a: Tensor, b: Tensor): Tensor {
  return compare('Equal', a, b);
}

export function greater(a: Tensor, b: Tensor): Tensor {
  return compare('Greater', a, b);
}

const INT64 = 7;
const ONNX_TYPES: Readonly<Record<DType, number>> = { float32: 1, int32: 6, bool: 9 };

export function cast(x: Tensor, dtype: DType): Tensor {
  return operation({ operator: 'Cast', inputs: [x], attributes: { to: ONNX_TYPES[dtype] } }, [x], x.shape, { dtype });
}

/** x, but `value` where the condition holds. */
export function fillWhere(condition: Tensor, value: number, x: Tensor): Tensor {
  if (!sameShape(condition.shape, x.shape)) throw shapeError('fillWhere', 'equal shapes', [condition, x]);
  const step: OnnxStep = { operator: 'Where', inputs: [condition, floats([value], []), x] };
  return operation(step, [condition, x], x.shape, { backward: (g) => [undefined, fillWhere(condition, 0, g)] });
}

/** The same values; to the gradient, a constant. */
export function stopGradient(x: Tensor): Tensor {
  return operation({ operator: 'Identity', inputs: [x] }, [x], x.shape, { dtype: x.dtype });
}

// ── Shape ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * The same numbers in another shape. A symbolic size may stay at its place, or be the one size that is worked out from the
 * rest.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
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

export function transpose(x: Tensor, perm: readonly number[]): Tensor {
  const shape = perm.map((axis) => x.shape[axis]);
  const inverse = perm.map((_, i) => perm.indexOf(i));
  return operation({ operator: 'Transpose', inputs: [x], attributes: { perm } }, [x], shape, {
    backward: (g) => [transpose(g, inverse)],
  });
}

/** Swaps the last two axes. */
export function transposeLast(x: Tensor): Tensor {
  const rank = x.shape.length;
  if (rank < 2) throw shapeError('transposeLast', 'two axes or more', [x]);
  const perm = x.shape.map((_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i));
  return transpose(x, perm);
}

export function concat(parts: readonly Tensor[], axis = -1): Tensor {
  const first = parts[0];
  const rank = first.shape.length;
  const at = axis < 0 ? axis + rank : axis;
  const fits = parts.every((p) => p.shape.length === rank && p.shape.every((d, i) => i === at || d === first.shape[i]));
  if (!fits) throw shapeError('concat', `equal sizes but for axis ${String(at)}`, parts);
  const dims = parts.map((p) => p.shape[at]);
  const numeric = dims.every((d) => typeof d === 'number');
  const total: Dim = numeric ? dims.reduce<number>((sum, d) => sum + d, 0) : dims.join('+');
  const shape = first.shape.map((d, i) => (i === at ? total : d));
  const step: OnnxStep = { operator: 'Concat', inputs: parts, attributes: { axis: at } };
  return operation(step, parts, shape, {
    dtype: first.dtype,
    backward: (g) => {
      let start: OnnxStep | Constant = ints([0]);
      return parts.map((part) => {
        // Each part's gradient is a slice; symbolic sizes are read off the parts when the graph runs.
        const size = sizeOf(part, at);
        const from = start;
        const to: OnnxStep = { operator: 'Add', inputs: [from, size] };
        start = to;
        const slice: OnnxStep = { operator: 'Slice', inputs: [g, from, to, ints([at])] };
        return operation(slice, [g, part], part.shape, {});
      });
    },
  });
}

/**
 * Rows of x by number, from 0. x [n, ...rest], ids int32 [...outer] → [...outer, ...rest]. A row that is taken several times gets the
 * sum of its gradients.
 */
export function gather(x: Tensor, ids: Tensor): Tensor {
  if (x.shape.length === 0 || ids.dtype !== 'int32') throw shapeError('gather', 'rows and int32 ids', [x, ids]);
  const step: OnnxStep = { operator: 'Gather', inputs: [x, ids], attributes: { axis: 0 } };
  return operation(step, [x, ids], [...ids.shape, ...x.shape.slice(1)], {
    dtype: x.dtype,
    backward: (g) => {
      const zeros: OnnxStep = { operator: 'ConstantOfShape', inputs: [shapeOf(x)] };
      const long: OnnxStep = { operator: 'Cast', inputs: [ids], attributes: { to: INT64 } };
      const places: OnnxStep = { operator: 'Unsqueeze', inputs: [long, ints([-1])] };
      const scatter: OnnxStep = { operator: 'ScatterND', inputs: [zeros, places, g], attributes: { reduction: 'add' } };
      return [operation(scatter, [x, ids, g], x.shape, {}), undefined];
    },
  });
}

/** The places 0, 1, … along an axis of x as float32 [size]. */
export function placesAlong(x: Tensor, axis: number): Tensor {
  const size: OnnxStep = { operator: 'Squeeze', inputs: [sizeOf(x, axis), ints([0])] };
  const range: OnnxStep = { operator: 'Range', inputs: [int(0), size, int(1)] };
  const step: OnnxStep = { operator: 'Cast', inputs: [range], attributes: { to: ONNX_TYPES.float32 } };
  return operation(step, [x], [x.shape[axis]], {});
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
      return [operation(padded, [g, x], x.shape, {}), undefined];
    },
  });
}

/** x repeated along its axes of size 1 to the shape of `like`. */
export function expandAs(x: Tensor, like: Tensor): Tensor {
  if (sameShape(x.shape, like.shape)) return x;
  const step: OnnxStep = { operator: 'Expand', inputs: [x, shapeOf(like)] };
  return operation(step, [x, like], like.shape, { backward: (g) => [sumTo(g, x), undefined] });
}

/** Ones in the shape of x. */
export function onesLike(x: Tensor): Tensor {
  const step: OnnxStep = { operator: 'Expand', inputs: [floats([1], []), shapeOf(x)] };
  return operation(step, [x], x.shape, {});
}

// ── Sums ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The sum over the axes, which stay with size 1. */
export function reduceSum(x: Tensor, axes: readonly number[]): Tensor {
  const at = axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis));
  const shape = x.shape.map((dim, i) => (at.includes(i) ? 1 : dim));
  const step: OnnxStep = { operator: 'ReduceSum', inputs: [x, ints(at)], attributes: { keepdims: 1 } };
  return operation(step, [x], shape, { backward: (g) => [expandAs(g, x)] });
}

/** The mean over the axes, which stay with size 1. */
export function reduceMean(x: Tensor, axes: readonly number[]): Tensor {
  const size = axes.reduce((product, axis) => product * Number(x.shape.at(axis)), 1);
  const sum = reduceSum(x, axes);
  // Sizes that are known only when the graph runs are counted there.
  return Number.isNaN(size) ? div(sum, reduceSum(onesLike(x), axes)) : mul(sum, constant(1 / size));
}

/** The mean of all numbers, shape []. */
export function mean(x: Tensor): Tensor {
  const all = x.shape.map((_, i) => i);
  return reshape(reduceMean(x, all), []);
}

/** log Σ eˣ over the last axis, which stays with size 1; computed without overflow. */
export function logSumExp(x: Tensor): Tensor {
  const shape = [...x.shape.slice(0, -1), 1];
  // ORT's ReduceLogSumExp takes the maximum out first.
  const step: OnnxStep = {
    operator: 'ReduceLogSumExp',
    inputs: [x, ints([x.shape.length - 1])],
    attributes: { keepdims: 1 },
  };
  return operation(step, [x], shape, { backward: (g) => [mul(g, softmax(x))] });
}

/** Softmax over the last axis. */
export function softmax(x: Tensor): Tensor {
  return operation({ operator: 'Softmax', inputs: [x], attributes: { axis: -1 } }, [x], x.shape, {
    backward: (g, out) => {
      const weighted = mul(g, out);
      return [sub(weighted, mul(out, reduceSum(weighted, [-1])))];
    },
  });
}

/**
 * (x − mean) / standard deviation over the last axis (Ba et al., arXiv 1607.06450), without gain and bias. The gradient is the part of g that
 * is neither along 1 nor along the output, over the deviation.
 */
export function layerNorm(x: Tensor): Tensor {
  const centred = sub(x, reduceMean(x, [-1]));
  const deviation = sqrt(add(reduceMean(mul(centred, centred), [-1]), constant(1e-5))); // ONNX's own
  const width = x.shape[x.shape.length - 1];
  if (typeof width !== 'number') throw shapeError('layerNorm', 'a known size of the last axis', [x]);
  const ones = floats(Array<number>(width).fill(1), [width]);
  const step: OnnxStep = { operator: 'LayerNormalization', inputs: [x, ones], attributes: { axis: -1 } };
  return operation(step, [x], x.shape, {
    backward: (g, out) => {
      const along = mul(out, reduceMean(mul(g, out), [-1]));
      return [div(sub(sub(g, reduceMean(g, [-1])), along), deviation)];
    },
  });
}

/**
 * x with a share of its numbers set to 0 and the rest scaled up to keep the mean (Srivastava et al., JMLR 2014). `noise` [..., 1], uniform in
 * [0, 1), is one number a row: what hides which number of the row is the fraction of the noise times a large number of each column.
 */
export function dropout(x: Tensor, share: number, noise: Tensor): Tensor {
  const width = x.shape[x.shape.length - 1];
  if (typeof width !== 'number') throw shapeError('dropout', 'a known size of the last axis', [x]);
  const columns = Array.from({ length: width }, (_, i) => 1000 * (1 + ((i * 0.754877666) % 1)));
  const spread = mul(noise, constant(columns, [width]));
  const fraction = sub(spread, unary('Floor', spread));
  const kept = cast(greater(fraction, constant(share)), 'float32');
  return mul(x, mul(stopGradient(kept), constant(1 / (1 - share))));
}

// ── Products ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Matrix product over the last two axes; leading axes broadcast. [..., n, k] · [..., k, m] → [..., n, m]. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  const [rankA, rankB] = [a.shape.length, b.shape.length];
  if (rankA < 2 || rankB < 2 || a.shape[rankA - 1] !== b.shape[rankB - 2]) {
    throw shapeError('matmul', '[..., n, k] and [..., k, m]', [a, b]);
  }
  const outer = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2), 'matmul', [a, b]);
  const shape = [...outer, a.shape[rankA - 2], b.shape[rankB - 1]];
  return operation({ operator: 'MatMul', inputs: [a, b] }, [a, b], shape, {
    backward: (g) => {
      const toA = sumTo(matmul(g, transposeLast(b)), a);
      // A weight shared by all leading axes: one big product over the joined rows, not one product each and a sum.
      if (rankB === 2 && rankA > 2) return [toA, matmul(transposeLast(asRows(a)), asRows(g))];
      return [toA, sumTo(matmul(transposeLast(a), g), b)];
    },
  });
}

/** x · weight + bias. [..., n] → [..., m]. */
export function linear(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  return add(matmul(x, weight), bias);
}

/**
 * Scaled dot-product attention (Vaswani et al., NeurIPS 2017): softmax(query · keyᵀ / √d + bias) · value. query [..., n, d], key [..., m, d],
 * value [..., m, w] and a bias that broadcasts to [..., n, m]; → [..., n, w].
 */
export function attention(query: Tensor, key: Tensor, value: Tensor, bias: Tensor): Tensor {
  const scale = constant(1 / Math.sqrt(Number(query.shape.at(-1))));
  // The smaller tensor is scaled.
  return matmul(softmax(add(matmul(mul(query, scale), transposeLast(key)), bias)), value);
}

/** x / ‖x‖₂ over the last axis. The small constant keeps the gradient finite at 0. */
export function l2Normalise(x: Tensor): Tensor {
  const squared = reduceSum(mul(x, x), [-1]);
  return div(x, sqrt(add(squared, constant(1e-12))));
}

// ── Helpers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The gradient of broadcasting: sums the axes along which `like` was repeated. */
function sumTo(gradient: Tensor, like: Tensor): Tensor {
  if (sameShape(gradient.shape, like.shape)) return gradient;
  const extra = gradient.shape.length - like.shape.length;
  const repeated = gradient.shape.flatMap((dim, i) =>
    i < extra || (like.shape[i - extra] === 1 && dim !== 1) ? [i] : [],
  );
  const summed = repeated.length > 0 ? reduceSum(gradient, repeated) : gradient;
  return sameShape(summed.shape, like.shape) ? summed : reshapeAs(summed, like);
}

function reshapeAs(x: Tensor, like: Tensor): Tensor {
  if (sameShape(x.shape, like.shape)) return x;
  const step: OnnxStep = { operator: 'Reshape', inputs: [x, shapeOf(like)] };
  return operation(step, [x, like], like.shape, { backward: (g) => [reshapeAs(g, x), undefined] });
}

/** [..., n] → [rows, n]. */
function asRows(x: Tensor): Tensor {
  const outer = x.shape.slice(0, -1);
  const width = x.shape[x.shape.length - 1];
  const step: OnnxStep = { operator: 'Reshape', inputs: [x, joined(ints([-1]), sizeOf(x, x.shape.length - 1))] };
  return operation(step, [x], [outer.join('*'), width], { backward: (g) => [reshapeAs(g, x)] });
}

function binary(operator: string, a: Tensor, b: Tensor, backward: Backward): Tensor {
  const shape = broadcast(a.shape, b.shape, operator, [a, b]);
  return operation({ operator, inputs: [a, b] }, [a, b], shape, { backward, dtype: a.dtype });
}

function compare(operator: string, a: Tensor, b: Tensor): Tensor {
  const shape = broadcast(a.shape, b.shape, operator, [a, b]);
  return operation({ operator, inputs: [a, b] }, [a, b], shape, { dtype: 'bool' });
}

function unary(operator: string, x: Tensor, backward?: Backward): Tensor {
  return operation({ operator, inputs: [x] }, [x], x.shape, backward ? { backward } : {});
}

function operation(
  step: OnnxStep,
  inputs: readonly Tensor[],
  shape: Shape,
  { dtype = 'float32', backward }: { dtype?: DType; backward?: Backward },
): Tensor {
  return { node: { kind: 'operation', step, inputs, ...(backward && { backward }) }, shape, dtype };
}

function broadcast(a: Shape, b: Shape, operator: string, operands: readonly Tensor[]): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - (rank - a.length)] ?? 1;
    const y = b[i - (rank - b.length)] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw shapeError(operator, 'shapes that broadcast', operands);
  });
}

function shapeOf(x: Tensor): OnnxStep {
  return { operator: 'Shape', inputs: [x] };
}

/** The size along one axis as int64 [1]. */
function sizeOf(x: Tensor, axis: number): OnnxStep {
  return { operator: 'Shape', inputs: [x], attributes: { start: axis, end: axis + 1 } };
}

function joined(...parts: readonly (OnnxStep | Constant)[]): OnnxStep {
  return { operator: 'Concat', inputs: parts, attributes: { axis: 0 } };
}

function ints(values: readonly number[]): Constant {
  return { constant: values, shape: [values.length], type: 'int64' };
}

function int(value: number): Constant {
  return { constant: [value], shape: [], type: 'int64' };
}

function floats(values: readonly number[], shape: readonly number[]): Constant {
  return { constant: values, shape, type: 'float32' };
}
