// Fits scores to chances: Platt's two numbers, by Newton's method, of newcomers and of customers
// with a past apart where there is enough to tell. Pure arithmetic; knows nothing of where scores
// come from. Platt, "Probabilistic outputs for support vector machines", 1999; Lin, Lin & Weng, "A
// note on Platt's…", 2007.
import type { Calibration, Calibrations } from './ranker';
import type { StraightGroup } from './straight';

/** The scores of what one customer was shown, and what of it happened. */
export interface ScoredList {
  readonly group: StraightGroup;
  readonly scores: ArrayLike<number>;
  /** 1 where it did. */
  readonly happened: ArrayLike<number>;
}

/**
 * What must have happened in a group for numbers of its own: with independent purchases its chances
 * are then right within a tenth or so.
 */
const ENOUGH = 100;

/** Each group's own, and those of all together for a group in which too little happened. */
export function fitCalibrations(lists: readonly ScoredList[]): Calibrations {
  let together: Calibration | undefined;
  const ofGroup = (group: StraightGroup): Calibration => {
    const own = lists.filter((list) => list.group === group);
    const happened = own.reduce((sum, list) => sum + total(list.happened), 0);
    return happened < ENOUGH ? (together ??= fitLists(lists)) : fitLists(own);
  };
  return { known: ofGroup('known'), newcomers: ofGroup('newcomers') };
}

function fitLists(lists: readonly ScoredList[]): Calibration {
  const size = lists.reduce((sum, { scores }) => sum + scores.length, 0);
  const [scores, happened] = [new Float64Array(size), new Uint8Array(size)];
  let at = 0;
  for (const list of lists) {
    scores.set(list.scores, at);
    happened.set(list.happened, at);
    at += list.scores.length;
  }
  return fitCalibration(scores, happened);
}

function total(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}

/**
 * The scale > 0 and shift for which the logistic of scale · score + shift fits best to what
 * happened: of `scores` those at the same place of `happened` did. Where scores tell nothing, since
 * nothing happened, everything, or rather what scored low, all chances are about the same and only
 * the order stays. Without any scores they are left as they are.
 */
export function fitCalibration(scores: Float64Array, happened: Uint8Array): Calibration {
  const positives = happened.reduce((sum, one) => sum + one, 0);
  const negatives = scores.length - positives;
  if (scores.length === 0) return { scale: 1, shift: 0 };
  // Targets a little off 0 and 1, so that perfectly parted scores do not drive the scale to
  // infinity.
  const yes = (positives + 1) / (positives + 2);
  const no = 1 / (negatives + 2);
  const target = (i: number): number => (happened[i] ? yes : no);
  let scale = 0;
  let shift = Math.log((positives + 1) / (negatives + 1));
  let loss = lossOf(scores, target, scale, shift);
  for (let step = 0; step < STEPS; step++) {
    let [g0, g1, h00, h01, h11] = [0, 0, RIDGE, 0, RIDGE];
    for (let i = 0; i < scores.length; i++) {
      const chance = 1 / (1 + Math.exp(-(scale * scores[i] + shift)));
      const slope = chance - target(i);
      const curve = chance * (1 - chance);
      g0 += slope * scores[i];
      g1 += slope;
      h00 += curve * scores[i] * scores[i];
      h01 += curve * scores[i];
      h11 += curve;
    }
    const determinant = h00 * h11 - h01 * h01;
    const d0 = (h11 * g0 - h01 * g1) / determinant;
    const d1 = (h00 * g1 - h01 * g0) / determinant;
    // Half the step until it helps: far from the end Newton's may go too far.
    let size = 1;
    let next = lossOf(scores, target, scale - d0, shift - d1);
    while (!(next <= loss) && size > 1e-6) {
      size /= 2;
      next = lossOf(scores, target, scale - size * d0, shift - size * d1);
    }
    if (!(next < loss)) break;
    scale -= size * d0;
    shift -= size * d1;
    const gain = loss - next;
    loss = next;
    if (gain < 1e-9 * loss) break;
  }
  if (scale > FLAT) return { scale, shift };
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  return { scale: FLAT, shift: Math.log((positives + 1) / (negatives + 1)) - FLAT * mean };
}

/** The least scale: an order remains. */
const FLAT = 1e-3;
const STEPS = 100;
/** Keeps a step finite where all scores are alike. */
const RIDGE = 1e-9;

/** Cross-entropy, without overflow: log(1 + eˣ) − target · x. */
function lossOf(scores: Float64Array, target: (i: number) => number, scale: number, shift: number): number {
  let loss = 0;
  for (let i = 0; i < scores.length; i++) {
    const x = scale * scores[i] + shift;
    loss += Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) - target(i) * x;
  }
  return loss;
}
