// FAISS's graph of near neighbours behind the interface of every index. Knows nothing of how FAISS
// is loaded.

import { exactFromFile } from './exact-index';
import { readFaissFile } from './faiss-file';
import { checkQueries, checkVectors, REMOVED, type Neighbours, type VectorIndex } from './index-contract';
import { addRows, emptyNeighbours, joined, putRow, type NativeIndex } from './native-index';

/**
 * FAISS's graph: approximate, fast however large. Nothing can be removed from it, so removed rows
 * stay as tombstones that searches pass over, and a replaced vector is a tombstone and a new row; a
 * new release begins without any.
 */
export class HnswIndex implements VectorIndex {
  readonly kind = 'faiss-hnsw';
  readonly exact = false;
  readonly dim: number;
  /** By row, −1: removed. Has room for more rows than there are. */
  #rows: Int32Array;
  #used: number;
  readonly #rowOf = new Map<number, number>();
  /** Made when a search finds too few, and kept up to date from then on. */
  #fallback: VectorIndex | undefined;

  constructor(
    private readonly index: NativeIndex,
    rows: Int32Array,
  ) {
    this.dim = index.getDimension();
    this.#rows = rows;
    this.#used = rows.length;
    rows.forEach((id, row) => id !== REMOVED && this.#rowOf.set(id, row));
  }

  get size(): number {
    return this.#rowOf.size;
  }

  get ids(): Int32Array {
    return this.#rows.slice(0, this.#used);
  }

  add(ids: Int32Array, vectors: Float32Array): void {
    checkVectors(this.dim, ids, vectors);
    this.#bury(ids);
    addRows(this.index, vectors, this.dim);
    if (this.#used + ids.length > this.#rows.length) {
      this.#rows = joined(this.#rows, new Int32Array(Math.max(ids.length, this.#rows.length)));
    }
    for (const id of ids) {
      this.#rowOf.set(id, this.#used);
      this.#rows[this.#used++] = id;
    }
    this.#fallback?.add(ids, vectors);
  }

  remove(ids: Int32Array): void {
    this.#bury(ids);
    this.#fallback?.remove(ids);
  }

  search(queries: Float32Array, k: number): Neighbours {
    const n = checkQueries(this.dim, queries, k);
    const kept = Math.min(k, this.size);
    const found = emptyNeighbours(n, kept);
    if (kept === 0) return found;
    let open = Array.from({ length: n }, (_, q) => q);
    // Enough that the tombstones among the nearest leave k; where they crowd, ask again for more.
    const share = this.#used / this.size;
    for (let fetched = Math.ceil(kept * share) + (share > 1 ? 16 : 0); open.length > 0; fetched *= 4) {
      // A large part of the index is found more surely by comparing with all of it.
      if (fetched > MOST_FETCHED && fetched > this.#used / 4) return this.#searchExactly(queries, open, found);
      open = this.#searchGraph(queries, open, Math.min(fetched, this.#used), found);
      if (fetched >= this.#used && open.length > 0) return this.#searchExactly(queries, open, found);
    }
    return found;
  }

  serialise(): Buffer {
    return this.index.toBuffer();
  }

  /** Searches the queries `open` and returns those for which too few were found. */
  #searchGraph(queries: Float32Array, open: readonly number[], fetched: number, found: Neighbours): number[] {
    const numbers = open.flatMap((q) => Array.from(queries.subarray(q * this.dim, (q + 1) * this.dim)));
    const { labels, distances } = this.index.search(numbers, fetched);
    return open.filter((q, i) => {
      const live: [score: number, id: number][] = [];
      for (let at = i * fetched; at < (i + 1) * fetched && live.length < found.k; at++) {
        // FAISS fills up with −1 where it reaches too few.
        const id = labels[at] < 0 ? REMOVED : this.#rows[labels[at]];
        if (id !== REMOVED) live.push([distances[at], id]);
      }
      if (live.length < found.k) return true;
      putRow(found, q, live);
      return false;
    });
  }

  #searchExactly(queries: Float32Array, open: readonly number[], found: Neighbours): Neighbours {
    this.#fallback ??= exactFromFile(readFaissFile(this.index.toBuffer()), this.ids);
    for (const q of open) {
      const { ids, scores } = this.#fallback.search(queries.subarray(q * this.dim, (q + 1) * this.dim), found.k);
      found.ids.set(ids, q * found.k);
      found.scores.set(scores, q * found.k);
    }
    return found;
  }

  #bury(ids: Int32Array): void {
    for (const id of ids) {
      const row = this.#rowOf.get(id);
      if (row === undefined) continue;
      this.#rows[row] = REMOVED;
      this.#rowOf.delete(id);
    }
  }
}

/** Results of one search of the graph beyond which comparing with all vectors may be quicker. */
const MOST_FETCHED = 2000;
