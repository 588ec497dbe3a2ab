// Makes the dataset of a synthetic shop for training without a database: reads and encodes the
// files of `generate`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArticleRow, CustomerRow, PurchaseColumns } from '../../src/data/store/store';
import { openTable } from '../../src/data/tables/table';
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
    const articles = (await rowsOf(join(folder, 'articles.csv'))).map(toArticle);
    const customers = (await rowsOf(join(folder, 'customers.csv'))).map(toCustomer);
    return encoded(articles, customers, await rowsOf(join(folder, 'transactions_train.csv')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The cells of a row by column. */
type Cells = Readonly<Record<string, string>>;

async function rowsOf(path: string): Promise<Cells[]> {
  const table = await openTable(path);
  const rows: Cells[] = [];
  for await (const batch of table.batches()) {
    for (const row of batch.rows) rows.push(Object.fromEntries(table.header.map((column, c) => [column, row[c]])));
  }
  return rows;
}

/** H&M's columns as the import maps them. */
function toArticle(cells: Cells, key: number): ArticleRow {
  const { article_id: id, prod_name: name, product_code: productId, colour_group_name: colour, ...others } = cells;
  const { detail_desc: description, ...categories } = others;
  return {
    ...{ key, id, name, productId, colour, description, brand: null, price: null, listPrice: null, currency: null },
    ...{ availability: 'in_stock', url: null, image: null, publishedAt: null, hidden: false, listed: true },
    category: [cells['index_group_name'], cells['product_group_name'], cells['product_type_name']],
    attributes: Object.fromEntries(Object.entries(categories).map(([column, value]) => [column, [value]])),
    updatedAt: new Date(0),
  };
}

function toCustomer({ customer_id: id, age, ...others }: Cells, key: number): CustomerRow {
  const categories = ['club_member_status', 'fashion_news_frequency'].filter((column) => others[column] !== '');
  const flags = ['FN', 'Active'].filter((column) => others[column] !== '');
  const attributes = {
    ...Object.fromEntries(categories.map((column) => [column, [others[column]]])),
    ...Object.fromEntries(flags.map((column) => [column.toLowerCase(), Number(others[column]) === 1])),
  };
  return { key, id, age: age === '' ? null : Number(age), attributes };
}

function encoded(
  articles: readonly ArticleRow[],
  customers: readonly CustomerRow[],
  purchases: readonly Cells[],
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
    .map(({ t_dat: date, customer_id: customer, article_id: article, price }) => ({
      customer: customerKeys.get(customer) ?? -1,
      article: articleKeys.get(article) ?? -1,
      at: Date.parse(date) / 1000,
      price: Number(price),
    }))
    .sort((a, b) => a.customer - b.customer || a.at - b.at || a.article - b.article);
  const columns: PurchaseColumns = {
    customer: Float64Array.from(sorted, ({ customer }) => customer),
    article: Float64Array.from(sorted, ({ article }) => article),
    at: Float64Array.from(sorted, ({ at }) => at),
    price: Float32Array.from(sorted, ({ price }) => price),
    quantity: new Uint8Array(sorted.length).fill(1),
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
