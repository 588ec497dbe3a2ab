// One step of training as one graph: the loss, the gradients of the rows of tables, and the
// gradient of all dense parameters as one vector.
import { gradients } from '../../graph/gradient';
import { encodeOnnx, rowsInput, type EncodedModel } from '../../graph/onnx';
import { concat } from '../../graph/pieces';
import { reshape } from '../../graph/shapes';
import { inOrder, input, type Dim, type Init, type Shape, type Table, type Tensor } from '../../graph/tensor';

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Init;
  /** The offset in the vector of all dense parameters, and the number of values. */
  readonly offset: number;
  readonly size: number;
}

/** One use of a table. */
export interface Site {
  readonly site: string;
  readonly table: Table;
  readonly ids: Tensor;
  readonly weights: Tensor | undefined;
  /**
   * The shape of the gradient of the rows. This shape may differ from the shape of the rows if that
   * saves a copy.
   */
  readonly gradientShape: Shape;
}

export interface StepGraph {
  readonly model: EncodedModel;
  readonly parameters: readonly Parameter[];
  /** Total number of values in all dense parameters. */
  readonly size: number;
  readonly sites: readonly Site[];
}

/**
 * The input with all dense parameters, back to back, and the output with their gradient. A graph
 * without parameters has neither.
 */
export const DENSE = 'dense';
export const DENSE_GRADIENT = `d.${DENSE}`;

/** The output with the gradient of the rows of one use of a table. */
export function rowsGradient(site: string): string {
  return `d.${rowsInput(site)}`;
}

/**
 * Makes the graph of a step. Outputs: `loss`, the gradient of the rows of each site, and the
 * gradient of the dense parameters.
 */
export function stepGraph(name: string, loss: Tensor): StepGraph {
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
  if (size > 0) outputs[DENSE_GRADIENT] = concat(parameters.map((one, i) => reshape(all[i], [one.size])));
  const packed = { vector: input(DENSE, [size]), parameters: parameters.map(({ tensor }) => tensor) };
  const model = encodeOnnx({ name, outputs, embeddings: 'fed', packed: size > 0 ? packed : undefined });
  return { model, parameters, size, sites };
}

/** The gradient before a final reshape, if its sizes follow from the sizes of the ids. */
function unshaped(gradient: Tensor, ids: Shape): Tensor {
  const { node } = gradient;
  if (node.kind !== 'operation' || node.onnx.operator !== 'Reshape') return gradient;
  const [source] = node.inputs;
  const known = new Map(ids.map((dim) => [dim, 1]));
  return source.shape.some((dim) => Number.isNaN(sizeOf(dim, known))) ? gradient : source;
}

/**
 * Computes a size from the known sizes. Names joined by an asterisk are products. NaN if the size
 * is not known.
 */
export function sizeOf(dim: Dim, known: ReadonlyMap<Dim, number>): number {
  if (typeof dim === 'number') return dim;
  const factors = dim.split('*').map((factor) => known.get(factor) ?? Number(factor));
  return factors.reduce((product, factor) => product * factor, 1);
}
