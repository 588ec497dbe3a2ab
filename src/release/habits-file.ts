// The habits file of a release. All numbers are little-endian:
//
//   header             magic "VHAB", version 3, rows, width, shares, attributes: 4 bytes each
//   neighbours         int32 [rows, width]
//   nearness           float32 [rows, width]
//   repeat rates       float32 [rows]
//   variant rates      float32 [rows]
//   attribute shares   float32 [shares]
//   blocks of values   int32 [attributes, 2]
//   lifts of values    float32 [Σ values²]
import { VitrineError } from '../errors';
import { ageBands } from '../statistics/age-bands';
import { CoPurchases } from '../statistics/co-purchase';
import type { Encoder } from '../features/encoder';
import { type Habits, squaresOf } from '../statistics/habits';
import { bytesOf } from '../bytes';

const MAGIC = 0x42414856;
const VERSION = 3;
const HEADER_BYTES = 24;

export function writeHabits({
  coPurchases,
  repeatRates,
  variantRates,
  attributeShares,
  valueLifts: { blocks, excess },
}: Habits): Uint8Array {
  const { width, neighbours, nearness } = coPurchases;
  const header = Int32Array.of(MAGIC, VERSION, repeatRates.length, width, attributeShares.length, blocks.length / 2);
  const parts = [header, neighbours, nearness, repeatRates, variantRates, attributeShares, blocks, excess];
  return Buffer.concat(parts.map(bytesOf));
}

/** The sizes of the parts of the file that describe attributes. */
export interface AttributeSizes {
  readonly shares: number;
  readonly attributes: number;
  /** Number of slots in the article layout. */
  readonly slots: number;
}

/** The sizes for the shop that this encoder was made for. */
export function attributeSizes(encoder: Encoder): AttributeSizes {
  const { slots, single, multi } = encoder.articleLayout;
  return { shares: (1 + ageBands(encoder).count) * slots, attributes: single.length + multi.length, slots };
}

/** @throws VitrineError INPUT_INVALID if this is not a habits file, or its sizes do not fit */
export function readHabits(file: Uint8Array, rows: number, { shares, attributes, slots }: AttributeSizes): Habits {
  // Typed arrays need aligned memory, so the file is copied.
  const bytes = Uint8Array.from(file);
  const [magic, version, written, width, values, kinds] = new Int32Array(bytes.slice(0, HEADER_BYTES).buffer);
  if (bytes.length < HEADER_BYTES || magic !== MAGIC || version !== VERSION) {
    throw invalid('it is not a file of habits of this version');
  }
  if (written !== rows) throw invalid(`expected ${String(rows)} articles, got ${String(written)}`);
  if (values !== shares)
    throw invalid(`expected ${String(shares)} shares of attributes' values, got ${String(values)}`);
  if (kinds !== attributes) throw invalid(`expected ${String(attributes)} attributes, got ${String(kinds)}`);
  const beforeLifts = HEADER_BYTES + 4 * (rows * (2 * width + 2) + shares + 2 * attributes);
  if (bytes.length < beforeLifts)
    throw invalid(`expected ${String(beforeLifts)} bytes or more, got ${String(bytes.length)}`);
  const neighbours = new Int32Array(bytes.buffer, HEADER_BYTES, rows * width);
  if (neighbours.some((article) => article < -1 || article >= rows)) throw invalid('a neighbour is no article');
  let at = HEADER_BYTES + 4 * rows * width;
  const next = (length: number): Float32Array => {
    const part = new Float32Array(bytes.buffer, at, length);
    at += 4 * length;
    return part;
  };
  const coPurchases = new CoPurchases(width, neighbours, next(rows * width));
  const counted = { repeatRates: next(rows), variantRates: next(rows), attributeShares: next(shares) };
  const blocks = new Int32Array(bytes.buffer, at, 2 * attributes);
  at = beforeLifts;
  for (let i = 0; i < blocks.length; i += 2) {
    const [first, size] = [blocks[i], blocks[i + 1]];
    if (first < 0 || size < 0 || first + size > slots) throw invalid('a block of values is none of the shop');
  }
  const lifts = squaresOf(blocks)[attributes];
  if (bytes.length !== beforeLifts + 4 * lifts) {
    throw invalid(`expected ${String(beforeLifts + 4 * lifts)} bytes, got ${String(bytes.length)}`);
  }
  return { coPurchases, ...counted, valueLifts: { blocks, excess: next(lifts) } };
}

function invalid(why: string): VitrineError {
  return new VitrineError('INPUT_INVALID', why);
}
