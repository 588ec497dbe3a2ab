// The ranker: a DLRM over a customer and each of their candidates, beside the straight way. Naumov
// et al., "Deep Learning Recommendation Model", arXiv 1906.00091. Embeddings of both sides meet in
// dot products; a small network reads these beside the pair's own features. Knows nothing of where
// candidates come from, nor of the loss.
import type { Encoder } from '../../features/encoder';
import { HISTORY_LENGTH } from '../../features/encoder';
import { pairWidth } from '../../features/pair-features';
import { add, concat, matmul, mul, relu, reshape, sub, transposeLast } from '../../graph/operators';
import { constant, embedding, input, parameter, type Table, type Tensor } from '../../graph/tensor';
import { fieldEmbeddings, joinedMlp, mlp } from './layers';
import { straightScores, type StraightGroup } from './straight';

export interface RankerConfig {
  /** Width of every embedding. */
  readonly dim: number;
  readonly hidden: readonly number[];
}

/**
 * What the layers add to the scores [batch, candidates] of each customer's candidates. Inputs:
 * `customer_*`, `history_*` [batch, …], `article_*` [batch, candidates, …] and `pair` [batch,
 * candidates, width], as `pairWidth` has it. A score depends on nothing but its own customer and
 * candidate.
 */
export function rankerLayers(encoder: Encoder, { dim, hidden }: RankerConfig, pair = pairsOf(encoder)): Tensor {
  const articleFields: Table = { name: 'ranker.article_fields', rows: encoder.articleLayout.slots, width: dim };
  const customerFields: Table = { name: 'ranker.customer_fields', rows: encoder.customerLayout.slots, width: dim };
  const outer = ['batch', 'candidates'];

  const bottom = relu(mlp('ranker.bottom', pair, [64, dim]));

  const fields = fieldEmbeddings('ranker', 'article', encoder.articleLayout, articleFields, outer);
  const past = fieldEmbeddings('ranker', 'history', encoder.articleLayout, articleFields, ['batch'], HISTORY_LENGTH);
  const customer = fieldEmbeddings('ranker', 'customer', encoder.customerLayout, customerFields, ['batch']);
  const article = [bottom, ...fields.multi];
  const person = [...past.multi, ...customer.multi];
  // What an article's id says is in the cosine already; embeddings of ids would memorise what sold
  // in the weeks learnt from. They are for shops that say nothing else of their articles.
  if (!fields.single && fields.multi.length === 0) {
    const ids: Table = { name: 'ranker.article_ids', rows: encoder.articleSlots, width: dim };
    const weights = input('history_id_weights', ['batch', HISTORY_LENGTH]);
    article.push(embedding('ranker.article_id', ids, input('article_id', outer, 'int32')));
    person.push(embedding('ranker.history_id', ids, input('history_id', ['batch', HISTORY_LENGTH], 'int32'), weights));
  }
  const blocks = [past.single, customer.single].filter((block) => block !== undefined);
  const customerSide = stacked(person, blocks, ['batch'], dim);

  // Every vector of the article with every vector of the customer; pairs within one side are left
  // out. The article's fields, which are most of its vectors, are a block already: to put the
  // others before them would move every number twice.
  const dotsOf = (block: Tensor): Tensor => {
    const vectors = Number(block.shape[2]);
    const rows = reshape(block, ['batch', `candidates*${String(vectors)}`, dim]);
    return reshape(matmul(rows, transposeLast(customerSide)), [...outer, vectors * Number(customerSide.shape[1])]);
  };
  // Each part costs a pass over what comes out, which is wider than these two: they are one part.
  const few = concat([dotsOf(stacked(article, [], outer, dim)), bottom]);
  const top = relu(joinedMlp('ranker.top', fields.single ? [few, dotsOf(fields.single)] : [few], hidden));
  const learnt = matmul(top, parameter('ranker.out', [hidden[hidden.length - 1], 1], 'zeros'));
  return reshape(learnt, outer);
}

function pairsOf(encoder: Encoder): Tensor {
  return input('pair', ['batch', 'candidates', pairWidth(encoder.articleLayout)]);
}

/**
 * The scores by which the layers learn [batch, candidates], higher is better. Those of the straight
 * way, which stays as it is, come in as
 * `offset` [batch, candidates]: reckoned once, not at every step.
 */
export function learningRanker(encoder: Encoder, config: RankerConfig): Tensor {
  return add(input('offset', ['batch', 'candidates']), rankerLayers(encoder, config));
}

/**
 * Turns scores into log-odds: scale · score + shift, with a scale above 0, so that no order
 * changes.
 */
export interface Calibration {
  readonly scale: number;
  readonly shift: number;
}

/**
 * Each group's own: of candidates with the same score newcomers buy another share than customers
 * with a past do.
 */
export type Calibrations = Readonly<Record<StraightGroup, Calibration>>;

/**
 * The ranker as it is served: scores whose logistic is the chance that the customer buys the
 * candidate (Platt, 1999).
 */
export function servedRanker(encoder: Encoder, config: RankerConfig): Tensor {
  const pair = pairsOf(encoder);
  const { scores: straight, newcomer: isNewcomer } = straightScores(pair);
  const newcomer = reshape(isNewcomer, ['batch', 'candidates']);
  const gate = mul(sub(constant(1), newcomer), parameter(GATE, [1], 'zeros'));
  const scores = add(straight, mul(gate, rankerLayers(encoder, config, pair)));
  const scale = add(parameter(SCALE, [1], 'ones'), mul(newcomer, parameter(SCALE_OF_NEWCOMERS, [1], 'zeros')));
  const shift = add(parameter(SHIFT, [1], 'zeros'), mul(newcomer, parameter(SHIFT_OF_NEWCOMERS, [1], 'zeros')));
  return add(mul(scores, scale), shift);
}

/**
 * Calibrations as weights of the model: those of customers with a past, and how much more those of
 * newcomers are, which a release of before, with one for all, has as nothing.
 */
export function calibrationWeights({ known, newcomers }: Calibrations): [string, Float32Array][] {
  return [
    [SCALE, Float32Array.of(known.scale)],
    [SHIFT, Float32Array.of(known.shift)],
    [SCALE_OF_NEWCOMERS, Float32Array.of(newcomers.scale - known.scale)],
    [SHIFT_OF_NEWCOMERS, Float32Array.of(newcomers.shift - known.shift)],
  ];
}

/**
 * How far the layers are heard, from 0 to 1, by customers with a past, as a weight of the model.
 * Newcomers do not hear them.
 */
export function gateWeight(gate: number): [string, Float32Array] {
  return [GATE, Float32Array.of(gate)];
}

const GATE = 'ranker.gate';
const SCALE = 'ranker.scale';
const SHIFT = 'ranker.shift';
const SCALE_OF_NEWCOMERS = 'ranker.newcomer_scale';
const SHIFT_OF_NEWCOMERS = 'ranker.newcomer_shift';

/** Vectors [...outer, dim] and blocks of them [...outer, n, dim] as one block. */
function stacked(vectors: readonly Tensor[], blocks: readonly Tensor[], outer: readonly string[], dim: number): Tensor {
  return concat([...vectors.map((vector) => reshape(vector, [...outer, 1, dim])), ...blocks], outer.length);
}
