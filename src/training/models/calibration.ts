// Calibration: fits Platt's two numbers by Newton's method, so that scores become probabilities.
// Returning and cold customers get their own numbers if there are enough purchases. Platt,
// "Probabilistic outputs for support vector machines", 1999; Lin, Lin & Weng, "A note on Platt's…",
// 2007.
import { mean, sum } from '../../numbers';
import type { CustomerGroup } from './linear-part';
import type { Calibration, Calibrations } from './ranker';

/** The scores of one customer's list, and which of its articles were bought. */
export interface ScoredList {
  readonly group: CustomerGroup;
  readonly scores: ArrayLike<number>;
  /** 1 for each article that was bought, otherwise 0. */
  readonly bought: ArrayLike<number>;
}

/**
 * Number of purchases that a group needs for its own calibration. With this number, the
 * probabilities are accurate to about a tenth, if purchases are independent.
 */
const ENOUGH = 100;

/**
 * A calibration for each group. A group with too few purchases gets the calibration of all lists
 * together.
 */
export function fitCalibrations(lists: readonly ScoredList[]): Calibrations {
  let together: Calibration | undefined;
  const ofGroup = (group: CustomerGroup): Calibration => {
    const own = lists.filter((list) => list.group === group);
    const purchases = sum(own.map((list) => sum(list.bought)));
    return purchases < ENOUGH ? (together ??= fitLists(lists)) : fitLists(own);
  };
  return { returning: ofGroup('returning'), cold: ofGroup('cold') };
}

function fitLists(lists: readonly ScoredList[]): Calibration {
  const size = sum(lists.map(({ scores }) => scores.length));
  const [scores, bought] = [new Float64Array(size), new Uint8Array(size)];
  let at = 0;
  for (const list of lists) {
    scores.set(list.scores, at);
    bought.set(list.bought, at);
    at += list.scores.length;
  }
  return fitCalibration(scores, bought);
}

/**
 * The scale > 0 and the shift for which the logistic of scale · score + shift fits best to
 * `bought`, which is 1 for each article that was bought, otherwise 0. If the scores tell nothing,
 * all probabilities are about equal and only the order remains. This happens when no candidate,
 * every candidate, or mostly candidates with low scores were bought. Without scores, the result
 * changes nothing.
 */
export function fitCalibration(scores: Float64Array, bought: Uint8Array): Calibration {
  const positives = sum(bought);
  const negatives = scores.length - positives;
  if (scores.length === 0) return { scale: 1, shift: 0 };
  // The targets lie slightly inside 0 and 1, since perfectly separating scores would otherwise
  // drive the scale to infinity.
  const yes = (positives + 1) / (positives + 2);
  const no = 1 / (negatives + 2);
  const target = (i: number): number => (bought[i] ? yes : no);
  let scale = 0;
  let shift = Math.log((positives + 1) / (negatives + 1));
  let loss = lossOf(scores, target, scale, shift);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
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
    // Far from the minimum Newton's step may be too long, so the step is halved until the loss
    // falls.
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
  return { scale: FLAT, shift: Math.log((positives + 1) / (negatives + 1)) - FLAT * mean(scores) };
}

/** The smallest scale, which still keeps the order. */
const FLAT = 1e-3;
const ITERATIONS = 100;
/** Keeps a step finite when all scores are equal. */
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
