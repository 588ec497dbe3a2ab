// Layers that the models share, as functions from tensors to tensors. The parameters of a layer are
// named under a prefix.
import { addedProduct, attention, linear, matmul, normalisedLinear } from '../../graph/products';
import { dropout } from '../../graph/rows';
import { concat, pieces } from '../../graph/pieces';
import { asRows, fromRows, gather, placesAlong, reshape, transpose } from '../../graph/shapes';
import { add, cast, greater, mul, relu, sub } from '../../graph/elementwise';
import { constant, embedding, input, parameter, type Dim, type Table, type Tensor } from '../../graph/tensor';
import type { Layout } from '../../features/encoder';
import { inputName } from '../../features/inputs';
import { createRandom } from '../../random';

/** Dense layers of the given widths with ReLU between them: [..., n] → [..., last width]. */
export function mlp(name: string, x: Tensor, widths: readonly number[]): Tensor {
  return sharedMlp(name, [Number(x.shape[x.shape.length - 1])], widths)(x);
}

/**
 * The same as `mlp`, over several tensors as if they were concatenated: [..., a], [..., b]… → [...,
 * last width]. No number is moved, since each tensor has its own rows of the first weights.
 */
export function joinedMlp(name: string, parts: readonly Tensor[], widths: readonly number[]): Tensor {
  const froms = parts.map((part) => Number(part.shape[part.shape.length - 1]));
  return sharedMlp(name, froms, widths)(...parts);
}

/**
 * The same as `joinedMlp`, for inputs of the widths `froms`. The result is a function that can be
 * applied several times with the same weights.
 */
export function sharedMlp(
  name: string,
  froms: readonly number[],
  widths: readonly number[],
): (...parts: readonly Tensor[]) => Tensor {
  const from = froms.reduce((sum, one) => sum + one, 0);
  const layers = widths.map((width, i) => ({
    weight: parameter(`${name}.${String(i)}.weight`, [i === 0 ? from : widths[i - 1], width]),
    bias: parameter(`${name}.${String(i)}.bias`, [width], 'zeros'),
  }));
  const [first, ...others] = layers;
  const firsts = froms.length === 1 ? [first.weight] : pieces(first.weight, 0, froms);
  return (...parts) => {
    // Each product includes the addition of the sum so far.
    const hidden = parts.reduce((sum, part, p) => addedProduct(asRows(part), firsts[p], sum), first.bias);
    const out = others.reduce((before, { weight, bias }) => linear(relu(before), weight, bias), hidden);
    return fromRows(out, parts[0]);
  };
}

/**
 * Layer normalisation with gain and bias, then a dense layer: [rows, n] → [rows, m] for a weight
 * [n, m]. Gain and bias are merged into the layer's small weights, which saves a pass over the
 * rows.
 */
export function normalised(name: string, x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const [width, to] = weight.shape.map(Number);
  const gain = reshape(parameter(`${name}.gain`, [width], 'ones'), [width, 1]);
  const shift = reshape(parameter(`${name}.bias`, [width], 'zeros'), [1, width]);
  const shifted = reshape(matmul(shift, weight), [to]);
  return normalisedLinear(x, mul(gain, weight), bias ? add(shifted, bias) : shifted);
}

/** The number of masks that dropout chooses from. */
export const MASKS = 1024;

/**
 * [MASKS, width] masks that hide a share of the numbers of a row. All models have the same masks.
 */
export function dropoutMasks(share: number, width: number): Tensor {
  const random = createRandom('masks', width);
  const values = Array.from({ length: MASKS * width }, () => (random.next() < share ? 0 : 1 / (1 - share)));
  return constant(values, [MASKS, width]);
}

/** Dropout in training: hides a share of the numbers of each row by a mask. */
export interface Dropout {
  readonly share: number;
  /** The index of the mask for each row, int32 [rows]. Each call returns other indices. */
  which(rows: Dim): Tensor;
}

/**
 * [length, length] the distance by which position j of x [batch, length, …] precedes position i, 0
 * if j comes after i.
 */
export function distances(x: Tensor): Tensor {
  return relu(offsets(x));
}

/**
 * [length, length] a mask that is added to scores before a softmax, so that later positions get no
 * weight.
 */
export function causalMask(x: Tensor): Tensor {
  return mul(cast(greater(constant(0), offsets(x)), 'float32'), constant(-1e9));
}

function offsets(x: Tensor): Tensor {
  const places = placesAlong(x, 1);
  return sub(reshape(places, [x.shape[1], 1]), reshape(places, [1, x.shape[1]]));
}

export interface TransformerConfig {
  readonly layers: number;
  readonly heads: number;
  /** The length of the longest sequence, which is the size of the table of distances. */
  readonly length: number;
  readonly dropout?: Dropout | undefined;
  /** The last weight [dim, m], applied to each position. */
  readonly out: Tensor;
}

/**
 * A causal transformer over sequences, oldest first: [batch, length, dim] → [batch, length, m]
 * (Vaswani et al., 2017; layers normalised first, Xiong et al., ICML 2020). Position i sees
 * positions j ≤ i, so the padding at the end of a shorter sequence does not affect the positions
 * before the padding. The order comes from a learnt weight for each distance i − j and head (Shaw
 * et al., 2018; Raffel et al., 2020). Everything except the attention works on rows, [batch ×
 * length, …].
 */
export function transformer(name: string, x: Tensor, config: TransformerConfig): Tensor {
  const dim = Number(x.shape[2]);
  const { heads, layers, dropout: hiding } = config;
  const width = dim / heads;
  const future = causalMask(x);
  const ids = cast(distances(x), 'int32');
  const masks = hiding && dropoutMasks(hiding.share, dim);
  const hide = (rows: Tensor): Tensor => (masks ? dropout(rows, masks, hiding.which(rows.shape[0])) : rows);

  let hidden = hide(asRows(x));
  for (let layer = 0; layer < layers; layer++) {
    const within = (what: string): string => `${name}.${String(layer)}.${what}`;
    const weight = (what: string, from = dim, to = dim): Tensor => parameter(within(what), [from, to]);
    const bias = (what: string, size: number): Tensor => parameter(within(what), [size], 'zeros');
    const far = transpose(gather(parameter(within('distance'), [config.length, heads], 'zeros'), ids), [2, 0, 1]);
    // One product makes queries, keys and values of all heads, and its columns are then split. Each
    // head has its own rows of the last weights, so no numbers have to be rearranged.
    const weights = ['query', 'key', 'value'].map((what) => weight(what));
    const asked = fromRows(normalised(within('attention_norm'), hidden, concat(weights, 1)), x);
    const columns = pieces(asked, 2, Array<number>(3 * heads).fill(width));
    const mixed = pieces(weight('mixed'), 0, Array<number>(heads).fill(width));
    const biases = pieces(far, 0, Array<number>(heads).fill(1));
    const heard = mixed.reduce<Tensor | undefined>((sum, rows, head) => {
      const [query, key, value] = [columns[head], columns[heads + head], columns[2 * heads + head]];
      const one = asRows(attention(query, key, value, add(biases[head], future)));
      return sum ? addedProduct(one, rows, sum) : matmul(one, rows);
    }, undefined);
    if (heard) hidden = add(hidden, hide(heard));
    const inner = weight('feed.0.weight', dim, 4 * dim);
    const fed = relu(normalised(within('feed_norm'), hidden, inner, bias('feed.0.bias', 4 * dim)));
    const out = linear(fed, weight('feed.1.weight', 4 * dim, dim), bias('feed.1.bias', dim));
    hidden = add(hidden, hide(out));
  }
  return fromRows(normalised(`${name}.norm`, hidden, config.out), x);
}

export interface Fields {
  /** A name for the uses of the table. */
  readonly site: string;
  /** The prefix of the inputs in inputs.ts. */
  readonly prefix: string;
  readonly layout: Layout;
  readonly table: Table;
  readonly outer: readonly Dim[];
  /** The length of a history, which is pooled into a bag. Omitted for a single entity. */
  readonly pooled?: number;
}

/**
 * Embeddings of the columns of an entity: single-valued features [...outer, single, width], and a
 * tensor [...outer, width] for each multi-valued feature.
 */
export function fieldEmbeddings({ site, prefix, layout, table, outer, pooled = 0 }: Fields): {
  single: Tensor | undefined;
  multi: Tensor[];
} {
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
