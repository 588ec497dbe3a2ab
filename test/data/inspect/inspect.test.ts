// Folders that leave something open, or need more than names of columns.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectShop } from '../../../src/data/inspect/inspect';
import { writeDescription } from '../../../src/data/inspect/write';
import { silentReporter } from '../../../src/telemetry/progress';
import { describeShop } from '../../support/cases';
import { useImports } from '../../support/imports';

const { importInto, shop, sql } = useImports();
const inspect = (dir: string) => inspectShop(dir, silentReporter);
const rows = (count: number, row: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => row(n)).join('');

const AMBIGUOUS = `date,customer,sku\n${rows(60, (n) => `0${1 + (n % 9)}/0${1 + (n % 7)}/2024,c${n % 9},s${n % 20}\n`)}`;

test('dates with two readings are asked for, and left open without an answer', async () => {
  const dir = await shop({ 'sales.csv': AMBIGUOUS });
  const { json, questions, warnings } = await inspect(dir);
  expect(json.transactions?.dateFormat).toBeUndefined();
  expect(questions).toHaveLength(1);
  const [{ text, choices }] = questions;
  expect(text).toMatch(/Which day is '0\d\/0\d\/2024' in date\?/);
  expect(choices.map(({ apply }) => apply(json).transactions?.dateFormat).sort()).toEqual(['DD/MM/YYYY', 'MM/DD/YYYY']);
  expect(warnings).toContainEqual(expect.stringMatching(/Add "dateFormat" with one of them/));
});

test('where columns are separated by semicolons, days likely come before months', async () => {
  const { json, questions } = await inspect(await shop({ 'sales.csv': AMBIGUOUS.replaceAll(',', ';') }));
  const [{ choices, likely }] = questions;
  expect(choices[likely].apply(json).transactions?.dateFormat).toBe('DD/MM/YYYY');
});

test('kinds of events that are only numbers all count, with a warning and a question', async () => {
  const csv = `user_id,item_id,behavior_type,time\n${rows(200, (n) => `u${n % 9},i${n % 20},${1 + (n % 4)},2024-03-0${1 + (n % 9)} 10:00:00\n`)}`;
  const { json, questions, warnings } = await inspect(await shop({ 'log.csv': csv }));
  expect(json.transactions?.where).toBeUndefined();
  expect(warnings).toContainEqual(expect.stringMatching(/behavior_type has kinds of events, and none is known/));
  const last = questions[0].choices.find(({ label }) => label === '4');
  expect(last?.apply(json).transactions?.where).toEqual({ column: 'behavior_type', in: ['4'] });
});

test('files with the same columns are parts of one table', async () => {
  const part = (year: number): string =>
    `date,customer,sku\n${rows(40, (n) => `${year}-05-1${n % 9},c${n % 9},s${n % 20}\n`)}`;
  const dir = await shop({ 'sales-2023.csv': part(2023), 'sales-2024.csv': part(2024) });
  const { json } = await describeShop(dir);
  expect(json.transactions?.file).toEqual(['sales-2023.csv', 'sales-2024.csv']);
  expect((await importInto(dir)).transactions).toMatchObject({ rows: 80, rejected: 0 });
});

test('ids that lost their zeros in the catalogue are filled up there', async () => {
  const dir = await shop({
    'products.csv': `sku,name\n${rows(30, (n) => `${n + 1},Thing ${n}\n`)}`,
    'sales.csv': `date,customer,sku\n${rows(90, (n) => `2024-05-1${n % 9},c${n % 9},${String((n % 30) + 1).padStart(6, '0')}\n`)}`,
  });
  const { json } = await describeShop(dir);
  expect(json.articles?.ids).toEqual({ sku: { pad: 6 } });
  expect(json.transactions?.ids).toBeUndefined();
  expect((await importInto(dir)).bareArticles).toBe(0);
});

test('ids that became fractions in a spreadsheet are made whole', async () => {
  const dir = await shop({
    'products.csv': `sku,name\n${rows(30, (n) => `${n + 100},Thing ${n}\n`)}`,
    'sales.csv': `date,customer_id,sku\n${rows(90, (n) => `2024-05-1${n % 9},${n % 9}.0,${(n % 30) + 100}.0\n`)}`,
  });
  const { json } = await describeShop(dir);
  expect(json.transactions?.ids).toMatchObject({ sku: { whole: true } });
  expect((await importInto(dir)).bareArticles).toBe(0);
});

test('order totals are no prices of lines', async () => {
  const dir = await shop({
    'orders.csv': `order_id,customer_id,order_date,total\n${rows(40, (n) => `${n},c${n % 9},2024-05-1${n % 9},${n + 50}.95\n`)}`,
    'order_lines.csv': `order_id,sku,qty\n${rows(80, (n) => `${n >> 1},s${n % 20},${1 + (n % 3)}\n`)}`,
  });
  const { json } = await inspect(dir);
  expect(json.transactions).toMatchObject({
    file: 'order_lines.csv',
    join: { file: 'orders.csv', on: 'order_id' },
    quantity: 'qty',
  });
  expect(json.transactions?.price).toBeUndefined();
});

test('dates of shipping and changes are not those of purchases', async () => {
  const csv = `order_id,sku,customer,updated_at,ordered_at,shipped_at\n${rows(60, (n) => `${n},s${n % 20},c${n % 9},2024-06-20 10:00:00,2024-05-1${n % 9} 11:22:33,2024-06-01 09:00:00\n`)}`;
  expect((await inspect(await shop({ 'orders.csv': csv }))).json.transactions?.date).toBe('ordered_at');
});

test('a flag of returned lines becomes the state', async () => {
  const csv = `date,customer,sku,is_returned\n${rows(60, (n) => `2024-05-1${n % 9},c${n % 9},s${n % 20},${n % 5 === 0 ? 'yes' : 'no'}\n`)}`;
  const { json } = await inspect(await shop({ 'orders.csv': csv }));
  expect(json.transactions?.state).toEqual({ column: 'is_returned', returned: ['yes'] });
});

test('a catalogue alone is described alone', async () => {
  const dir = await shop({
    'catalog.csv': `sku,title,brand,price\n${rows(30, (n) => `s${n},Thing ${n},b${n % 3},${n}.50\n`)}`,
  });
  const { json, warnings } = await describeShop(dir);
  expect(json.articles).toMatchObject({ id: 'sku', name: 'title', brand: 'brand', price: 'price' });
  expect(warnings).toContainEqual(expect.stringMatching(/no purchases/));
  expect((await importInto(dir)).articles).toMatchObject({ inserted: 30 });
  expect(await sql('SELECT 1 FROM articles WHERE price > 0')).toHaveLength(30);
});

test('a folder without tables is refused, with what stopped each file', async () => {
  await expect(inspect(await shop({ 'notes.md': 'no table' }))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});

test('a description that is there is kept under another name', async () => {
  const dir = await shop({ 'shop.json': '{"mine": 1}' });
  const path = join(dir, 'shop.json');
  expect(await writeDescription(path, { currency: 'EUR' })).toBe(join(dir, 'shop.before.json'));
  expect(await writeDescription(path, { currency: 'USD' })).toBe(join(dir, 'shop.before.2.json'));
  const texts = await Promise.all(
    ['shop.before', 'shop.before.2', 'shop'].map((name) => readFile(join(dir, `${name}.json`), 'utf8')),
  );
  expect(texts.map((text) => JSON.parse(text) as unknown)).toEqual([
    { mine: 1 },
    { currency: 'EUR' },
    { currency: 'USD' },
  ]);
});

test('without names of columns, customers come before articles; that is a guess and is asked for', async () => {
  const log = rows(
    300,
    (n) => `${1 + ((n * 7) % 40)}\t${500 + (n % 60)}\t${1 + (n % 5)}\t${880_000_000 + n * 5_000}\n`,
  );
  const { json, questions, warnings } = await inspect(await shop({ 'u.data': log }));
  expect(json.transactions).toMatchObject({ customer: '1', article: '2', date: '4', dateFormat: 'epoch-s' });
  expect(warnings).toContainEqual(expect.stringMatching(/guessed by the order of columns/));
  expect(questions[0].choices[1].apply(json).transactions).toMatchObject({ customer: '2', article: '1' });
});

test('lists of ids in a cell are several articles', async () => {
  const dir = await shop({
    'orders.csv': `number,date,client,products\n${rows(60, (n) => `${n},2024-05-1${n % 9},K${n % 9},"['s${n % 20}', 's${(n + 3) % 20}']"\n`)}`,
    'products.csv': `sku,label\n${rows(20, (n) => `s${n},Nice ${n}\n`)}`,
  });
  expect((await describeShop(dir)).json.transactions?.article).toEqual({ column: 'products', separator: 'list' });
  expect((await importInto(dir)).transactions).toMatchObject({ inserted: 120, rejected: 0 });
});

test('lists of goods are taken apart, and other lists of objects are named', async () => {
  const orders = (list: string) =>
    rows(40, (n) => {
      const order = { id: n, created_at: '2024-05-11', customer: `c${n % 9}`, [list]: [{ sku: `s${n % 9}` }] };
      return `${JSON.stringify(order)}\n`;
    });
  const { json } = await inspect(await shop({ 'orders.jsonl': orders('lines') }));
  expect(json.transactions).toMatchObject({ form: { explode: 'lines' }, article: 'lines.sku', customer: 'customer' });
  const { warnings } = await inspect(await shop({ 'orders.jsonl': orders('refunds') }));
  expect(warnings).toContainEqual(
    expect.stringMatching(/lists of objects are not taken apart: refunds. .*"explode": "refunds"/),
  );
});

test('a file that lists the orders that came back is joined', async () => {
  const dir = await shop({
    'orders.csv': `Order ID,Order Date,Customer ID,Product ID,Sales,Quantity\n${rows(90, (n) => `o${n >> 1},2024-05-1${n % 9},c${n % 9},p${n % 20},${(n % 3) + 1}0.5,${1 + (n % 3)}\n`)}`,
    'returns.csv': 'Returned,Order ID\nYes,o3\nYes,o9\nYes,o12\n',
  });
  const { json } = await describeShop(dir);
  expect(json.transactions?.state).toEqual({ column: 'Returned', returned: ['Yes'] });
  expect((await importInto(dir)).transactions).toMatchObject({ returns: 6 });
});

test.each([
  [
    'French',
    'N° commande;Date de commande;N° client;Référence;Désignation;Qté;Prix unitaire HT',
    'N° client',
    'Référence',
  ],
  ['German', 'Bonnr;Datum;Kundenkarte;EAN;Artikeltext;Menge;Einzelpreis', 'Kundenkarte', 'EAN'],
  ['Italian', 'Ordine;Data;Cliente;Codice prodotto;Titolo;Quantità;Prezzo', 'Cliente', 'Codice prodotto'],
  ['Dutch', 'Ordernummer;Datum;Klantnummer;Artikelnummer;Omschrijving;Aantal;Prijs', 'Klantnummer', 'Artikelnummer'],
])('%s names of columns are understood', async (_language, header, customer, article) => {
  const names = header.split(';');
  const sales = rows(
    90,
    (n) =>
      `B${n >> 1};${10 + (n % 19)}.05.2024;K${100 + (n % 9)};${4006_000 + (n % 20)};Etwas Schönes ${n % 20};${1 + (n % 3)};${2 + (n % 20)},5${n % 2}\n`,
  );
  const { json } = await inspect(await shop({ 'liste.csv': `${header}\n${sales}` }));
  expect(json.transactions).toMatchObject({
    ...{ orderId: names[0], date: names[1], customer, article },
    ...{ quantity: names[5], price: names[6], decimal: ',', dateFormat: 'DD.MM.YYYY' },
  });
  expect(json.articles).toMatchObject({ id: article, name: names[4] });
});

const sales = (header: string, cells: (n: number) => string): string =>
  `date,customer,sku,${header}\n${rows(120, (n) => `2024-05-1${n % 9},c${n % 19},s${n % 20},${cells(n)}\n`)}`;

test('amounts that may be in cents are asked for, and come in as they are without an answer', async () => {
  const dir = await shop({ 'sales.csv': sales('unit_amount', (n) => `${499 + 250 * (n % 20)}`) });
  const { json, questions, warnings } = await inspect(dir);
  expect(json.transactions?.price).toBe('unit_amount');
  expect(warnings).toContainEqual(
    expect.stringMatching(/unit_amount may be in hundredths: is 499 a price of 499 or of 4.99/),
  );
  const [{ choices, likely }] = questions;
  expect(choices.map(({ label }) => label)).toEqual(['499', '4.99']);
  expect(choices[likely].apply(json).transactions?.price).toEqual({ column: 'unit_amount', divideBy: 100 });
});

test('amounts with fractions are not taken for cents', async () => {
  const { json, questions } = await inspect(
    await shop({ 'sales.csv': sales('unit_amount', (n) => `${499 + (n % 20)}.5`) }),
  );
  expect([json.transactions?.price, questions]).toEqual(['unit_amount', []]);
});

test('a date of the refund means that the purchase came back, unless the status says it already', async () => {
  const refunded = (n: number): string => (n % 11 === 3 ? '2024-06-01' : '');
  const dated = await inspect(await shop({ 'sales.csv': sales('refunded_at', refunded) }));
  expect(dated.json.transactions?.state).toEqual({ column: 'refunded_at', returned: true });
  const said = sales('status,refunded_at', (n) => `${refunded(n) === '' ? 'paid' : 'refunded'},${refunded(n)}`);
  const { json } = await inspect(await shop({ 'sales.csv': said }));
  expect(json.transactions?.state).toEqual({ column: 'status', returned: ['refunded'] });
});

test('sheets with the same columns are one table, and folders are looked into', async () => {
  const part = (n: number): string =>
    `date,customer,sku\n${rows(40, (i) => `2024-0${n}-1${i % 9},c${i % 9},s${i % 20}\n`)}`;
  const dir = await shop({ '2024/q1/sales.csv': part(1), '2024/q2/sales.csv': part(5), 'goods/goods.csv': `sku,name\n${rows(20, (n) => `s${n},Thing ${n}\n`)}` }); // prettier-ignore
  const { json } = await describeShop(dir);
  expect(json.transactions?.file).toEqual(['2024/q1/sales.csv', '2024/q2/sales.csv']);
  expect(json.articles?.file).toBe('goods/goods.csv');
  expect((await importInto(dir)).transactions).toMatchObject({ rows: 80, rejected: 0 });
});

test('purchases without dates, days or an order of orders are refused with what to do', async () => {
  const dir = await shop({ 'sales.csv': `customer,sku,qty\n${rows(90, (n) => `c${n % 9},s${n % 20},1\n`)}` });
  const { json, warnings } = await inspect(dir);
  expect(json.transactions).toBeUndefined();
  expect(warnings).toContainEqual(
    expect.stringMatching(/has no column of dates.* A column that counts days or orders will do/),
  );
});

test('orders whose cells stand above their first line only are filled down', async () => {
  const csv = `Order Reference,Order Date,Customer,Product Code,Quantity\n${rows(90, (n) =>
    n % 3 === 0
      ? `S${n},2024-05-1${n % 9} 10:00:00,Customer ${n % 8},P${n % 20},1\n`
      : `,,,P${n % 20},${1 + (n % 3)}\n`,
  )}`;
  const dir = await shop({ 'sale_order.csv': csv });
  const { json, warnings } = await describeShop(dir);
  expect(json.transactions?.fillDown).toEqual({ by: 'Order Reference', columns: ['Customer', 'Order Date'] });
  expect(warnings).toEqual([]);
  expect((await importInto(dir)).transactions).toMatchObject({ inserted: 90, guests: 0, rejected: 0 });
  const [{ count }] = await sql<{ count: string }>('SELECT count(DISTINCT order_id) AS count FROM purchases');
  expect(count).toBe('30');
});

test('guests, whose name and mail are empty in the same rows, are not filled down', async () => {
  const csv = `order_id,customer_id,email,date,sku\n${rows(90, (n) => `${n},${n % 3 === 0 ? `c${n % 7},m${n % 7}@x.test` : ','},2024-05-1${n % 9},s${n % 20}\n`)}`;
  const { json } = await inspect(await shop({ 'orders.csv': csv }));
  expect(json.transactions?.fillDown).toBeUndefined();
});

test('goods that are known by their names alone are articles', async () => {
  const csv = `Member_number,Date,itemDescription\n${rows(120, (n) => `${100 + (n % 19)},2${n % 9}-05-2024,whole milk no ${n % 12}\n`)}`;
  const dir = await shop({ 'groceries.csv': csv });
  const { json } = await describeShop(dir);
  expect(json.transactions).toMatchObject({ customer: 'Member_number', article: 'itemDescription' });
  expect((await importInto(dir)).transactions).toMatchObject({ rejected: 0 });
});
