// Layers that the models share, as functions from tensors to tensors. Each names its own parameters
// under a prefix. Knows nothing of what the numbers stand for.
import {
  add,
  addedProduct,
  asRows,
  attention,
  cast,
  concat,
  dropout,
  fromRows,
  gather,
  greater,
  linear,
  matmul,
  mul,
  normalisedLinear,
  pieces,
  placesAlong,
  relu,
  reshape,
  sub,
  transpose,
} from '../../graph/operators';
import { constant, embedding, input, parameter, type Dim, type Table, type Tensor } from '../../graph/tensor';
import type { Layout } from '../../features/encoder';
import { inputName } from '../../features/inputs';
import { createRandom } from '../../random';

/**
 * Fully connected layers of the given widths, ReLU between them, none after the last. [..., n] →
 * [..., last width].
 */
export function mlp(name: string, x: Tensor, widths: readonly number[]): Tensor {
  return sharedMlp(name, [Number(x.shape[x.shape.length - 1])], widths)(x);
}

/**
 * The same over several tensors as if they stood side by side, [..., a], [..., b]… → [..., last
 * width], without moving their numbers there: each has its own rows of the first weights.
 */
export function joinedMlp(name: string, parts: readonly Tensor[], widths: readonly number[]): Tensor {
  const froms = parts.map((part) => Number(part.shape[part.shape.length - 1]));
  return sharedMlp(name, froms, widths)(...parts);
}

/**
 * The same for inputs of the widths `froms`, to be applied several times with one set of weights.
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
    // Each product adds to the one before, within itself.
    const hidden = parts.reduce((sum, part, p) => addedProduct(asRows(part), firsts[p], sum), first.bias);
    const out = others.reduce((before, { weight, bias }) => linear(relu(before), weight, bias), hidden);
    return fromRows(out, parts[0]);
  };
}

/**
 * Layer normalisation with a gain and a bias of its own, then a dense layer: [rows, n] → [rows, m]
 * for a weight [n, m]. Gain and bias go into the weight and the bias of the layer, which are small,
 * so that no pass over the rows is needed for them.
 */
export function normalised(name: string, x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const [width, to] = weight.shape.map(Number);
  const gain = reshape(parameter(`${name}.gain`, [width], 'ones'), [width, 1]);
  const shift = reshape(parameter(`${name}.bias`, [width], 'zeros'), [1, width]);
  const shifted = reshape(matmul(shift, weight), [to]);
  return normalisedLinear(x, mul(gain, weight), bias ? add(shifted, bias) : shifted);
}

/** How many masks dropout draws on. */
export const MASKS = 1024;

/** Masks that hide a share of the numbers of a row, [MASKS, width], the same for every model. */
export function dropoutMasks(share: number, width: number): Tensor {
  const random = createRandom('masks', width);
  const values = Array.from({ length: MASKS * width }, () => (random.next() < share ? 0 : 1 / (1 - share)));
  return constant(values, [MASKS, width]);
}

/** What hides numbers while training: a share of them, by masks that are chosen for each row. */
export interface Dropout {
  readonly share: number;
  /** Numbers of masks, int32 [rows], fresh ones for each call. */
  which(rows: Dim): Tensor;
}

/**
 * How far each place of x [batch, length, …] lies before another, 0 for what lies ahead: [length,
 * length].
 */
export function distances(x: Tensor): Tensor {
  return relu(offsets(x));
}

/** To be added to scores before a softmax: what lies ahead gets no weight. [length, length] */
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
  /** Numbers looked back at most, which bounds the table of distances. */
  readonly length: number;
  readonly dropout?: Dropout | undefined;
  /** What becomes of the numbers of each place in the end, [dim, m]. */
  readonly out: Tensor;
}

/**
 * A causal transformer over sequences [batch, length, dim], oldest first (Vaswani et al., 2017;
 * layers normalised first, Xiong et al., ICML 2020). Place i sees places j ≤ i, so filling at the
 * end of a shorter sequence changes nothing before it. Order is known by a learnt weight of each
 * distance i − j and head (Shaw et al., 2018; Raffel et al., 2020), the same wherever a sequence
 * begins. → [batch, length, m]. All but the attention works on rows, [batch × length, …].
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
    // One product for all heads and all they ask, cut into columns; each head then goes its own way
    // until its rows of the last weights, so that numbers of several heads never have to be moved
    // apart.
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

/**
 * Embeddings of the columns of one entity, as inputs.ts names them under `prefix`: single-valued
 * features [...outer, single, width] and one [...outer, width] for each multi-valued feature. With
 * `pooled` (a history) each is a bag.
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
