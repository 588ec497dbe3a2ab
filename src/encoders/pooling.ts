// Makes one vector for a text from the vectors of its tokens, and scales it to unit length.

/** `end-of-text` is the pooling of CLIP. The others have the names of sentence-transformers. */
export type Pooling = 'end-of-text' | 'first' | 'last' | 'mean' | 'max';

/** The token that ends a text: its id, or the largest id in the text. */
export type EndOfText = number | 'largest';

/** Texts as tokens, padded to one length. `ids` and `mask` are [count, length]. */
export interface PaddedTokens {
  readonly count: number;
  readonly length: number;
  readonly ids: Int32Array;
  /** 1 for a token of the text, 0 for padding. */
  readonly mask: Int32Array;
}

/** Pools `states` [count, length, width] to [count, width]. Padding does not count. */
export function pool(states: Float32Array, tokens: PaddedTokens, pooling: Pooling, endOfText: EndOfText): Float32Array {
  const { count, length } = tokens;
  const width = states.length / (count * length);
  const pooled = new Float32Array(count * width);
  for (let text = 0; text < count; text++) {
    const at = (place: number): Float32Array => {
      const from = (text * length + place) * width;
      return states.subarray(from, from + width);
    };
    const mask = tokens.mask.subarray(text * length, (text + 1) * length);
    const own = [...mask.keys()].filter((place) => mask[place] === 1);
    const out = pooled.subarray(text * width, (text + 1) * width);
    switch (pooling) {
      case 'first':
        out.set(at(own[0] ?? 0));
        break;
      case 'last':
        out.set(at(own.at(-1) ?? 0));
        break;
      case 'end-of-text':
        out.set(at(endOf(tokens.ids.subarray(text * length, (text + 1) * length), own, endOfText)));
        break;
      case 'mean':
        for (const place of own) at(place).forEach((value, i) => (out[i] += value / own.length));
        break;
      case 'max':
        out.fill(own.length > 0 ? -Infinity : 0);
        for (const place of own) at(place).forEach((value, i) => (out[i] = Math.max(out[i], value)));
        break;
      default:
        pooling satisfies never;
    }
  }
  return pooled;
}

/** The index of the first end token, or of the last token if there is no end token. */
function endOf(ids: Int32Array, own: readonly number[], endOfText: EndOfText): number {
  const end = endOfText === 'largest' ? Math.max(...own.map((place) => ids[place])) : endOfText;
  return own.find((place) => ids[place] === end) ?? own.at(-1) ?? 0;
}

/**
 * Scales each row of [n, dim] to unit length in place. Returns the first row with a value that is
 * not finite, or −1 if all values are finite.
 */
export function normaliseRows(vectors: Float32Array, dim: number): number {
  for (let row = 0; row * dim < vectors.length; row++) {
    const vector = vectors.subarray(row * dim, (row + 1) * dim);
    const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    if (!Number.isFinite(norm)) return row;
    // A vector of zeros has no direction and stays as it is.
    if (norm > 0) vector.forEach((value, i) => (vector[i] = value / norm));
  }
  return -1;
}
