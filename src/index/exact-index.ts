// The vector index in plain TypeScript. The index compares a query with every vector, so its
// results are exact. Tests check the FAISS indexes against it, and it serves when FAISS is not
// available.
import { readVectors, writeFlatFile, type FaissFile } from './faiss-file';
import { checkQueries, checkVectors, REMOVED, type LocalIndex, type Neighbours } from './vector-index';

/**
 * Makes an exact index of the vectors in a file.
 * @param ids the id of each row, −1 if the row was removed
 */
export function exactFromFile(file: FaissFile, ids: Int32Array): ExactIndex {
  const { dim, rows } = file;
  const vectors = readVectors(file);
  const live = [...ids.keys()].filter((row) => ids[row] !== REMOVED);
  if (live.length === rows) return new ExactIndex(dim).put(ids, vectors);
  const kept = new Float32Array(live.length * dim);
  live.forEach((row, i) => kept.set(vectors.subarray(row * dim, (row + 1) * dim), i * dim));
  const own = Int32Array.from(live, (row) => ids[row]);
  return new ExactIndex(dim).put(own, kept);
}

/** An exact index, which keeps copies of the vectors. */
export class ExactIndex implements LocalIndex {
  readonly kind = 'exact';
  readonly exact = true;
  #size = 0;
  /** The ids [capacity] and the vectors [capacity, dim]. The first #size rows are in use. */
  #ids = new Int32Array(0);
  #vectors = new Float32Array(0);
  readonly #rowOf = new Map<number, number>();

  constructor(readonly dim: number) {}

  get size(): number {
    return this.#size;
  }

  get ids(): Int32Array {
    return this.#ids.slice(0, this.#size);
  }

  async search(queries: Float32Array, k: number): Promise<Neighbours> {
    return this.find(queries, k);
  }

  async add(ids: Int32Array, vectors: Float32Array): Promise<void> {
    this.put(ids, vectors);
  }

  async remove(ids: Int32Array): Promise<void> {
    this.drop(ids);
  }

  serialise(): Buffer {
    return writeFlatFile(this.dim, this.#vectors.subarray(0, this.#size * this.dim));
  }

  /** Does the same as `add`, synchronously. Returns this index. */
  put(ids: Int32Array, vectors: Float32Array): this {
    checkVectors(this.dim, ids, vectors);
    this.#reserve(this.#size + ids.length);
    ids.forEach((id, i) => {
      const row = this.#rowOf.get(id) ?? this.#size++;
      this.#rowOf.set(id, row);
      this.#ids[row] = id;
      this.#vectors.set(vectors.subarray(i * this.dim, (i + 1) * this.dim), row * this.dim);
    });
    return this;
  }

  /** Does the same as `remove`, synchronously. */
  drop(ids: Int32Array): void {
    for (const id of ids) {
      const row = this.#rowOf.get(id);
      if (row === undefined) continue;
      this.#rowOf.delete(id);
      // The last row moves into the freed row.
      const last = --this.#size;
      if (row === last) continue;
      this.#ids[row] = this.#ids[last];
      this.#rowOf.set(this.#ids[row], row);
      this.#vectors.copyWithin(row * this.dim, last * this.dim, (last + 1) * this.dim);
    }
  }

  /** Does the same as `search`, synchronously. */
  find(queries: Float32Array, k: number): Neighbours {
    const n = checkQueries(this.dim, queries, k);
    const kept = Math.min(k, this.#size);
    const best = Array.from({ length: n }, () => new BestRows(kept));
    // A block of vectors stays in the processor's cache while all queries are compared with the
    // block.
    for (let from = 0; from < this.#size && kept > 0; from += BLOCK_ROWS) {
      const to = Math.min(from + BLOCK_ROWS, this.#size);
      for (let q = 0; q < n; q++)
        this.#searchBlock(queries.subarray(q * this.dim, (q + 1) * this.dim), best[q], from, to);
    }
    const ids = new Int32Array(n * kept);
    const scores = new Float32Array(n * kept);
    best.forEach((rows, q) => rows.drainInto(ids.subarray(q * kept), scores.subarray(q * kept)));
    return { ids, scores, k: kept };
  }

  #searchBlock(query: Float32Array, best: BestRows, from: number, to: number): void {
    const { dim } = this;
    const vectors = this.#vectors;
    const whole = dim - (dim % 4);
    for (let row = from; row < to; row++) {
      const at = row * dim;
      // Four sums run in parallel. With a single sum, each addition would wait for the previous
      // addition.
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (let i = 0; i < whole; i += 4) {
        a += query[i] * vectors[at + i];
        b += query[i + 1] * vectors[at + i + 1];
        c += query[i + 2] * vectors[at + i + 2];
        d += query[i + 3] * vectors[at + i + 3];
      }
      for (let i = whole; i < dim; i++) a += query[i] * vectors[at + i];
      const score = a + b + (c + d);
      if (score >= best.threshold) best.offer(score, this.#ids[row]);
    }
  }

  #reserve(rows: number): void {
    if (rows <= this.#ids.length) return;
    // The first capacity fits exactly, since most indexes never grow. Later the capacity doubles,
    // so that many small additions cost about as much as one large addition.
    const capacity = this.#size === 0 ? rows : Math.max(rows, 2 * this.#ids.length);
    const ids = new Int32Array(capacity);
    ids.set(this.#ids.subarray(0, this.#size));
    const vectors = new Float32Array(capacity * this.dim);
    vectors.set(this.#vectors.subarray(0, this.#size * this.dim));
    this.#ids = ids;
    this.#vectors = vectors;
  }
}

const BLOCK_ROWS = 1024;

/**
 * The k best rows so far, as a heap. The worst of these rows is on top, and the next better row
 * replaces it.
 */
class BestRows {
  /** Only a score that reaches this threshold can enter the heap. */
  threshold = -Infinity;
  #count = 0;
  readonly #scores: Float64Array;
  readonly #ids: Int32Array;

  constructor(readonly k: number) {
    this.#scores = new Float64Array(k);
    this.#ids = new Int32Array(k);
  }

  offer(score: number, id: number): void {
    if (this.#count < this.k) {
      this.#siftUp(this.#count++, score, id);
    } else if (this.#isWorse(this.#scores[0], this.#ids[0], score, id)) {
      this.#siftDown(score, id);
    }
    if (this.#count === this.k) this.threshold = this.#scores[0];
  }

  /** Empties the heap into one row of results. The best result comes first and the worst last. */
  drainInto(ids: Int32Array, scores: Float32Array): void {
    while (this.#count > 0) {
      const last = --this.#count;
      ids[last] = this.#ids[0];
      scores[last] = this.#scores[0];
      this.#siftDown(this.#scores[last], this.#ids[last]);
    }
  }

  #isWorse(score: number, id: number, otherScore: number, otherId: number): boolean {
    return score < otherScore || (score === otherScore && id > otherId);
  }

  #siftUp(place: number, score: number, id: number): void {
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isWorse(score, id, this.#scores[parent], this.#ids[parent])) break;
      this.#scores[place] = this.#scores[parent];
      this.#ids[place] = this.#ids[parent];
      place = parent;
    }
    this.#scores[place] = score;
    this.#ids[place] = id;
  }

  /** Replaces the top of the heap and restores the order of the heap. */
  #siftDown(score: number, id: number): void {
    let place = 0;
    for (let child = 1; child < this.#count; child = 2 * place + 1) {
      const right = child + 1;
      if (
        right < this.#count &&
        this.#isWorse(this.#scores[right], this.#ids[right], this.#scores[child], this.#ids[child])
      ) {
        child = right;
      }
      if (!this.#isWorse(this.#scores[child], this.#ids[child], score, id)) break;
      this.#scores[place] = this.#scores[child];
      this.#ids[place] = this.#ids[child];
      place = child;
    }
    this.#scores[place] = score;
    this.#ids[place] = id;
  }
}
