// The inputs of the models, by name: encoded customers, their histories and articles, as batches of
// numbers. The same functions feed training, building a release, and every request. Knows names and
// shapes, not what models make of them.
import type { Batch, Values } from '../engine/engine';
import type { Catalogue } from './catalogue';
import { HISTORY_LENGTH, type EncodedRows, type Layout } from './encoder';

/**
 * Latest purchases of one customer as catalogue indices, newest first; at most HISTORY_LENGTH are read.
 */
export type History = ArrayLike<number>;

/**
 * How much a purchase counts in the pooled history: each older one this much less than the next
 * newer. Half the weight lies on the latest four or so.
 */
const DECAY = 0.85;

/** Names of a layout's inputs under a prefix: "article", "customer" or "history". */
export const inputName = {
  single: (prefix: string): string => `${prefix}_single`,
  singleWeights: (prefix: string): string => `weights.${prefix}_single`,
  multi: (prefix: string, feature: string): string => `${prefix}_${feature}`,
  multiWeights: (prefix: string, feature: string): string => `weights.${prefix}_${feature}`,
};

/**
 * Inputs of the article tower for catalogue indices [n]: `article_id` [n], `article_single` [n,
 * single] and, for each multi-valued feature, `article_NAME` and `weights.article_NAME` [n, width].
 */
export function articleInputs(catalogue: Catalogue, indices: ArrayLike<number>): Batch {
  const n = indices.length;
  const { layout } = catalogue;
  const batch: Record<string, Values> = {};
  batch.article_id = ints(n, [n]);
  for (let r = 0; r < n; r++) batch.article_id.data[r] = catalogue.slot(indices[r]);
  if (layout.single.length > 0) {
    const single = new Int32Array(n * layout.single.length);
    for (let r = 0; r < n; r++) catalogue.copySingle(indices[r], single, r * layout.single.length);
    batch[inputName.single('article')] = { data: single, shape: [n, layout.single.length] };
  }
  layout.multi.forEach(({ name, width }, m) => {
    const ids = new Int32Array(n * width);
    const weights = new Float32Array(n * width);
    for (let r = 0; r < n; r++) catalogue.copyMulti(m, indices[r], ids, weights, r * width);
    batch[inputName.multi('article', name)] = { data: ids, shape: [n, width] };
    batch[inputName.multiWeights('article', name)] = { data: weights, shape: [n, width] };
  });
  return batch;
}

/**
 * Inputs of a customer's own columns, copied: `customer_single` [n, single] and each multi-valued
 * feature as for articles.
 */
export function customerInputs(layout: Layout, encoded: EncodedRows): Batch {
  const n = encoded.rows;
  const batch: Record<string, Values> = {};
  if (layout.single.length > 0) {
    batch[inputName.single('customer')] = { data: encoded.single.slice(), shape: [n, layout.single.length] };
  }
  layout.multi.forEach(({ name, width }, m) => {
    batch[inputName.multi('customer', name)] = { data: encoded.multi[m].ids.slice(), shape: [n, width] };
    batch[inputName.multiWeights('customer', name)] = { data: encoded.multi[m].weights.slice(), shape: [n, width] };
  });
  return batch;
}

/**
 * Inputs of customers' histories [n]: `last_id` [n] (slot of the latest purchase, 0 if none),
 * `history_id` and `history_id_weights` [n, HISTORY], `history_single` (+ weights) [n, single,
 * HISTORY], and for each multi-valued feature `history_NAME` (+ weights) [n, HISTORY · width].
 * Weights fall with age and sum to 1; all 0 without purchases.
 */
export function historyInputs(catalogue: Catalogue, histories: readonly History[]): Batch {
  const n = histories.length;
  const { layout } = catalogue;
  const features = layout.single.length;
  const last = ints(n, [n]);
  const id = ints(n * HISTORY_LENGTH, [n, HISTORY_LENGTH]);
  const idWeights = floats(n * HISTORY_LENGTH, [n, HISTORY_LENGTH]);
  const single = ints(n * features * HISTORY_LENGTH, [n, features, HISTORY_LENGTH]);
  const singleWeights = floats(n * features * HISTORY_LENGTH, [n, features, HISTORY_LENGTH]);
  const multi = layout.multi.map(({ width }) => ({
    ids: ints(n * HISTORY_LENGTH * width, [n, HISTORY_LENGTH * width]),
    weights: floats(n * HISTORY_LENGTH * width, [n, HISTORY_LENGTH * width]),
  }));
  histories.forEach((history, r) => {
    const length = Math.min(history.length, HISTORY_LENGTH);
    if (length > 0) last.data[r] = catalogue.slot(history[0]);
    const weights = DECAYS[length];
    for (let h = 0; h < length; h++) {
      const article = history[h];
      id.data[r * HISTORY_LENGTH + h] = catalogue.slot(article);
      idWeights.data[r * HISTORY_LENGTH + h] = weights[h];
      catalogue.copySingle(article, single.data, r * features * HISTORY_LENGTH + h, HISTORY_LENGTH);
      for (let f = 0; f < features; f++) singleWeights.data[(r * features + f) * HISTORY_LENGTH + h] = weights[h];
      multi.forEach(({ ids, weights: out }, m) => {
        const { width } = layout.multi[m];
        catalogue.copyMulti(m, article, ids.data, out.data, (r * HISTORY_LENGTH + h) * width, weights[h]);
      });
    }
  });
  const batch: Record<string, Values> = { last_id: last, history_id: id, history_id_weights: idWeights };
  if (features > 0) {
    batch[inputName.single('history')] = single;
    batch[inputName.singleWeights('history')] = singleWeights;
  }
  layout.multi.forEach(({ name }, m) => {
    batch[inputName.multi('history', name)] = multi[m].ids;
    batch[inputName.multiWeights('history', name)] = multi[m].weights;
  });
  return batch;
}

/** Weights of a history of each length, newest first, summing to 1. */
const DECAYS: readonly Float32Array[] = Array.from({ length: HISTORY_LENGTH + 1 }, (_, length) => {
  const raw = Array.from({ length }, (_unused, h) => DECAY ** h);
  const sum = raw.reduce((total, weight) => total + weight, 0);
  return Float32Array.from(raw, (weight) => weight / sum);
});

function ints(size: number, shape: number[]): { data: Int32Array<ArrayBuffer>; shape: number[] } {
  return { data: new Int32Array(size), shape };
}

function floats(size: number, shape: number[]): { data: Float32Array<ArrayBuffer>; shape: number[] } {
  return { data: new Float32Array(size), shape };
}
