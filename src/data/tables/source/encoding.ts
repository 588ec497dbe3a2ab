// Finds the encoding of a text file. Byte order marks and zeros tell UTF-16. Otherwise the whole
// file is looked at: it is UTF-8 if all of it is, else windows-1252. A file in UTF-8 with a few
// wrong bytes, or in a script that windows-1252 lacks, must not be taken for windows-1252 in
// silence: it is called UTF-8, so that its first wrong byte is refused.

import { isAscii, isUtf8 } from 'node:buffer';
import type { ByteSource } from './bytes';
import { wholeCharacters } from './decode';

/** Returns the label of an encoding. Reads all bytes, unless the first ones tell. */
export async function detectEncoding(source: ByteSource): Promise<string> {
  const told = byMark(source.head) ?? byZeros(source.head);
  if (told !== undefined) return told;
  const census = new Utf8Census();
  for await (const piece of source.read()) census.add(piece);
  return census.result();
}

function byMark(head: Buffer): string | undefined {
  const [first, second, third] = head;
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return undefined;
}

/** Every other byte of English text in UTF-16 is zero. */
function byZeros(head: Buffer): string | undefined {
  const start = head.subarray(0, 4096);
  const zeros = [0, 0];
  start.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2]++;
  });
  const pairs = start.length / 2;
  if (zeros[1] > pairs / 3 && zeros[1] > zeros[0]) return 'utf-16le';
  if (zeros[0] > pairs / 3 && zeros[0] > zeros[1]) return 'utf-16be';
  return undefined;
}

/** Enough of a kind to be sure; counting stops there. */
const ENOUGH = 10_000;

/** Counts characters of several bytes, and bytes that are wrong in UTF-8. */
class Utf8Census {
  private rest = Buffer.alloc(0);
  private right = 0;
  private wrong = 0;
  /** Wrong bytes in rows of at least three. */
  private inRows = 0;

  add(piece: Buffer): void {
    if (this.rest.length === 0 && isAscii(piece)) return;
    const bytes = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    const whole = bytes.subarray(0, wholeCharacters(bytes));
    this.rest = Buffer.from(bytes.subarray(whole.length));
    this.count(whole);
  }

  result(): string {
    // A character that the file cuts off.
    if (this.rest.length > 0) this.wrong++;
    if (this.wrong === 0) return 'utf-8';
    // Text in windows-1252 hardly ever has two letters that are one character of UTF-8, and words
    // of Western languages have single letters beyond ASCII: Cyrillic and Chinese have rows.
    const damaged = this.right >= this.wrong;
    const otherScript = this.inRows > this.wrong / 2;
    return damaged || otherScript ? 'utf-8' : 'windows-1252';
  }

  private count(bytes: Buffer): void {
    if (isUtf8(bytes) && this.right >= ENOUGH) return;
    let row = 0;
    for (let at = 0; at < bytes.length && this.right + this.wrong < ENOUGH;) {
      if (bytes[at] < 0x80) {
        row = 0;
        at++;
        continue;
      }
      const length = bytes[at] < 0xe0 ? 2 : bytes[at] < 0xf0 ? 3 : 4;
      if (bytes[at] >= 0xc2 && isUtf8(bytes.subarray(at, at + length)) && at + length <= bytes.length) {
        this.right++;
        row = 0;
        at += length;
        continue;
      }
      this.wrong++;
      row++;
      this.inRows += row === 3 ? 3 : row > 3 ? 1 : 0;
      at++;
    }
  }
}
