// Qualities of a model's lists that do not depend on what was bought: how much of the catalogue
// they show, how far from the best sellers they go, and how diverse each list is.

/** Number of first articles of a list that count. */
const SHOWN = 12;

export interface ListQualities {
  /** The share of the catalogue that is in some list. */
  readonly 'coverage@12': number;
  /**
   * Mean self-information of the listed articles in bits (Zhou et al., PNAS 2010): −log2 of the
   * article's share of all purchases. Every article counts one purchase more than it has, so that
   * an article without purchases has a finite value.
   */
  readonly 'novelty@12': number;
  /**
   * 1 − the mean cosine of the article tower's vectors over all pairs of a list (Ziegler et al.,
   * WWW 2005). 0 if all vectors have the same direction.
   */
  readonly 'diversity@12': number;
}

export class ListMeasures {
  private readonly seen: Uint8Array;
  private readonly bits: Float64Array;
  private novelty = 0;
  private articles = 0;
  private diversity = 0;
  private lists = 0;

  /**
   * @param units [articles] units sold before the models' cutoff
   * @param vectorOf returns the vector of an article [dim], not normalised; undefined if the
   *   article has none
   */
  constructor(
    units: ArrayLike<number>,
    private readonly vectorOf: (article: number) => Float32Array | undefined,
  ) {
    this.seen = new Uint8Array(units.length);
    let total = units.length;
    for (let article = 0; article < units.length; article++) total += units[article];
    this.bits = Float64Array.from(units, (sold) => Math.log2(total / (sold + 1)));
  }

  /** @param ranked distinct articles, best first */
  add(ranked: readonly number[]): void {
    const shown = ranked.slice(0, SHOWN);
    for (const article of shown) {
      this.seen[article] = 1;
      this.novelty += this.bits[article];
    }
    this.articles += shown.length;
    const vectors = shown.map((article) => this.vectorOf(article)).filter((vector) => vector !== undefined);
    if (vectors.length < 2) return;
    this.diversity += 1 - meanCosine(vectors);
    this.lists += 1;
  }

  qualities(): ListQualities {
    return {
      'coverage@12': this.seen.reduce((sum, seen) => sum + seen, 0) / Math.max(1, this.seen.length),
      'novelty@12': this.novelty / Math.max(1, this.articles),
      'diversity@12': this.diversity / Math.max(1, this.lists),
    };
  }
}

/**
 * The mean cosine over all pairs of two or more vectors. The square of the sum of unit vectors
 * holds each pair twice, and each vector with itself once.
 */
function meanCosine(vectors: readonly Float32Array[]): number {
  const sum = new Float64Array(vectors[0].length);
  let units = 0;
  for (const vector of vectors) {
    const norm = Math.sqrt(squareOf(vector));
    if (norm === 0) continue;
    units += 1;
    for (let d = 0; d < sum.length; d++) sum[d] += vector[d] / norm;
  }
  return (squareOf(sum) - units) / (vectors.length * (vectors.length - 1));
}

function squareOf(vector: Float32Array | Float64Array): number {
  let square = 0;
  for (let d = 0; d < vector.length; d++) square += vector[d] * vector[d];
  return square;
}
