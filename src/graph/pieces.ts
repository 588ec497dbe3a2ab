// Operators that join tensors along an axis, or cut a tensor into pieces. Each of the two is the
// gradient of the other.
import { sum } from '../numbers';
import { add } from './elementwise';
import { floats, ints, joined, operation, sizeOf } from './operation';
import { shapeError, type Constant, type Dim, type OnnxNode, type Piece, type Placement, type Tensor } from './tensor';

export function concat(parts: readonly Tensor[], axis = -1): Tensor {
  const first = parts[0];
  const rank = first.shape.length;
  const at = axis < 0 ? axis + rank : axis;
  const fits = parts.every((p) => p.shape.length === rank && p.shape.every((d, i) => i === at || d === first.shape[i]));
  if (!fits) throw shapeError('concat', `equal sizes on every axis but ${String(at)}`, parts);
  const dims = parts.map((p) => p.shape[at]);
  const known = dims.filter((dim) => typeof dim === 'number');
  const total: Dim = known.length === dims.length ? sum(known) : dims.join('+');
  const shape = first.shape.map((d, i) => (i === at ? total : d));
  const onnx: OnnxNode = { operator: 'Concat', inputs: parts, attributes: { axis: at } };
  return operation(onnx, parts, shape, {
    dtype: first.dtype,
    backward(g) {
      // Symbolic sizes are read from the parts when the graph runs.
      const sizes = known.length === dims.length ? ints(known) : joined(...parts.map((part) => sizeOf(part, at)));
      return split(g, at, sizes, dims);
    },
  });
}

/** Cuts x along an axis into pieces of the given sizes. */
export function pieces(x: Tensor, axis: number, sizes: readonly number[]): Tensor[] {
  if (x.shape[axis] !== sum(sizes)) throw shapeError('pieces', `${String(sum(sizes))} places to cut`, [x]);
  let from = 0;
  return split(x, axis, ints(sizes), sizes).map((piece, i) => {
    const at = from;
    from += sizes[i];
    return withBackward(piece, (g) => placed(x, axis, [{ from: at, size: sizes[i], values: g }]));
  });
}

function split(x: Tensor, axis: number, sizes: OnnxNode | Constant, dims: readonly Dim[]): Tensor[] {
  const onnx: OnnxNode = { operator: 'Split', inputs: [x, sizes], attributes: { axis }, outputs: dims.length };
  return dims.map((dim, output) => {
    const shape = x.shape.map((one, i) => (i === axis ? dim : one));
    return operation(onnx, [x], shape, { dtype: x.dtype, output });
  });
}

function withBackward(tensor: Tensor, backward: (g: Tensor) => Tensor): Tensor {
  if (tensor.node.kind !== 'operation') return tensor;
  return { ...tensor, node: { ...tensor.node, backward: (g) => [backward(g)] } };
}

/**
 * The sum of two gradients of one tensor. Pieces that do not overlap are joined, which is faster
 * than padding each piece with zeros and adding.
 */
export function sumOfGradients(a: Tensor, b: Tensor): Tensor {
  const [one, other] = [placementOf(a), placementOf(b)];
  if (!one || !other || one.like !== other.like || one.axis !== other.axis) return add(a, b);
  const apart = one.pieces.every((p) =>
    other.pieces.every((q) => p.from + p.size <= q.from || q.from + q.size <= p.from),
  );
  return apart ? placed(one.like, one.axis, [...one.pieces, ...other.pieces]) : add(a, b);
}

/** A tensor of the shape of `like`: pieces along an axis, and zeros elsewhere. */
function placed(like: Tensor, axis: number, some: readonly Piece[]): Tensor {
  const sorted = some.toSorted((a, b) => a.from - b.from);
  const total = Number(like.shape[axis]);
  const whole = sum(sorted.map(({ size }) => size)) === total;
  const gradient = whole
    ? concat(
        sorted.map(({ values }) => values),
        axis,
      )
    : sorted.map((piece) => padded(like, axis, piece)).reduce((all, one) => add(all, one));
  if (gradient.node.kind !== 'operation') return gradient;
  return { ...gradient, node: { ...gradient.node, placement: { like, axis, pieces: sorted } } };
}

function placementOf({ node }: Tensor): Placement | undefined {
  return node.kind === 'operation' ? node.placement : undefined;
}

function padded(like: Tensor, axis: number, { from, size, values }: Piece): Tensor {
  const around = ints([from, Number(like.shape[axis]) - from - size]);
  return operation({ operator: 'Pad', inputs: [values, around, floats([0], []), ints([axis])] }, [values], like.shape);
}
