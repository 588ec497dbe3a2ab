// The mean of the weights over the steps, in which the latest steps count most. At a constant
// learning rate the weights circle around the optimum, and the mean is nearer to the optimum than
// the weights of any single step. This is polynomial-decay averaging (Shamir & Zhang, ICML 2013),
// which needs no schedule.

/**
 * Sample n has the weight n (n + 1) … (n + DECAY − 1). After many samples, the last ninth of them
 * has about two thirds of the total weight.
 */
const DECAY = 8;
/** Minimum number of steps from one sample of the weights to the next. */
const EVERY = 8;
/** Maximum number of weights that may be averaged per step. Large models are sampled less often. */
const NUMBERS_A_STEP = 2 ** 20;

export class WeightAverage {
  /** The mean of each array of weights, of the same length. The arrays are never replaced. */
  readonly means: readonly Float32Array[];
  /** [2] the numbers of steps and of samples since the start. Whole numbers up to 2²⁴ are exact. */
  readonly counts = new Float32Array(2);
  private readonly every: number;

  /** The means start with the current weights. */
  constructor(private readonly weights: readonly Float32Array[]) {
    this.means = weights.map((values) => values.slice());
    const size = weights.reduce((sum, { length }) => sum + length, 0);
    this.every = Math.max(EVERY, Math.ceil(size / NUMBERS_A_STEP));
  }

  /** Starts the mean again with the next step. */
  renew(): void {
    this.counts.fill(0);
  }

  /** Must be called after every step. */
  afterStep(): void {
    const step = (this.counts[0] += 1);
    // Early samples are taken at steps 1, 2, 4, …, since training may end before the first regular
    // sample.
    const isEarly = step < this.every && (step & (step - 1)) === 0;
    if (!isEarly && step % this.every !== 0) return;
    const samples = (this.counts[1] += 1);
    const share = (DECAY + 1) / (samples + DECAY);
    this.weights.forEach((values, w) => {
      const mean = this.means[w];
      for (let i = 0; i < values.length; i++) mean[i] += share * (values[i] - mean[i]);
    });
  }
}
