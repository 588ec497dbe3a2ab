// What makes vectors of texts, whatever it is inside: the interface, and the encoder that every
// release brings along. Knows neither where texts come from nor what is searched by their vectors.
import { createHash } from 'node:crypto';
import type { Batch } from '../engine/batch';
import type { TextKind, Tokeniser } from '../features/text';
import type { VectorParts } from '../features/vector-parts';

/**
 * Texts to vectors. Articles and the words of a search are read by the same one, or their vectors
 * mean nothing to each other.
 */
export interface TextEncoder {
  /** For people: `built-in`, or the name of its folder. */
  readonly name: string;
  /** Moves with anything that changes its vectors. */
  readonly fingerprint: string;
  readonly dim: number;
  /** Of vectors that are made of two parts; absent: of one. */
  readonly parts?: VectorParts;
  /**
   * [texts.length, dim] in the order of the texts, each of unit length. A text gets the same vector
   * alone and among others. An encoder may read the words of a search otherwise than an article's.
   */
  encode(texts: readonly string[], kind?: TextKind): Promise<Float32Array>;
}

/** Tells texts apart: 96 bits. */
export function textHash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}

export const BUILT_IN = 'built-in';

export interface BuiltInParts {
  readonly fingerprint: string;
  readonly dim: number;
  readonly parts?: VectorParts;
  readonly tokeniser: Tokeniser;
  /**
   * The model of the release: what `tokeniser.inputs` gives → [n, dim]. It normalises by itself.
   */
  readonly model: (inputs: Batch) => Promise<Float32Array>;
}

/** Texts that one run reads: the words of an article are few, and a run costs little. */
const ROWS = 1024;

/** The encoder that was learnt from the shop's own texts and purchases. */
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
