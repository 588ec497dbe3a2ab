// Operators on rows, along the last axis: means, softmax, normalisation, dropout.
import { TYPES } from './onnx-format';
import { add, div, mul, sqrt, sub } from './elementwise';
import { expandAs, gather, reduceSum, reshape } from './shapes';
import { floats, ints, joined, operation, sizeOf } from './operation';
import { constant, shapeError, type OnnxNode, type Tensor } from './tensor';

/** The mean over the axes. The axes remain, with size 1. */
export function reduceMean(x: Tensor, axes: readonly number[]): Tensor {
  const at = axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis));
  const shape = x.shape.map((dim, i) => (at.includes(i) ? 1 : dim));
  const onnx: OnnxNode = { operator: 'ReduceMean', inputs: [x, ints(at)], attributes: { keepdims: 1 } };
  return operation(onnx, [x], shape, { backward: (g) => [expandAs(mul(g, shareOf(x, at)), x)] });
}

/** The mean of all numbers, shape []. */
export function mean(x: Tensor): Tensor {
  const all = x.shape.map((_, i) => i);
  return reshape(reduceMean(x, all), []);
}

/** 1 / the number of elements along the axes. Unknown sizes are read when the graph runs. */
function shareOf(x: Tensor, axes: readonly number[]): Tensor {
  const size = axes.reduce((product, axis) => product * Number(x.shape[axis]), 1);
  if (!Number.isNaN(size)) return constant(1 / size);
  const sizes = joined(...axes.map((axis) => sizeOf(x, axis)));
  const count: OnnxNode = { operator: 'ReduceProd', inputs: [sizes], attributes: { keepdims: 0 } };
  const float: OnnxNode = { operator: 'Cast', inputs: [count], attributes: { to: TYPES.float32 } };
  return operation({ operator: 'Reciprocal', inputs: [float] }, [x], []);
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
 * log Σ eˣ over the last axis, which remains with size 1. To avoid overflow, the result is the
 * greatest number minus the logarithm of its softmax share. The shares are also the gradient, so
 * one softmax serves both directions. ONNX Runtime's softmax is some ten times faster than its
 * ReduceLogSumExp.
 */
export function logSumExp(x: Tensor): Tensor {
  const shares = softmax(x);
  const most = (of: Tensor): OnnxNode => ({
    operator: 'ReduceMax',
    inputs: [of, ints([x.shape.length - 1])],
    attributes: { keepdims: 1 },
  });
  const onnx: OnnxNode = { operator: 'Sub', inputs: [most(x), { operator: 'Log', inputs: [most(shares)] }] };
  return operation(onnx, [x, shares], [...x.shape.slice(0, -1), 1], {
    backward: (g) => [mul(g, shares), undefined],
  });
}

/**
 * (x − mean) / standard deviation over the last axis (Ba et al., arXiv 1607.06450), without gain
 * and bias. The gradient is the part of g that is orthogonal to 1 and to the output, divided by the
 * standard deviation.
 */
export function layerNorm(x: Tensor): Tensor {
  const width = x.shape[x.shape.length - 1];
  if (typeof width !== 'number') throw shapeError('layerNorm', 'a known size of the last axis', [x]);
  const ones = floats(Array<number>(width).fill(1), [width]);
  const onnx: OnnxNode = { operator: 'LayerNormalization', inputs: [x, ones], attributes: { axis: -1 } };
  return operation(onnx, [x], x.shape, {
    backward: (g, out) => [throughNorm(out, sub(g, reduceMean(g, [-1])))],
  });
}

/** The gradient of x, where `normal` is layerNorm(x) and the rows of g have a mean of 0. */
export function throughNorm(normal: Tensor, g: Tensor): Tensor {
  if (normal.node.kind !== 'operation') throw shapeError('throughNorm', 'a layerNorm', [normal]);
  const { onnx, inputs } = normal.node;
  const inverse = operation(onnx, inputs, [...normal.shape.slice(0, -1), 1], { output: 2 });
  return mul(sub(g, mul(normal, reduceMean(mul(g, normal), [-1]))), inverse);
}

/** x / ‖x‖₂ over the last axis. The small constant keeps the gradient finite at 0. */
export function l2Normalise(x: Tensor): Tensor {
  const length = sqrt(add(reduceSum(mul(x, x), [-1]), constant(1e-12)));
  return operation({ operator: 'Div', inputs: [x, length] }, [x, length], x.shape, {
    // Only the part of g that is orthogonal to the output matters.
    backward: (g, out) => [div(sub(g, mul(out, reduceSum(mul(g, out), [-1]))), length), undefined],
  });
}

/**
 * Hides numbers of x, with one of the masks for each row (Srivastava et al., JMLR 2014): x [...,
 * n], masks [m, n], which int32 [...]. A mask is 0 where it hides a number, and above 1 elsewhere
 * to preserve the mean. The masks are drawn once and each row chooses a mask, which takes one pass.
 * Drawing every number would take several passes.
 */
export function dropout(x: Tensor, masks: Tensor, which: Tensor): Tensor {
  return mul(x, gather(masks, which));
}
