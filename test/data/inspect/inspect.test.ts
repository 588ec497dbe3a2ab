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
