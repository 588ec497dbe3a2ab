// The parts of FAISS's file format that the project needs. They are read and written without FAISS,
// so that a file can be used where FAISS is not available. A flat index ends with its vectors, and
// an HNSW file ends with a flat index.
import { invalid } from './vector-index';

/** Properties of a FAISS file that can be read without FAISS. */
export interface FaissFile {
  readonly kind: 'faiss-flat' | 'faiss-hnsw';
  readonly dim: number;
  readonly rows: number;
  /** The byte at which the flat index begins. In an HNSW file, the flat index follows the graph. */
  readonly flatAt: number;
  readonly buffer: Buffer;
}

/** @throws VitrineError INPUT_INVALID if the buffer is not a complete FAISS file of these kinds. */
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
 * Returns a copy of the vectors of a file [rows, dim]. A view is impossible, since the vectors
 * begin at a byte that is no multiple of four.
 */
export function readVectors({ buffer, flatAt, dim, rows }: FaissFile): Float32Array {
  const vectors = new Float32Array(rows * dim);
  buffer.copy(Buffer.from(vectors.buffer), 0, flatAt + FLAT_HEADER_BYTES);
  return vectors;
}

/**
 * Writes a flat index by inner product.
 * @param vectors [n, dim]
 */
export function writeFlatFile(dim: number, vectors: Float32Array): Buffer {
  const buffer = Buffer.alloc(FLAT_HEADER_BYTES + vectors.byteLength);
  buffer.write('IxFI', 0, 'latin1');
  buffer.writeInt32LE(dim, 4);
  buffer.writeBigInt64LE(BigInt(vectors.length / dim), 8);
  // FAISS no longer uses these two numbers but still expects them.
  buffer.writeBigInt64LE(1n << 20n, 16);
  buffer.writeBigInt64LE(1n << 20n, 24);
  buffer.writeUInt8(1, 32); // trained
  buffer.writeInt32LE(0, 33); // inner product
  buffer.writeBigUInt64LE(BigInt(vectors.length), 37);
  Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength).copy(buffer, FLAT_HEADER_BYTES);
  return buffer;
}

/**
 * Returns a copy of an HNSW file with another efSearch, which faiss-node cannot set. FAISS stores
 * it between the graph and the vectors, after efConstruction and before a 1, the old setting
 * `upper_beam`.
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

/** The header of a flat index, little-endian. The vectors follow row by row. */
const FLAT_HEADER_BYTES = 45;
