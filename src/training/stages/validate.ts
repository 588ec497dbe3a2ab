// The validation of the towers, for early stopping: the rank of each bought article among all
// articles, by exact scores.
import { inMemory, type ModelRunner } from '../../engine/model-runner';
import type { Dataset } from '../../dataset/dataset';
import { TWO_TOWER } from '../../ranking/sources/two-tower';
import { encodeOnnx } from '../../graph/onnx';
import { matmul, transposeLast } from '../../graph/products';
import { input } from '../../graph/tensor';
import { queryInputs, type Model } from '../../ranking/model-inputs';
import { customersOf, type Round } from '../../dataset/protocols';

const SCORES = 'validate.scores';
const BATCH = 128;

/**
 * The mean over customers of the mean gain of their purchases: 1 / log₂(1 + rank), or 0 after the
 * last candidate. For a single purchase the gain is NDCG (Järvelin & Kekäläinen, TOIS 2002).
 * `vectors` are [articles, dim].
 */
export async function meanGain(
  engine: ModelRunner,
  shop: Dataset,
  towers: { readonly dim: number; readonly vectors: Float32Array; readonly queryTower: Model },
  rounds: readonly Round[],
): Promise<number> {
  const { dim, vectors, queryTower } = towers;
  const size = vectors.length / dim;
  const graph = matmul(input('queries', ['batch', dim]), transposeLast(input('articles', ['articles', dim])));
  await engine.load(
    SCORES,
    inMemory(encodeOnnx({ name: 'scores', outputs: { scores: graph }, embeddings: 'inline' }).bytes),
  );
  const rows = { dim, data: vectors, has: () => true };
  let gain = 0;
  let asked = 0;
  for (const round of rounds) {
    for (let at = 0; at < round.customers.length; at += BATCH) {
      const places = Array.from({ length: Math.min(BATCH, round.customers.length - at) }, (_, i) => at + i);
      const customers = customersOf(shop, round, places);
      const queries = await queryTower(queryInputs(shop.encoder, customers, rows));
      const { scores } = await engine.run(SCORES, {
        queries: { data: queries, shape: [places.length, dim] },
        articles: { data: vectors, shape: [size, dim] },
      });
      places.forEach((place, i) => {
        const own = scores.data.subarray(i * size, (i + 1) * size);
        const hidden = round.hideHistory
          ? new Set(customers.histories[i].map(({ article }) => article))
          : new Set<number>();
        const gains = Array.from(round.answers[place], (article) => {
          const rank = placeOf(article, own, hidden);
          return rank > TWO_TOWER.limit ? 0 : 1 / Math.log2(1 + rank);
        });
        gain += gains.reduce((sum, one) => sum + one, 0) / gains.length;
        asked += 1;
      });
    }
  }
  return asked === 0 ? 0 : gain / asked;
}

/**
 * The rank of an article among all articles that are not hidden, from 1. At equal scores, the
 * article with the smaller index ranks first.
 */
function placeOf(article: number, scores: ArrayLike<number>, hidden: ReadonlySet<number>): number {
  const own = scores[article];
  let place = 1;
  for (let other = 0; other < scores.length; other++) {
    if (scores[other] > own || (scores[other] === own && other < article)) place += 1;
  }
  for (const other of hidden) if (other !== article && scores[other] > own) place -= 1;
  return place;
}
