// How far the ranker's layers are heard beside the straight way by customers with a past: as far as
// lists held out are worth more by them, by more than chance. Newcomers never hear them. Knows
// scores, not what made them.
import type { ListJudge } from './list-judge';

/** A gate, and what the lists held out look like by it. */
export interface Heard {
  /** From 0, not heard, to 1. */
  readonly gate: number;
  /** [lists][candidates] */
  readonly scores: readonly Float32Array[];
  /** As the judge has it. */
  readonly worth: Float64Array;
}

/**
 * How far it may be open. Never more than half: the lists held out are of the weeks that are learnt
 * from, so they cannot tell what layers know of these weeks alone.
 */
const OPEN = [0.25, 0.5] as const;

/** The straight way alone, which scores the lists held out like `alone`, [lists][candidates]. */
export function unheard(judge: ListJudge, alone: readonly Float32Array[]): Heard {
  return { gate: 0, scores: alone, worth: judge.worth(alone) };
}

/**
 * Opens the gate for layers that add `added`, [lists][candidates], to the scores of lists held out,
 * which without them are as `shut` has them: as far as is best, of what is better than not to hear
 * them by more than chance.
 */
export function openGate(judge: ListJudge, shut: Heard, added: readonly Float32Array[]): Heard {
  let best = shut;
  for (const gate of OPEN) {
    const scores = shut.scores.map((alone, l) => {
      if (judge.isNewcomer(l)) return alone;
      return alone.map((score, i) => score + gate * added[l][i]);
    });
    const heard = { gate, scores, worth: judge.worth(scores) };
    const isSure = judge.isBetter(heard.worth, shut.worth, 'known');
    if (isSure && judge.mean(heard.worth, 'known') > judge.mean(best.worth, 'known')) best = heard;
  }
  return best;
}
