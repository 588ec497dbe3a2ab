// Which values of an attribute go together: how much likelier than by chance a purchase of one
// value stands beside a purchase of another in one customer's history (dark blue beside blue,
// dresses beside sandals). Counted, not learnt, of a shop's most frequent values; they are few, so
// that it is known sooner than which articles go together. Knows no single customer and no moment.

export interface ValueLifts {
  /**
   * [attributes, 2] the first slot of the values of each attribute that are told apart, and how
   * many they are.
   */
  readonly blocks: Int32Array;
  /**
   * [Σ values²] of each attribute a square: how much likelier than by chance the value of the
   * column is bought by who bought that of the row, less 1; above −1.
   */
  readonly excess: Float32Array;
}

/** Where the square of each attribute begins, and where the last ends. */
export function squaresOf(blocks: Int32Array): number[] {
  const starts = [0];
  for (let a = 1; a < blocks.length; a += 2) starts.push(starts[starts.length - 1] + blocks[a] ** 2);
  return starts;
}
