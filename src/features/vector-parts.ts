// Vectors of texts that are made of two parts, looks and taste. Knows nothing of what makes them.

/**
 * A vector's first numbers say what an article looks like, those from `from` on with what it is
 * bought: its taste. `share`: how much of the cosine of two vectors is that of their tastes.
 */
export interface VectorParts {
  readonly from: number;
  readonly share: number;
}

/**
 * Of vectors [n, dim] what to search with, so that this share of what is found by each [n] is the
 * cosine of tastes, and the rest of looks.
 */
export function leaned(vectors: Float32Array, { from, share }: VectorParts, tastes: readonly number[]): Float32Array {
  const dim = vectors.length / tastes.length;
  return vectors.map((value, i) => {
    const taste = tastes[Math.floor(i / dim)];
    return value * (i % dim < from ? (1 - taste) / (1 - share) : taste / share);
  });
}
