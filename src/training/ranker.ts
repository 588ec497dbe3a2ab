// The ranker: a DLRM over a customer and each of their candidates, and its loss.
// Naumov et al., "Deep Learning Recommendation Model", arXiv 1906.00091. Embeddings of both sides meet in dot products;
// a small network reads these beside the pair's own features. Knows nothing of where candidates come from.
import type { Encoder } from '../features/encoder';
import { HISTORY } from '../features/encoder';
import { PAIR_FEATURES, PAIR_WIDTH } from '../features/pairs';
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
import { fieldEmbeddings, mlp } from './layers';

export interface RankerConfig {
  /** Width of every embedding. */
  readonly dim: number;
  readonly hidden: readonly number[];
}

/**
 * Scores [batch, candidates], higher is better, of each customer's candidates. Inputs: `customer_*`, `history_*` [batch, …],
 * `article_*` [batch, candidates, …] and `pair` [batch, candidates, PAIR_WIDTH]. A score depends on nothing but its own
 * customer and candidate.
 */
export function ranker(encoder: Encoder, { dim, hidden }: RankerConfig): Tensor {
  const articleFields: Table = { name: 'ranker.article_fields', rows: encoder.articleLayout.slots, width: dim };
  const customerFields: Table = { name: 'ranker.customer_fields', rows: encoder.customerLayout.slots, width: dim };
  const outer = ['batch', 'candidates'];

  const pair = input('pair', [...outer, PAIR_WIDTH]);
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
  const articleSide = stacked(article, fields.single ? [fields.single] : [], outer, dim);
  const blocks = [past.single, customer.single].filter((block) => block !== undefined);
  const customerSide = stacked(person, blocks, ['batch'], dim);

  // Every vector of the article with every vector of the customer; pairs within one side are left out.
  const articleVectors = Number(articleSide.shape[2]);
  const customerVectors = Number(customerSide.shape[1]);
  const rows = reshape(articleSide, ['batch', `candidates*${String(articleVectors)}`, dim]);
  const dots = reshape(matmul(rows, transposeLast(customerSide)), [...outer, articleVectors * customerVectors]);
  const top = relu(mlp('ranker.top', concat([dots, bottom]), hidden));
  const learnt = matmul(top, parameter('ranker.out', [hidden[hidden.length - 1], 1], 'zeros'));
  // A straight way for the pair's own features. It starts from sensible weights and the rest from nothing, so that a little
  // data refines an order that is good already. Whoever has bought nothing
  // yet has weights of their own.
  const newcomer = cast(greater(constant(0.01), matmul(pair, columnOf('history_length'))), 'float32');
  const direct = add(
    mul(sub(constant(1), newcomer), matmul(pair, directWeights('ranker.direct', PAIR_FEATURES))),
    mul(newcomer, matmul(pair, directWeights('ranker.newcomer', NEWCOMER))),
  );
  return reshape(add(learnt, direct), outer);
}

/** Turns scores into log-odds: scale · score + shift, with a scale above 0, so that no order changes. */
export interface Calibration {
  readonly scale: number;
  readonly shift: number;
}

/** Scores whose logistic is the chance that the customer buys the candidate (Platt, 1999). */
export function calibrated(scores: Tensor): Tensor {
  return add(mul(scores, parameter(SCALE, [1], 'ones')), parameter(SHIFT, [1], 'zeros'));
}

/** A calibration as weights of the model. */
export function calibrationWeights({ scale, shift }: Calibration): [string, Float32Array][] {
  return [
    [SCALE, Float32Array.of(scale)],
    [SHIFT, Float32Array.of(shift)],
  ];
}

const SCALE = 'ranker.scale';
const SHIFT = 'ranker.shift';

/** [PAIR_WIDTH, 1] One weight a feature, from where it starts. */
function directWeights(name: string, start: Readonly<Partial<Record<keyof typeof PAIR_FEATURES, number>>>): Tensor {
  const first = (Object.keys(PAIR_FEATURES) as (keyof typeof PAIR_FEATURES)[]).map((feature) => start[feature] ?? 0);
  return parameter(name, [PAIR_WIDTH, 1], { values: first });
}

/** For whoever has bought nothing yet: there the cosine says less, and what sells says more. */
const NEWCOMER = { ...PAIR_FEATURES, cosine: 1, sales_month: 2 } as const;

/** [PAIR_WIDTH, 1] picks one feature of a pair. */
function columnOf(feature: keyof typeof PAIR_FEATURES): Tensor {
  return constant(
    Object.keys(PAIR_FEATURES).map((name) => (name === feature ? 1 : 0)),
    [PAIR_WIDTH, 1],
  );
}

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
