// The interface of models in ranking, and the model inputs that describe customers.
import type { Batch } from '../engine/batch';
import type { Catalogue } from '../features/catalogue';
import type { Customers } from '../features/customers';
import { HISTORY_LENGTH, type Encoder } from '../features/encoder';
import { customerInputs, historyInputs } from '../features/inputs';
import { vectorOf, type VectorRows } from './vector-rows';

/**
 * Takes named inputs and returns the numbers of the model's only output, rows in the order of the
 * inputs. The model may keep the memory of its inputs, so callers must not use the arrays
 * afterwards.
 */
export type Model = (inputs: Batch) => Promise<Float32Array>;

/**
 * Inputs of the query tower: the vectors of the latest purchases, oldest first, and the customers'
 * own columns.
 */
export function queryInputs(encoder: Encoder, { encoded, histories }: Customers, vectors: VectorRows): Batch {
  const { dim } = vectors;
  const n = histories.length;
  const history = new Float32Array(n * HISTORY_LENGTH * dim);
  const length = new Int32Array(n);
  histories.forEach((purchases, r) => {
    // Purchases come newest first. Articles without a vector yet are left out.
    for (let i = Math.min(purchases.length, HISTORY_LENGTH) - 1; i >= 0; i--) {
      const vector = vectorOf(vectors, purchases[i].article);
      if (!vector) continue;
      history.set(vector, (r * HISTORY_LENGTH + length[r]) * dim);
      length[r] += 1;
    }
  });
  return {
    ...customerInputs(encoder.customerLayout, encoded),
    history: { data: history, shape: [n, HISTORY_LENGTH, dim] },
    history_length: { data: length, shape: [n] },
  };
}

/** Inputs of the ranker that are the same for all candidates of a customer. */
export function rankerCustomers(encoder: Encoder, catalogue: Catalogue, { encoded, histories }: Customers): Batch {
  const articles = histories.map((history) => history.slice(0, HISTORY_LENGTH).map((purchase) => purchase.article));
  return { ...customerInputs(encoder.customerLayout, encoded), ...historyInputs(catalogue, articles) };
}
