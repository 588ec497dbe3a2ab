// Builds the indexes in this process and opens their files. This file uses FAISS if FAISS is
// available, and otherwise the index in plain TypeScript. Every file is in FAISS's own format, so a
// release that was built with FAISS can be served without FAISS, and vice versa.
//
// No other file imports faiss-node, which is loaded on first use. FAISS keeps state for the whole
// process, so indexes belong to the main thread. FAISS ends the process when an index does not
// support an operation (removing from HNSW), so every call is checked first. FAISS works on one
// thread, so the same vectors always make the same index.
import type * as Faiss from 'faiss-node';
import { prepareNativeLibraries } from '../config';
import { asError } from '../errors';
import { ExactIndex, exactFromFile } from './exact-index';
import { readFaissFile, setEfSearch } from './faiss-file';
import { addRows, FlatIndex, HnswIndex } from './faiss-index';
import { checkVectors, invalid, REMOVED, type IndexKind, type LocalIndex } from './vector-index';

export interface IndexOptions {
  /** Default: depends on the size. FAISS is used if it is available. */
  readonly kind?: IndexKind;
  /**
   * Number of candidates that an HNSW search keeps. A larger number finds more of the nearest
   * vectors but takes longer.
   */
  readonly efSearch?: number;
  /**
   * Called with the number of rows in the index while it is built. A graph of 100,000 vectors takes
   * some ten seconds.
   */
  readonly onRows?: (rows: number) => void;
}

/**
 * Number of rows from which a graph is built, since a query of a flat index of this size takes more
 * than 1 ms.
 */
const HNSW_FROM_ROWS = 20_000;

/**
 * Default of `efSearch`. A search with it finds 97 % of the nearest 100 among 105,000 clustered
 * vectors of 64 numbers in 0.6 ms. A flat index takes 4 ms.
 */
const EF_SEARCH = 256;

/**
 * Builds an index over copies of the vectors.
 * @param vectors [ids.length, dim]
 * @throws VitrineError INPUT_INVALID if shapes do not fit, a number is not finite or an id occurs
 * twice.
 */
export function buildIndex(
  dim: number,
  ids: Int32Array,
  vectors: Float32Array,
  options: IndexOptions = {},
): LocalIndex {
  checkVectors(dim, ids, vectors);
  const kind = options.kind ?? kindFor(ids.length);
  if (kind === 'exact') return new ExactIndex(dim).put(ids, vectors);
  const faiss = needFaiss(kind);
  if (kind === 'faiss-flat') {
    const flat = new faiss.IndexFlatIP(dim);
    addRows(flat, vectors, dim);
    return new FlatIndex(flat, Int32Array.from(ids));
  }
  const graph = faiss.Index.fromFactory(dim, 'HNSW32,Flat', faiss.MetricType.METRIC_INNER_PRODUCT);
  addRows(graph, vectors, dim, options.onRows);
  const searchable = faiss.Index.fromBuffer(setEfSearch(graph.toBuffer(), options.efSearch ?? EF_SEARCH));
  return new HnswIndex(searchable, Int32Array.from(ids));
}

/**
 * Opens the file that `serialise` made.
 * @param ids the index's `ids` when it was serialised
 * @param options.kind 'exact' reads a file of any kind; every other kind reads only files of its
 * own kind. Default: the file's kind, or exact if FAISS is not available.
 * @throws VitrineError INPUT_INVALID if the buffer is no such file, or the ids do not fit the file.
 */
export function openIndex(buffer: Buffer, ids: Int32Array, options: IndexOptions = {}): LocalIndex {
  const file = readFaissFile(buffer);
  if (ids.length !== file.rows) throw invalid(`expected ${file.rows} ids for the rows of the file, got ${ids.length}`);
  const kind = options.kind ?? (faissStatus().available ? file.kind : 'exact');
  if (kind === 'exact') return exactFromFile(file, ids);
  if (kind !== file.kind) throw invalid(`expected a file of kind ${kind}, got ${file.kind}`);
  const live = ids.filter((id) => id !== REMOVED);
  if (live.some((id) => id < 0) || new Set(live).size !== live.length) {
    throw invalid('expected ids from 0 on, each once, and -1 for removed rows');
  }
  const faiss = needFaiss(kind);
  if (kind === 'faiss-flat') {
    const removed = [...ids.keys()].filter((row) => ids[row] === REMOVED);
    const flat = faiss.IndexFlatIP.fromBuffer(buffer);
    if (removed.length > 0) flat.removeIds(removed);
    return new FlatIndex(flat, live);
  }
  return new HnswIndex(
    faiss.Index.fromBuffer(setEfSearch(buffer, options.efSearch ?? EF_SEARCH)),
    Int32Array.from(ids),
  );
}

export type FaissStatus =
  | { readonly available: true; readonly version: string }
  | { readonly available: false; readonly reason: string; readonly remedy: string };

/** Tells whether FAISS can be used in this process, and if not, why. */
export function faissStatus(): FaissStatus {
  const loaded = loadFaiss();
  if (!(loaded instanceof Error)) return { available: true, version: loaded.version };
  const reason = loaded.message.startsWith('Could not locate the bindings file')
    ? 'faiss-node has no binary for this machine'
    : (loaded.message.split('\n')[0] ?? '');
  return { available: false, reason, remedy: 'npm run setup -- --retry' };
}

/** Loads FAISS, or returns an Error if FAISS cannot be loaded. */
function loadFaiss(): { faiss: typeof Faiss; version: string } | Error {
  prepareNativeLibraries();
  try {
    const { version } = require('faiss-node/package.json') as { version: string };
    return { faiss: require('faiss-node') as typeof Faiss, version };
  } catch (thrown) {
    return asError(thrown);
  }
}

function needFaiss(kind: IndexKind): typeof Faiss {
  const loaded = loadFaiss();
  if (!(loaded instanceof Error)) return loaded.faiss;
  const status = faissStatus();
  const why = status.available ? '' : `${status.reason}; to have it: ${status.remedy}`;
  throw invalid(`kind ${kind} needs FAISS, which is not available here (${why})`);
}

function kindFor(rows: number): IndexKind {
  return rows >= HNSW_FROM_ROWS && faissStatus().available ? 'faiss-hnsw' : flatKind();
}

/** The kind for searches in large batches, where a flat index is as fast as a graph. */
export function flatKind(): IndexKind {
  return faissStatus().available ? 'faiss-flat' : 'exact';
}
