// The inputs of the models by name: articles, customers and histories as batches of numbers.
// Training, releases and serving all use these functions.

import type { Batch, Values } from '../engine/batch';
import type { Catalogue } from './catalogue';
import { HISTORY_LENGTH, type EncodedRows, type Layout } from './encoder';

/** A customer's purchases as catalogue indices, newest first. The first HISTORY_LENGTH are read. */
export type History = ArrayLike<number>;

/**
 * In the pooled history, each purchase has this fraction of the weight of the next newer one. About
 * half the weight lies on the latest four.
 */
const DECAY = 0.85;

/** The prefix is "article", "customer" or "history". */
export const inputName = {
  single: (prefix: string): string => `${prefix}_single`,
  singleWeights: (prefix: string): string => `weights.${prefix}_single`,
  multi: (prefix: string, feature: string): string => `${prefix}_${feature}`,
  multiWeights: (prefix: string, feature: string): string => `weights.${prefix}_${feature}`,
};

/**
 * The inputs of the article tower for some catalogue indices [n]:
 * - `article_id` [n]
 * - `article_single` [n, single]
 * - `article_NAME` and `weights.article_NAME` [n, width] for each multi-valued feature
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
    for (let r = 0; r < n; r++) catalogue.copyMulti(m, indices[r], { ids, weights }, r * width);
    batch[inputName.multi('article', name)] = { data: ids, shape: [n, width] };
    batch[inputName.multiWeights('article', name)] = { data: weights, shape: [n, width] };
  });
  return batch;
}

/**
 * The inputs of customers' own columns: `customer_single` [n, single], and each multi-valued
 * feature as for articles. The arrays are copies.
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
 * The inputs of histories [n], where H is HISTORY_LENGTH:
 * - `last_id` [n] the slot of the latest purchase, 0 if there is none
 * - `history_id` and `history_id_weights` [n, H]
 * - `history_single` and its weights [n, single, H]
 * - `history_NAME` and its weights [n, H · width] for each multi-valued feature
 *
 * Weights fall with age and sum to 1. They are all 0 for an empty history.
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
    ids: new Int32Array(n * HISTORY_LENGTH * width),
    weights: new Float32Array(n * HISTORY_LENGTH * width),
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
      multi.forEach((out, m) => {
        catalogue.copyMulti(m, article, out, (r * HISTORY_LENGTH + h) * layout.multi[m].width, weights[h]);
      });
    }
  });
  const batch: Record<string, Values> = { last_id: last, history_id: id, history_id_weights: idWeights };
  if (features > 0) {
    batch[inputName.single('history')] = single;
    batch[inputName.singleWeights('history')] = singleWeights;
  }
  layout.multi.forEach(({ name, width }, m) => {
    const shape = [n, HISTORY_LENGTH * width];
    batch[inputName.multi('history', name)] = { data: multi[m].ids, shape };
    batch[inputName.multiWeights('history', name)] = { data: multi[m].weights, shape };
  });
  return batch;
}

/** The weights for a history of each length, newest first. They sum to 1. */
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
