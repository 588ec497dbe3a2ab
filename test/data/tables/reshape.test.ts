// Tables whose rows are made anew: lists in cells become rows, and rows of keys and values become
// rows of things.

import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { MOST_BYTES } from '../../../src/data/tables/source/bytes';
import { openTable } from '../../../src/data/tables/table';
import { readTable, useFolder } from './read-table';

const folder = useFolder();
const jsonl = (...rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

test('each element of a list becomes a row, and the parts of its object become columns', async () => {
  const orders = jsonl(
    { id: 1, items: [{ sku: '007', paid: { amount: 2.5 } }, { sku: 'b' }], who: 'ann' },
    { id: 2, items: [], who: 'bob' },
    { id: 3, items: [{ sku: 'c', late: true }], who: 'cy' },
  );
  const { header, rows, lines, notes, form } = await folder.read(orders, 'orders.jsonl', { explode: 'items' });
  expect(header).toEqual(['id', 'who', 'items.sku', 'items.paid.amount', 'items.late']);
  expect(rows).toEqual([
    ['1', 'ann', '007', '2.5', ''],
    ['1', 'ann', 'b', '', ''],
    ['3', 'cy', 'c', '', 'true'],
  ]);
  expect(lines).toEqual([1, 1, 3]);
  expect(notes).toEqual(['rows whose items is empty, and that are left out: 1']);
  // What was found can be given again.
  expect((await readTable(folder.path('orders.jsonl'), form)).rows).toEqual(rows);
});

test('lists within lists are taken apart one after the other', async () => {
  const customers = jsonl({
    id: 7,
    orders: [
      { no: 'x', lines: [{ sku: 'a' }, { sku: 'b' }] },
      { no: 'y', lines: [] },
    ],
  });
  const form = { explode: ['orders', 'orders.lines'] };
  const { header, rows } = await folder.read(customers, 'customers.jsonl', form);
  expect(header).toEqual(['id', 'orders.no', 'orders.lines.sku']);
  expect(rows).toEqual([
    ['7', 'x', 'a'],
    ['7', 'x', 'b'],
  ]);
});

test('lists in cells of CSV, of Python too, and lists of plain values are taken apart', async () => {
  const csv = `id,items\n1,"[{'sku': 'a', 'n': 2}]"\n2,"[""x"", ""y""]"\n3,oops\n`;
  const { header, rows, faults } = await folder.read(csv, 'orders.csv', { explode: 'items' });
  expect(header).toEqual(['id', 'items.sku', 'items.n', 'items']);
  expect(rows).toEqual([
    ['1', 'a', '2', ''],
    ['2', '', '', 'x'],
    ['2', '', '', 'y'],
  ]);
  expect(faults).toEqual([{ line: 4, reason: 'items: expected a list such as [{"sku": "A1"}]', raw: 'oops' }]);
});

test('a column that is not there, or has no lists, is refused by its name', async () => {
  const csv = 'id,items\n1,\n';
  await expect(folder.read(csv, 'a.csv', { explode: 'lines' })).rejects.toThrow(
    "a.csv: explode: there is no column 'lines' among id, items",
  );
  await expect(folder.read(csv, 'a.csv', { explode: 'items' })).rejects.toThrow("expected lists in the column 'items'");
});

test('a list of objects within an object is found after counts and the like', async () => {
  const text = '{"count": 2, "next": null, "data": [\n{"id": 1},\n{"id": 2}\n], "total": 2}';
  expect((await folder.read(text, 'page.json')).rows).toEqual([['1'], ['2']]);
});

const PIVOT = { by: 'item', key: 'property', value: 'value', columns: ['colour', 'size'] };
const PROPERTIES = 'at,item,property,value\n5,i1,colour,red\n3,i1,colour,blue\n4,i2,size,9\n6,i2,weight,1\n';

test('rows of keys and values become one row for each thing, with the columns that are named', async () => {
  const { header, rows, lines } = await folder.read(PROPERTIES, 'p.csv', { pivot: PIVOT });
  expect(header).toEqual(['item', 'colour', 'size']);
  expect(rows).toEqual([
    ['i1', 'blue', ''],
    ['i2', '', '9'],
  ]);
  expect(lines).toEqual([2, 4]);
});

test('of several values the one with the greatest time counts, if a column has times', async () => {
  const { rows } = await folder.read(PROPERTIES, 'p.csv', { pivot: { ...PIVOT, latest: 'at' } });
  expect(rows[0]).toEqual(['i1', 'red', '']);
  await expect(folder.read(PROPERTIES, 'p.csv', { pivot: { ...PIVOT, by: 'id' } })).rejects.toThrow(
    "p.csv: pivot: there is no column 'id' among at, item, property, value",
  );
});

test('packed files that would fill the memory are refused with a remedy', async () => {
  const path = folder.path('zeros.gz');
  const zeros = Buffer.alloc(MOST_BYTES / 8);
  const parts = Array.from({ length: 9 }, (_, i) =>
    gzipSync(i === 0 ? Buffer.concat([Buffer.from('PAR1'), zeros]) : zeros),
  );
  await writeFile(path, Buffer.concat(parts));
  await expect(openTable(path)).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringMatching(/zeros.gz: expected at most 512 MiB unpacked.*Unpack the file first/) as string,
  });
});

test('separators of two characters are found', async () => {
  for (const separator of ['::', '||']) {
    const text = ['id,name', '1,cup', '2,bowl'].map((line) => line.replace(',', separator)).join('\n');
    const { header, rows } = await folder.read(text, 'rows.txt');
    expect([header, rows[1]]).toEqual([
      ['id', 'name'],
      ['2', 'bowl'],
    ]);
  }
  // Empty cells between single characters stay empty cells.
  const { header } = await folder.read('a||b\n1|x|2\n3||4\n', 'empty.txt');
  expect(header).toEqual(['a', '2', 'b']);
});
