// The FAISS indexes behind the common interface of indexes: flat, which is exact, and HNSW, a graph
// of near neighbours. local-index.ts loads FAISS.
import { exactFromFile, type ExactIndex } from './exact-index';
import { readFaissFile } from './faiss-file';
import { checkQueries, checkVectors, REMOVED, type LocalIndex, type Neighbours } from './vector-index';

/** An index as faiss-node makes it. Rows are numbered in the order in which they were added. */
export interface NativeIndex {
  getDimension(): number;
  add(vectors: number[]): void;
  /**
   * `k` must not exceed the number of rows. If fewer than `k` rows are found, the remaining labels
   * are −1.
   */
  search(queries: number[], k: number): { labels: number[]; distances: number[] };
  /** Removes rows, and later rows move up. FAISS ends the process if the index is not flat. */
  removeIds(rows: number[]): number;
  toBuffer(): Buffer;
}

/** FAISS's flat index. It is exact. When a row is removed, later rows move up. */
export class FlatIndex implements LocalIndex {
  readonly kind = 'faiss-flat';
  readonly exact = true;
  readonly dim: number;
  readonly #present: Set<number>;

  constructor(
    private readonly index: NativeIndex,
    private rows: Int32Array,
  ) {
    this.dim = index.getDimension();
    this.#present = new Set(rows);
  }

  get size(): number {
    return this.rows.length;
  }

  get ids(): Int32Array {
    return this.rows.slice();
  }

  async search(queries: Float32Array, k: number): Promise<Neighbours> {
    const n = checkQueries(this.dim, queries, k);
    const kept = Math.min(k, this.size);
    const found = emptyNeighbours(n, kept);
    if (n === 0 || kept === 0) return found;
    const { labels, distances } = this.index.search(Array.from(queries), kept);
    for (let q = 0; q < n; q++) {
      const rows = labels.slice(q * kept, (q + 1) * kept);
      putRow(found, q, rows.map((row, i) => [distances[q * kept + i], this.rows[row]])); // prettier-ignore
    }
    return found;
  }

  async add(ids: Int32Array, vectors: Float32Array): Promise<void> {
    checkVectors(this.dim, ids, vectors);
    this.#drop(ids);
    addRows(this.index, vectors, this.dim);
    this.rows = joined(this.rows, ids);
    for (const id of ids) this.#present.add(id);
  }

  async remove(ids: Int32Array): Promise<void> {
    this.#drop(ids);
  }

  serialise(): Buffer {
    return this.index.toBuffer();
  }

  #drop(ids: Int32Array): void {
    const gone = new Set(ids.filter((id) => this.#present.has(id)));
    if (gone.size === 0) return;
    const rows = [...this.rows.keys()].filter((row) => gone.has(this.rows[row]));
    this.index.removeIds(rows);
    this.rows = this.rows.filter((id) => !gone.has(id));
    for (const id of gone) this.#present.delete(id);
  }
}

/**
 * FAISS's graph index, which is approximate and stays fast when it is large. Nothing can be removed
 * from the graph. Removed rows stay as tombstones, which searches skip, and a replaced vector is a
 * tombstone and a new row. A new release begins without tombstones.
 */
export class HnswIndex implements LocalIndex {
  readonly kind = 'faiss-hnsw';
  readonly exact = false;
  readonly dim: number;
  /** [capacity] the id of each row, −1 if the row was removed. The first #used rows are in use. */
  #rows: Int32Array;
  #used: number;
  readonly #rowOf = new Map<number, number>();
  /**
   * An exact index, made when a search first finds too few results, and kept up to date from then
   * on.
   */
  #fallback: ExactIndex | undefined;

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

  async search(queries: Float32Array, k: number): Promise<Neighbours> {
    const n = checkQueries(this.dim, queries, k);
    const kept = Math.min(k, this.size);
    const found = emptyNeighbours(n, kept);
    if (kept === 0) return found;
    let open = Array.from({ length: n }, (_, q) => q);
    // Fetches enough rows that k are left without the tombstones, and more for queries that have
    // many tombstones near them.
    const share = this.#used / this.size;
    for (let fetched = Math.ceil(kept * share) + (share > 1 ? 16 : 0); open.length > 0; fetched *= 4) {
      // If a query asks for a large part of the index, comparing with all vectors is more reliable.
      if (fetched > MOST_FETCHED && fetched > this.#used / 4) return this.#searchExactly(queries, open, found);
      open = this.#searchGraph(queries, open, Math.min(fetched, this.#used), found);
      if (fetched >= this.#used && open.length > 0) return this.#searchExactly(queries, open, found);
    }
    return found;
  }

  async add(ids: Int32Array, vectors: Float32Array): Promise<void> {
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
    this.#fallback?.put(ids, vectors);
  }

  async remove(ids: Int32Array): Promise<void> {
    this.#bury(ids);
    this.#fallback?.drop(ids);
  }

  serialise(): Buffer {
    return this.index.toBuffer();
  }

  /** Searches the graph for the queries `open`. Returns the queries that got too few results. */
  #searchGraph(queries: Float32Array, open: readonly number[], fetched: number, found: Neighbours): number[] {
    const numbers = open.flatMap((q) => Array.from(queries.subarray(q * this.dim, (q + 1) * this.dim)));
    const { labels, distances } = this.index.search(numbers, fetched);
    return open.filter((q, i) => {
      const live: [score: number, id: number][] = [];
      for (let at = i * fetched; at < (i + 1) * fetched && live.length < found.k; at++) {
        // FAISS fills the row with −1 if the search reaches too few rows.
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
      const { ids, scores } = this.#fallback.find(queries.subarray(q * this.dim, (q + 1) * this.dim), found.k);
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

/**
 * Above this number of results, comparing with all vectors may be quicker than searching the graph.
 */
const MOST_FETCHED = 2000;

/**
 * Number of rows that are passed to FAISS at once. FAISS takes plain arrays, which need at least
 * eight bytes for each number.
 */
const CHUNK_ROWS = 4096;

/** Appends vectors [n, dim]. Calls `onRows` with the number of rows added so far. */
export function addRows(index: NativeIndex, vectors: Float32Array, dim: number, onRows?: (rows: number) => void): void {
  const step = CHUNK_ROWS * dim;
  for (let at = 0; at < vectors.length; at += step) {
    index.add(Array.from(vectors.subarray(at, at + step)));
    onRows?.(Math.min(vectors.length, at + step) / dim);
  }
}

function emptyNeighbours(n: number, k: number): Neighbours {
  return { ids: new Int32Array(n * k), scores: new Float32Array(n * k), k };
}

/**
 * Writes the results of one query. Equal scores come in the order of their ids, as in the exact
 * index.
 */
function putRow(found: Neighbours, q: number, row: readonly (readonly [score: number, id: number])[]): void {
  const sorted = row.toSorted((a, b) => b[0] - a[0] || a[1] - b[1]);
  sorted.forEach(([score, id], i) => {
    found.ids[q * found.k + i] = id;
    found.scores[q * found.k + i] = score;
  });
}

function joined(a: Int32Array, b: Int32Array): Int32Array {
  const both = new Int32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
