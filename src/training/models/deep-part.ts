// The deep part of the ranker: a DLRM over a customer and each of their candidates (Naumov et al.,
// "Deep Learning Recommendation Model", arXiv 1906.00091). Embeddings of both sides are multiplied
// in dot products. A small network reads these products and the pair's features.
import { HISTORY_LENGTH, type Encoder } from '../../features/encoder';
import { relu } from '../../graph/elementwise';
import { concat } from '../../graph/pieces';
import { matmul, transposeLast } from '../../graph/products';
import { reshape } from '../../graph/shapes';
import { embedding, input, parameter, type Table, type Tensor } from '../../graph/tensor';
import { fieldEmbeddings, joinedMlp, mlp } from './layers';

export interface RankerConfig {
  /** Width of every embedding. */
  readonly dim: number;
  readonly hidden: readonly number[];
}

/**
 * The scores of the deep part [batch, candidates]. Inputs: `customer_*`, `history_*` [batch, …],
 * `article_*` [batch, candidates, …] and `pair` [batch, candidates, pairWidth]. Each score depends
 * only on its own customer and candidate.
 */
export function deepPart(encoder: Encoder, { dim, hidden }: RankerConfig, pair: Tensor): Tensor {
  const articleFields: Table = { name: 'ranker.article_fields', rows: encoder.articleLayout.slots, width: dim };
  const customerFields: Table = { name: 'ranker.customer_fields', rows: encoder.customerLayout.slots, width: dim };
  const outer = ['batch', 'candidates'];

  const bottom = relu(mlp('ranker.bottom', pair, [64, dim]));

  const fields = fieldEmbeddings({
    site: 'ranker',
    prefix: 'article',
    layout: encoder.articleLayout,
    table: articleFields,
    outer,
  });
  const history = fieldEmbeddings({
    site: 'ranker',
    prefix: 'history',
    layout: encoder.articleLayout,
    table: articleFields,
    outer: ['batch'],
    pooled: HISTORY_LENGTH,
  });
  const customer = fieldEmbeddings({
    site: 'ranker',
    prefix: 'customer',
    layout: encoder.customerLayout,
    table: customerFields,
    outer: ['batch'],
  });
  const article = [bottom, ...fields.multi];
  const person = [...history.multi, ...customer.multi];
  // The cosine already covers the article's id. Embeddings of ids would memorise the sales of the
  // training weeks, so they are used only for shops whose articles have no attributes.
  if (!fields.single && fields.multi.length === 0) {
    const ids: Table = { name: 'ranker.article_ids', rows: encoder.articleSlots, width: dim };
    const weights = input('history_id_weights', ['batch', HISTORY_LENGTH]);
    article.push(embedding('ranker.article_id', ids, input('article_id', outer, 'int32')));
    person.push(embedding('ranker.history_id', ids, input('history_id', ['batch', HISTORY_LENGTH], 'int32'), weights));
  }
  const blocks = [history.single, customer.single].filter((block) => block !== undefined);
  const customerSide = stacked(person, blocks, ['batch'], dim);

  // Dot products of every vector of the article with every vector of the customer, but not within
  // one side. The article's fields are already one block. Joining the other vectors to this block
  // would move every number twice.
  const dotsOf = (block: Tensor): Tensor => {
    const vectors = Number(block.shape[2]);
    const rows = reshape(block, ['batch', `candidates*${String(vectors)}`, dim]);
    return reshape(matmul(rows, transposeLast(customerSide)), [...outer, vectors * Number(customerSide.shape[1])]);
  };
  // Each part costs a pass over the output, which is wider than these two tensors, so the two are
  // joined into one part.
  const few = concat([dotsOf(stacked(article, [], outer, dim)), bottom]);
  const top = relu(joinedMlp('ranker.top', fields.single ? [few, dotsOf(fields.single)] : [few], hidden));
  const learnt = matmul(top, parameter('ranker.out', [hidden[hidden.length - 1], 1], 'zeros'));
  return reshape(learnt, outer);
}

/** Joins vectors [...outer, dim] and blocks of vectors [...outer, n, dim] into one block. */
function stacked(vectors: readonly Tensor[], blocks: readonly Tensor[], outer: readonly string[], dim: number): Tensor {
  return concat([...vectors.map((vector) => reshape(vector, [...outer, 1, dim])), ...blocks], outer.length);
}
