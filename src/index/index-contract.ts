// What an index of vectors is, and the checks that every kind makes. Knows no kind.

import { VitrineError } from '../errors';

/**
 * Vectors by id, searched by inner product. Ids are whole numbers from 0 to 2³¹−1; vectors are
 * finite.
 */
export interface VectorIndex {
  readonly kind: IndexKind;
  /** How many vectors there are. */
  readonly size: number;
  readonly dim: number;
  /** Whether the nearest are always found: the approximate kind may miss some. */
  readonly exact: boolean;
  /**
   * The ids by row of what `serialise` returns; −1 where the row was removed. Store both together.
   */
  readonly ids: Int32Array;
  /**
   * The `k` best for each query, best first; equal scores by id. `k` is capped to `size`.
   * @param queries [n, dim]
   * @throws VitrineError INPUT_INVALID where the length is no multiple of dim, or a number is not
   * finite.
   */
  search(queries: Float32Array, k: number): Neighbours;
  /**
   * An id that is there is replaced.
   * @param vectors [ids.length, dim]
   * @throws VitrineError INPUT_INVALID, and then nothing was added.
   */
  add(ids: Int32Array, vectors: Float32Array): void;
  /** Ids that are not there are passed over. */
  remove(ids: Int32Array): void;
  /**
   * A file as FAISS writes it, whichever kind this is; `openIndex` reads it, and so does any FAISS.
   */
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
  /** What was asked for, or the size of the index where that is less. */
  readonly k: number;
}

/** Throws unless these are new vectors that an index of this dimension can take. */
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

/** Throws unless these are queries for an index of this dimension; returns their number. */
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
