// How numbers move: AdamW for dense parameters; row-wise Adagrad and row-wise Adam for embedding
// tables. Each is a pair of pure functions that keep nothing of their own: `init` makes the state,
// `update` is one step and writes into the arrays that it is given. Knows nothing of batches.
import { addScaledRow, fetchNumbers, fetchRows, scaleRow, squaredLength } from './row-kernels';

/** What an optimiser remembers, arrays by name, so that a checkpoint can hold any optimiser's. */
export type OptimiserState = Readonly<Record<string, Float32Array>>;

/** Moves all numbers of the dense parameters. */
export interface DenseOptimiser {
  init(size: number): OptimiserState;
  /** Step number `steps`, from 1: moves `values` [size] and the state in place. */
  update(values: Float32Array, gradient: Float32Array, state: OptimiserState, rate: number, steps: number): void;
  /**
   * Writes to `out` where `values` will be after one step more, if its gradient is like those
   * before. `steps`: how many were made. Weight decay, which moves little in one step, is left out.
   */
  foresee(out: Float32Array, values: Float32Array, state: OptimiserState, rate: number, steps: number): void;
}

/**
 * Moves the rows of a table that a batch touched: costs by these, whatever the size of the table.
 */
export interface TableOptimiser {
  init(rows: number, width: number): OptimiserState;
  /** One step: moves the touched rows of `table` [rows, width] and of `state` in place. */
  update(table: Float32Array, gradients: RowGradients, state: OptimiserState, rate: number): void;
}

/** Gradients of the rows of a table that a batch touched. */
export interface RowGradients {
  readonly width: number;
  /** [touched] distinct rows. */
  readonly rows: Int32Array;
  /** [touched, width] */
  readonly values: Float32Array;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * Adam (Kingma & Ba, arXiv 1412.6980) with decoupled weight decay (Loshchilov & Hutter, arXiv
 * 1711.05101); a decay of 0 is plain Adam. State: `mean` and `variance` [size].
 */
export function adamW(weightDecay = 0): DenseOptimiser {
  return {
    init: (size) => ({ mean: new Float32Array(size), variance: new Float32Array(size) }),
    update(values, gradient, { mean, variance }, rate, steps) {
      const moved = rate * adamCorrection(steps);
      const kept = 1 - rate * weightDecay;
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i];
        const m = (mean[i] += (1 - BETA1) * (g - mean[i]));
        const v = (variance[i] += (1 - BETA2) * (g * g - variance[i]));
        values[i] = kept * values[i] - (moved * m) / (Math.sqrt(v) + EPSILON);
      }
    },
    foresee(out, values, { mean, variance }, rate, steps) {
      const moved = steps === 0 ? 0 : rate * adamCorrection(steps);
      for (let i = 0; i < values.length; i++) {
        out[i] = values[i] - (moved * mean[i]) / (Math.sqrt(variance[i]) + EPSILON);
      }
    },
  };
}

/**
 * Shortens a gradient that is longer than `norm` to that length, in place (Pascanu et al., arXiv
 * 1211.5063).
 */
export function shorten(gradient: Float32Array, norm: number): void {
  if (norm === Infinity) return;
  const length = Math.sqrt(squaredLength(gradient, 0, gradient.length));
  if (length > norm) scaleRow(gradient, 0, norm / length, gradient, 0, gradient.length);
}

/**
 * Row-wise Adagrad: one accumulator a row instead of one a number (Naumov et al., DLRM, arXiv
 * 1906.00091; FBGEMM's `EXACT_ROWWISE_ADAGRAD`). State: `squares` [rows], the sum of the mean
 * squared gradients of each row.
 */
export const rowWiseAdagrad: TableOptimiser = {
  init: (rows) => ({ squares: new Float32Array(rows) }),
  update(table, { width, rows, values }, { squares }, rate) {
    for (let t = 0, from = 0; t < rows.length; t++, from += width) {
      fetchNumbers(squares, rows, t);
      fetchRows(table, width, rows, t);
      const row = rows[t];
      squares[row] += squaredLength(values, from, width) / width;
      addScaledRow(table, row * width, -rate / (Math.sqrt(squares[row]) + EPSILON), values, from, width);
    }
  },
};

/**
 * Row-wise Adam: a mean for each number, one variance a row (FBGEMM's `PARTIAL_ROWWISE_ADAM`), and
 * only rows that a batch touched move or age (as TensorFlow Addons' `LazyAdam`). A row's means are
 * corrected for starting at 0 by the number of its own steps, so that a rare row's first step is as
 * long as a frequent one's. State: `mean` [rows, width], `variance` and `steps` [rows].
 */
export const rowWiseAdam: TableOptimiser = {
  init: (rows, width) => ({
    mean: new Float32Array(rows * width),
    variance: new Float32Array(rows),
    steps: new Float32Array(rows),
  }),
  update(table, { width, rows, values }, { mean, variance, steps }, rate) {
    for (let t = 0, from = 0; t < rows.length; t++, from += width) {
      fetchRows(table, width, rows, t);
      fetchRows(mean, width, rows, t);
      fetchNumbers(variance, rows, t);
      fetchNumbers(steps, rows, t);
      const row = rows[t];
      steps[row] += 1;
      variance[row] = BETA2 * variance[row] + ((1 - BETA2) * squaredLength(values, from, width)) / width;
      const scale = (rate * adamCorrection(steps[row])) / (Math.sqrt(variance[row]) + EPSILON);
      const to = row * width;
      for (let i = 0; i < width; i++) {
        const moved = BETA1 * mean[to + i] + (1 - BETA1) * values[from + i];
        mean[to + i] = moved;
        table[to + i] -= scale * moved;
      }
    }
  },
};

/** By how much the `steps`-th step is longer since both moments started at 0. */
function adamCorrection(steps: number): number {
  return steps < CORRECTIONS.length ? CORRECTIONS[steps] : 1;
}

/**
 * Looked up, since a power for each row would cost as much as the row; from the last one on it is 1
 * in single precision.
 */
const CORRECTIONS = Float64Array.from(
  { length: 20_000 },
  (_, steps) => Math.sqrt(1 - BETA2 ** steps) / (1 - BETA1 ** steps),
);
