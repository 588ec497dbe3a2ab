// Optimisers: AdamW for dense parameters, row-wise Adagrad for embedding tables. Optimisers hold no
// state themselves: `init` makes the state, and `update` applies one step to the given arrays.
import { addScaledRow, fetchNumbers, fetchRows, squaredLength, type Rows } from './row-kernels';
import type { RowGradients } from './table-rows';

/** The state of an optimiser: arrays by name, as a checkpoint stores them. */
export type OptimiserState = Readonly<Record<string, Float32Array>>;

/** An optimiser that moves all dense parameters. */
export interface DenseOptimiser {
  init(size: number): OptimiserState;
  /** Makes step number `steps`, from 1: updates `values` [size] and the state in place. */
  update(values: Float32Array, gradient: Float32Array, state: OptimiserState, rate: number, steps: number): void;
  /**
   * Predicts `values` after one more step and writes the prediction to `out`. The gradient is
   * assumed to be similar to the earlier ones. `steps` is the number of steps so far. Weight decay
   * is left out, since it moves little in one step.
   */
  foresee(out: Float32Array, values: Float32Array, state: OptimiserState, rate: number, steps: number): void;
}

/** Returns the factor for the learning rates of a step. Steps count from 1. */
export type RateSchedule = (step: number) => number;

/** The factor falls evenly from 1 at the first step to `floor` at the last step. */
export function linearDecay(steps: number, floor: number): RateSchedule {
  return (step) => {
    const gone = Math.min(1, (step - 1) / Math.max(1, steps - 1));
    return floor + (1 - floor) * (1 - gone);
  };
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * Adam (Kingma & Ba, arXiv 1412.6980) with decoupled weight decay (Loshchilov & Hutter, arXiv
 * 1711.05101). A decay of 0 is plain Adam. State: `mean` and `variance` [size].
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
 * The correction for the means, which start at 0. From step 20,000 on, the correction is 1 in
 * single precision.
 */
function adamCorrection(steps: number): number {
  return steps < 20_000 ? Math.sqrt(1 - BETA2 ** steps) / (1 - BETA1 ** steps) : 1;
}

/**
 * Row-wise Adagrad, which keeps one accumulator for each row and not for each number (Naumov et
 * al., DLRM, arXiv 1906.00091; FBGEMM's `EXACT_ROWWISE_ADAGRAD`). State: `squares` [rows], the sum
 * of the mean squared gradients of each row.
 */
export const rowWiseAdagrad = {
  init: (rows: number): OptimiserState => ({ squares: new Float32Array(rows) }),
  /** Makes one step: updates the touched rows of the table and of the state in place. */
  update(table: Rows, gradients: RowGradients, { squares }: OptimiserState, rate: number): void {
    const { rows, width } = gradients;
    for (let t = 0; t < rows.length; t++) {
      fetchNumbers(squares, rows, t);
      fetchRows(table, rows, t);
      const row = rows[t];
      squares[row] += squaredLength(gradients, t) / width;
      addScaledRow(table, row, -rate / (Math.sqrt(squares[row]) + EPSILON), gradients, t);
    }
  },
};
