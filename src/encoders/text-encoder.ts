// The interface of encoders that make vectors of texts, and the built-in encoder of every release.

import { createHash } from 'node:crypto';
import type { Batch } from '../engine/batch';
import type { TextKind, Tokeniser } from '../features/text';
import type { VectorParts } from '../features/vector-parts';

/**
 * Turns texts into vectors. Articles and searches need the same encoder to have comparable vectors.
 */
export interface TextEncoder {
  /** `built-in`, or the name of the encoder's folder. */
  readonly name: string;
  /** Changes with everything that changes the vectors. */
  readonly fingerprint: string;
  readonly dim: number;
  /** The two parts of each vector. Default: vectors have one part. */
  readonly parts?: VectorParts;
  /**
   * Returns vectors [texts.length, dim] in the order of the texts, each of unit length. The vector
   * of a text does not depend on the other texts. An encoder may read searches differently from
   * articles.
   */
  encode(texts: readonly string[], kind?: TextKind): Promise<Float32Array>;
}

/** A hash of 96 bits, which are enough to tell texts apart. */
export function textHash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}

export const BUILT_IN = 'built-in';

export interface BuiltInParts {
  readonly fingerprint: string;
  readonly dim: number;
  readonly parts?: VectorParts;
  readonly tokeniser: Tokeniser;
  /** The release's model: inputs of the tokeniser → [n, dim], of unit length. */
  readonly model: (inputs: Batch) => Promise<Float32Array>;
}

/** Number of texts in one run. Articles have few words, so even a large run is quick. */
const ROWS = 1024;

/** The encoder that is trained on the shop's own texts and purchases. */
export function builtInEncoder({ fingerprint, dim, parts, tokeniser, model }: BuiltInParts): TextEncoder {
  return {
    name: BUILT_IN,
    fingerprint,
    dim,
    ...(parts && { parts }),
    async encode(texts, kind) {
      const vectors = new Float32Array(texts.length * dim);
      for (let from = 0; from < texts.length; from += ROWS) {
        vectors.set(await model(tokeniser.inputs(texts.slice(from, from + ROWS), kind)), from * dim);
      }
      return vectors;
    },
  };
}
