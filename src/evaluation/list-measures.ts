// What the lists of one model are like, whatever was bought: how much of the catalogue they show,
// how far from the best sellers they go, how unlike each other the articles of one list are. All of
// the first twelve places. Knows nothing of customers.

/** Places of a list that are looked at. */
const SHOWN = 12;

export interface ListQualities {
  /** Share of the catalogue's articles that are in somebody's list. */
  readonly 'coverage@12': number;
  /**
   * Mean of −log2 of the share of the purchases learnt from that were of the article, in bits:
   * self-information (Zhou et al., PNAS 2010). Each article is counted once more than it sold, so
   * that one without sales has a finite value too.
   */
  readonly 'novelty@12': number;
  /**
   * 1 − mean cosine of the article tower's vectors over all pairs of a list (Ziegler et al., WWW
   * 2005); 0: all alike.
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
   * @param units [articles] sold, of what was learnt from
   * @param vectorOf the vector of an article [dim], of any length; undefined where it has none
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

  /** One more list: distinct articles, best first. */
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
 * Mean over all pairs of two or more vectors: the square of the sum of unit vectors holds each pair
 * twice, and each with itself.
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
