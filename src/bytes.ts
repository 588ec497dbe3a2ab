// Memory as bytes, and its hash.

import { createHash, type BinaryLike } from 'node:crypto';

/** The same memory, not a copy. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/**
 * SHA-256 in hexadecimal, or its first `digits` digits. 16 digits are enough to tell things apart.
 */
export function sha256(content: BinaryLike, digits = 64): string {
  return createHash('sha256').update(content).digest('hex').slice(0, digits);
}
