// The whole shop as typed arrays: encoded articles and customers, and every purchase in each
// customer's order. What training and evaluation read; whoever asks for a moment gets only what was
// known before it. Knows nothing of models.
import { createHash } from 'node:crypto';
import type { PurchaseColumns, Store } from '../data/store/store';
import { VitrineError } from '../errors';
import type { Reporter } from '../telemetry/progress';
import { Catalogue } from '../features/catalogue';
import { EncoderFit, type EncodedRows, type Encoder } from '../features/encoder';
import { articleText } from '../features/text';
import { SALES_DAYS, type Sales } from '../statistics/moment';
import type { HistoryPurchase } from '../features/customers';
import { DAY } from '../time';

/** The store's purchases and the moments they span, before any encoding. */
export interface PurchaseLog {
  readonly purchases: PurchaseColumns;
  /** Unix seconds of the first and last purchase. */
  readonly first: number;
  readonly last: number;
}

/**
 * Reads all purchases. Those that are dated a day or more after `now` (Unix seconds) are slips of
 * the pen: they count for nothing.
 * @throws VitrineError NOTHING_TO_LEARN without any.
 */
export async function readPurchaseLog(store: Store, reporter: Reporter, now = Date.now() / 1000): Promise<PurchaseLog> {
  const purchases = await store.readPurchases();
  let first = Infinity;
  let last = -Infinity;
  let future = 0;
  for (const at of purchases.at) {
    if (at >= now + DAY) {
      future += 1;
      continue;
    }
    if (at < first) first = at;
    if (at > last) last = at;
  }
  if (!Number.isFinite(first)) {
    throw new VitrineError('NOTHING_TO_LEARN', 'The store holds no purchases; run `npx vitrine import DIR` first.');
  }
  if (future === 0) return { purchases, first, last };
  reporter.say(`${String(future)} purchases are dated in the future and left out`);
  const { at } = purchases;
  const known = (_value: number, p: number): boolean => at[p] < now + DAY;
  return {
    purchases: {
      customer: purchases.customer.filter(known),
      article: purchases.article.filter(known),
      at: at.filter(known),
      price: purchases.price.filter(known),
    },
    first,
    last,
  };
}

/**
 * Which purchases may be learnt from: those before a moment (Unix seconds; Infinity: all), or all
 * but each customer's last few, the first in any case.
 */
export type Cutoff = { readonly before: number } | { readonly butLast: number };

/**
 * What is known of purchases that stand customer by customer, oldest first: of customer c those at
 * offsets[c] ≤ p < known[c].
 */
export type HistoryEnds = Int32Array;

/**
 * The shop as it was known at a cutoff: articles bought until then have embeddings of their own;
 * later purchases are there but only for those who ask for them, as labels of an evaluation.
 */
export async function encodeDataset(
  store: Store,
  raw: PurchaseLog,
  cutoff: Cutoff,
  reporter: Reporter,
): Promise<Dataset> {
  const bought = boughtUntil(raw.purchases, cutoff);
  const { articles, customers } = await store.counts();
  const progress = reporter.progress('Encoding the shop', 2 * (articles + customers), 'rows');
  let done = 0;
  async function* counted<Row>(pages: AsyncIterable<Row[]>): AsyncGenerator<Row[]> {
    for await (const rows of pages) {
      yield rows;
      done += rows.length;
      progress.tick(done);
    }
  }

  const fit = new EncoderFit();
  const own: string[] = [];
  for await (const rows of counted(store.streamArticles())) {
    fit.addArticles(rows);
    for (const row of rows) if (bought.has(row.key)) own.push(row.id);
  }
  for await (const rows of counted(store.streamCustomers())) fit.addCustomers(rows);
  const encoder = fit.finish(own);

  const catalogue = new Catalogue(encoder);
  const texts: string[] = [];
  const versions: number[] = [];
  for await (const rows of counted(store.streamArticles())) {
    catalogue.put(rows);
    for (const row of rows) {
      texts.push(articleText(row));
      versions.push(row.updatedAt.getTime());
    }
  }
  const keys: number[] = [];
  const ids: string[] = [];
  const parts: EncodedRows[] = [];
  for await (const rows of counted(store.streamCustomers())) {
    for (const row of rows) {
      keys.push(row.key);
      ids.push(row.id);
    }
    parts.push(encoder.customers(rows));
  }
  progress.done(`${String(catalogue.size)} articles, ${String(keys.length)} customers`);
  const encoded = joinRows(parts, encoder);
  return new Dataset(encoder, catalogue, Int32Array.from(keys), ids, encoded, raw.purchases, texts, versions);
}

/** The keys of the articles that somebody bought until a cutoff. */
function boughtUntil({ customer, article, at }: PurchaseColumns, cutoff: Cutoff): Set<number> {
  const bought = new Set<number>();
  for (let start = 0, end = 0; start < customer.length; start = end) {
    while (end < customer.length && customer[end] === customer[start]) end += 1;
    const known = knownEnd(at, start, end, cutoff);
    for (let p = start; p < known; p++) bought.add(article[p]);
  }
  return bought;
}

/** The end of what is known of one customer's purchases [start, end), oldest first. */
function knownEnd(at: ArrayLike<number>, start: number, end: number, cutoff: Cutoff): number {
  if ('butLast' in cutoff) return Math.min(end, Math.max(start + 1, end - cutoff.butLast));
  // The first purchase that is not before the moment: a shop's till may stand here as one customer
  // with millions.
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
 * Encoded customers with their purchases, oldest first: purchase p of customer c has offsets[c] ≤ p
 * < offsets[c + 1].
 */
export class Dataset {
  readonly customers: number;
  /** [customers + 1] */
  readonly offsets: Int32Array;
  /** [purchases] catalogue index of the article. */
  readonly article: Int32Array;
  /** [purchases] Unix seconds. */
  readonly at: Float64Array;
  /** [purchases] index of the customer. */
  readonly customer: Int32Array;
  /** [purchases] as paid; NaN where the shop does not say. */
  readonly price: Float32Array;
  /** Made when first asked for. */
  private days: ReturnType<typeof byDay> | undefined;

  constructor(
    readonly encoder: Encoder,
    readonly catalogue: Catalogue,
    /** [customers] the store's keys, ascending. */
    readonly customerKeys: Int32Array,
    /** [customers] the shop's ids. */
    readonly customerIds: readonly string[],
    readonly encodedCustomers: EncodedRows,
    purchases: PurchaseColumns,
    /** [articles] what the shop says of each, as text. */
    readonly texts: readonly string[] = [],
    /** [articles] when each was last changed, Unix milliseconds by the database's clock. */
    readonly versions: readonly number[] = [],
  ) {
    this.customers = customerKeys.length;
    this.offsets = new Int32Array(this.customers + 1);
    const total = purchases.customer.length;
    const article = new Int32Array(total);
    const customer = new Int32Array(total);
    const at = new Float64Array(total);
    const price = new Float32Array(total);
    let kept = 0;
    let index = 0;
    for (let p = 0; p < total; p++) {
      // Both are in ascending order of key, so one walk matches them.
      while (index < this.customers && customerKeys[index] < purchases.customer[p]) this.offsets[++index] = kept;
      const known = catalogue.indexOf(purchases.article[p]);
      // A customer or an article that has come or gone since the purchases were read.
      if (customerKeys[index] !== purchases.customer[p] || known === undefined) continue;
      article[kept] = known;
      customer[kept] = index;
      at[kept] = purchases.at[p];
      price[kept] = purchases.price[p];
      kept += 1;
    }
    this.offsets.fill(kept, index + 1);
    this.article = article.subarray(0, kept);
    this.customer = customer.subarray(0, kept);
    this.at = at.subarray(0, kept);
    this.price = price.subarray(0, kept);
  }

  /** Tells this shop from any other: its encoding and every purchase. */
  fingerprint(): string {
    const hash = createHash('sha256').update(this.encoder.fingerprint);
    for (const { buffer, byteOffset, byteLength } of [this.offsets, this.article, this.at]) {
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
    }
    return hash.digest('hex').slice(0, 16);
  }

  /** What is known of each customer at a cutoff. */
  historyEnds(cutoff: Cutoff): HistoryEnds {
    return Int32Array.from({ length: this.customers }, (_, c) =>
      knownEnd(this.at, this.offsets[c], this.offsets[c + 1], cutoff),
    );
  }

  /** The purchases of a customer before a moment, newest first, at most `limit`. */
  historyBefore(customer: number, before: number, limit: number): HistoryPurchase[] {
    const [start, end] = [this.offsets[customer], this.offsets[customer + 1]];
    return this.historyUntil(customer, knownEnd(this.at, start, end, { before }), limit);
  }

  /** The purchases of a customer that stand before place `end`, newest first, at most `limit`. */
  historyUntil(customer: number, end: number, limit: number): HistoryPurchase[] {
    const past: HistoryPurchase[] = [];
    for (let p = end - 1; p >= this.offsets[customer] && past.length < limit; p--)
      past.push({ article: this.article[p], at: this.at[p], price: this.price[p] });
    return past;
  }

  /** The places of the purchases in [from, to), ascending. Looks at those of their days only. */
  purchasesWithin(from: number, to: number): Int32Array {
    const { first, starts, places } = (this.days ??= byDay(this.at));
    const day = (at: number): number => Math.max(0, Math.min(starts.length - 1, Math.floor((at - first) / DAY)));
    return places
      .subarray(starts[day(from)], starts[Math.min(starts.length - 1, day(to) + 1)])
      .filter((p) => this.at[p] >= from && this.at[p] < to)
      .sort();
  }

  /**
   * The distinct articles that each customer bought in [from, to); customers without any are left
   * out.
   */
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
   * How many customers bought each article in the days before a moment; `places` are the purchases
   * of the longest window.
   */
  salesBefore(moment: number, places = this.purchasesWithin(moment - SALES_DAYS[1] * DAY, moment)): Sales {
    const lately = places.filter((p) => moment - this.at[p] <= SALES_DAYS[0] * DAY);
    const [[week], [month]] = [this.buyersOf(lately), this.buyersOf(places)];
    return { week, month };
  }

  /**
   * [groups][articles] how many customers of each group bought each, in the purchases at some
   * places, which ascend.
   */
  buyersOf(places: Iterable<number>, groups = 1, groupOf: (customer: number) => number = () => 0): Float32Array[] {
    const buyers = Array.from({ length: groups }, () => new Float32Array(this.catalogue.size));
    // A customer's purchases stand together.
    const latest = new Int32Array(this.catalogue.size).fill(-1);
    for (const p of places) {
      const article = this.article[p];
      if (latest[article] === this.customer[p]) continue;
      latest[article] = this.customer[p];
      buyers[groupOf(this.customer[p])][article] += 1;
    }
    return buyers;
  }

  /** The encoded rows of some customers, in their order. */
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
 * Places of purchases by the day on which they fall, counted from the first: day d has those of
 * `places` from starts[d] to starts[d + 1].
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

function joinRows(parts: readonly EncodedRows[], encoder: Encoder): EncodedRows {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const layout = encoder.customerLayout;
  const joined = {
    rows,
    single: new Int32Array(rows * layout.single.length),
    multi: layout.multi.map(({ width }) => ({
      ids: new Int32Array(rows * width),
      weights: new Float32Array(rows * width),
    })),
  };
  let at = 0;
  for (const part of parts) {
    joined.single.set(part.single, at * layout.single.length);
    layout.multi.forEach(({ width }, m) => {
      joined.multi[m].ids.set(part.multi[m].ids, at * width);
      joined.multi[m].weights.set(part.multi[m].weights, at * width);
    });
    at += part.rows;
  }
  return joined;
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
