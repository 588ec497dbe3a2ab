// Operators on single numbers, with NumPy's broadcasting: arithmetic, comparisons, type
// conversions.
import { TYPES } from './onnx-format';
import { broadcast, operation, unary } from './operation';
import { sumTo, unexpanded } from './shapes';
import { constant, type Backward, type DType, type Tensor } from './tensor';

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

export function sqrt(x: Tensor): Tensor {
  return unary('Sqrt', x, (g, out) => [div(mul(g, constant(0.5)), out)]);
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
 * 1 where a number is above 0, otherwise 0. A very steep HardSigmoid computes this in one pass. A
 * comparison and a cast would need two passes.
 */
function positive(x: Tensor): Tensor {
  const attributes = { alpha: { float: 1e30 }, beta: { float: 0 } };
  return operation({ operator: 'HardSigmoid', inputs: [x], attributes }, [x], x.shape);
}

// No gradient flows through comparisons and type conversions.

export function equal(a: Tensor, b: Tensor): Tensor {
  return compare('Equal', a, b);
}

export function greater(a: Tensor, b: Tensor): Tensor {
  return compare('Greater', a, b);
}

export function cast(x: Tensor, dtype: DType): Tensor {
  return operation({ operator: 'Cast', inputs: [x], attributes: { to: TYPES[dtype] } }, [x], x.shape, { dtype });
}

/**
 * Makes an operator of two operands. An expanded operand is replaced by its source, since the
 * operator broadcasts by itself.
 */
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
