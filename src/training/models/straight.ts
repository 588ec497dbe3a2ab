// The straight way from a pair's own features to its score: a weight each, from sensible ones on,
// so that a little data refines an order that is good already. Whoever has bought nothing yet has
// weights of their own. Knows neither layers nor where candidates come from.
import type { Encoder } from '../../features/encoder';
import { PAIR_FEATURES, pairWidth } from '../../features/pair-features';
import {
  add,
  cast,
  concat,
  greater,
  logSumExp,
  matmul,
  mul,
  pieces,
  reduceSum,
  reshape,
  sub,
} from '../../graph/operators';
import { constant, input, parameter, type Tensor } from '../../graph/tensor';
import { listwiseLoss } from './listwise';

/** Whose weights the straight way keeps apart. */
export type StraightGroup = 'known' | 'newcomers';
export const STRAIGHT_GROUPS = ['known', 'newcomers'] as const satisfies readonly StraightGroup[];

/** One weighted sum of the features of a pair. */
interface Sum {
  /** Of its weights, [width, 1]. */
  readonly name: string;
  readonly group: StraightGroup;
}

/** One of the reasons to buy; its weights are added to those of the sum of all. */
interface Reason extends Sum {
  /** Its constant before anything is learnt; the parameter is called NAME.level. */
  readonly level: number;
  /** The feature that is above 0 where there is such a reason. */
  readonly given: PairFeature;
  /** Features of which it takes over nothing from the sum of all: what is not said of it. */
  readonly without: readonly PairFeature[];
}

type PairFeature = keyof typeof PAIR_FEATURES;
type Start = Readonly<Record<PairFeature, number>>;
const PAIR_NAMES = Object.keys(PAIR_FEATURES) as PairFeature[];

/** What says that an article, or another of its product, was bought before. */
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
 * How the features of a customer with a past become one number. Half is one weighted sum, and half
 * says that there are several reasons to buy, to get the same again, to one's taste, with what one
 * has: how likely each makes a purchase adds up, so that its score is log Σ exp over the reasons
 * that there are (a superposition of point processes). One sum cannot say that an article which is
 * dear to the taste needs no repetition; the mean of both is surer than either. A reason has the
 * weights of the sum and what it learns beside them, so that with little to learn from, all move as
 * the one sum does (partial pooling; Gelman & Hill, 2006).
 */
const ALL: Sum = { name: 'ranker.direct', group: 'known' };
const REASONS: readonly Reason[] = [
  { name: 'ranker.repeat', group: 'known', level: 0, given: 'own', without: [] },
  { name: 'ranker.taste', group: 'known', level: 0, given: 'history_length', without: OF_OWN },
  { name: 'ranker.complement', group: 'known', level: -1, given: 'together', without: OF_OWN },
];
/** Of whoever has bought nothing yet. */
const NEWCOMERS: Sum = { name: 'ranker.newcomer', group: 'newcomers' };
/** There the cosine says less, and what sells says more. */
const NEWCOMERS_START: Start = { ...PAIR_FEATURES, cosine: 1, sales_month: 2 };
const SUMS: readonly Sum[] = [ALL, ...REASONS, NEWCOMERS];

const levelOf = ({ name }: Reason): string => `${name}.level`;

/** The names of the weights of a group. */
export function straightNames(group: StraightGroup): string[] {
  const names = SUMS.filter((sum) => sum.group === group).map(({ name }) => name);
  return group === 'known' ? [...names, ...REASONS.map(levelOf)] : names;
}

/**
 * The weights of the straight way where nothing is learnt: zeros, since they are added to where it
 * starts. For pairs of so many features.
 */
export function nothingLearnt(width: number): Map<string, Float32Array> {
  return new Map([
    ...SUMS.map(({ name }): [string, Float32Array] => [name, new Float32Array(width)]),
    ...REASONS.map((reason): [string, Float32Array] => [levelOf(reason), new Float32Array(1)]),
  ]);
}

/** [width] how far each feature of a pair goes, of customers with a past and of those without. */
export type Spread = Readonly<Record<StraightGroup, Float32Array>>;

/** How far the constant of a reason goes, in the units in which features do. */
const LEVEL_SPREAD = 1 / 3;

/**
 * The straight way with the listwise loss. What is learnt is held back as if so many lists
 * (`ridge`, of the `lists` learnt from) said that the weights are right as they start; `spread` is
 * how far each feature goes in the lists of those whose weights it holds, so that it does not
 * matter in which unit it comes, nor how many others there are.
 */
export function straightLoss(
  encoder: Encoder,
  { spread, ridge, lists }: { spread: Spread; ridge: number; lists: number },
): Tensor {
  const width = pairWidth(encoder.articleLayout);
  const { scores, learnt } = straightScores(input('pair', ['batch', 'candidates', width]));
  const squares = (x: Tensor): Tensor => reshape(reduceSum(mul(x, x), [0, 1]), []);
  const moved = [
    ...learnt.weights.map(({ group, weights }) => squares(mul(weights, constant([...spread[group]], [width, 1])))),
    ...learnt.levels.map((level) => squares(mul(level, constant(LEVEL_SPREAD)))),
  ];
  return add(listwiseLoss(scores), mul(moved.reduce(add), constant(ridge / 2 / lists)));
}

/** The scores of the straight way alone [batch, candidates]. */
export function straightRanker(encoder: Encoder): Tensor {
  return straightScores(input('pair', ['batch', 'candidates', pairWidth(encoder.articleLayout)])).scores;
}

interface Learnt {
  /** [width, 1] each, in the order of SUMS. */
  readonly weights: readonly { readonly group: StraightGroup; readonly weights: Tensor }[];
  /** [1, 1] each, in the order of REASONS. */
  readonly levels: readonly Tensor[];
}

/**
 * From pairs [batch, candidates, width] to scores [batch, candidates]. `newcomer` [batch,
 * candidates, 1] is 1 where the customer has bought nothing yet.
 */
export function straightScores(pair: Tensor): { scores: Tensor; newcomer: Tensor; learnt: Learnt } {
  const [batch, candidates, features] = pair.shape;
  const width = Number(features);
  const weights = SUMS.map(({ name }) => parameter(name, [width, 1], 'zeros'));
  const levels = REASONS.map((reason) => parameter(levelOf(reason), [1, 1], 'zeros'));
  const [ofAll, ofRepeat, ofTaste, ofComplement, ofNewcomers] = weights;
  // What is learnt is added to where a weight starts, so that decay draws it back to there.
  const started = (learnt: Tensor, start: Start): Tensor => add(learnt, startingWeights(width, start));
  const sum = started(ofAll, PAIR_FEATURES);
  // One product for all, and all reasons as one block: each operator by itself costs as much as its
  // arithmetic.
  const columns = [
    sum,
    ...[ofRepeat, ofTaste, ofComplement].map((own, r) => add(own, without(sum, width, REASONS[r].without))),
    started(ofNewcomers, NEWCOMERS_START),
    ...REASONS.map((reason) => columnOf(reason.given, width)),
    columnOf('history_length', width),
  ];
  const count = REASONS.length;
  const [all, reasons, unknown, given, length] = pieces(matmul(pair, concat(columns, 1)), 2, [1, count, 1, count, 1]);
  const newcomer = cast(greater(constant(NO_PAST), length), 'float32');
  const level = concat(
    REASONS.map((reason, r) => add(levels[r], constant(reason.level))),
    1,
  );
  const absent = sub(cast(greater(given, constant(0)), 'float32'), constant(1));
  const intensities = add(add(reasons, level), mul(absent, constant(1e4)));
  const known = mul(add(all, logSumExp(intensities)), constant(0.5));
  const scores = add(mul(sub(constant(1), newcomer), known), mul(newcomer, unknown));
  return {
    scores: reshape(scores, [batch, candidates]),
    newcomer,
    learnt: { weights: SUMS.map(({ group }, i) => ({ group, weights: weights[i] })), levels },
  };
}

/** [width, 1] some weights, those of some features 0. */
function without(weights: Tensor, width: number, features: readonly PairFeature[]): Tensor {
  if (features.length === 0) return weights;
  const places = new Set(features.map((feature) => PAIR_NAMES.indexOf(feature)));
  const kept = Array.from({ length: width }, (_, f) => (places.has(f) ? 0 : 1));
  return mul(weights, constant(kept, [width, 1]));
}

/** Below it `history_length` says that nothing has been bought. */
const NO_PAST = 0.01;

/** Whether the features of a pair that begin at a place are of a customer without a past. */
export function isOfNewcomer(pairs: ArrayLike<number>, at: number): boolean {
  return pairs[at + PAIR_NAMES.indexOf('history_length')] < NO_PAST;
}

/** [width, 1] One weight a feature; those of single attributes start from 0. */
function startingWeights(width: number, start: Start): Tensor {
  return constant(
    Array.from({ length: width }, (_, i) => (i < PAIR_NAMES.length ? start[PAIR_NAMES[i]] : 0)),
    [width, 1],
  );
}

/** [width, 1] picks one feature of a pair. */
function columnOf(feature: PairFeature, width: number): Tensor {
  return constant(
    Array.from({ length: width }, (_, i) => (PAIR_NAMES[i] === feature ? 1 : 0)),
    [width, 1],
  );
}
