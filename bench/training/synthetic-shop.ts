// Makes the dataset of a synthetic shop for training without a database: reads and encodes the
// files of `generate`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openShopFiles, type FileKind } from '../../src/data/import/mapping';
import { FIELDS, type Kind } from '../../src/data/store/fields';
import type { CsvFile } from '../../src/data/import/csv';
import type { ArticleRow, CustomerRow, PurchaseColumns } from '../../src/data/store/store';
import { generateShop } from '../../src/demo/synthetic/generate';
import type { SyntheticOptions } from '../../src/demo/synthetic/options';
import { Catalogue } from '../../src/features/catalogue';
import { Dataset } from '../../src/dataset/dataset';
import { EncoderFit } from '../../src/features/encoder-fit';
import { silentReporter } from '../../src/telemetry/progress';

/** Makes a shop. The shop's encoder knows all articles and purchases. */
export async function syntheticShop(options: Partial<SyntheticOptions>): Promise<Dataset> {
  const folder = await mkdtemp(join(tmpdir(), 'vitrine-bench-'));
  try {
    await generateShop(folder, options, silentReporter);
    const files = await openShopFiles(folder);
    const articles = (await rowsOf('articles', files.articles, files.mapping.articles)).map(
      (row, key) => ({ ...row, key, attributes: {}, updatedAt: new Date(0) }) as unknown as ArticleRow,
    );
    if (!files.customers || !files.mapping.customers) throw new Error('the synthetic shop has a file of customers');
    const customers = (await rowsOf('customers', files.customers, files.mapping.customers)).map(
      (row, key) => ({ ...row, key, attributes: {} }) as unknown as CustomerRow,
    );
    const purchases = await rowsOf('transactions', files.transactions, files.mapping.transactions);
    return encoded(articles, customers, purchases);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Field = string | number | boolean | null;

async function rowsOf(
  kind: FileKind,
  file: CsvFile,
  mapping: Readonly<Record<string, unknown>>,
): Promise<Record<string, Field>[]> {
  const fields = Object.entries<readonly [string, Kind]>(FIELDS[kind]).map(([name, [, how]]) => {
    return { name, how, place: file.header.indexOf(String(mapping[name])) };
  });
  const rows: Record<string, Field>[] = [];
  for await (const batch of file.batches()) {
    for (const row of batch.rows) {
      rows.push(Object.fromEntries(fields.map(({ name, how, place }) => [name, valueOf(row[place], how)])));
    }
  }
  return rows;
}

function valueOf(text: string, how: Kind): Field {
  if (text === '') return null;
  if (how === 'id' || how === 'text') return text;
  if (how === 'time') return Date.parse(text) / 1000;
  return how === 'flag' ? Number(text) === 1 : Number(text);
}

function encoded(
  articles: readonly ArticleRow[],
  customers: readonly CustomerRow[],
  purchases: readonly Record<string, Field>[],
): Dataset {
  const fit = new EncoderFit();
  fit.addArticles(articles);
  fit.addCustomers(customers);
  const encoder = fit.finish(articles.map(({ id }) => id));
  const catalogue = new Catalogue(encoder);
  catalogue.put(articles);
  const articleKeys = new Map(articles.map(({ id, key }) => [id, key]));
  const customerKeys = new Map(customers.map(({ id, key }) => [id, key]));
  // The store returns purchases by customer, oldest first, but the file is sorted by day.
  const sorted = purchases
    .map(({ date, customer, article, price }) => ({
      customer: customerKeys.get(String(customer)) ?? -1,
      article: articleKeys.get(String(article)) ?? -1,
      at: Number(date),
      price: Number(price),
    }))
    .sort((a, b) => a.customer - b.customer || a.at - b.at || a.article - b.article);
  const columns: PurchaseColumns = {
    customer: Int32Array.from(sorted, ({ customer }) => customer),
    article: Int32Array.from(sorted, ({ article }) => article),
    at: Float64Array.from(sorted, ({ at }) => at),
    price: Float32Array.from(sorted, ({ price }) => price),
  };
  return new Dataset({
    encoder,
    catalogue,
    customerKeys: Int32Array.from(customers, ({ key }) => key),
    customerIds: customers.map(({ id }) => id),
    encodedCustomers: encoder.customers(customers),
    purchases: columns,
  });
}
