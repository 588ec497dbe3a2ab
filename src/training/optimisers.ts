// How parameters move: Adam for the dense ones, row-wise Adagrad for embedding tables, each a pair of plain functions.
// An update writes into the arrays that it is given (they are the size of the model); it keeps no state of its own.
// Knows nothing of graphs or batches.

/** First and second moments of one dense parameter. */
export interface AdamState {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  step: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

export function adamInit(size: number): AdamState {
  return { mean: new Float32Array(size), variance: new Float32Array(size), step: 0 };
}

/**
 * One step of Adam with decoupled weight decay (Kingma & Ba, arXiv 1412.6980; Loshchilov & Hutter, arXiv 1711.05101).
 * Moves `values` and `state` in place.
 */
export function adamUpdate(
  values: Float32Array,
  gradient: Float32Array | Int32Array,
  state: AdamState,
  rate: number,
  weightDecay = 0,
): void {
  state.step += 1;
  const { mean, variance } = state;
  const correction = Math.sqrt(1 - BETA2 ** state.step) / (1 - BETA1 ** state.step);
  const stepSize = rate * correction;
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i];
    mean[i] = BETA1 * mean[i] + (1 - BETA1) * g;
    variance[i] = BETA2 * variance[i] + (1 - BETA2) * g * g;
    values[i] -= stepSize * (mean[i] / (Math.sqrt(variance[i]) + EPSILON)) + rate * weightDecay * values[i];
  }
}

/** Gradients of the rows of a table that a batch touched. */
export interface RowGradients {
  /** [touched] distinct rows. */
  readonly rows: Int32Array;
  /** [touched, width] */
  readonly values: Float32Array;
}

/** [rows] mean squared gradient seen so far of each row. */
export type AdagradState = Float32Array;

export function adagradInit(rows: number): AdagradState {
  return new Float32Array(rows);
}

/**
 * One step of row-wise Adagrad: one accumulator a row instead of one a number (Naumov et al., DLRM, arXiv 1906.00091;
 * FBGEMM's `EXACT_ROWWISE_ADAGRAD`). Costs by the rows touched, whatever the size of the table.
 */
export function adagradUpdate(
  table: Float32Array,
  width: number,
  gradients: RowGradients,
  state: AdagradState,
  rate: number,
): void {
  gradients.rows.forEach((row, t) => {
    let squared = 0;
    for (let i = t * width; i < (t + 1) * width; i++) squared += gradients.values[i] ** 2;
    state[row] += squared / width;
    const scale = rate / (Math.sqrt(state[row]) + EPSILON);
    for (let i = 0; i < width; i++) table[row * width + i] -= scale * gradients.values[t * width + i];
  });
}
