// Habits as bytes: what a release keeps of them. Knows the layout of the file, nothing of how habits are counted.
//
//   magic "VHAB", version 2, rows, neighbours a row, shares   (4 bytes each)
//   neighbours int32 [rows, width]   nearness float32 [rows, width]   repeat rates, variant rates float32 [rows] each
//   attribute shares float32 [shares]   (all little-endian)
import { VitrineError } from '../errors';
import { ageBands } from '../features/age-bands';
import { CoPurchases } from '../features/co-purchase';
import type { Encoder } from '../features/encoder';
import type { Habits } from '../features/habits';

const MAGIC = 0x42414856;
const VERSION = 2;
const HEADER_BYTES = 20;

export function writeHabits({ coPurchases, repeatRates, variantRates, attributeShares }: Habits): Uint8Array {
  const { width, neighbours, nearness } = coPurchases;
  const header = Int32Array.of(MAGIC, VERSION, repeatRates.length, width, attributeShares.length);
  return Buffer.concat([header, neighbours, nearness, repeatRates, variantRates, attributeShares].map(bytesOf));
}

/** How many shares habits of this encoder's shop have. */
export function sharesOf(encoder: Encoder): number {
  return (1 + ageBands(encoder).count) * encoder.articleLayout.slots;
}

/** @throws VitrineError INPUT_INVALID where this is no such file, or not one of `rows` articles and `shares` shares of attributes' values. */
export function readHabits(file: Uint8Array, rows: number, shares: number): Habits {
  // A copy that begins at a multiple of four, which views of numbers need.
  const bytes = Uint8Array.from(file);
  const [magic, version, written, width, values] = new Int32Array(bytes.slice(0, HEADER_BYTES).buffer);
  if (bytes.length < HEADER_BYTES || magic !== MAGIC || version !== VERSION) {
    throw invalid('it is not a file of habits of this version');
  }
  if (written !== rows) throw invalid(`expected ${String(rows)} articles, got ${String(written)}`);
  if (values !== shares)
    throw invalid(`expected ${String(shares)} shares of attributes' values, got ${String(values)}`);
  const expected = HEADER_BYTES + 4 * (rows * (2 * width + 2) + shares);
  if (bytes.length !== expected) throw invalid(`expected ${String(expected)} bytes, got ${String(bytes.length)}`);
  const neighbours = new Int32Array(bytes.buffer, HEADER_BYTES, rows * width);
  if (neighbours.some((article) => article < -1 || article >= rows)) throw invalid('a neighbour is no article');
  let at = HEADER_BYTES + 4 * rows * width;
  const next = (length: number): Float32Array => {
    const part = new Float32Array(bytes.buffer, at, length);
    at += 4 * length;
    return part;
  };
  const coPurchases = new CoPurchases(width, neighbours, next(rows * width));
  return { coPurchases, repeatRates: next(rows), variantRates: next(rows), attributeShares: next(shares) };
}

function bytesOf({ buffer, byteOffset, byteLength }: Int32Array | Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function invalid(why: string): VitrineError {
  return new VitrineError('INPUT_INVALID', why);
}
