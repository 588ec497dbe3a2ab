// Vectors of articles, back to back in one array, so that hundreds can be read for a customer
// without an object for each.

export interface VectorRows {
  readonly dim: number;
  /** [articles, dim] by catalogue index. Replaced by another array when articles are added. */
  readonly data: Float32Array;
  /** Whether an article has a vector. An article may be gone, or too new to have a vector. */
  has(article: number): boolean;
}

/** Returns a view of an article's vector [dim], undefined if the article has none. */
export function vectorOf(rows: VectorRows, article: number): Float32Array | undefined {
  const { dim, data } = rows;
  return rows.has(article) ? data.subarray(article * dim, (article + 1) * dim) : undefined;
}

/** The dot product of a vector [dim] with the row that starts at `at`. */
export function dotRow(vector: Float32Array, data: Float32Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i] * data[at + i];
  return sum;
}
