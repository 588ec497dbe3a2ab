import { readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { openTable, tablesIn } from '../../../src/data/tables/table';
import { makeWorkbook, makeZip, readTable, useFolder } from './read-table';

const folder = useFolder();
const CSV = 'id,name\n1,cup\n2,bowl\n';
const ROWS = [
  ['1', 'cup'],
  ['2', 'bowl'],
];
const JSON_LINES = '{"id": 1, "name": "cup"}\n{"id": 2, "name": "bowl"}\n';

test.each<[string, string | Uint8Array, string]>([
  ['a plain file', CSV, 'plain.csv'],
  ['gzip by its name', gzipSync(CSV), 'rows.csv.gz'],
  ['gzip by another name', gzipSync(CSV), 'rows.csv'],
  ['gzip in two parts', Buffer.concat([gzipSync('id,name\n1,cup\n'), gzipSync('2,bowl\n')]), 'parts.gz'],
  ['a zip file with one file', makeZip({ 'export/rows.csv': CSV }), 'rows.zip'],
  ['a zip file by another name', makeZip({ 'rows.csv': CSV }), 'rows.dat'],
  ['a zip file from a Mac', makeZip({ 'rows.csv': CSV, '__MACOSX/._rows.csv': 'x', '.DS_Store': 'y' }), 'mac.zip'],
  ['gzip in a zip file', makeZip({ 'rows.csv.gz': gzipSync(CSV) }), 'both.zip'],
  ['JSON lines', JSON_LINES, 'rows.jsonl'],
  ['JSON lines by another name, gzipped', gzipSync(JSON_LINES), 'rows.txt'],
  ['JSON lines in a zip file', makeZip({ 'rows.json': JSON_LINES }), 'json.zip'],
  ['a workbook', makeWorkbook({ Sheet1: [['id', 'name'], [1, 'cup'], [2, 'bowl']] }), 'rows.xlsx'], // prettier-ignore
  ['a workbook by another name', makeWorkbook({ Sheet1: [['id', 'name'], [1, 'cup'], [2, 'bowl']] }), 'rows.bin'], // prettier-ignore
])('reads %s by its contents', async (_what, content, name) => {
  const { header, rows, faults } = await folder.read(content, name);
  expect({ header, rows, faults }).toEqual({ header: ['id', 'name'], rows: ROWS, faults: [] });
});

test('a path goes on into a zip file, and its tables are listed', async () => {
  const path = folder.path('shop.zip');
  await writeFile(path, makeZip({ 'articles.csv': CSV, 'data/sales.csv': 'a,b\n3,4\n', 'data/': '' }));
  expect(await tablesIn(path)).toEqual([{ path: `${path}/articles.csv` }, { path: `${path}/data/sales.csv` }]);
  expect((await readTable(`${path}/articles.csv`)).rows).toEqual(ROWS);
  expect((await readTable(`${path}/data/sales.csv`)).rows).toEqual([['3', '4']]);
  await expect(openTable(path)).rejects.toThrow('expected a zip file with one file; it has 2: shop.zip/articles.csv');
  await expect(openTable(`${path}/none.csv`)).rejects.toThrow('expected a file none.csv in it');
  await writeFile(folder.path('no.zip'), CSV);
  await expect(openTable(`${folder.path('no.zip')}/a.csv`)).rejects.toThrow('no.zip is not a zip file');
});

test('a zip file or gzip file that is cut off is an error that names it', async () => {
  const zip = makeZip({ 'rows.csv': CSV.repeat(100) });
  await expect(folder.read(zip.subarray(0, zip.length - 30), 'cut.zip')).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringContaining('cut.zip cannot be read') as string,
  });
  const gzip = gzipSync(Array.from({ length: 50_000 }, (_, i) => (i * 2_654_435_761) % 1e9).join('\n'));
  await expect(folder.read(gzip.subarray(0, gzip.length / 2), 'cut.csv.gz')).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringMatching(/cut\.csv\.gz cannot be read to its end/) as string,
  });
});

test.each<[string, string, string]>([
  ['an old workbook', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'Save it as .xlsx or as CSV'],
  ['bzip2', 'BZh91AY', 'Unpack it first'],
  ['zstd', '\x28\xb5\x2f\xfd', 'packed with zstd'],
  ['tar', `${'rows.csv'.padEnd(257, '\0')}ustar`, 'a tar archive'],
  ['a PDF', '%PDF-1.7', 'Export the table as CSV'],
  ['SQLite', 'SQLite format 3\0', 'an SQLite database'],
])('%s is refused with a remedy', async (_what, start, remedy) => {
  const content = Buffer.concat([Buffer.from(start, 'latin1'), Buffer.alloc(100)]);
  for (const packed of [content, gzipSync(content)]) {
    await expect(folder.read(packed, 'strange.csv')).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining(remedy) as string,
    });
  }
});

test('a missing file, an empty file and a folder are told apart', async () => {
  await expect(openTable(folder.path('nowhere.csv'))).rejects.toThrow(
    /nowhere\.csv cannot be read: there is no such file/,
  );
  await expect(openTable(folder.path(''))).rejects.toThrow(/cannot be read: it is a folder/);
  await expect(folder.read('', 'empty.csv')).rejects.toThrow('empty.csv is empty');
  await expect(folder.read(gzipSync(''), 'empty.gz')).rejects.toThrow('empty.gz is empty');
});

test('progress goes up to the size of the packed file', async () => {
  const path = folder.path('progress.csv.gz');
  await writeFile(path, gzipSync(`id,name\n${Array.from({ length: 300_000 }, (_, i) => `${i},${i ** 2}`).join('\n')}`));
  const table = await openTable(path);
  const seen: number[] = [];
  for await (const batch of table.batches((bytes) => seen.push(bytes))) expect(batch.faults).toEqual([]);
  await table.close();
  expect(table.bytes).toBe((await readFile(path)).length);
  expect(seen.at(-1)).toBe(table.bytes);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

describe('a workbook', () => {
  const moment = new Date('2024-01-31T08:09:00Z');
  const sheets = {
    Articles: [['id', 'price', 'new', 'since'], ['00100', 20.96, true, moment], ['00107', 5, null, new Date('2024-02-01')]], // prettier-ignore
    Sales: [
      ['Report of January', null],
      [null, null],
      ['who', 'what'],
      ['ann', '00100'],
      ['', ''],
      ['bob', '00107'],
    ],
  };

  test('gives numbers as written, and days and times as ISO has them', async () => {
    const { header, rows, form, notes } = await folder.read(makeWorkbook(sheets), 'shop.xlsx');
    expect(header).toEqual(['id', 'price', 'new', 'since']);
    expect(rows).toEqual([
      ['00100', '20.96', 'true', '2024-01-31 08:09:00'],
      ['00107', '5', '', '2024-02-01'],
    ]);
    expect(form).toMatchObject({ type: 'xlsx', sheet: 'Articles' });
    expect(notes).toEqual(["of the sheets 'Articles', 'Sales', the first one is read"]);
  });

  test('is read by the name of a sheet, below its title, without empty rows', async () => {
    const { header, rows, lines, form } = await folder.read(makeWorkbook(sheets), 'shop.xlsx', { sheet: 'Sales' });
    expect({ header, rows, lines }).toEqual({
      header: ['who', 'what'],
      rows: [
        ['ann', '00100'],
        ['bob', '00107'],
      ],
      lines: [4, 6],
    });
    expect(await readTable(folder.path('shop.xlsx'), form)).toMatchObject({ header, rows, lines });
    await expect(openTable(folder.path('shop.xlsx'), { sheet: 'Sale' })).rejects.toThrow(
      "expected a sheet 'Sale', got 'Articles', 'Sales'",
    );
    expect(await tablesIn(folder.path('shop.xlsx'))).toMatchObject([{ sheet: 'Articles' }, { sheet: 'Sales' }]);
  });
});
