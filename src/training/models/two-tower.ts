// The two towers and their loss: a customer and an article as vectors of one space, near where the
// one would buy the other. The article tower reads id and attributes (Yi et al.,
// "Sampling-bias-corrected neural modeling", RecSys 2019); the query tower reads what was bought,
// in order, with attention (Kang & McAuley, "Self-attentive sequential recommendation", ICDM 2018).
// Knows the encoder's layouts; nothing of where batches come from.
import type { Encoder } from '../../features/encoder';
import { HISTORY_LENGTH } from '../../features/encoder';
import {
  add,
  cast,
  concat,
  crossEntropyOfProducts,
  expandAs,
  flatten,
  gather,
  l2Normalise,
  matmul,
  mean,
  mul,
  neg,
  placesAlong,
  reduceSum,
  reshape,
  softmax,
  softplus,
} from '../../graph/operators';
import { constant, embedding, input, parameter, type Table, type Tensor } from '../../graph/tensor';
import { causalMask, distances, fieldEmbeddings, joinedMlp, transformer } from './layers';

export interface TwoTowerConfig {
  /** Width of the vectors of both towers and of the articles' own embeddings. */
  readonly dim: number;
  /** Width of the embeddings of attributes. */
  readonly fieldDim: number;
  readonly hidden: number;
  /** Layers and heads of the query tower's attention. */
  readonly layers: number;
  readonly heads: number;
  /** Share of the numbers between the query tower's layers that are hidden while training. */
  readonly dropout: number;
  /** Cosines are divided by this before the softmax. */
  readonly temperature: number;
}

/** The vector of each article [articles, dim], unit length. Inputs: `article_*`. */
export function articleTower(encoder: Encoder, { dim, fieldDim, hidden }: TwoTowerConfig): Tensor {
  const idTable: Table = { name: 'tower.article_ids', rows: encoder.articleSlots, width: dim };
  const fieldTable: Table = { name: 'tower.article_fields', rows: encoder.articleLayout.slots, width: fieldDim };
  const ids = embedding('tower.article_id', idTable, input('article_id', ['articles'], 'int32'));
  const fields = fieldEmbeddings('tower', 'article', encoder.articleLayout, fieldTable, ['articles']);
  const content = joinedMlp('tower.article', [ids, ...joined(fields)], [hidden, dim]);
  // The embeddings of ids also go past the layers: the dot product of two ids is matrix
  // factorisation, learnt at once.
  return l2Normalise(add(content, ids));
}

/**
 * What each customer wants after each purchase: [batch, 1 + length, dim], unit length, from the
 * vectors of what was bought, [batch, length, dim], oldest first. Place 0 is before the first
 * purchase: a customer of whom nothing else is known. Other inputs: `customer_*` and, while
 * training, those of `maskInputs`.
 */
function queryStates(encoder: Encoder, config: TwoTowerConfig, history: Tensor, training: boolean): Tensor {
  const { dim, fieldDim } = config;
  const fieldTable: Table = { name: 'tower.customer_fields', rows: encoder.customerLayout.slots, width: fieldDim };
  const fields = joined(fieldEmbeddings('tower', 'customer', encoder.customerLayout, fieldTable, ['batch']));
  const nobody = expandAs(parameter('tower.nobody', [1, 1, dim], 'zeros'), reduceSum(history, [1]));
  const person =
    fields.length === 0
      ? nobody
      : add(nobody, reshape(joinedMlp('tower.customer', fields, [config.hidden, dim]), ['batch', 1, dim]));
  // Numbers of unit vectors are small: they are brought to the size that layers are made for.
  const bought = mul(matmul(history, parameter('tower.bought', [dim, dim])), constant(Math.sqrt(dim)));
  const tokens = concat([person, bought], 1);
  let use = 0;
  const wanted = transformer('tower.query', tokens, {
    layers: config.layers,
    heads: config.heads,
    length: HISTORY_LENGTH + 1,
    out: parameter('tower.wanted', [dim, dim]),
    ...(training &&
      config.dropout > 0 && {
        dropout: {
          share: config.dropout,
          which: (rows) => input(maskInputs(config)[use++], [rows], 'int32'),
        },
      }),
  });
  // What was bought also goes past the layers, the latest first: who buys again, or more of the
  // same, is learnt at once.
  const ages = neg(distances(tokens));
  const decay = softplus(parameter('tower.decay', [1], 'zeros'));
  const weights = softmax(add(mul(ages, decay), causalMask(tokens)));
  const nothing = mul(nobody, constant(0));
  const recent = matmul(weights, concat([nothing, history], 1));
  return l2Normalise(add(wanted, mul(recent, parameter('tower.again', [dim], 'ones'))));
}

/**
 * Inputs int32 [batch × (1 + length)], below MASKS: which mask hides numbers of each row, one for
 * each place where there is dropout.
 */
export function maskInputs({ layers, dropout }: Pick<TwoTowerConfig, 'layers' | 'dropout'>): string[] {
  return Array.from({ length: dropout > 0 ? 1 + 2 * layers : 0 }, (_, i) => `mask.${String(i)}`);
}

/**
 * The query tower as it is served: [batch, dim]. Inputs: `history` [batch, HISTORY_LENGTH, dim], article
 * vectors, oldest first, filled up at the end;
 * `history_length` [batch], how many there are; `customer_*`.
 */
export function queryTower(encoder: Encoder, config: TwoTowerConfig): Tensor {
  const history = input('history', ['batch', HISTORY_LENGTH, config.dim]);
  const states = queryStates(encoder, config, history, false);
  const length = input('history_length', ['batch'], 'int32');
  const rows = mul(placesAlong(length, 0), constant(HISTORY_LENGTH + 1));
  const latest = cast(add(rows, cast(length, 'float32')), 'int32');
  return gather(reshape(states, [`batch*${String(HISTORY_LENGTH + 1)}`, config.dim]), latest);
}

/**
 * Sampled softmax: each purchase against all other articles of the batch, each corrected by the
 * logarithm of the chance that it is there (log-Q); exact where every article is there. Inputs
 * besides the towers': `history` [batch, length] and `target` [targets], places among the articles
 * of the batch; `state` [targets], which of the batch × (1 + length) states precedes a target;
 * `log_q` [articles]; `weight` [targets, 1].
 */
export function sequenceLoss(encoder: Encoder, config: TwoTowerConfig): Tensor {
  const { dim, temperature } = config;
  const articles = articleTower(encoder, config);
  const history = gather(articles, input('history', ['batch', 'length'], 'int32'));
  const states = queryStates(encoder, config, history, true);
  const queries = gather(reshape(states, ['states', dim]), input('state', ['targets'], 'int32'));
  const target = input('target', ['targets'], 'int32');
  const logQ = input('log_q', ['articles']);
  const costs = crossEntropyOfProducts(mul(queries, constant(1 / temperature)), articles, neg(logQ), target);
  return mean(mul(costs, input('weight', ['targets', 1])));
}

function joined({ single, multi }: { single: Tensor | undefined; multi: readonly Tensor[] }): Tensor[] {
  return single ? [flatten(single, 1), ...multi] : [...multi];
}
