// Exports of well-known programs and data sets, in their own layouts.

import { mkdir } from 'node:fs/promises';
import {
  caseTest,
  copyCase,
  describeShop,
  PURCHASE_ROWS,
  rawRows,
  tally,
  tallyOf,
  type PurchaseRow,
} from '../../support/cases';
import { useImports } from '../../support/imports';

const { importInto, place, sql } = useImports();

let shops = 0;
async function imported(name: string) {
  const dir = place(`case-${++shops}`);
  await mkdir(dir);
  await copyCase(name, dir);
  const found = await describeShop(dir);
  expect(found.fault).toBeUndefined();
  expect(found.questions).toEqual([]);
  return { dir, found, result: await importInto(dir) };
}
const purchases = () => sql<PurchaseRow>(PURCHASE_ROWS);
const iso = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`) / 1_000;

caseTest('01-uci-online-retail')('01: one file gives goods and orders, guests apart', async () => {
  const { dir, result } = await imported('01-uci-online-retail');
  const raw = await rawRows(`${dir}/online_retail.csv`, { encoding: 'latin1' });
  const known = raw.filter(({ CustomerID }) => CustomerID !== '');
  expect(result.articles).toMatchObject({ inserted: new Set(raw.map(({ StockCode }) => StockCode)).size, rejected: 0 });
  expect(result.articles?.inserted).toBe(61);
  expect(result.transactions).toMatchObject({ guests: raw.length - known.length, rejected: 0, inserted: known.length });
  const second = (text: string): number => {
    const [month, day, year, hour, minute] = text.split(/[/ :]/).map(Number);
    return Date.UTC(year, month - 1, day, hour, minute) / 1_000;
  };
  expect(tallyOf(await purchases())).toEqual(
    tally(
      known.map((row) => [row['CustomerID'], row['StockCode'], second(row['InvoiceDate']), Number(row['Quantity'])]),
    ),
  );
  const names = await sql<{ article_id: string; name: string }>('SELECT article_id, name FROM articles');
  for (const { article_id: id, name } of names) {
    expect(raw.find(({ StockCode }) => StockCode === id)?.['Description'].trim()).toBe(name);
  }
});

caseTest('02-olist')('02: lines, orders and customers are joined, cancelled orders do not count', async () => {
  const { dir, result } = await imported('02-olist');
  const [lines, orders, customers] = await Promise.all(
    ['order_items', 'orders', 'customers'].map((name) => rawRows(`${dir}/olist_${name}_dataset.csv`)),
  );
  const orderOf = new Map(orders.map((order) => [order['order_id'], order]));
  const person = new Map(customers.map((row) => [row['customer_id'], row['customer_unique_id']]));
  const expected = lines.map((line) => {
    const order = orderOf.get(line['order_id']);
    const who = person.get(order?.['customer_id'] ?? '') ?? '';
    return {
      who,
      line,
      second: iso(order?.['order_purchase_timestamp'] ?? ''),
      cancelled: order?.['order_status'] === 'canceled',
    };
  });
  const bought = await purchases();
  const rows = (cancelled: boolean) =>
    tally(
      expected
        .filter((one) => one.cancelled === cancelled)
        .map(({ who, line, second }) => [who, line['product_id'], second, 1]),
    );
  expect(tallyOf(bought.filter(({ state }) => state === 'bought'))).toEqual(rows(false));
  expect(tallyOf(bought.filter(({ state }) => state === 'cancelled'))).toEqual(rows(true));
  expect(result.articles?.inserted).toBe(60);
  expect(result.customers?.inserted).toBe(new Set(person.values()).size);
  expect([result.bareArticles, result.bareCustomers]).toEqual([0, 0]);
});

caseTest('04b-events-iso')('04b: of views, carts and transactions only transactions are purchases', async () => {
  const { found, result } = await imported('04b-events-iso');
  expect(result.transactions?.inserted).toBe(976);
  expect(found.events?.kinds.map(({ word, count, purchase }) => [word, count, purchase])).toEqual([
    ['view', 23_416, false],
    ['addtocart', 2_927, false],
    ['transaction', 976, true],
  ]);
});

caseTest('08-shopify')('08: all variants have their product’s name, and refunds take back', async () => {
  const { dir, result } = await imported('08-shopify');
  expect(result.articles).toMatchObject({ inserted: 60, rejected: 0 });
  const goods = await sql<{
    name: string | null;
    brand: string;
    product_id: string;
    description: string;
    colour: string;
  }>('SELECT * FROM articles');
  expect(
    goods.every(({ name, brand, product_id: product }) => name !== null && brand !== null && product !== null),
  ).toBe(true);
  expect(goods.every(({ description }) => !/[<&]/.test(description))).toBe(true);
  const raw = await rawRows(`${dir}/orders_export_1.csv`);
  const refunded = new Set(raw.filter((row) => row['Financial Status'] === 'refunded').map((row) => row['Name']));
  const second = (text: string): number => Date.parse(text.replace(' ', 'T').replace(' -0500', '-05:00')) / 1_000;
  const bought = await purchases();
  const kept = raw.filter((row) => !refunded.has(row['Name']));
  expect(tallyOf(bought.filter(({ order_id: order }) => !refunded.has(order ?? '')))).toEqual(
    tally(
      kept.map((row) => [
        row['Email'],
        row['Lineitem sku'],
        second(row['Created at']),
        Number(row['Lineitem quantity']),
      ]),
    ),
  );
  expect(
    [...tallyOf(bought.filter(({ order_id: order }) => refunded.has(order ?? ''))).values()].every(
      (pieces) => pieces === 0,
    ),
  ).toBe(true);
});

caseTest('17-gorse')('17: feedback of the kind purchase counts, days come before months', async () => {
  const { dir, result } = await imported('17-gorse');
  const raw = (await rawRows(`${dir}/feedback.csv`)).filter((row) => row['feedback_type'] === 'purchase');
  const second = (text: string): number => {
    const [day, month, year, hour, minute] = text.split(/[- :]/).map(Number);
    return Date.UTC(year, month - 1, day, hour, minute) / 1_000;
  };
  expect(tallyOf(await purchases())).toEqual(
    tally(raw.map((row) => [row['user_id'], row['item_id'], second(row['time_stamp']), 1])),
  );
  expect(result.articles?.inserted).toBe(60);
  const [first] = await sql<{ name: string; category: string[]; attributes: unknown }>(
    `SELECT * FROM articles WHERE article_id = '00100'`,
  );
  expect([first.name, first.category, first.attributes]).toEqual(['Red mug', ['Mug'], { labels: ['red', 'Nordhus'] }]);
});

caseTest('19-aws-personalize')('19: seconds since 1970 and EVENT_TYPE', async () => {
  const { dir } = await imported('19-aws-personalize');
  const raw = (await rawRows(`${dir}/interactions.csv`)).filter((row) => row['EVENT_TYPE'] === 'Purchase');
  expect(raw.length).toBe(400);
  expect(tallyOf(await purchases())).toEqual(
    tally(raw.map((row) => [row['USER_ID'], row['ITEM_ID'], Number(row['TIMESTAMP']), 1])),
  );
});

caseTest('20-ga4-bigquery')('20: microseconds are preferred to days, purchases to views', async () => {
  const { dir } = await imported('20-ga4-bigquery');
  const raw = (await rawRows(`${dir}/bq.csv`)).filter((row) => row['event_name'] === 'purchase');
  expect(raw.length).toBe(160);
  expect(tallyOf(await purchases())).toEqual(
    tally(
      raw.map((row) => [
        row['user_pseudo_id'],
        row['item_id'],
        Math.floor(Number(row['event_timestamp']) / 1e6),
        Number(row['quantity']),
      ]),
    ),
  );
});
