// Decodes the bytes of text files. A lenient decoder replaces all wrong bytes by the same
// character, so that two different ids may become the same. Therefore text is decoded up to its
// first wrong byte and refused there.

import { isAscii, isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { VitrineError } from '../../../errors';
import { unreadable } from './bytes';

/** The place at which bytes stop being text of an encoding. */
export class WrongByte extends Error {
  constructor(
    readonly encoding: string,
    /** In bytes from the beginning of the text, after unpacking. */
    readonly offset: number,
    readonly byte: number,
  ) {
    const value = byte.toString(16).toUpperCase().padStart(2, '0');
    super(
      `expected text in ${encoding}, got the byte 0x${value} at offset ${offset}. ` +
        'Say the encoding of the file ("form": {"encoding": "windows-1252"} in shop.json) or convert the file; nothing was imported.',
    );
  }

  /** The error for this file. `line` counts from 1. */
  in(name: string, line: number): VitrineError {
    return new VitrineError('INPUT_INVALID', `${name}, line ${line}: ${this.message}`, { cause: this });
  }
}

type Pieces = AsyncIterable<Buffer> | Iterable<Buffer>;

/**
 * Returns the standard name of an encoding. ISO-8859-1 and ASCII are windows-1252 there.
 * @throws VitrineError INPUT_INVALID
 */
export function encodingName(label: string): string {
  try {
    return new TextDecoder(label).encoding;
  } catch (cause) {
    const expected = 'expected a label of the WHATWG Encoding Standard such as utf-8, windows-1252 or utf-16le';
    throw new VitrineError('INPUT_INVALID', `encoding: ${expected}, got '${label}'.`, { cause });
  }
}

/**
 * Decodes bytes that come in pieces, and leaves out a byte order mark.
 * @param encoding as `encodingName` returns it
 * @throws WrongByte after yielding the text before the wrong byte
 */
export async function* decodeText(pieces: Pieces, encoding: string): AsyncGenerator<string, void, undefined> {
  const codec = CODECS[encoding];
  if (codec === undefined) {
    yield* decodeOther(pieces, encoding);
    return;
  }
  /** The first bytes of a character whose other bytes are in the next piece. */
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  for await (const piece of pieces) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const whole = bytes.subarray(0, codec.whole(bytes));
    const from = offset === 0 && whole.subarray(0, codec.mark.length).equals(codec.mark) ? codec.mark.length : 0;
    const wrong = codec.firstWrong(whole);
    if (wrong >= 0) {
      yield codec.decode(bytes.subarray(from, wrong));
      throw new WrongByte(encoding, offset + wrong, bytes[wrong]);
    }
    yield codec.decode(whole.subarray(from));
    rest = bytes.subarray(whole.length);
    offset += whole.length;
  }
  if (rest.length > 0) throw new WrongByte(encoding, offset, rest[0]);
}

/**
 * Reads a small file in UTF-8, such as shop.json.
 * @throws VitrineError INPUT_INVALID, STORAGE_UNAVAILABLE
 */
export async function readUtf8(path: string): Promise<string> {
  let text = '';
  try {
    for await (const piece of decodeText([await readFile(path)], 'utf-8')) text += piece;
  } catch (thrown) {
    throw thrown instanceof WrongByte ? thrown.in(basename(path), 1 + lineEnds(text)) : unreadable(path, thrown);
  }
  return text;
}

/** Gives wrong bytes their line. */
export async function* locateWrongBytes(
  name: string,
  text: AsyncIterable<string>,
): AsyncGenerator<string, void, undefined> {
  let line = 1;
  let last = '';
  try {
    for await (const piece of text) {
      yield piece;
      line += lineEnds(piece) - (last === '\r' && piece.startsWith('\n') ? 1 : 0);
      last = piece.at(-1) ?? last;
    }
  } catch (thrown) {
    throw thrown instanceof WrongByte ? thrown.in(name, line) : thrown;
  }
}

/**
 * Reads the first pieces, up to a length at least, and up to the end of a line unless that is far
 * away. `end`: they are the whole file.
 */
export async function takeSample(
  text: AsyncGenerator<string, void>,
  length: number,
): Promise<{ text: string; end: boolean }> {
  let sample = '';
  while (sample.length < length || (sample.length < 8 * length && !/[\r\n]/.test(sample))) {
    const { value, done } = await text.next();
    if (done) return { text: sample, end: true };
    sample += value;
  }
  return { text: sample, end: false };
}

/** The number of line ends: LF, CRLF or CR alone. */
export function lineEnds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  for (let at = text.indexOf('\r'); at >= 0; at = text.indexOf('\r', at + 1)) if (text[at + 1] !== '\n') count++;
  return count;
}

/** The number of bytes without an incomplete character of UTF-8 at the end. */
export function wholeCharacters(bytes: Buffer, end = bytes.length): number {
  for (let start = end - 1; start >= Math.max(0, end - 3); start--) {
    const byte = bytes[start];
    if (byte < 0x80) return end;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return start + length > end ? start : end;
  }
  return end;
}

interface Codec {
  readonly mark: Buffer;
  /** The number of bytes that are whole characters. */
  whole(bytes: Buffer): number;
  /** The offset of the first wrong byte of whole characters; −1 if there is none. */
  firstWrong(bytes: Buffer): number;
  decode(bytes: Buffer): string;
}

const UTF16LE: Codec = {
  mark: Buffer.from([0xff, 0xfe]),
  whole(bytes) {
    const even = bytes.length & ~1;
    return even >= 2 && (bytes[even - 1] & 0xfc) === 0xd8 ? even - 2 : even;
  },
  firstWrong(bytes) {
    const lone = bytes.toString('utf16le').search(LONE_SURROGATE);
    return lone < 0 ? -1 : 2 * lone;
  },
  decode: (bytes) => bytes.toString('utf16le'),
};
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** A copy with the bytes of each pair swapped. The length is even. */
const swapped = (bytes: Buffer): Buffer => Buffer.from(bytes).swap16();

const CODECS: Readonly<Partial<Record<string, Codec>>> = {
  'utf-8': {
    mark: Buffer.from('\ufeff'),
    whole: wholeCharacters,
    firstWrong: (bytes) => (isUtf8(bytes) ? -1 : firstWrongUtf8(bytes)),
    decode: (bytes) => bytes.toString('utf8'),
  },
  'windows-1252': {
    mark: Buffer.alloc(0),
    whole: (bytes) => bytes.length,
    firstWrong: (bytes) => (isAscii(bytes) ? -1 : bytes.toString('latin1').search(UNDEFINED_1252)),
    // Node's own decoder took windows-1252 for ISO-8859-1 in some versions.
    decode(bytes) {
      const text = bytes.toString('latin1');
      if (isAscii(bytes)) return text;
      return text.replace(/[\x80-\x9f]/g, (control) => WINDOWS_1252[control.charCodeAt(0) - 0x80]);
    },
  },
  'utf-16le': UTF16LE,
  'utf-16be': {
    mark: Buffer.from([0xfe, 0xff]),
    whole(bytes) {
      const even = bytes.length & ~1;
      return even >= 2 && (bytes[even - 2] & 0xfc) === 0xd8 ? even - 2 : even;
    },
    firstWrong: (bytes) => UTF16LE.firstWrong(swapped(bytes)),
    decode: (bytes) => UTF16LE.decode(swapped(bytes)),
  },
};

/** The characters of 0x80 to 0x9F. Those that are undefined are never decoded. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const UNDEFINED_1252 = /[\x81\x8d\x8f\x90\x9d]/;

/**
 * Finds the offset of the first wrong character by binary search. If a beginning of the text is
 * wrong, all longer ones are wrong too.
 */
function firstWrongUtf8(bytes: Buffer): number {
  let right = 0;
  let wrong = bytes.length;
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    if (isUtf8(bytes.subarray(0, wholeCharacters(bytes, middle)))) right = middle;
    else wrong = middle;
  }
  return wholeCharacters(bytes, right);
}

/**
 * Decodes with Node's decoder. It says nothing of the place of a wrong byte, but puts U+FFFD there,
 * which these encodings do not have.
 */
async function* decodeOther(pieces: Pieces, encoding: string): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder(encoding);
  let offset = 0;
  for await (const piece of withEnd(pieces)) {
    const text = piece ? decoder.decode(piece, { stream: true }) : decoder.decode();
    const wrong = text.indexOf('\ufffd');
    if (wrong >= 0) {
      yield text.slice(0, wrong);
      const at = piece ? nearestWrong(piece, encoding) : 0;
      throw new WrongByte(encoding, offset + at, piece?.[at] ?? 0);
    }
    yield text;
    offset += piece?.length ?? 0;
  }
}

async function* withEnd(pieces: Pieces): AsyncGenerator<Buffer | undefined, void, undefined> {
  yield* pieces;
  yield undefined;
}

/**
 * The offset of the byte that a strict decoder refuses. It may be a few bytes off where the first
 * character of the piece began in the piece before.
 */
function nearestWrong(piece: Buffer, encoding: string): number {
  const strict = new TextDecoder(encoding, { fatal: true });
  for (let at = 0; at < piece.length; at++) {
    try {
      strict.decode(piece.subarray(at, at + 1), { stream: true });
    } catch {
      return at;
    }
  }
  return piece.length - 1;
}
