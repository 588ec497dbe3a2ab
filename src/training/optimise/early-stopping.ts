// Reads off the scores of a validation, in the order in which they came, which is the best and
// whether to go on (Prechelt, "Early stopping, but when?", 1998). Pure; knows nothing of what was
// measured.

export interface StoppingRule {
  /** Scores in a row without a gain after which training stops. */
  readonly patience: number;
  /** A score must be better than the best before it by more than this to be a gain. */
  readonly minGain: number;
}

export interface Verdict {
  /** Place of the last score that was a gain, −1 if there is none: the weights to keep. */
  readonly best: number;
  readonly stop: boolean;
}

/** Judges scores [n], higher is better, oldest first. One that is not a number is no gain. */
export function judge(scores: readonly number[], { patience, minGain }: StoppingRule): Verdict {
  let best = -1;
  scores.forEach((score, place) => {
    if (best < 0 ? !Number.isNaN(score) : score > scores[best] + minGain) best = place;
  });
  return { best, stop: scores.length - 1 - best >= patience };
}
