// Decodes input files, which must be UTF-8. A lenient decoder replaces all wrong bytes by the same
// character, so that two different ids may become the same. Therefore text is decoded up to its
// first wrong byte and refused there.

import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { asError, VitrineError } from '../../errors';
import { asStorageError } from '../files/storage';

/** The offset at which text stops being UTF-8, with a remedy. */
export class NotUtf8 extends Error {
  constructor(
    /** In bytes from the beginning of the text, after unpacking. */
    readonly offset: number,
    readonly byte: number,
    remedy = 'Convert the file, for example with `iconv -f WINDOWS-1252 -t UTF-8`',
  ) {
    const value = byte.toString(16).toUpperCase().padStart(2, '0');
    super(`expected text in UTF-8, got the byte 0x${value} at offset ${offset}. ${remedy}; nothing was imported.`);
  }

  /** The error for this file. `line` counts from 1. */
  in(path: string, line: number): VitrineError {
    return new VitrineError('INPUT_INVALID', `${basename(path)}, line ${line}: ${this.message}`, { cause: this });
  }
}

/**
 * Decodes bytes that come in pieces, and leaves out a byte order mark.
 * @throws NotUtf8 after yielding the text before the wrong byte
 */
export async function* decodeUtf8(
  pieces: AsyncIterable<Buffer> | Iterable<Buffer>,
): AsyncGenerator<string, void, undefined> {
  /** The first bytes of a character whose other bytes are in the next piece. */
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  for await (const piece of pieces) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    if (offset === 0) refuseOthers(bytes);
    const whole = bytes.subarray(0, wholeLength(bytes, bytes.length));
    const marked = offset === 0 && whole.subarray(0, MARK.length).equals(MARK) ? MARK.length : 0;
    if (!isUtf8(whole)) {
      const wrong = firstWrong(whole);
      yield bytes.toString('utf8', marked, wrong);
      throw new NotUtf8(offset + wrong, bytes[wrong]);
    }
    yield whole.toString('utf8', marked);
    rest = bytes.subarray(whole.length);
    offset += whole.length;
  }
  if (rest.length > 0) throw new NotUtf8(offset, rest[0]);
}

/** Reads a small file. @throws VitrineError INPUT_INVALID, STORAGE_UNAVAILABLE */
export async function readUtf8(path: string): Promise<string> {
  let text = '';
  try {
    for await (const piece of decodeUtf8([await readFile(path)])) text += piece;
  } catch (thrown) {
    throw thrown instanceof NotUtf8 ? thrown.in(path, 1 + lineEnds(text)) : unreadable(path, thrown);
  }
  return text;
}

/** The error for input that cannot be read: a wrong path, or a fault of the system. */
export function unreadable(path: string, thrown: unknown): Error {
  const reason = MISTAKES[(asError(thrown) as NodeJS.ErrnoException).code ?? ''];
  if (reason === undefined) return asStorageError(thrown, path);
  return new VitrineError('INPUT_INVALID', `${path} cannot be read: ${reason}.`, { cause: thrown });
}

const MISTAKES: Readonly<Partial<Record<string, string>>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of its path is a file, expected a folder',
  EISDIR: 'it is a folder, expected a file',
};

export function lineEnds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

const MARK = Buffer.from('\ufeff');
const LINE_END = 0x0a;

/** Throws for gzip and UTF-16, which are recognised by their first bytes. */
function refuseOthers(bytes: Buffer): void {
  const [first, second] = bytes;
  if (first === 0x1f && second === 0x8b)
    throw new NotUtf8(0, first, 'This is a gzip file: let its name end in .csv.gz');
  const utf16 = 'It looks like UTF-16: convert the file with `iconv -f UTF-16 -t UTF-8`';
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) throw new NotUtf8(0, first, utf16);
  // English text in UTF-16 without a mark is valid UTF-8, but every other byte is zero.
  const zero = bytes.indexOf(0);
  const lineEnd = bytes.indexOf(LINE_END);
  if (zero >= 0 && (lineEnd < 0 || zero < lineEnd)) throw new NotUtf8(zero, 0, utf16);
}

/** The length of the first `end` bytes without an incomplete character at their end. */
function wholeLength(bytes: Buffer, end: number): number {
  for (let start = end - 1; start >= Math.max(0, end - 3); start--) {
    const byte = bytes[start];
    if (byte < 0x80) return end;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return start + length > end ? start : end;
  }
  return end;
}

/**
 * Finds the offset of the first wrong character by binary search. If a beginning of the text is
 * wrong, all longer ones are wrong too.
 */
function firstWrong(bytes: Buffer): number {
  let right = 0;
  let wrong = bytes.length;
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    if (isUtf8(bytes.subarray(0, wholeLength(bytes, middle)))) right = middle;
    else wrong = middle;
  }
  return wholeLength(bytes, right);
}
