// Vectors of texts with two parts: looks tell how an article looks, taste tells what it is bought
// with.

export interface VectorParts {
  /** Looks are the numbers before this index, taste the numbers from this index on. */
  readonly from: number;
  /** The share of taste in the cosine of two vectors. */
  readonly share: number;
}

/**
 * Scales vectors for a search in which taste has another share of the cosine.
 * @param vectors [n, dim]
 * @param tastes [n] the share of taste for each vector
 */
export function leaned(vectors: Float32Array, { from, share }: VectorParts, tastes: readonly number[]): Float32Array {
  const dim = vectors.length / tastes.length;
  return vectors.map((value, i) => {
    const taste = tastes[Math.floor(i / dim)];
    return value * (i % dim < from ? (1 - taste) / (1 - share) : taste / share);
  });
}
