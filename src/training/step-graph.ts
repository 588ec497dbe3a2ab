// One step of training as one graph: the loss, the gradients of the rows of tables, and the dense parameters moved by their optimiser.
// Knows the loss as a graph; nothing of batches, nor of how tables move.
import type { Carried } from '../engine/engine';
import { gradients } from '../graph/gradient';
import { encodeOnnx, rowsInput, type EncodedModel } from '../graph/onnx';
import { add, concat, div, mul, reduceSum, relu, reshape, sqrt, sub } from '../graph/operators';
import { constant, inOrder, input, type Dim, type Init, type Shape, type Table, type Tensor } from '../graph/tensor';
import type { DenseOptimiser } from './optimisers';

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Init;
  /** Where it begins in the vector of all dense parameters, and how many numbers it has. */
  readonly offset: number;
  readonly size: number;
}

/** One use of a table. */
export interface Site {
  readonly site: string;
  readonly table: Table;
  readonly ids: Tensor;
  readonly weights: Tensor | undefined;
  /** The shape in which the gradient of its rows comes: another than theirs, where that spares a copy, but the same numbers. */
  readonly gradientShape: Shape;
}

export interface StepGraph {
  readonly model: EncodedModel;
  readonly parameters: readonly Parameter[];
  /** Numbers of all dense parameters together. */
  readonly size: number;
  readonly sites: readonly Site[];
  /** Vectors of all dense parameters that a step moves: `weights`, and the slots of the optimiser's state. None without parameters. */
  readonly carried: readonly { readonly slot: string; readonly input: string }[];
  /** By input, the output that is it after the step. */
  readonly carry: Carried;
}

/** The input for what the optimiser scales a step by. */
export const SCALES = 'dense.scales';

/** The output that is the gradient of the rows of a use of a table. */
export function rowsGradient(site: string): string {
  return `d.${rowsInput(site)}`;
}

/**
 * Outputs: `loss`, the gradient of the rows of each site, and the vectors as they are after the step. Gradients that are, as one vector, longer
 * than `clipNorm` are shortened to it.
 */
export function stepGraph<Slot extends string>(
  name: string,
  loss: Tensor,
  optimiser: DenseOptimiser<Slot>,
  clipNorm: number,
): StepGraph {
  const order = inOrder([loss]);
  const embeddings = order.flatMap((tensor) => (tensor.node.kind === 'embedding' ? [{ tensor, ...tensor.node }] : []));
  const parameters: (Parameter & { readonly tensor: Tensor })[] = [];
  let size = 0;
  for (const tensor of order) {
    if (tensor.node.kind !== 'parameter') continue;
    const shape = tensor.shape.map(Number);
    const own = shape.reduce((product, dim) => product * dim, 1);
    parameters.push({ tensor, ...tensor.node, shape, offset: size, size: own });
    size += own;
  }
  const all = gradients(
    loss,
    [...parameters, ...embeddings].map(({ tensor }) => tensor),
  );
  const outputs: Record<string, Tensor> = { loss };
  const sites = embeddings.map((one, i): Site => {
    const gradient = unshaped(all[parameters.length + i], one.ids.shape);
    outputs[rowsGradient(one.site)] = gradient;
    return { ...one, gradientShape: gradient.shape };
  });
  const model = { name, outputs, embeddings: 'fed' } as const;
  if (size === 0) return { model: encodeOnnx(model), parameters, size, sites, carried: [], carry: {} };

  const slots = Object.keys(optimiser.init(0)) as Slot[];
  const vector = (slot: string): Tensor => input(`dense.${slot}`, [size]);
  const weights = vector('weights');
  const state = Object.fromEntries(slots.map((slot) => [slot, vector(slot)])) as Record<Slot, Tensor>;
  const gradient = shortened(concat(parameters.map((one, i) => reshape(all[i], [one.size]))), clipNorm);
  const next = optimiser.update(weights, gradient, state, input(SCALES, [optimiser.scaled]));
  const moved = { weights: next.values, ...next.state };
  for (const [slot, tensor] of Object.entries<Tensor>(moved)) outputs[`next.${slot}`] = tensor;
  const carried = Object.keys(moved).map((slot) => ({ slot, input: `dense.${slot}` }));
  return {
    model: encodeOnnx({ ...model, packed: { vector: weights, parameters: parameters.map(({ tensor }) => tensor) } }),
    parameters,
    size,
    sites,
    carried,
    carry: Object.fromEntries(carried.map(({ slot, input: port }) => [port, `next.${slot}`])),
  };
}

/** The tensor that was brought into another shape in the end, if its sizes can be told from those of the ids. */
function unshaped(gradient: Tensor, ids: Shape): Tensor {
  const { node } = gradient;
  if (node.kind !== 'operation' || node.step.operator !== 'Reshape') return gradient;
  const [source] = node.inputs;
  const known = new Map(ids.map((dim) => [dim, 1]));
  return source.shape.some((dim) => Number.isNaN(sizeOf(dim, known))) ? gradient : source;
}

/** A size by the sizes that are known; names joined by an asterisk are products. NaN: it is not known. */
export function sizeOf(dim: Dim, known: ReadonlyMap<Dim, number>): number {
  if (typeof dim === 'number') return dim;
  const factors = dim.split('*').map((factor) => known.get(factor) ?? Number(factor));
  return factors.reduce((product, factor) => product * factor, 1);
}

/** At most of length `norm`: norm / max(norm, length) of it. */
function shortened(gradient: Tensor, norm: number): Tensor {
  if (norm === Infinity) return gradient;
  const length = sqrt(reduceSum(mul(gradient, gradient), [0]));
  const longer = add(relu(sub(length, constant(norm))), constant(norm));
  return mul(gradient, div(constant(norm), longer));
}
