// The mean of weights on their way, the latest of which count most: steps of a constant rate circle around where they lead to, and
// the mean is nearer to it than any of them. Polynomial-decay averaging (Shamir & Zhang, ICML 2013), which needs neither a
// schedule nor the length of a training. Knows neither model nor optimiser.

/** The mean leans on about the last ninth of what it has seen. */
const DECAY = 8;
/** Steps between two looks at least; more, where there are more numbers than a step has time for. */
const EVERY = 8;
const NUMBERS_A_STEP = 2 ** 20;

export class WeightAverage {
  /** [as many] the mean of each array; the arrays stay the same. */
  readonly means: readonly Float32Array[];
  /** [1] how often they have been looked at. */
  readonly looks = new Float32Array(1);
  private readonly every: number;

  /** @param weights the arrays that move; the mean of what has not been looked at yet is as they are now */
  constructor(private readonly weights: readonly Float32Array[]) {
    this.means = weights.map((values) => values.slice());
    const size = weights.reduce((sum, { length }) => sum + length, 0);
    this.every = Math.max(EVERY, Math.ceil(size / NUMBERS_A_STEP));
  }

  /** To be called after every step, with its number from 1. */
  afterStep(step: number): void {
    // The shortest training has an end, too: the first, the second, the fourth.
    const isEarly = Number.isInteger(Math.log2(step)) && step < this.every;
    if (!isEarly && step % this.every !== 0) return;
    this.looks[0] += 1;
    const share = (DECAY + 1) / (this.looks[0] + DECAY);
    this.weights.forEach((values, w) => {
      const mean = this.means[w];
      for (let i = 0; i < values.length; i++) mean[i] += share * (values[i] - mean[i]);
    });
  }
}
