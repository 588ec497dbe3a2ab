// The straight way from a pair's own features to its score: a weight each, from sensible ones on, so that a little data refines an order that
// is good already. Whoever has bought nothing yet has weights of their own. Knows neither layers nor where candidates come from.
import type { Encoder } from '../features/encoder';
import { PAIR_FEATURES, pairWidth } from '../features/pairs';
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
} from '../graph/operators';
import { constant, input, parameter, type Tensor } from '../graph/tensor';
import { listwiseLoss } from './listwise';

/**
 * How the features of a customer with a past become one number. `one`: their weighted sum. `reasons`: half is that sum, and half says that there
 * are several reasons to buy, to get the same again, to one's taste, with what one has, each with weights of its own; how likely each makes a
 * purchase adds up, so that its score is log Σ exp over the reasons that there are (a superposition of point processes). One sum cannot say
 * that an article which is dear to the taste needs no repetition; the mean of both is surer than either.
 */
export type StraightForm = 'one' | 'reasons';

/** Whose weights the straight way keeps apart. */
export type StraightGroup = 'known' | 'newcomers';
export const STRAIGHT_GROUPS = ['known', 'newcomers'] as const satisfies readonly StraightGroup[];

/** One weighted sum of the features of a pair. */
interface Sum {
  /** Of its weights, [width, 1]. */
  readonly name: string;
  readonly group: StraightGroup;
  /** The weight of each feature before anything is learnt. */
  readonly start: Start;
  /** The constant of a reason before anything is learnt; its parameter is called NAME.level. */
  readonly level?: number;
  /** The feature above 0 without which there is no such reason. */
  readonly given?: 'own' | 'together';
}

type PairFeature = keyof typeof PAIR_FEATURES;
type Start = Readonly<Record<PairFeature, number>>;
const PAIR_NAMES = Object.keys(PAIR_FEATURES) as PairFeature[];

/** What an article is to one's taste, whether or not it was bought before. */
const UNBOUGHT: Start = {
  ...PAIR_FEATURES,
  own: 0,
  times_bought: 0,
  bought_within_days: 0,
  bought_within_week: 0,
  bought_within_month: 0,
  bought_within_half_year: 0,
  own_place: 0,
  in_latest_basket: 0,
  comes_back: 0,
  own_price: 0,
  own_length: 0,
  own_cosine: 0,
  same_product: 0,
  product_within_week: 0,
  product_within_month: 0,
  variant_rate: 0,
};

const ONE: Sum = { name: 'ranker.direct', group: 'known', start: PAIR_FEATURES };
const REASONS: readonly Sum[] = [
  { name: 'ranker.repeat', group: 'known', start: PAIR_FEATURES, level: 0, given: 'own' },
  { name: 'ranker.taste', group: 'known', start: UNBOUGHT, level: 0 },
  { name: 'ranker.complement', group: 'known', start: UNBOUGHT, level: -1, given: 'together' },
];
/** Of whoever has bought nothing yet: there the cosine says less, and what sells says more. */
const NEWCOMERS: Sum = {
  name: 'ranker.newcomer',
  group: 'newcomers',
  start: { ...PAIR_FEATURES, cosine: 1, sales_month: 2 },
};

function sumsOf(form: StraightForm): readonly Sum[] {
  return form === 'one' ? [ONE, NEWCOMERS] : [ONE, ...REASONS, NEWCOMERS];
}

const levelOf = ({ name }: Sum): string => `${name}.level`;

/** The names of the weights of a group. */
export function straightNames(group: StraightGroup, form: StraightForm): string[] {
  const sums = sumsOf(form).filter((sum) => sum.group === group);
  return sums.flatMap((sum) => (sum.level === undefined ? [sum.name] : [sum.name, levelOf(sum)]));
}

/** The weights of the straight way where nothing is learnt: zeros, since they are added to where it starts. For pairs of so many features. */
export function nothingLearnt(width: number, form: StraightForm): Map<string, Float32Array> {
  const names = STRAIGHT_GROUPS.flatMap((group) => straightNames(group, form));
  const levels = new Set(sumsOf(form).map(levelOf));
  return new Map(names.map((name) => [name, new Float32Array(levels.has(name) ? 1 : width)]));
}

/** The form that some weights of a ranker are of. */
export function formOf(weights: ReadonlyMap<string, unknown>): StraightForm {
  return weights.has(REASONS[0].name) ? 'reasons' : 'one';
}

/** [width] how far each feature of a pair goes, of customers with a past and of those without. */
export type Spread = Readonly<Record<StraightGroup, Float32Array>>;

/** How far the constant of a reason goes, in the units in which features do. */
const LEVEL_SPREAD = 1 / 3;

/**
 * The straight way with the listwise loss. What is learnt is held back as if so many lists (`ridge`, of the `lists` learnt from) said that
 * the weights are right as they start; `spread` is how far each feature goes in the lists of those whose weights it holds, so that it does
 * not matter in which unit it comes, nor how many others there are.
 */
export function straightLoss(
  encoder: Encoder,
  { spread, ridge, lists }: { spread: Spread; ridge: number; lists: number },
  form: StraightForm,
): Tensor {
  const width = pairWidth(encoder.articleLayout);
  const { scores, learnt } = straightScores(input('pair', ['batch', 'candidates', width]), form);
  const squares = (x: Tensor): Tensor => reshape(reduceSum(mul(x, x), [0, 1]), []);
  const moved = learnt.flatMap(({ group, weights, level }) => [
    squares(mul(weights, constant([...spread[group]], [width, 1]))),
    ...(level ? [squares(mul(level, constant(LEVEL_SPREAD)))] : []),
  ]);
  return add(listwiseLoss(scores), mul(moved.reduce(add), constant(ridge / 2 / lists)));
}

/** The scores of the straight way alone [batch, candidates]. */
export function straightRanker(encoder: Encoder, form: StraightForm): Tensor {
  return straightScores(input('pair', ['batch', 'candidates', pairWidth(encoder.articleLayout)]), form).scores;
}

interface Learnt extends Pick<Sum, 'group'> {
  /** [width, 1] */
  readonly weights: Tensor;
  /** [1, 1] */
  readonly level: Tensor | undefined;
}

/**
 * From pairs [batch, candidates, width] to scores [batch, candidates]. `newcomer` [batch, candidates, 1] is 1 where the customer has bought
 * nothing yet.
 */
export function straightScores(
  pair: Tensor,
  form: StraightForm,
): { scores: Tensor; newcomer: Tensor; learnt: readonly Learnt[] } {
  const [batch, candidates, features] = pair.shape;
  const width = Number(features);
  const columns = (some: readonly Tensor[]): Tensor[] =>
    pieces(matmul(pair, concat(some, 1)), 2, Array<number>(some.length).fill(1));
  const [length, own, together] = columns(
    (['history_length', 'own', 'together'] as const).map((f) => columnOf(f, width)),
  );
  const given = { own, together };
  const newcomer = cast(greater(constant(NO_PAST), length), 'float32');

  const sums = sumsOf(form);
  const learnt = sums.map((sum) => ({
    ...sum,
    weights: parameter(sum.name, [width, 1], 'zeros'),
    level: sum.level === undefined ? undefined : parameter(levelOf(sum), [1, 1], 'zeros'),
  }));
  // What is learnt is added to where a weight starts, so that decay draws it back to there.
  const values = columns(learnt.map(({ weights, start }) => add(weights, startingWeights(width, start))));
  const valueOf = (sum: Sum): Tensor => {
    const place = sums.indexOf(sum);
    const { level } = learnt[place];
    return level ? add(values[place], add(level, constant(sum.level ?? 0))) : values[place];
  };
  const intensity = (reason: Sum): Tensor => {
    const value = valueOf(reason);
    if (!reason.given) return value;
    const absent = sub(cast(greater(given[reason.given], constant(0)), 'float32'), constant(1));
    return add(value, mul(absent, constant(1e4)));
  };
  const one = valueOf(ONE);
  const known = form === 'one' ? one : mul(add(one, logSumExp(concat(REASONS.map(intensity), 2))), constant(0.5));
  const scores = add(mul(sub(constant(1), newcomer), known), mul(newcomer, valueOf(NEWCOMERS)));
  return { scores: reshape(scores, [batch, candidates]), newcomer, learnt };
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
