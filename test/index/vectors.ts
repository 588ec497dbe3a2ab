// Vectors to test indexes with, and the recall of a search.

export const DIM = 16;

/**
 * Returns unit vectors clustered around a few centres, like embeddings. The same seed always gives
 * the same vectors. All ids are odd, so that they differ from the row numbers.
 */
export function clusteredVectors(n: number, seed: number): { ids: Int32Array; vectors: Float32Array } {
  const centres = 12;
  const centre = noise(1);
  const spread = noise(seed);
  const means = Float32Array.from({ length: centres * DIM }, () => centre());
  const vectors = new Float32Array(n * DIM);
  for (let row = 0; row < n; row++) {
    const own = vectors.subarray(row * DIM, (row + 1) * DIM);
    own.forEach((_, i) => (own[i] = means[(row % centres) * DIM + i] + 0.5 * spread()));
    const length = Math.hypot(...own);
    own.forEach((value, i) => (own[i] = value / length));
  }
  return { ids: Int32Array.from({ length: n }, (_, row) => 2 * row + 1), vectors };
}

/** A linear congruential generator of numbers in −1..1. */
function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** The share of the true neighbours [n, k] that were found. */
export function recallOf(found: Int32Array, truth: Int32Array, k: number): number {
  let hits = 0;
  for (let at = 0; at < truth.length; at += k) {
    const row = new Set(found.subarray(at, at + k));
    hits += truth.subarray(at, at + k).filter((id) => row.has(id)).length;
  }
  return hits / truth.length;
}
