// The shop as typed arrays, for training and evaluation: encoded articles and customers, and every
// purchase in the order of each customer. Questions about a moment see only what came before it.

import { createHash } from 'node:crypto';
import { bytesOf } from '../bytes';
import type { Keys, Quantities } from '../data/store/purchase-columns';
import type { PurchaseColumns } from '../data/store/store';
import type { Catalogue } from '../features/catalogue';
import type { HistoryPurchase } from '../features/customers';
import type { EncodedRows, Encoder } from '../features/encoder';
import { DAY } from '../time';

/**
 * The purchases that may be learnt from. `before`: those before a moment (Unix seconds, Infinity
 * for all). `butLast`: all but the last few of each customer, but always the first one.
 */
export type Cutoff = { readonly before: number } | { readonly butLast: number };

/**
 * [customers] the end of each customer's history at a cutoff: the history of customer c holds the
 * purchases offsets[c] ≤ p < ends[c].
 */
export type HistoryEnds = Int32Array;

export interface DatasetParts {
  readonly encoder: Encoder;
  readonly catalogue: Catalogue;
  /** [customers] the store's keys, ascending. */
  readonly customerKeys: Keys;
  /** [customers] the shop's ids. */
  readonly customerIds: readonly string[];
  readonly encodedCustomers: EncodedRows;
  /** By customer key, then from old to new. */
  readonly purchases: PurchaseColumns;
  /** [articles] the text of each article. */
  readonly texts?: readonly string[];
  /** [articles] the time of the article's last change, in Unix ms by the database's clock. */
  readonly versions?: readonly number[];
}

/** Purchase p of customer c has offsets[c] ≤ p < offsets[c + 1], from old to new. */
export class Dataset {
  readonly encoder: Encoder;
  readonly catalogue: Catalogue;
  readonly customerIds: readonly string[];
  readonly encodedCustomers: EncodedRows;
  readonly texts: readonly string[];
  readonly versions: readonly number[];
  /** The number of customers. */
  readonly customers: number;
  /** [customers + 1] */
  readonly offsets: Int32Array;
  /** [purchases] the article's index in the catalogue. */
  readonly article: Int32Array;
  /** [purchases] Unix seconds. */
  readonly at: Float64Array;
  /** [purchases] the customer's index. */
  readonly customer: Int32Array;
  /** [purchases] the price paid; NaN if unknown. */
  readonly price: Float32Array;
  /** [purchases] number of pieces. */
  readonly quantity: Quantities;
  /** `days` and `firsts` are computed on first use. */
  private days: ReturnType<typeof byDay> | undefined;
  private firsts: Float64Array | undefined;

  constructor({ texts = [], versions = [], ...parts }: DatasetParts) {
    const { catalogue, customerKeys, purchases } = parts;
    this.encoder = parts.encoder;
    this.catalogue = catalogue;
    this.customerIds = parts.customerIds;
    this.encodedCustomers = parts.encodedCustomers;
    this.texts = texts;
    this.versions = versions;
    this.customers = customerKeys.length;
    this.offsets = new Int32Array(this.customers + 1);
    const total = purchases.customer.length;
    const article = new Int32Array(total);
    const customer = new Int32Array(total);
    const at = new Float64Array(total);
    const price = new Float32Array(total);
    const quantity = purchases.quantity.slice();
    let kept = 0;
    let index = 0;
    for (let p = 0; p < total; p++) {
      // Customers and purchases both ascend by key, so one walk matches them.
      while (index < this.customers && customerKeys[index] < purchases.customer[p]) this.offsets[++index] = kept;
      const bought = catalogue.indexOf(purchases.article[p]);
      // A customer or an article may have come or gone since the purchases were read.
      if (customerKeys[index] !== purchases.customer[p] || bought === undefined) continue;
      article[kept] = bought;
      customer[kept] = index;
      at[kept] = purchases.at[p];
      price[kept] = purchases.price[p];
      quantity[kept] = purchases.quantity[p];
      kept += 1;
    }
    this.offsets.fill(kept, index + 1);
    this.article = article.subarray(0, kept);
    this.customer = customer.subarray(0, kept);
    this.at = at.subarray(0, kept);
    this.price = price.subarray(0, kept);
    this.quantity = quantity.subarray(0, kept);
  }

  /** Changes with the encoding and with every purchase. */
  fingerprint(): string {
    const hash = createHash('sha256').update(this.encoder.fingerprint);
    for (const values of [this.offsets, this.article, this.at]) hash.update(bytesOf(values));
    return hash.digest('hex').slice(0, 16);
  }

  historyEnds(cutoff: Cutoff): HistoryEnds {
    return Int32Array.from({ length: this.customers }, (_, c) =>
      historyEnd(this.at, this.offsets[c], this.offsets[c + 1], cutoff),
    );
  }

  /** The last `limit` purchases of a customer before index `end`, newest first. */
  historyUntil(customer: number, end: number, limit: number): HistoryPurchase[] {
    const history: HistoryPurchase[] = [];
    for (let p = end - 1; p >= this.offsets[customer] && history.length < limit; p--)
      history.push({ article: this.article[p], at: this.at[p], price: this.price[p] });
    return history;
  }

  /**
   * The indices of the purchases made in [from, to), ascending. Only the purchases of those days
   * are read.
   */
  purchasesWithin(from: number, to: number): Int32Array {
    const { first, starts, places } = (this.days ??= byDay(this.at));
    const day = (at: number): number => Math.max(0, Math.min(starts.length - 1, Math.floor((at - first) / DAY)));
    return places
      .subarray(starts[day(from)], starts[Math.min(starts.length - 1, day(to) + 1)])
      .filter((p) => this.at[p] >= from && this.at[p] < to)
      .sort();
  }

  /** The distinct articles that each customer bought in [from, to), if any. */
  boughtWithin(from: number, to: number): Map<number, Set<number>> {
    const bought = new Map<number, Set<number>>();
    for (const p of this.purchasesWithin(from, to)) {
      const articles = bought.get(this.customer[p]);
      if (articles) articles.add(this.article[p]);
      else bought.set(this.customer[p], new Set([this.article[p]]));
    }
    return bought;
  }

  /**
   * [groups][articles] the number of customers of each group who bought each article.
   * @param places the indices of the purchases to count, ascending
   */
  buyersOf(places: Iterable<number>, groups = 1, groupOf: (customer: number) => number = () => 0): Float32Array[] {
    const buyers = Array.from({ length: groups }, () => new Float32Array(this.catalogue.size));
    // All purchases of one customer stand together, so remembering the latest buyer is enough.
    const latest = new Int32Array(this.catalogue.size).fill(-1);
    for (const p of places) {
      const article = this.article[p];
      if (latest[article] === this.customer[p]) continue;
      latest[article] = this.customer[p];
      buyers[groupOf(this.customer[p])][article] += 1;
    }
    return buyers;
  }

  /**
   * [articles] Unix seconds of the first sale ever, even after the moment in question; NaN if never
   * sold.
   */
  firstSales(): Float64Array {
    if (this.firsts) return this.firsts;
    const first = new Float64Array(this.catalogue.size).fill(Number.NaN);
    for (let p = 0; p < this.article.length; p++) {
      const one = this.article[p];
      if (!(first[one] <= this.at[p])) first[one] = this.at[p];
    }
    return (this.firsts = first);
  }

  /** The encoded rows of some customers, in the order given. */
  customerRows(customers: ArrayLike<number>): EncodedRows {
    const { single, multi } = this.encodedCustomers;
    const layout = this.encoder.customerLayout;
    return {
      rows: customers.length,
      single: pick(single, customers, layout.single.length, Int32Array),
      multi: layout.multi.map(({ width }, m) => ({
        ids: pick(multi[m].ids, customers, width, Int32Array),
        weights: pick(multi[m].weights, customers, width, Float32Array),
      })),
    };
  }
}

/**
 * The index after the last purchase before the cutoff, among one customer's purchases [start, end),
 * which are ordered from old to new.
 */
export function historyEnd(at: ArrayLike<number>, start: number, end: number, cutoff: Cutoff): number {
  if ('butLast' in cutoff) return Math.min(end, Math.max(start + 1, end - cutoff.butLast));
  // A binary search finds the first purchase at or after the moment. A shop's till may be recorded
  // as one customer with millions of purchases.
  let low = start;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at[middle] < cutoff.before) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The purchases by day, counted from the first day: the purchases of day d are places[i] for
 * starts[d] ≤ i < starts[d + 1].
 */
function byDay(at: Float64Array): { first: number; starts: Int32Array; places: Int32Array } {
  const first = at.reduce((least, time) => Math.min(least, time), Infinity);
  const last = at.reduce((most, time) => Math.max(most, time), -Infinity);
  const dayOf = (time: number): number => Math.floor((time - first) / DAY);
  const starts = new Int32Array(at.length === 0 ? 1 : dayOf(last) + 2);
  for (const time of at) starts[dayOf(time) + 1] += 1;
  for (let day = 1; day < starts.length; day++) starts[day] += starts[day - 1];
  const next = starts.slice();
  const places = new Int32Array(at.length);
  at.forEach((time, p) => {
    places[next[dayOf(time)]++] = p;
  });
  return { first, starts, places };
}

function pick<A extends Int32Array | Float32Array>(
  from: A,
  rows: ArrayLike<number>,
  width: number,
  make: new (size: number) => A,
): A {
  const out = new make(rows.length * width);
  for (let r = 0; r < rows.length; r++) out.set(from.subarray(rows[r] * width, (rows[r] + 1) * width), r * width);
  return out;
}
