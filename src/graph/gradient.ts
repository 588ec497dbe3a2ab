// Reverse-mode differentiation: from a scalar loss to gradients, which are also a graph. Each
// operator defines its own gradient.
import { constant, inOrder, shapeText, type Tensor } from './tensor';
import { sumOfGradients } from './pieces';
import { VitrineError } from '../errors';

/**
 * Returns ∂loss/∂x for each x in `withRespectTo`, in the same order and with the same shapes.
 * @throws VitrineError INPUT_INVALID if the loss is not a scalar or does not depend on one of these
 * tensors
 */
export function gradients(loss: Tensor, withRespectTo: readonly Tensor[]): Tensor[] {
  if (loss.shape.length > 0) {
    throw new VitrineError('INPUT_INVALID', `gradients: expected a loss of shape [], got ${shapeText(loss.shape)}`);
  }
  const wanted = new Set(withRespectTo);
  const order = inOrder([loss]);
  const relevant = reaching(order, wanted);
  const sums = new Map<Tensor, Tensor>([[loss, constant(1)]]);
  for (const tensor of order.toReversed()) {
    const gradient = sums.get(tensor);
    if (!gradient || !relevant.has(tensor) || tensor.node.kind !== 'operation') continue;
    const { inputs, backward } = tensor.node;
    if (!backward || !inputs.some((one) => relevant.has(one))) continue;
    backward(gradient, tensor).forEach((part, i) => {
      const target = inputs[i];
      if (!part || !relevant.has(target)) return;
      const sum = sums.get(target);
      sums.set(target, sum ? sumOfGradients(sum, part) : part);
    });
  }
  return withRespectTo.map((tensor, i) => {
    const gradient = sums.get(tensor);
    if (gradient) return gradient;
    throw new VitrineError('INPUT_INVALID', `gradients: the loss does not depend on tensor ${String(i)} of the list`);
  });
}

/**
 * The wanted tensors, and the tensors through which a gradient must flow to reach the wanted ones.
 */
function reaching(order: readonly Tensor[], wanted: ReadonlySet<Tensor>): Set<Tensor> {
  const found = new Set<Tensor>();
  for (const tensor of order) {
    const { node } = tensor;
    const through =
      node.kind === 'operation' && node.backward !== undefined && node.inputs.some((one) => found.has(one));
    if (wanted.has(tensor) || through) found.add(tensor);
  }
  return found;
}
