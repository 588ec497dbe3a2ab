// The two towers and their loss. Customers and articles become vectors in one space, close together
// if the customer would buy the article. The article tower reads id and attributes (Yi et al.,
// "Sampling-bias-corrected neural modeling", RecSys 2019). The query tower reads the purchases in
// their order with attention (Kang & McAuley, "Self-attentive sequential recommendation", ICDM
// 2018).
import { HISTORY_LENGTH, type Encoder } from '../../features/encoder';
import { crossEntropyOfProducts, matmul } from '../../graph/products';
import { l2Normalise, mean, softmax } from '../../graph/rows';
import { concat } from '../../graph/pieces';
import { expandAs, flatten, gather, placesAlong, reduceSum, reshape } from '../../graph/shapes';
import { add, cast, mul, neg, softplus } from '../../graph/elementwise';
import { constant, embedding, input, parameter, type Table, type Tensor } from '../../graph/tensor';
import { causalMask, distances, fieldEmbeddings, joinedMlp, transformer } from './layers';

export interface TwoTowerConfig {
  /** Width of the vectors of both towers and of the articles' own embeddings. */
  readonly dim: number;
  /** Width of the embeddings of the attributes. */
  readonly fieldDim: number;
  readonly hidden: number;
  /** Layers and heads of the query tower's attention. */
  readonly layers: number;
  readonly heads: number;
  /** Share of numbers between the query tower's layers that are hidden in training. */
  readonly dropout: number;
  /** Cosines are divided by this before the softmax. */
  readonly temperature: number;
}

/** The vector of each article [articles, dim], unit length. Inputs: `article_*`. */
export function articleTower(encoder: Encoder, { dim, fieldDim, hidden }: TwoTowerConfig): Tensor {
  const idTable: Table = { name: 'tower.article_ids', rows: encoder.articleSlots, width: dim };
  const fieldTable: Table = { name: 'tower.article_fields', rows: encoder.articleLayout.slots, width: fieldDim };
  const ids = embedding('tower.article_id', idTable, input('article_id', ['articles'], 'int32'));
  const fields = fieldEmbeddings({
    site: 'tower',
    prefix: 'article',
    layout: encoder.articleLayout,
    table: fieldTable,
    outer: ['articles'],
  });
  const content = joinedMlp('tower.article', [ids, ...joined(fields)], [hidden, dim]);
  // The ids' embeddings also bypass the layers: the dot product of two ids is matrix factorisation,
  // which is learnt quickly.
  return l2Normalise(add(content, ids));
}

/**
 * The state of each customer after each purchase: [batch, 1 + length, dim], unit length, from the
 * vectors of the purchases [batch, length, dim], oldest first. State 0 is the state before the
 * first purchase, as for a cold customer. Other inputs: `customer_*` and, in training, the inputs
 * of `maskInputs`.
 */
function queryStates(encoder: Encoder, config: TwoTowerConfig, history: Tensor, training: boolean): Tensor {
  const { dim, fieldDim } = config;
  const fieldTable: Table = { name: 'tower.customer_fields', rows: encoder.customerLayout.slots, width: fieldDim };
  const fields = joined(
    fieldEmbeddings({
      site: 'tower',
      prefix: 'customer',
      layout: encoder.customerLayout,
      table: fieldTable,
      outer: ['batch'],
    }),
  );
  const nobody = expandAs(parameter('tower.nobody', [1, 1, dim], 'zeros'), reduceSum(history, [1]));
  const person =
    fields.length === 0
      ? nobody
      : add(nobody, reshape(joinedMlp('tower.customer', fields, [config.hidden, dim]), ['batch', 1, dim]));
  // The numbers of unit vectors are too small for the layers, so they are scaled up.
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
  // The purchases also bypass the layers, with the most weight for the latest purchase. So repeated
  // purchases are learnt quickly.
  const ages = neg(distances(tokens));
  const decay = softplus(parameter('tower.decay', [1], 'zeros'));
  const weights = softmax(add(mul(ages, decay), causalMask(tokens)));
  const nothing = mul(nobody, constant(0));
  const recent = matmul(weights, concat([nothing, history], 1));
  return l2Normalise(add(wanted, mul(recent, parameter('tower.again', [dim], 'ones'))));
}

/**
 * One input int32 [batch × (1 + length)] for each dropout: the index of the mask for each row,
 * below MASKS.
 */
export function maskInputs({ layers, dropout }: Pick<TwoTowerConfig, 'layers' | 'dropout'>): string[] {
  return Array.from({ length: dropout > 0 ? 1 + 2 * layers : 0 }, (_, i) => `mask.${String(i)}`);
}

/**
 * The query tower as it is served: [batch, dim]. Inputs: `history` [batch, HISTORY_LENGTH, dim],
 * the vectors of the purchases, oldest first and padded at the end; `history_length` [batch], the
 * number of purchases; `customer_*`.
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
 * Sampled softmax: each purchase compared with all other articles of the batch. Each article is
 * corrected by the logarithm of its probability of being in the batch (log-Q), so the loss is exact
 * if every article is in the batch. Inputs besides those of the towers:
 *
 * - `history` [batch, length] and `target` [targets]: indices into the articles of the batch
 * - `state` [targets]: the index of the state before each target, in batch × (1 + length)
 * - `log_q` [articles]: the logarithm of the probability that an article is in the batch
 * - `weight` [targets, 1]: the weight of each target in the loss
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
