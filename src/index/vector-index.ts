// The interface of an index of vectors, in this process or on another machine, and the checks that
// every index makes.
import { VitrineError } from '../errors';

/**
 * Vectors by id, searched by inner product. Ids are whole numbers from 0 to 2³¹−1, and vectors are
 * finite. Every method returns a promise, since an index may be on another machine. Each method
 * rejects with the VitrineError INPUT_INVALID if its arguments do not fit.
 */
export interface VectorIndex {
  /** The number of vectors. */
  readonly size: number;
  readonly dim: number;
  /** Whether a search always finds the nearest vectors. An approximate index may miss some. */
  readonly exact: boolean;
  /**
   * Finds the `k` best vectors for each query, best first. Equal scores are ordered by id. If `k`
   * exceeds `size`, the search returns `size` results.
   * @param queries [n, dim]
   */
  search(queries: Float32Array, k: number): Promise<Neighbours>;
  /**
   * Adds vectors, and replaces those of ids that are already in the index. Adds nothing if the
   * promise rejects.
   * @param vectors [ids.length, dim]
   */
  add(ids: Int32Array, vectors: Float32Array): Promise<void>;
  /** Removes vectors. Ids that are not in the index are ignored. */
  remove(ids: Int32Array): Promise<void>;
}

/** An index in this process, which can be written to a file. */
export interface LocalIndex extends VectorIndex {
  readonly kind: IndexKind;
  /**
   * The id of each row of the file that `serialise` returns, −1 if the row was removed. Keep the
   * ids together with the file.
   */
  readonly ids: Int32Array;
  /**
   * Returns a file in FAISS's format, for every kind of index. Both `openIndex` and FAISS can read
   * the file.
   */
  serialise(): Buffer;
}

export type IndexKind = 'exact' | 'faiss-flat' | 'faiss-hnsw';

/** Stands in `ids` for a row that was removed. */
export const REMOVED = -1;

export interface Neighbours {
  /** [n, k] */
  readonly ids: Int32Array;
  /** [n, k], inner products. */
  readonly scores: Float32Array;
  /** Results per query: the requested number, or the size of the index if that is smaller. */
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

/** Returns the number of queries. Throws unless the queries fit an index of this dimension. */
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
