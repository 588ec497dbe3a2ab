// Makes a data set from the rows in the store: reads the purchases, fits the encoder and encodes
// articles and customers.

import { pickPurchases } from '../data/store/purchase-columns';
import type { PurchaseColumns, Store } from '../data/store/store';
import { VitrineError } from '../errors';
import { Catalogue } from '../features/catalogue';
import type { EncodedRows, Encoder } from '../features/encoder';
import { EncoderFit } from '../features/encoder-fit';
import { articleText } from '../features/article-text';
import type { Reporter } from '../telemetry/progress';
import { DAY, isoDay } from '../time';
import { Dataset, historyEnd, type Cutoff } from './dataset';

/** All purchases in the store, not yet encoded. */
export interface PurchaseLog {
  readonly purchases: PurchaseColumns;
  /** Unix seconds of the first and the last purchase. */
  readonly first: number;
  readonly last: number;
}

/**
 * Reads all purchases that count. Leaves out those dated a day or more after the shop's clock,
 * since they must be typing errors.
 * @throws VitrineError NOTHING_TO_LEARN if no purchase is left
 */
export async function readPurchaseLog(store: Store, reporter: Reporter): Promise<PurchaseLog> {
  const clock = await store.clock();
  const purchases = await store.readPurchases();
  const end = clock.at.getTime() / 1000 + DAY;
  let first = Infinity;
  let last = -Infinity;
  let firstLate = Infinity;
  let late = 0;
  for (const at of purchases.at) {
    if (at >= end) {
      late += 1;
      if (at < firstLate) firstLate = at;
      continue;
    }
    if (at < first) first = at;
    if (at > last) last = at;
  }
  if (late === purchases.at.length) throw await nothingToLearn(store, late, firstLate);
  if (late === 0) return { purchases, first, last };
  const where = clock.mode === 'live' ? 'in the future' : `long after the others, whose last is of ${isoDay(last)},`;
  reporter.say(`${late} purchases are dated ${where} and left out (the first is of ${isoDay(firstLate)})`);
  return { purchases: pickPurchases(purchases, (p) => purchases.at[p] < end), first, last };
}

async function nothingToLearn(store: Store, late: number, firstLate: number): Promise<VitrineError> {
  const says = async (): Promise<string> => {
    if (late > 0) {
      return (
        `All ${late} purchases are dated in the future (first ${isoDay(firstLate)}); ` +
        'correct the date column or its format in shop.json, and import again.'
      );
    }
    const { purchases } = await store.counts();
    if (purchases === 0) return 'The store holds no purchases; run `npx vitrine import DIR` first.';
    return `All ${purchases} purchases in the store were returned or cancelled; nothing can be learnt from them.`;
  };
  return new VitrineError('NOTHING_TO_LEARN', await says());
}

/**
 * Encodes the shop as it was at a cutoff. Articles that were bought before it get embeddings of
 * their own. The data set also holds the later purchases, as answers for an evaluation.
 */
export async function encodeDataset(
  store: Store,
  log: PurchaseLog,
  cutoff: Cutoff,
  reporter: Reporter,
): Promise<Dataset> {
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

  const bought = boughtUntil(log.purchases, cutoff);
  const fit = new EncoderFit();
  const own: string[] = [];
  for await (const rows of counted(store.streamArticles())) {
    fit.addArticles(rows);
    for (const row of rows) if (bought.has(row.key)) own.push(row.id);
  }
  for await (const rows of counted(store.streamCustomers())) fit.addCustomers(rows);
  const encoder = fit.finish(own);
  for (const note of fit.notes) reporter.say(note);

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
  const customerIds: string[] = [];
  const parts: EncodedRows[] = [];
  for await (const rows of counted(store.streamCustomers())) {
    for (const row of rows) {
      keys.push(row.key);
      customerIds.push(row.id);
    }
    parts.push(encoder.customers(rows));
  }
  progress.done(`${String(catalogue.size)} articles, ${String(keys.length)} customers`);
  return new Dataset({
    encoder,
    catalogue,
    customerKeys: Float64Array.from(keys),
    customerIds,
    encodedCustomers: joinRows(parts, encoder),
    purchases: log.purchases,
    texts,
    versions,
  });
}

/** The keys of the articles that any customer bought before a cutoff. */
function boughtUntil({ customer, article, at }: PurchaseColumns, cutoff: Cutoff): Set<number> {
  const bought = new Set<number>();
  for (let start = 0, end = 0; start < customer.length; start = end) {
    while (end < customer.length && customer[end] === customer[start]) end += 1;
    const last = historyEnd(at, start, end, cutoff);
    for (let p = start; p < last; p++) bought.add(article[p]);
  }
  return bought;
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
