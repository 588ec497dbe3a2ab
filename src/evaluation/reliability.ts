// Whether scores mean what they say: of candidates that are said to be bought with some
// probability, what share was bought? Counts as it goes, in bins of one unit of log-odds, so that
// memory does not grow with the candidates. Knows no model.

/** Candidates whose scores lie in [n, n + 1) for a whole number n. */
export interface ReliabilityBin {
  readonly candidates: number;
  /** Mean of the probabilities that the scores say. */
  readonly predicted: number;
  /** Share that was bought. */
  readonly observed: number;
}

export interface CalibrationReport {
  /**
   * Expected calibration error (Naeini et al., AAAI 2015): mean over candidates of how far what was
   * bought in their bin is from what was said. Few candidates are bought, so it is small even for
   * poor scores: read it beside `bought`.
   */
  readonly error: number;
  readonly candidates: number;
  /** Share of all candidates that was bought. */
  readonly bought: number;
  /** By rising probability; those without candidates are left out. */
  readonly bins: readonly ReliabilityBin[];
}

/** Scores beyond are counted with the outermost bin. */
const LIMIT = 16;

export class Reliability {
  private readonly counts = new Float64Array(2 * LIMIT);
  private readonly predicted = new Float64Array(2 * LIMIT);
  private readonly hits = new Float64Array(2 * LIMIT);

  /**
   * One candidate: its score as log-odds, and whether it was bought. A score that is not finite is
   * none and is passed over.
   */
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
    const share = (value: (bin: ReliabilityBin) => number): number =>
      bins.reduce((sum, bin) => sum + value(bin) * bin.candidates, 0) / Math.max(1, candidates);
    return {
      error: share(({ predicted, observed }) => Math.abs(predicted - observed)),
      candidates,
      bought: share(({ observed }) => observed),
      bins,
    };
  }
}
