// The linear part of the ranker: a weighted sum of a pair's features. Its weights start at sensible
// values, so the order is good from the beginning, and even little data refines it. Cold customers
// have their own weights.
import type { Encoder } from '../../features/encoder';
import { PAIR_FEATURES, pairWidth } from '../../features/pair-features';
import { add, cast, greater, mul, sub } from '../../graph/elementwise';
import { concat, pieces } from '../../graph/pieces';
import { matmul } from '../../graph/products';
import { logSumExp } from '../../graph/rows';
import { reshape } from '../../graph/shapes';
import { constant, input, parameter, type Tensor } from '../../graph/tensor';

/** Customers with purchases, and customers without purchases. Each group has its own weights. */
export type CustomerGroup = 'returning' | 'cold';
export const CUSTOMER_GROUPS = ['returning', 'cold'] as const satisfies readonly CustomerGroup[];

/** One weighted sum of the features of a pair. */
interface Sum {
  /** The name of the weights of the sum, [width, 1]. */
  readonly name: string;
  readonly group: CustomerGroup;
}

/** One of the reasons to buy. Its weights are added to those of the sum `ALL`. */
interface Reason extends Sum {
  /** The constant of the reason before training. The learnt constant is called NAME.level. */
  readonly level: number;
  /** The feature that is above 0 if the reason applies to a pair. */
  readonly given: PairFeature;
  /** Features whose weights in `ALL` do not count for this reason. */
  readonly without: readonly PairFeature[];
}

type PairFeature = keyof typeof PAIR_FEATURES;
type Start = Readonly<Record<PairFeature, number>>;
const PAIR_NAMES = Object.keys(PAIR_FEATURES) as PairFeature[];

/** Features that say whether the article, or a variant of it, was bought before. */
const OF_OWN = [
  'own',
  'times_bought',
  'bought_within_days',
  'bought_within_week',
  'bought_within_month',
  'bought_within_half_year',
  'own_place',
  'in_latest_basket',
  'comes_back',
  'own_price',
  'own_length',
  'own_cosine',
  'same_product',
  'product_within_week',
  'product_within_month',
  'variant_rate',
] as const satisfies readonly PairFeature[];

/**
 * The score of a returning customer is the mean of two numbers. One is a weighted sum of all
 * features. The other is log Σ exp over the reasons to buy: the customer buys the same again, the
 * article suits their taste, or it complements something that they own. Each reason alone can make
 * a purchase likely, and the rates of purchase add up (a superposition of point processes). The
 * mean of both numbers is more reliable than each alone. A reason adds its own weights to those of
 * the sum, so with little data all reasons move together (partial pooling; Gelman & Hill, 2006).
 */
const ALL: Sum = { name: 'ranker.direct', group: 'returning' };
const REASONS: readonly Reason[] = [
  { name: 'ranker.repeat', group: 'returning', level: 0, given: 'own', without: [] },
  { name: 'ranker.taste', group: 'returning', level: 0, given: 'history_length', without: OF_OWN },
  { name: 'ranker.complement', group: 'returning', level: -1, given: 'together', without: OF_OWN },
];
/** This name is kept because existing releases use it. */
const COLD: Sum = { name: 'ranker.newcomer', group: 'cold' };
/** For cold customers, the cosine tells less and sales tell more. */
const COLD_START: Start = { ...PAIR_FEATURES, cosine: 1, sales_month: 2 };
const SUMS: readonly Sum[] = [ALL, ...REASONS, COLD];

const levelOf = ({ name }: Reason): string => `${name}.level`;

/** The names of the weights of a group. */
export function linearNames(group: CustomerGroup): string[] {
  const names = SUMS.filter((sum) => sum.group === group).map(({ name }) => name);
  return group === 'returning' ? [...names, ...REASONS.map(levelOf)] : names;
}

/**
 * The weights before training, for pairs of `width` features. Weights are added to the start
 * values.
 */
export function untrainedLinearPart(width: number): Map<string, Float32Array> {
  return new Map([
    ...SUMS.map(({ name }): [string, Float32Array] => [name, new Float32Array(width)]),
    ...REASONS.map((reason): [string, Float32Array] => [levelOf(reason), new Float32Array(1)]),
  ]);
}

/** The scores of the linear part alone [batch, candidates]. */
export function linearPart(encoder: Encoder): Tensor {
  return linearScores(input('pair', ['batch', 'candidates', pairWidth(encoder.articleLayout)])).scores;
}

export interface LinearScores {
  /** [batch, candidates] */
  readonly scores: Tensor;
  /** [batch, candidates, 1]: 1 for cold customers. */
  readonly cold: Tensor;
  /** The learnt weights [width, 1], in the order of SUMS. */
  readonly weights: readonly { readonly group: CustomerGroup; readonly weights: Tensor }[];
  /** The learnt constants [1, 1], in the order of REASONS. */
  readonly levels: readonly Tensor[];
}

/** The scores of the linear part for pairs [batch, candidates, width]. */
export function linearScores(pair: Tensor): LinearScores {
  const [batch, candidates, features] = pair.shape;
  const width = Number(features);
  const weights = SUMS.map(({ name }) => parameter(name, [width, 1], 'zeros'));
  const levels = REASONS.map((reason) => parameter(levelOf(reason), [1, 1], 'zeros'));
  const [ofAll, ofRepeat, ofTaste, ofComplement, ofCold] = weights;
  // The learnt weights are added to the start values, so weight decay pulls the sums back to the
  // start.
  const started = (learnt: Tensor, start: Start): Tensor => add(learnt, startingWeights(width, start));
  const sum = started(ofAll, PAIR_FEATURES);
  // One product computes all columns, since the overhead of an operator is as large as its
  // arithmetic.
  const columns = [
    sum,
    ...[ofRepeat, ofTaste, ofComplement].map((own, r) => add(own, without(sum, width, REASONS[r].without))),
    started(ofCold, COLD_START),
    ...REASONS.map((reason) => columnOf(reason.given, width)),
    columnOf('history_length', width),
  ];
  const count = REASONS.length;
  const [all, reasons, ofNobody, given, length] = pieces(matmul(pair, concat(columns, 1)), 2, [1, count, 1, count, 1]);
  const cold = cast(greater(constant(NO_HISTORY), length), 'float32');
  const level = concat(
    REASONS.map((reason, r) => add(levels[r], constant(reason.level))),
    1,
  );
  const absent = sub(cast(greater(given, constant(0)), 'float32'), constant(1));
  const intensities = add(add(reasons, level), mul(absent, constant(1e4)));
  const returning = mul(add(all, logSumExp(intensities)), constant(0.5));
  const scores = add(mul(sub(constant(1), cold), returning), mul(cold, ofNobody));
  return {
    scores: reshape(scores, [batch, candidates]),
    cold,
    weights: SUMS.map(({ group }, i) => ({ group, weights: weights[i] })),
    levels,
  };
}

/** [width, 1] the weights, with the weights of some features set to 0. */
function without(weights: Tensor, width: number, features: readonly PairFeature[]): Tensor {
  if (features.length === 0) return weights;
  const places = new Set(features.map((feature) => PAIR_NAMES.indexOf(feature)));
  const kept = Array.from({ length: width }, (_, f) => (places.has(f) ? 0 : 1));
  return mul(weights, constant(kept, [width, 1]));
}

/** A `history_length` below this value means that the customer has bought nothing. */
const NO_HISTORY = 0.01;

/** Whether the pair features that begin at index `at` belong to a cold customer. */
export function isOfColdCustomer(pairs: ArrayLike<number>, at: number): boolean {
  return pairs[at + PAIR_NAMES.indexOf('history_length')] < NO_HISTORY;
}

/** [width, 1] the start value for each feature. The weights of single attributes start at 0. */
function startingWeights(width: number, start: Start): Tensor {
  return constant(
    Array.from({ length: width }, (_, i) => (i < PAIR_NAMES.length ? start[PAIR_NAMES[i]] : 0)),
    [width, 1],
  );
}

/** [width, 1] a column that selects one feature of a pair. */
function columnOf(feature: PairFeature, width: number): Tensor {
  return constant(
    Array.from({ length: width }, (_, i) => (PAIR_NAMES[i] === feature ? 1 : 0)),
    [width, 1],
  );
}
