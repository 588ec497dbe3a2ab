// Calibration: are candidates bought as often as their scores predict? Counts in bins of one unit
// of log-odds, so that memory does not grow with the number of candidates.

/** Candidates whose scores lie in [n, n + 1) for a whole number n. */
export interface CalibrationBin {
  readonly candidates: number;
  /** The mean predicted probability. */
  readonly predicted: number;
  /** The share that was bought. */
  readonly observed: number;
}

export interface CalibrationReport {
  /**
   * Expected calibration error (Naeini et al., AAAI 2015): the mean distance of `observed` from
   * `predicted`, over candidates. Few candidates are bought, so the error is small even for poor
   * scores. Compare it with `bought`.
   */
  readonly error: number;
  readonly candidates: number;
  /** The share of all candidates that was bought. */
  readonly bought: number;
  /** The bins in the order of rising probability, without empty ones. */
  readonly bins: readonly CalibrationBin[];
}

/** The two outermost bins count all scores below −LIMIT or above LIMIT. */
const LIMIT = 16;

export class CalibrationCount {
  private readonly counts = new Float64Array(2 * LIMIT);
  private readonly predicted = new Float64Array(2 * LIMIT);
  private readonly hits = new Float64Array(2 * LIMIT);

  /** @param score log-odds; a score that is not finite is skipped */
  add(score: number, bought: boolean): void {
    if (!Number.isFinite(score)) return;
    const bin = Math.floor(Math.min(Math.max(score, -LIMIT), LIMIT - 0.5)) + LIMIT;
    this.counts[bin] += 1;
    this.predicted[bin] += 1 / (1 + Math.exp(-score));
    if (bought) this.hits[bin] += 1;
  }

  report(): CalibrationReport {
    const bins = [...this.counts.keys()]
      .filter((bin) => this.counts[bin] > 0)
      .map((bin) => ({
        candidates: this.counts[bin],
        predicted: this.predicted[bin] / this.counts[bin],
        observed: this.hits[bin] / this.counts[bin],
      }));
    const candidates = bins.reduce((sum, bin) => sum + bin.candidates, 0);
    const share = (value: (bin: CalibrationBin) => number): number =>
      bins.reduce((sum, bin) => sum + value(bin) * bin.candidates, 0) / Math.max(1, candidates);
    return {
      error: share(({ predicted, observed }) => Math.abs(predicted - observed)),
      candidates,
      bought: share(({ observed }) => observed),
      bins,
    };
  }
}
