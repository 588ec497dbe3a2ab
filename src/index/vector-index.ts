// The interface of an index of vectors, here or on another machine, and the checks that every index
// makes.
import { VitrineError } from '../errors';

/**
 * Vectors by id, searched by inner product. Ids are whole numbers from 0 to 2³¹−1, and vectors are
 * finite. Everything returns a promise, since an index may be on another machine. Each method
 * rejects with the VitrineError INPUT_INVALID if its arguments do not fit.
 */
export interface VectorIndex {
  /** The number of vectors. */
  readonly size: number;
  readonly dim: number;
  /** Whether the nearest are always found. An approximate index may miss some. */
  readonly exact: boolean;
  /**
   * Finds the `k` best for each query, best first, equal scores by id. `k` is capped to `size`.
   * @param queries [n, dim]
   */
  search(queries: Float32Array, k: number): Promise<Neighbours>;
  /**
   * Replaces the vectors of ids that are there already. Adds nothing if it rejects.
   * @param vectors [ids.length, dim]
   */
  add(ids: Int32Array, vectors: Float32Array): Promise<void>;
  /** Ignores ids that are not there. */
  remove(ids: Int32Array): Promise<void>;
}

/** An index in this process, which can be written to a file. */
export interface LocalIndex extends VectorIndex {
  readonly kind: IndexKind;
  /**
   * The ids by row of what `serialise` returns, −1 where the row was removed. Keep both together.
   */
  readonly ids: Int32Array;
  /** A file in FAISS's format, for every kind. Both `openIndex` and FAISS read it. */
  serialise(): Buffer;
}

export type IndexKind = 'exact' | 'faiss-flat' | 'faiss-hnsw';

/** In `ids`: a row that was removed. */
export const REMOVED = -1;

export interface Neighbours {
  /** [n, k] */
  readonly ids: Int32Array;
  /** [n, k], inner products. */
  readonly scores: Float32Array;
  /** The number that was asked for, or the size of the index if that is less. */
  readonly k: number;
}

/** Throws unless an index of this dimension can take these vectors. */
export function checkVectors(dim: number, ids: Int32Array, vectors: Float32Array): void {
  if (!Number.isInteger(dim) || dim < 1) throw invalid(`expected a dimension of at least 1, got ${dim}`);
  if (vectors.length !== ids.length * dim) {
    throw invalid(`expected ${ids.length} vectors of ${dim} = ${ids.length * dim} numbers, got ${vectors.length}`);
  }
  const seen = new Set<number>();
  for (const id of ids) {
    if (id < 0) throw invalid(`expected ids from 0 on, got ${id}`);
    if (seen.has(id)) throw invalid(`expected each id once, got ${id} twice`);
    seen.add(id);
  }
  const bad = vectors.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw invalid(`the vector of id ${ids[Math.floor(bad / dim)]} holds ${vectors[bad]}, not a finite number`);
}

/** Returns the number of queries. Throws unless they fit an index of this dimension. */
export function checkQueries(dim: number, queries: Float32Array, k: number): number {
  if (!Number.isInteger(k) || k < 0) throw invalid(`expected k to be a whole number from 0 on, got ${k}`);
  if (queries.length % dim !== 0) {
    throw invalid(`expected queries of ${dim} numbers each, got ${queries.length} numbers in all`);
  }
  const bad = queries.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw invalid(`query ${Math.floor(bad / dim)} holds ${queries[bad]}, not a finite number`);
  return queries.length / dim;
}

export function invalid(message: string): VitrineError {
  return new VitrineError('INPUT_INVALID', `vector index: ${message}`);
}
