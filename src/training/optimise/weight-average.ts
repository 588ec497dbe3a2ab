// The mean of weights on their way, the latest of which count most: steps of a constant rate circle
// around where they lead to, and the mean is nearer to it than any of them. Polynomial-decay
// averaging (Shamir & Zhang, ICML 2013), which needs neither a schedule nor the length of a
// training. Knows neither model nor optimiser.

/** The nth look counts as n (n + 1) … (n + DECAY − 1): the mean leans on about the last ninth. */
const DECAY = 8;
/** Steps from one look to the next, at least. */
const EVERY = 8;
/** Numbers that the mean may cost a step, on average: at large tables it looks more rarely. */
const NUMBERS_A_STEP = 2 ** 20;

export class WeightAverage {
  /** [as many] the mean of each array; the arrays stay the same. */
  readonly means: readonly Float32Array[];
  /** [2] steps since it began, and looks; whole numbers up to 2²⁴ are exact. */
  readonly counts = new Float32Array(2);
  private readonly every: number;

  /**
   * @param weights the arrays that move; the mean of what has not been looked at yet is as they are
   * now
   */
  constructor(private readonly weights: readonly Float32Array[]) {
    this.means = weights.map((values) => values.slice());
    const size = weights.reduce((sum, { length }) => sum + length, 0);
    this.every = Math.max(EVERY, Math.ceil(size / NUMBERS_A_STEP));
  }

  /** Begins anew: from the next step on the mean is of what follows alone. */
  renew(): void {
    this.counts.fill(0);
  }

  /** To be called after every step. */
  afterStep(): void {
    const step = (this.counts[0] += 1);
    // Early on also at 1, 2, 4, …: a training may end before the first regular look.
    const isEarly = step < this.every && (step & (step - 1)) === 0;
    if (!isEarly && step % this.every !== 0) return;
    const looks = (this.counts[1] += 1);
    const share = (DECAY + 1) / (looks + DECAY);
    this.weights.forEach((values, w) => {
      const mean = this.means[w];
      for (let i = 0; i < values.length; i++) mean[i] += share * (values[i] - mean[i]);
    });
  }
}
