// The two towers and their loss: a customer and an article as vectors of one space, near where the one would buy the other.
// Yi et al., "Sampling-bias-corrected neural modeling", RecSys 2019; mixed negatives: Yang et al., WWW 2020 Companion.
// Knows the encoder's layouts; nothing of where batches come from.
import type { Encoder } from '../features/encoder';
import { HISTORY } from '../features/encoder';
import {
  add,
  concat,
  equal,
  fillWhere,
  firstRows,
  flatten,
  l2Normalise,
  logSumExp,
  matmul,
  mean,
  mul,
  reduceSum,
  softplus,
  sub,
  transposeLast,
} from '../graph/operators';
import { constant, embedding, input, type Table, type Tensor } from '../graph/tensor';
import { fieldEmbeddings, mlp } from './layers';

export interface TwoTowerConfig {
  /** Width of the vectors of both towers and of the articles' own embeddings. */
  readonly dim: number;
  /** Width of the embeddings of attributes. */
  readonly fieldDim: number;
  readonly hidden: number;
  /** Cosines are divided by this before the softmax. */
  readonly temperature: number;
}

export interface TwoTower {
  /** [batch, dim], unit length. Inputs: `customer_*`, `history_*`, `last_id`. */
  readonly query: Tensor;
  /** [articles, dim], unit length. Inputs: `article_*`. */
  readonly article: Tensor;
}

/** Both towers. They share the tables of articles: what is learnt of a bought article serves on either side. */
export function twoTower(encoder: Encoder, config: TwoTowerConfig): TwoTower {
  const articleIds: Table = { name: 'tower.article_ids', rows: encoder.articleSlots, width: config.dim };
  const articleFields: Table = {
    name: 'tower.article_fields',
    rows: encoder.articleLayout.slots,
    width: config.fieldDim,
  };
  const customerFields: Table = {
    name: 'tower.customer_fields',
    rows: encoder.customerLayout.slots,
    width: config.fieldDim,
  };

  const ids = embedding('tower.article_id', articleIds, input('article_id', ['articles'], 'int32'));
  const fields = fieldEmbeddings('tower', 'article', encoder.articleLayout, articleFields, ['articles']);
  const articleMlp = mlp('tower.article', concat([ids, ...joined(fields)]), [config.hidden, config.dim]);

  const history = embedding(
    'tower.history_id',
    articleIds,
    input('history_id', ['batch', HISTORY], 'int32'),
    input('history_id_weights', ['batch', HISTORY]),
  );
  const last = embedding('tower.last_id', articleIds, input('last_id', ['batch'], 'int32'));
  const past = fieldEmbeddings('tower', 'history', encoder.articleLayout, articleFields, ['batch'], HISTORY);
  const customer = fieldEmbeddings('tower', 'customer', encoder.customerLayout, customerFields, ['batch']);
  const known = concat([history, last, ...joined(past), ...joined(customer)]);
  const queryMlp = mlp('tower.query', known, [config.hidden, config.dim]);

  return {
    // The embeddings of ids also go past the layers: the dot product of two ids is matrix factorisation, learnt at once.
    query: l2Normalise(add(queryMlp, history)),
    article: l2Normalise(add(articleMlp, ids)),
  };
}

/**
 * Sampled softmax: each customer's purchase against all other purchases of the batch and `sampled` articles drawn uniformly,
 * all in one softmax, each corrected by the logarithm of how often it is expected to be there (log-Q). Inputs besides
 * the towers': articles [batch + sampled] hold the purchases first, `log_q` [1, articles], `article_ids` [1, articles],
 * `target_log_q`, `target_ids` and `weight` [batch, 1].
 */
export function sampledSoftmax({ query, article }: TwoTower, temperature: number): Tensor {
  const logQ = input('log_q', [1, 'articles']);
  const ids = input('article_ids', [1, 'articles'], 'int32');
  const targets = input('target_ids', ['batch', 1], 'int32');
  const weight = input('weight', ['batch', 1]);

  const scaled = mul(query, constant(1 / temperature));
  const scores = sub(matmul(scaled, transposeLast(article)), logQ);
  // The purchase itself has a place of its own; wherever its article is among the columns, it is no negative of itself.
  const others = logSumExp(fillWhere(equal(targets, ids), -1e4, scores));
  const target = sub(reduceSum(mul(scaled, firstRows(article, query)), [-1]), input('target_log_q', ['batch', 1]));
  // −log(eᵗ / (eᵗ + eᵒ)) = log(1 + eᵒ⁻ᵗ)
  return mean(mul(softplus(sub(others, target)), weight));
}

function joined({ single, multi }: { single: Tensor | undefined; multi: readonly Tensor[] }): Tensor[] {
  return single ? [flatten(single, 1), ...multi] : [...multi];
}
