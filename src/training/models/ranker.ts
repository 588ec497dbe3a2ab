// The ranker: the linear part, plus the gated deep part for returning customers, calibrated. This
// file also has the losses with which both parts are trained.
import type { Encoder } from '../../features/encoder';
import { pairWidth } from '../../features/pair-features';
import { add, mul, sub } from '../../graph/elementwise';
import { logSumExp, mean } from '../../graph/rows';
import { reduceSum, reshape } from '../../graph/shapes';
import { constant, input, parameter, type Tensor } from '../../graph/tensor';
import { deepPart, type RankerConfig } from './deep-part';
import { linearScores, type CustomerGroup } from './linear-part';

/**
 * The ranker as it is served. The logistic of a score is the probability that the customer buys the
 * candidate (Platt, 1999).
 */
export function servedRanker(encoder: Encoder, config: RankerConfig): Tensor {
  const pair = pairsOf(encoder);
  const linear = linearScores(pair);
  const cold = reshape(linear.cold, ['batch', 'candidates']);
  const gate = mul(sub(constant(1), cold), parameter(GATE, [1], 'zeros'));
  const scores = add(linear.scores, mul(gate, deepPart(encoder, config, pair)));
  const scale = add(parameter(SCALE, [1], 'ones'), mul(cold, parameter(SCALE_OF_COLD, [1], 'zeros')));
  const shift = add(parameter(SHIFT, [1], 'zeros'), mul(cold, parameter(SHIFT_OF_COLD, [1], 'zeros')));
  return add(mul(scores, scale), shift);
}

/** The scores of the deep part alone [batch, candidates]. */
export function deepRanker(encoder: Encoder, config: RankerConfig): Tensor {
  return deepPart(encoder, config, pairsOf(encoder));
}

/**
 * The loss of the deep part. The linear part does not change during this training, so its scores
 * are computed once and fed as the input `offset` [batch, candidates].
 */
export function deepLoss(encoder: Encoder, config: RankerConfig): Tensor {
  return listwiseLoss(add(input('offset', ['batch', 'candidates']), deepRanker(encoder, config)));
}

/** [width] the standard deviation of each pair feature. */
export type Spread = Readonly<Record<CustomerGroup, Float32Array>>;

/** The spread that is used for the constant of a reason. */
const LEVEL_SPREAD = 1 / 3;

/**
 * The loss of the linear part, with a ridge penalty. The penalty pulls the weights to their start
 * values, as strongly as `ridge` additional lists would, compared with the `lists` in training. The
 * `spread` makes the penalty independent of the units of the features.
 */
export function linearLoss(
  encoder: Encoder,
  { spread, ridge, lists }: { spread: Spread; ridge: number; lists: number },
): Tensor {
  const width = pairWidth(encoder.articleLayout);
  const { scores, weights, levels } = linearScores(pairsOf(encoder));
  const squares = (x: Tensor): Tensor => reshape(reduceSum(mul(x, x), [0, 1]), []);
  const moved = [
    ...weights.map((one) => squares(mul(one.weights, constant([...spread[one.group]], [width, 1])))),
    ...levels.map((level) => squares(mul(level, constant(LEVEL_SPREAD)))),
  ];
  return add(listwiseLoss(scores), mul(moved.reduce(add), constant(ridge / 2 / lists)));
}

/**
 * Listwise softmax cross-entropy over each customer's candidates (Cao et al., ICML 2007, ListNet's
 * top-one loss). Inputs, both [batch, candidates]:
 *
 * - `label`, which sums to 1 for each customer
 * - `correction`, the logarithm of the number of candidates that each candidate stands for, if only
 *   some were drawn (log-Q correction; Bengio & Senécal, 2008), or ABSENT after the end of a list
 */
export function listwiseLoss(scores: Tensor): Tensor {
  const label = input('label', ['batch', 'candidates']);
  const correction = input('correction', ['batch', 'candidates']);
  const target = reduceSum(mul(scores, label), [-1]);
  return mean(sub(logSumExp(add(scores, correction)), target));
}

/** The correction of a position without a candidate. */
export const ABSENT = -1e4;

/** Turns scores into log-odds: scale · score + shift. A scale above 0 keeps the order. */
export interface Calibration {
  readonly scale: number;
  readonly shift: number;
}

/**
 * Calibrations by group. At the same score, cold customers buy a different share of candidates than
 * returning customers.
 */
export type Calibrations = Readonly<Record<CustomerGroup, Calibration>>;

/**
 * Calibrations as weights of the model. The numbers of cold customers are stored as differences. So
 * a release from before the groups had separate calibrations works with zeros.
 */
export function calibrationWeights({ returning, cold }: Calibrations): [string, Float32Array][] {
  return [
    [SCALE, Float32Array.of(returning.scale)],
    [SHIFT, Float32Array.of(returning.shift)],
    [SCALE_OF_COLD, Float32Array.of(cold.scale - returning.scale)],
    [SHIFT_OF_COLD, Float32Array.of(cold.shift - returning.shift)],
  ];
}

/** The gate as a weight of the model: the share of the deep part, from 0 to 1. */
export function gateWeight(gate: number): [string, Float32Array] {
  return [GATE, Float32Array.of(gate)];
}

const GATE = 'ranker.gate';
const SCALE = 'ranker.scale';
const SHIFT = 'ranker.shift';
const SCALE_OF_COLD = 'ranker.newcomer_scale';
const SHIFT_OF_COLD = 'ranker.newcomer_shift';

function pairsOf(encoder: Encoder): Tensor {
  return input('pair', ['batch', 'candidates', pairWidth(encoder.articleLayout)]);
}
