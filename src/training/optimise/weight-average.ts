// The mean of the weights over the steps, with the latest counting most. At a constant learning
// rate the weights circle around their goal, and the mean is nearer to it than any of them. This is
// polynomial-decay averaging (Shamir & Zhang, ICML 2013), which needs no schedule.

/** Sample n has the weight n (n + 1) … (n + DECAY − 1): mostly the last ninth counts. */
const DECAY = 8;
/** Steps from one sample of the weights to the next, at least. */
const EVERY = 8;
/** Numbers that a step may average. Large tables are sampled more rarely. */
const NUMBERS_A_STEP = 2 ** 20;

export class WeightAverage {
  /** [as many] the mean of each array; the arrays stay the same. */
  readonly means: readonly Float32Array[];
  /** [2] steps and samples since the start. Whole numbers up to 2²⁴ are exact. */
  readonly counts = new Float32Array(2);
  private readonly every: number;

  /** The means start as the weights are now. */
  constructor(private readonly weights: readonly Float32Array[]) {
    this.means = weights.map((values) => values.slice());
    const size = weights.reduce((sum, { length }) => sum + length, 0);
    this.every = Math.max(EVERY, Math.ceil(size / NUMBERS_A_STEP));
  }

  /** Starts again with the next step. */
  renew(): void {
    this.counts.fill(0);
  }

  /** To be called after every step. */
  afterStep(): void {
    const step = (this.counts[0] += 1);
    // Early samples at 1, 2, 4, …: a training may end before the first regular one.
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
