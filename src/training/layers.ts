// Layers that the models share, as functions from tensors to tensors. Each names its own parameters under a prefix.
// Knows nothing of what the numbers stand for.
import { linear, relu } from '../graph/operators';
import { embedding, input, parameter, type Dim, type Table, type Tensor } from '../graph/tensor';
import type { Layout } from '../features/encoder';
import { inputName } from '../features/inputs';

/** Fully connected layers of the given widths, ReLU between them, none after the last. [..., n] → [..., last width]. */
export function mlp(name: string, x: Tensor, widths: readonly number[]): Tensor {
  return sharedMlp(name, Number(x.shape[x.shape.length - 1]), widths)(x);
}

/** The same for inputs of width `from`, to be applied to several tensors with one set of weights. */
export function sharedMlp(name: string, from: number, widths: readonly number[]): (x: Tensor) => Tensor {
  const layers = widths.map((width, i) => ({
    weight: parameter(`${name}.${String(i)}.weight`, [i === 0 ? from : widths[i - 1], width]),
    bias: parameter(`${name}.${String(i)}.bias`, [width], 'zeros'),
  }));
  return (x) =>
    layers.reduce((hidden, { weight, bias }, i) => {
      const out = linear(hidden, weight, bias);
      return i < layers.length - 1 ? relu(out) : out;
    }, x);
}

/**
 * Embeddings of the columns of one entity, as inputs.ts names them under `prefix`: single-valued features [...outer,
 * single, width] and one [...outer, width] for each multi-valued feature. With `pooled` (a history) each is a bag.
 */
export function fieldEmbeddings(
  site: string,
  prefix: string,
  layout: Layout,
  table: Table,
  outer: readonly Dim[],
  pooled = 0,
): { single: Tensor | undefined; multi: Tensor[] } {
  const count = layout.single.length;
  const shape = pooled > 0 ? [...outer, count, pooled] : [...outer, count];
  const ids = input(inputName.single(prefix), shape, 'int32');
  const weights = pooled > 0 ? input(inputName.singleWeights(prefix), shape) : undefined;
  return {
    single: count > 0 ? embedding(`${site}.${prefix}_single`, table, ids, weights) : undefined,
    multi: layout.multi.map(({ name, width }) => {
      const places = [...outer, width * Math.max(pooled, 1)];
      const multiIds = input(inputName.multi(prefix, name), places, 'int32');
      const multiWeights = input(inputName.multiWeights(prefix, name), places);
      return embedding(`${site}.${prefix}_${name}`, table, multiIds, multiWeights);
    }),
  };
}
