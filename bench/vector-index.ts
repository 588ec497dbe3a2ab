// Compares the three indexes by time to build, time of a search, and recall. The vectors are
// clustered, like embeddings. Their numbers are those of a small shop and of H&M.

import { createRandom } from '../src/random';
import { buildIndex, faissStatus } from '../src/index/local-index';
import type { IndexKind } from '../src/index/vector-index';

const DIM = 64;
const K = 100;
const QUERIES = 50;

const kinds: IndexKind[] = faissStatus().available ? ['exact', 'faiss-flat', 'faiss-hnsw'] : ['exact'];
void main();

async function main(): Promise<void> {
  for (const rows of [10_000, 105_542]) {
    const vectors = clusteredVectors(rows, 'articles');
    const queries = clusteredVectors(QUERIES, 'queries');
    const ids = Int32Array.from({ length: rows }, (_, row) => row);
    const truth = (await buildIndex(DIM, ids, vectors, { kind: 'exact' }).search(queries, K)).ids;
    for (const kind of kinds) {
      const started = performance.now();
      const index = buildIndex(DIM, ids, vectors, { kind });
      const built = performance.now();
      const single = await time(async () => {
        for (let q = 0; q < QUERIES; q++) await index.search(queries.subarray(q * DIM, (q + 1) * DIM), K);
      });
      let found = truth;
      const batch = await time(async () => {
        found = (await index.search(queries, K)).ids;
      });
      const facts = [
        `build ${Math.round(built - started)} ms`,
        `one query ${(single / QUERIES).toFixed(2)} ms`,
        `in a batch of ${QUERIES} ${(batch / QUERIES).toFixed(2)} ms`,
        `recall@${K} ${recall(found, truth).toFixed(3)}`,
      ];
      console.log(`${rows} × ${DIM}  ${kind.padEnd(10)}  ${facts.join(' · ')}`);
    }
  }
}

async function time(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Makes unit vectors around 200 centres, with shape [n, DIM]. All streams share the centres. */
function clusteredVectors(n: number, stream: string): Float32Array {
  const centres = createRandom(1, 'centres');
  const means = Float32Array.from({ length: 200 * DIM }, () => centres.normal());
  const random = createRandom(1, stream);
  const vectors = new Float32Array(n * DIM);
  for (let row = 0; row < n; row++) {
    const own = vectors.subarray(row * DIM, (row + 1) * DIM);
    const centre = random.int(200) * DIM;
    own.forEach((_, i) => (own[i] = means[centre + i] + 0.6 * random.normal()));
    const length = Math.hypot(...own);
    own.forEach((value, i) => (own[i] = value / length));
  }
  return vectors;
}

/**
 * Returns the share of the true neighbours that were found. Both arrays have shape [QUERIES, K].
 */
function recall(found: Int32Array, truth: Int32Array): number {
  let hits = 0;
  for (let at = 0; at < truth.length; at += K) {
    const row = new Set(found.subarray(at, at + K));
    hits += truth.subarray(at, at + K).filter((id) => row.has(id)).length;
  }
  return hits / truth.length;
}
