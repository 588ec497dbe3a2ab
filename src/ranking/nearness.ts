// The features that compare a candidate's vector with those of the customer's latest articles.
import { PAIR_PLACE as PLACE } from '../features/pair-features';
import type { VectorRows } from './vector-rows';

/** Compares the candidates of one customer after another. The array for the cosines is reused. */
export class Nearness {
  readonly #cosines: Float64Array;
  #recent: readonly Float32Array[] = [];

  /** @param most maximum number of vectors that candidates are compared with */
  constructor(
    private readonly rows: VectorRows,
    most: number,
  ) {
    this.#cosines = new Float64Array(most + 3);
  }

  /** Takes the vectors of a customer's latest articles, the latest first. */
  compareWith(recent: readonly Float32Array[]): void {
    this.#recent = recent;
  }

  /**
   * Writes three numbers into the row that begins at `at`: the cosine to the latest article, and
   * the mean and the greatest of the cosines to all articles. All are 0 if there is nothing to
   * compare.
   */
  write(out: Float32Array, at: number, article: number): void {
    const last = this.#recent.length - 1;
    if (last < 0 || !this.rows.has(article)) {
      out[at + PLACE.cosine_to_latest] = 0;
      out[at + PLACE.cosine_to_recent] = 0;
      out[at + PLACE.cosine_to_nearest_recent] = 0;
      return;
    }
    this.#compare(article);
    const cosines = this.#cosines;
    let total = 0;
    let most = -Infinity;
    for (let v = 0; v <= last; v++) {
      total += cosines[v];
      if (cosines[v] > most) most = cosines[v];
    }
    out[at + PLACE.cosine_to_latest] = cosines[0];
    out[at + PLACE.cosine_to_recent] = total / this.#recent.length;
    out[at + PLACE.cosine_to_nearest_recent] = most;
  }

  /**
   * Compares with four vectors at once. With a single sum, each addition would wait for the
   * previous addition.
   */
  #compare(article: number): void {
    const { dim, data } = this.rows;
    const recent = this.#recent;
    const cosines = this.#cosines;
    const last = recent.length - 1;
    const at = article * dim;
    for (let v = 0; v <= last; v += 4) {
      const [a, b, c, d] = [
        recent[v],
        recent[Math.min(v + 1, last)],
        recent[Math.min(v + 2, last)],
        recent[Math.min(v + 3, last)],
      ];
      let [toA, toB, toC, toD] = [0, 0, 0, 0];
      for (let i = 0; i < dim; i++) {
        const x = data[at + i];
        toA += x * a[i];
        toB += x * b[i];
        toC += x * c[i];
        toD += x * d[i];
      }
      cosines[v] = toA;
      cosines[v + 1] = toB;
      cosines[v + 2] = toC;
      cosines[v + 3] = toD;
    }
  }
}
