// FAISS's file format, as far as we need it: read and written without FAISS, so that a file serves
// anywhere. Vectors lie at the end of a flat index, and an HNSW file ends with a flat one.

import { invalid } from './index-contract';

/**
 * What there is to know of a FAISS file without FAISS: the vectors lie at its end, whatever comes
 * before.
 */
export interface FaissFile {
  readonly kind: 'faiss-flat' | 'faiss-hnsw';
  readonly dim: number;
  readonly rows: number;
  /** Where the flat index begins: in HNSW it follows the graph. */
  readonly flatAt: number;
  readonly buffer: Buffer;
}

/** @throws VitrineError INPUT_INVALID where this is not the whole of such a file. */
export function readFaissFile(buffer: Buffer): FaissFile {
  const magic = buffer.toString('latin1', 0, 4);
  const kind = magic === 'IxFI' ? 'faiss-flat' : magic === 'IHNf' ? 'faiss-hnsw' : undefined;
  if (!kind || buffer.length < FLAT_HEADER_BYTES) {
    throw invalid(`expected a file of a flat or HNSW index by inner product, got one that begins with '${magic}'`);
  }
  const dim = buffer.readInt32LE(4);
  const rows = Number(buffer.readBigInt64LE(8));
  const flatAt = buffer.length - FLAT_HEADER_BYTES - rows * dim * 4;
  const fits =
    dim > 0 &&
    rows >= 0 &&
    (kind === 'faiss-flat' ? flatAt === 0 : flatAt > FLAT_HEADER_BYTES) &&
    buffer.toString('latin1', flatAt, flatAt + 4) === 'IxFI' &&
    buffer.readBigUInt64LE(flatAt + 37) === BigInt(rows * dim);
  if (!fits) throw invalid(`the file is cut short or damaged: ${buffer.length} bytes for ${rows} vectors of ${dim}`);
  return { kind, dim, rows, flatAt, buffer };
}

/**
 * The vectors of a file, [rows, dim]: a copy, since their place in the file is no multiple of four.
 */
export function readVectors({ buffer, flatAt, dim, rows }: FaissFile): Float32Array {
  const vectors = new Float32Array(rows * dim);
  buffer.copy(Buffer.from(vectors.buffer), 0, flatAt + FLAT_HEADER_BYTES);
  return vectors;
}

/**
 * A flat inner-product index.
 * @param vectors [n, dim]
 */
export function writeFlatFile(dim: number, vectors: Float32Array): Buffer {
  const buffer = Buffer.alloc(FLAT_HEADER_BYTES + vectors.byteLength);
  buffer.write('IxFI', 0, 'latin1');
  buffer.writeInt32LE(dim, 4);
  buffer.writeBigInt64LE(BigInt(vectors.length / dim), 8);
  // Two numbers that FAISS once used and still expects.
  buffer.writeBigInt64LE(1n << 20n, 16);
  buffer.writeBigInt64LE(1n << 20n, 24);
  buffer.writeUInt8(1, 32); // trained
  buffer.writeInt32LE(0, 33); // inner product
  buffer.writeBigUInt64LE(BigInt(vectors.length), 37);
  Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength).copy(buffer, FLAT_HEADER_BYTES);
  return buffer;
}

/**
 * faiss-node cannot set efSearch, but FAISS stores it: between the graph and the vectors, after
 * efConstruction and before a 1 that was once the upper beam. Returns a changed copy.
 */
export function setEfSearch(buffer: Buffer, efSearch: number): Buffer {
  if (!Number.isInteger(efSearch) || efSearch < 1) throw invalid(`expected efSearch to be at least 1, got ${efSearch}`);
  const { flatAt } = readFaissFile(buffer);
  const [construction, beam] = [buffer.readInt32LE(flatAt - 12), buffer.readInt32LE(flatAt - 4)];
  if (construction !== 40 || beam !== 1) throw invalid('the file is not an HNSW index as this version writes it');
  const changed = Buffer.from(buffer);
  changed.writeInt32LE(efSearch, flatAt - 8);
  return changed;
}

/** The header of a flat index, little-endian; the vectors follow, row by row. */
const FLAT_HEADER_BYTES = 45;
