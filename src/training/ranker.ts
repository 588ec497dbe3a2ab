// The ranker: a DLRM over a customer and each of their candidates, and its loss.
// Naumov et al., "Deep Learning Recommendation Model", arXiv 1906.00091. Embeddings of both sides meet in dot products;
// a small network reads these beside the pair's own features. Knows nothing of where candidates come from.
import type { Encoder } from '../features/encoder';
import { HISTORY } from '../features/encoder';
import { PAIR_FEATURES, pairWidth } from '../features/pairs';
import {
  add,
  cast,
  concat,
  greater,
  logSumExp,
  matmul,
  mean,
  mul,
  reduceSum,
  relu,
  reshape,
  sub,
  transposeLast,
} from '../graph/operators';
import { constant, embedding, input, parameter, type Table, type Tensor } from '../graph/tensor';
import { fieldEmbeddings, joinedMlp, mlp } from './layers';

export interface RankerConfig {
  /** Width of every embedding. */
  readonly dim: number;
  readonly hidden: readonly number[];
}

/**
 * Scores [batch, candidates], higher is better, of each customer's candidates. Inputs: `customer_*`, `history_*` [batch, …],
 * `article_*` [batch, candidates, …] and `pair` [batch, candidates, width], as `pairWidth` has it. A score depends on nothing but its own
 * customer and candidate. `gated`: the layers speak only for those customers for whom they were seen to help (`gateWeights`).
 */
export function ranker(encoder: Encoder, { dim, hidden }: RankerConfig, gated = false): Tensor {
  const articleFields: Table = { name: 'ranker.article_fields', rows: encoder.articleLayout.slots, width: dim };
  const customerFields: Table = { name: 'ranker.customer_fields', rows: encoder.customerLayout.slots, width: dim };
  const outer = ['batch', 'candidates'];

  const width = pairWidth(encoder.articleLayout);
  const pair = input('pair', [...outer, width]);
  const bottom = relu(mlp('ranker.bottom', pair, [64, dim]));

  const fields = fieldEmbeddings('ranker', 'article', encoder.articleLayout, articleFields, outer);
  const past = fieldEmbeddings('ranker', 'history', encoder.articleLayout, articleFields, ['batch'], HISTORY);
  const customer = fieldEmbeddings('ranker', 'customer', encoder.customerLayout, customerFields, ['batch']);
  const article = [bottom, ...fields.multi];
  const person = [...past.multi, ...customer.multi];
  // What an article's id says is in the cosine already; embeddings of ids would memorise what sold in the weeks learnt from.
  // They are for shops that say nothing else of their articles.
  if (!fields.single && fields.multi.length === 0) {
    const ids: Table = { name: 'ranker.article_ids', rows: encoder.articleSlots, width: dim };
    const weights = input('history_id_weights', ['batch', HISTORY]);
    article.push(embedding('ranker.article_id', ids, input('article_id', outer, 'int32')));
    person.push(embedding('ranker.history_id', ids, input('history_id', ['batch', HISTORY], 'int32'), weights));
  }
  const blocks = [past.single, customer.single].filter((block) => block !== undefined);
  const customerSide = stacked(person, blocks, ['batch'], dim);

  // Every vector of the article with every vector of the customer; pairs within one side are left out. The article's fields, which are
  // most of its vectors, are a block already: to put the others before them would move every number twice.
  const dots = [stacked(article, [], outer, dim), ...(fields.single ? [fields.single] : [])].map((block) => {
    const vectors = Number(block.shape[2]);
    const rows = reshape(block, ['batch', `candidates*${String(vectors)}`, dim]);
    return reshape(matmul(rows, transposeLast(customerSide)), [...outer, vectors * Number(customerSide.shape[1])]);
  });
  const top = relu(joinedMlp('ranker.top', [...dots, bottom], hidden));
  const learnt = matmul(top, parameter('ranker.out', [hidden[hidden.length - 1], 1], 'zeros'));
  const { scores, newcomer } = straightScores(pair);
  if (!gated) return add(reshape(learnt, outer), scores);
  const gate = add(
    mul(sub(constant(1), newcomer), parameter(GATE.known, [1], 'ones')),
    mul(newcomer, parameter(GATE.newcomers, [1], 'ones')),
  );
  return add(reshape(mul(gate, learnt), outer), scores);
}

/** [width] of each feature of a pair, of customers with a past and of those without. */
export interface Spread {
  readonly known: Float32Array;
  readonly newcomers: Float32Array;
}

/**
 * The straight way from a pair's own features to its score, with the listwise loss: a weight each, from sensible ones on, so that a little data
 * refines an order that is good already. Whoever has bought nothing yet has weights of their own. What is learnt is held back as if so many
 * lists (`ridge`, of the `lists` learnt from) said that the weights are right as they start; `spread` [width] is how far each feature goes in the
 * lists of those whose weights it holds, so that it does not matter in which unit it comes, nor how many others there are.
 */
export function straightLoss(
  encoder: Encoder,
  { spread, ridge, lists }: { spread: Spread; ridge: number; lists: number },
): Tensor {
  const width = pairWidth(encoder.articleLayout);
  const { scores, learnt } = straightScores(input('pair', ['batch', 'candidates', width]));
  const moved = STRAIGHT_GROUPS.map((group, g) => {
    const distance = mul(learnt[g], constant([...spread[group]], [width, 1]));
    return reduceSum(mul(distance, distance), [0, 1]);
  });
  return add(listwiseLoss(scores), mul(reshape(moved.reduce(add), []), constant(ridge / 2 / lists)));
}

/** The scores of the straight way alone [batch, candidates]. */
export function straightRanker(encoder: Encoder): Tensor {
  return straightScores(input('pair', ['batch', 'candidates', pairWidth(encoder.articleLayout)])).scores;
}

/** Whose weights the straight way keeps apart, and how these are called. */
export const STRAIGHT_WEIGHTS = { known: 'ranker.direct', newcomers: 'ranker.newcomer' } as const;
export type StraightGroup = keyof typeof STRAIGHT_WEIGHTS;
export const STRAIGHT_GROUPS = ['known', 'newcomers'] as const satisfies readonly StraightGroup[];

/** `newcomer` [batch, candidates, 1] is 1 where the customer has bought nothing yet. */
function straightScores(pair: Tensor): { scores: Tensor; newcomer: Tensor; learnt: readonly Tensor[] } {
  const [batch, candidates, features] = pair.shape;
  const width = Number(features);
  const newcomer = cast(greater(constant(NO_PAST), matmul(pair, columnOf('history_length', width))), 'float32');
  // What is learnt is added to where a weight starts, so that decay draws it back to there.
  const direct = parameter(STRAIGHT_WEIGHTS.known, [width, 1], 'zeros');
  const newcomers = parameter(STRAIGHT_WEIGHTS.newcomers, [width, 1], 'zeros');
  const scores = add(
    mul(sub(constant(1), newcomer), matmul(pair, add(direct, startingWeights(width, PAIR_FEATURES)))),
    mul(newcomer, matmul(pair, add(newcomers, startingWeights(width, NEWCOMER)))),
  );
  return { scores: reshape(scores, [batch, candidates]), newcomer, learnt: [direct, newcomers] };
}

/** Below it `history_length` says that nothing has been bought. */
const NO_PAST = 0.01;

/** Whether the features of a pair that begin at a place are of a customer without a past. */
export function isOfNewcomer(pairs: ArrayLike<number>, at: number): boolean {
  return pairs[at + PAIR_NAMES.indexOf('history_length')] < NO_PAST;
}

/** Turns scores into log-odds: scale · score + shift, with a scale above 0, so that no order changes. */
export interface Calibration {
  readonly scale: number;
  readonly shift: number;
}

/** The ranker as it is served: scores whose logistic is the chance that the customer buys the candidate (Platt, 1999). */
export function servedRanker(encoder: Encoder, config: RankerConfig): Tensor {
  const scores = ranker(encoder, config, true);
  return add(mul(scores, parameter(SCALE, [1], 'ones')), parameter(SHIFT, [1], 'zeros'));
}

/** A calibration as weights of the model. */
export function calibrationWeights({ scale, shift }: Calibration): [string, Float32Array][] {
  return [
    [SCALE, Float32Array.of(scale)],
    [SHIFT, Float32Array.of(shift)],
  ];
}

/** For whom the layers speak, as weights of the model. */
export function gateWeights({ known, newcomers }: { known: boolean; newcomers: boolean }): [string, Float32Array][] {
  return [
    [GATE.known, Float32Array.of(known ? 1 : 0)],
    [GATE.newcomers, Float32Array.of(newcomers ? 1 : 0)],
  ];
}

const GATE = { known: 'ranker.gate_known', newcomers: 'ranker.gate_newcomers' } as const;
const SCALE = 'ranker.scale';
const SHIFT = 'ranker.shift';

/** [width, 1] One weight a feature; those of single attributes start from 0. */
function startingWeights(width: number, start: Readonly<Record<PairFeature, number>>): Tensor {
  return constant(
    Array.from({ length: width }, (_, i) => (i < PAIR_NAMES.length ? start[PAIR_NAMES[i]] : 0)),
    [width, 1],
  );
}

/** For whoever has bought nothing yet: there the cosine says less, and what sells says more. */
const NEWCOMER = { ...PAIR_FEATURES, cosine: 1, sales_month: 2 } as const;

/** [width, 1] picks one feature of a pair. */
function columnOf(feature: PairFeature, width: number): Tensor {
  return constant(
    Array.from({ length: width }, (_, i) => (PAIR_NAMES[i] === feature ? 1 : 0)),
    [width, 1],
  );
}

type PairFeature = keyof typeof PAIR_FEATURES;
const PAIR_NAMES = Object.keys(PAIR_FEATURES) as PairFeature[];

/**
 * Listwise softmax cross-entropy (Cao et al., ICML 2007, ListNet's top-one loss) over each customer's candidates. Inputs: `label`
 * [batch, candidates], summing to 1 over a customer's candidates, and `absent` [batch, candidates], 1 where a list is
 * shorter than the batch is wide.
 */
export function listwiseLoss(scores: Tensor): Tensor {
  const label = input('label', ['batch', 'candidates']);
  const absent = input('absent', ['batch', 'candidates']);
  const present = sub(scores, mul(absent, constant(1e4)));
  const target = reduceSum(mul(present, label), [-1]);
  return mean(sub(logSumExp(present), target));
}

/** Vectors [...outer, dim] and blocks of them [...outer, n, dim] as one block. */
function stacked(vectors: readonly Tensor[], blocks: readonly Tensor[], outer: readonly string[], dim: number): Tensor {
  return concat([...vectors.map((vector) => reshape(vector, [...outer, 1, dim])), ...blocks], outer.length);
}
