// The catalogue: all encoded articles as columns in memory, for training and serving. It can grow
// and change while a server runs.

import type { ArticleRow } from '../data/store/store';
import type { Encoder, Layout, MultiColumn } from './encoder';

/** An article's index is its rank in the order in which articles were first added. */
export class Catalogue {
  readonly layout: Layout;
  /** [size] the store's keys. */
  readonly keys: number[] = [];
  /** [size] the shop's ids. */
  readonly ids: string[] = [];
  private readonly indices = new Map<number, number>();
  private slots = new Int32Array(0);
  private single = new Int32Array(0);
  private multi: MultiColumn[];
  /**
   * [capacity] the number of each article's product, −1 if unknown. Products are numbered in the
   * order of arrival.
   */
  private products = new Int32Array(0);
  private readonly productNumbers = new Map<string, number>();
  /** [products] the articles of each product. */
  private readonly variants: number[][] = [];

  constructor(private readonly encoder: Encoder) {
    this.layout = encoder.articleLayout;
    this.multi = this.layout.multi.map(() => ({ ids: new Int32Array(0), weights: new Float32Array(0) }));
  }

  get size(): number {
    return this.keys.length;
  }

  indexOf(key: number): number | undefined {
    return this.indices.get(key);
  }

  /** Adds or replaces articles. @returns their indices */
  put(rows: readonly ArticleRow[]): number[] {
    const encoded = this.encoder.articles(rows);
    const slots = this.encoder.slotsOf(rows);
    const fresh = rows.filter((row) => !this.indices.has(row.key)).length;
    this.reserve(this.size + fresh);
    const width = this.layout.single.length;
    return rows.map((row, r) => {
      let index = this.indices.get(row.key);
      if (index === undefined) {
        index = this.size;
        this.keys.push(row.key);
        this.indices.set(row.key, index);
      }
      this.ids[index] = row.id;
      this.putProduct(index, row.productId);
      this.slots[index] = slots[r];
      this.single.set(encoded.single.subarray(r * width, (r + 1) * width), index * width);
      this.layout.multi.forEach((feature, m) => {
        const [from, to, at] = [r * feature.width, (r + 1) * feature.width, (index ?? 0) * feature.width];
        this.multi[m].ids.set(encoded.multi[m].ids.subarray(from, to), at);
        this.multi[m].weights.set(encoded.multi[m].weights.subarray(from, to), at);
      });
      return index;
    });
  }

  /**
   * All articles of the same product, including the article itself. Empty if the product is
   * unknown.
   */
  variantsOf(index: number): readonly number[] {
    const product = this.products[index];
    return product < 0 ? [] : this.variants[product];
  }

  /** The number of an article's product; null if unknown. */
  productOf(index: number): number | null {
    const product = this.products[index];
    return product < 0 ? null : product;
  }

  private putProduct(index: number, code: string | null): void {
    const before = this.products[index];
    const product = code === null ? -1 : this.productNumber(code);
    if (before === product) return;
    if (before >= 0) this.variants[before] = this.variants[before].filter((one) => one !== index);
    this.products[index] = product;
    if (product >= 0) this.variants[product].push(index);
  }

  private productNumber(code: string): number {
    const known = this.productNumbers.get(code);
    if (known !== undefined) return known;
    const number = this.variants.push([]) - 1;
    this.productNumbers.set(code, number);
    return number;
  }

  /** The slot of an article's own embedding; 0 if it has none. */
  slot(index: number): number {
    return this.slots[index];
  }

  /** Copies the ids of an article's single-valued features to out[at], out[at + stride], … */
  copySingle(index: number, out: Int32Array, at: number, stride = 1): void {
    const width = this.layout.single.length;
    for (let f = 0; f < width; f++) out[at + f * stride] = this.single[index * width + f];
  }

  /** Copies one multi-valued feature of an article to `at`, with its weights scaled. */
  copyMulti(feature: number, index: number, { ids, weights }: MultiColumn, at: number, scale = 1): void {
    const { width } = this.layout.multi[feature];
    const from = this.multi[feature];
    for (let i = 0; i < width; i++) {
      ids[at + i] = from.ids[index * width + i];
      weights[at + i] = from.weights[index * width + i] * scale;
    }
  }

  /** [articles, single] the ids of all single-valued features, for fast loops. */
  get singles(): Int32Array {
    return this.single;
  }

  /**
   * Visits all values of an article's attributes, first of the single-valued ones. The weights of
   * an attribute's values sum to 1.
   */
  forEachValue(index: number, visit: (attribute: number, slot: number, weight: number) => void): void {
    const { single } = this.layout;
    for (let f = 0; f < single.length; f++) visit(f, this.single[index * single.length + f], 1);
    this.forEachOfMany(index, visit);
  }

  /** Visits the values of the multi-valued attributes only. */
  forEachOfMany(index: number, visit: (attribute: number, slot: number, weight: number) => void): void {
    const { single, multi } = this.layout;
    for (let m = 0; m < multi.length; m++) {
      const { ids, weights } = this.multi[m];
      for (let i = index * multi[m].width; i < (index + 1) * multi[m].width; i++) {
        if (weights[i] > 0) visit(single.length + m, ids[i], weights[i]);
      }
    }
  }

  private reserve(size: number): void {
    if (size <= this.slots.length) return;
    const capacity = Math.max(size, Math.ceil(this.slots.length * 1.5), 1024);
    this.products = grown(this.products, capacity, -1);
    this.slots = grown(this.slots, capacity);
    this.single = grown(this.single, capacity * this.layout.single.length);
    this.multi = this.multi.map(({ ids, weights }, m) => {
      const { width } = this.layout.multi[m];
      const more = new Float32Array(capacity * width);
      more.set(weights);
      return { ids: grown(ids, capacity * width), weights: more };
    });
  }
}

function grown(array: Int32Array, length: number, empty = 0): Int32Array<ArrayBuffer> {
  const more = new Int32Array(length).fill(empty);
  more.set(array);
  return more;
}
