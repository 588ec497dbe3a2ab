// Matrix products, and operators that are built from them: dense layers, attention, cross-entropy.
import { add, mul, neg, sub } from './elementwise';
import { layerNorm, reduceMean, softmax, throughNorm } from './rows';
import { asRows, fromRows, gather, sumTo, transpose } from './shapes';
import { broadcast, floats, ints, operation } from './operation';
import { constant, shapeError, type Attribute, type OnnxNode, type Tensor } from './tensor';

/**
 * Matrix product over the last two axes. Leading axes broadcast. [..., n, k] · [..., k, m] → [...,
 * n, m].
 */
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
      // All leading axes share the weight, so one large product over the joined rows is used. This
      // is faster than many small products and a sum.
      if (rankB === 2 && rankA > 2) return [toA, matmul(transposeLast(asRows(a)), asRows(g))];
      return [toA, sumTo(matmul(transposeLast(a), g), b)];
    },
  });
}

/** Swaps the last two axes. */
export function transposeLast(x: Tensor): Tensor {
  const rank = x.shape.length;
  if (rank < 2) throw shapeError('transposeLast', 'two axes or more', [x]);
  const perm = x.shape.map((_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i));
  if (x.node.kind === 'operation') {
    const { onnx, inputs } = x.node;
    // Transposing twice changes nothing. A product is transposed by transposing its operands, which
    // costs nothing.
    if (onnx.operator === 'Transpose' && isSwap(onnx.attributes?.perm, perm)) return inputs[0];
    if (onnx.operator === 'MatMul') return matmul(transposeLast(inputs[1]), transposeLast(inputs[0]));
  }
  const swapped = transpose(x, perm);
  if (swapped.node.kind !== 'operation') return swapped;
  return { ...swapped, node: { ...swapped.node, backward: (g) => [transposeLast(g)] } };
}

function isSwap(attribute: Attribute | undefined, perm: readonly number[]): boolean {
  return Array.isArray(attribute) && attribute.every((axis, i) => axis === perm[i]);
}

/** x · weight + bias. [..., n] → [..., m]. */
export function linear(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  return fromRows(addedProduct(asRows(x), weight, bias), x);
}

/**
 * a · b + c: [n, k], [k, m] and [m] or [n, m] → [n, m]. ONNX Runtime merges the addition, and a
 * ReLU that follows, into the product. This works for two axes only.
 */
export function addedProduct(a: Tensor, b: Tensor, c: Tensor): Tensor {
  if (a.shape.length !== 2 || b.shape.length !== 2 || c.shape.at(-1) !== b.shape[1]) {
    throw shapeError('addedProduct', '[n, k], [k, m] and [m] or [n, m]', [a, b, c]);
  }
  return operation({ operator: 'Gemm', inputs: [a, b, c] }, [a, b, c], [a.shape[0], b.shape[1]], {
    backward: (g) => [matmul(g, transposeLast(b)), matmul(transposeLast(a), g), sumTo(g, c)],
  });
}

/**
 * layerNorm(x) · weight + bias: x [rows, n], weight [n, m], bias [m] → [rows, m]. Normalised rows
 * have a mean of 0, so the means of the weight's columns do not matter. The gradient is computed
 * with a weight from which these means are subtracted, so each row of the gradient has a mean of 0
 * without further work.
 */
export function normalisedLinear(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const normal = layerNorm(x);
  const product = addedProduct(normal, weight, bias);
  if (product.node.kind !== 'operation') return product;
  return operation(product.node.onnx, [x, weight, bias, normal], product.shape, {
    backward: (g) => {
      const centred = sub(weight, reduceMean(weight, [0]));
      const toNormal = matmul(g, transposeLast(centred));
      return [throughNorm(normal, toNormal), matmul(transposeLast(normal), g), sumTo(g, bias), undefined];
    },
  });
}

/**
 * Scaled dot-product attention (Vaswani et al., NeurIPS 2017): softmax(query · keyᵀ / √d + bias) ·
 * value. Shapes: query [..., n, d], key [..., m, d], value [..., m, w] → [..., n, w]. The bias
 * broadcasts to [..., n, m].
 */
export function attention(query: Tensor, key: Tensor, value: Tensor, bias: Tensor): Tensor {
  const scale = constant(1 / Math.sqrt(Number(query.shape.at(-1))));
  // ONNX Runtime merges the scaling into the product, at no cost.
  return matmul(softmax(add(mul(matmul(query, transposeLast(key)), scale), bias)), value);
}

/**
 * Cross-entropy of softmax(a · bᵀ + bias): −log of the softmax share of the target row of b, at
 * most 69. a [n, d], b [m, d], bias [m], target int32 [n] → [n, 1]. No gradient flows through the
 * bias. The shares [n, m] are a large matrix, so they are computed once, and only products read
 * them. The gradient scales rows of a and of the result instead of the shares.
 */
export function crossEntropyOfProducts(a: Tensor, b: Tensor, bias: Tensor, target: Tensor): Tensor {
  const shares = softmax(linear(a, transposeLast(b), bias));
  const wanted = gather(b, target);
  const column: OnnxNode = { operator: 'Reshape', inputs: [target, ints([-1, 1])] };
  const share: OnnxNode = { operator: 'GatherElements', inputs: [shares, column], attributes: { axis: 1 } };
  const finite: OnnxNode = { operator: 'Add', inputs: [share, floats([1e-30], [])] };
  const onnx: OnnxNode = { operator: 'Neg', inputs: [{ operator: 'Log', inputs: [finite] }] };
  return operation(onnx, [a, b, bias, target, shares, wanted], [a.shape[0], 1], {
    backward: (g) => {
      const toWanted = mul(g, a);
      return [
        mul(g, sub(matmul(shares, b), wanted)),
        matmul(transposeLast(shares), toWanted),
        undefined,
        undefined,
        undefined,
        neg(toWanted),
      ];
    },
  });
}
