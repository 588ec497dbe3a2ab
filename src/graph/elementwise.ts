// Operators on each number by itself, with NumPy's broadcasting, comparisons, and changes of type.
// Knows nothing of what the numbers mean.
import { TYPES } from './onnx-format';
import { broadcast, floats, operation, unary, type Backward } from './steps';
import { sumTo, unexpanded } from './shapes';
import { constant, sameShape, shapeError, type DType, type OnnxStep, type Tensor } from './tensor';

export function add(a: Tensor, b: Tensor): Tensor {
  return binary('Add', a, b, (x, y) => (g) => [sumTo(g, x), sumTo(g, y)]);
}

export function sub(a: Tensor, b: Tensor): Tensor {
  return binary('Sub', a, b, (x, y) => (g) => [sumTo(g, x), sumTo(neg(g), y)]);
}

export function mul(a: Tensor, b: Tensor): Tensor {
  return binary('Mul', a, b, (x, y) => (g) => [sumTo(mul(g, y), x), sumTo(mul(g, x), y)]);
}

export function div(a: Tensor, b: Tensor): Tensor {
  return binary('Div', a, b, (x, y) => (g, out) => [sumTo(div(g, y), x), sumTo(neg(div(mul(g, out), y)), y)]);
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
  return unary('Relu', x, (g, out) => [mul(g, positive(out))]);
}

/**
 * 1 where a number is above 0, else 0: a line so steep that one pass does what a comparison and a
 * cast do in two.
 */
function positive(x: Tensor): Tensor {
  const attributes = { alpha: { float: 1e30 }, beta: { float: 0 } };
  return operation({ operator: 'HardSigmoid', inputs: [x], attributes }, [x], x.shape);
}

// ── Comparison and type: no gradient flows through
// ──────────────────────────────────────────────────────────────────

export function equal(a: Tensor, b: Tensor): Tensor {
  return compare('Equal', a, b);
}

export function greater(a: Tensor, b: Tensor): Tensor {
  return compare('Greater', a, b);
}

export function cast(x: Tensor, dtype: DType): Tensor {
  return operation({ operator: 'Cast', inputs: [x], attributes: { to: TYPES[dtype] } }, [x], x.shape, { dtype });
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

/** A repeated operand is taken as it was before: the operator repeats it as it goes. */
function binary(operator: string, left: Tensor, right: Tensor, backward: (a: Tensor, b: Tensor) => Backward): Tensor {
  const a = unexpanded(left, right);
  const b = unexpanded(right, a);
  const shape = broadcast(a.shape, b.shape, operator, [a, b]);
  return operation({ operator, inputs: [a, b] }, [a, b], shape, { backward: backward(a, b), dtype: a.dtype });
}

function compare(operator: string, a: Tensor, b: Tensor): Tensor {
  const shape = broadcast(a.shape, b.shape, operator, [a, b]);
  return operation({ operator, inputs: [a, b] }, [a, b], shape, { dtype: 'bool' });
}
