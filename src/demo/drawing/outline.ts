// The outline of a kind of article, as SVG paths on a sheet of 320 × 480.

export interface Silhouette {
  /** Closed paths, filled with the article's colour and pattern. */
  readonly body: readonly string[];
  /** Seams, folds and fastenings: lines over the body. */
  readonly lines: readonly string[];
  /** Small parts in a darker tone: soles, buckles, buttons. */
  readonly parts?: readonly string[];
}

/** A full circle as a path. */
export function dot(x: number, y: number, radius: number): string {
  return `M${x - radius} ${y}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0Z`;
}
