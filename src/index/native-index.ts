// What FAISS's indexes have in common: the part of a native index that is used, and the filling of
// results. Knows nothing of how FAISS is loaded.

import type { Neighbours } from './index-contract';

/** An index as faiss-node makes it: rows are numbered as they were added. Plain arrays only. */
export interface NativeIndex {
  getDimension(): number;
  add(vectors: number[]): void;
  /** `k` at most the number of rows. A label of −1 fills up where too few were found. */
  search(queries: number[], k: number): { labels: number[]; distances: number[] };
  /** Only on a flat index: on others FAISS ends the process. Later rows move up. */
  removeIds(rows: number[]): number;
  toBuffer(): Buffer;
}

/** Rows handed to FAISS at once: a plain array takes eight bytes and more a number. */
const CHUNK_ROWS = 4096;

/** Appends vectors, [n, dim]; `onRows` hears how many have been appended. */
export function addRows(index: NativeIndex, vectors: Float32Array, dim: number, onRows?: (rows: number) => void): void {
  const step = CHUNK_ROWS * dim;
  for (let at = 0; at < vectors.length; at += step) {
    index.add(Array.from(vectors.subarray(at, at + step)));
    onRows?.(Math.min(vectors.length, at + step) / dim);
  }
}

export function emptyNeighbours(n: number, k: number): Neighbours {
  return { ids: new Int32Array(n * k), scores: new Float32Array(n * k), k };
}

/** Writes one query's row, equal scores in the order of their ids as the exact index has them. */
export function putRow(found: Neighbours, q: number, row: readonly (readonly [score: number, id: number])[]): void {
  const sorted = row.toSorted((a, b) => b[0] - a[0] || a[1] - b[1]);
  sorted.forEach(([score, id], i) => {
    found.ids[q * found.k + i] = id;
    found.scores[q * found.k + i] = score;
  });
}

export function joined(a: Int32Array, b: Int32Array): Int32Array {
  const both = new Int32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
