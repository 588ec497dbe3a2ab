// FAISS's flat index behind the interface of every index. Knows nothing of how FAISS is loaded.

import { checkQueries, checkVectors, type Neighbours, type VectorIndex } from './index-contract';
import { addRows, emptyNeighbours, joined, putRow, type NativeIndex } from './native-index';

/** FAISS's flat index: exact, and rows can be removed (later ones then move up). */
export class FlatIndex implements VectorIndex {
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

  add(ids: Int32Array, vectors: Float32Array): void {
    checkVectors(this.dim, ids, vectors);
    this.remove(ids);
    addRows(this.index, vectors, this.dim);
    this.rows = joined(this.rows, ids);
    for (const id of ids) this.#present.add(id);
  }

  remove(ids: Int32Array): void {
    const gone = new Set(ids.filter((id) => this.#present.has(id)));
    if (gone.size === 0) return;
    const rows = [...this.rows.keys()].filter((row) => gone.has(this.rows[row]));
    this.index.removeIds(rows);
    this.rows = this.rows.filter((id) => !gone.has(id));
    for (const id of gone) this.#present.delete(id);
  }

  search(queries: Float32Array, k: number): Neighbours {
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

  serialise(): Buffer {
    return this.index.toBuffer();
  }
}
