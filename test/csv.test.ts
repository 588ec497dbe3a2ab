import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { openCsv, type CsvBatch } from '../src/data/csv';
import { createRandom } from '../src/random';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vitrine-csv-'));
});
afterAll(() => rm(dir, { recursive: true }));

async function read(content: string | Buffer, name = 'rows.csv'): Promise<CsvBatch & { header: readonly string[] }> {
  const path = join(dir, name);
  await writeFile(path, content);
  const file = await openCsv(path);
  const all = { header: file.header, rows: [] as string[][], lines: [] as number[], faults: [] as CsvBatch['faults'] };
  for await (const { rows, lines, faults } of file.batches()) {
    all.rows.push(...rows);
    all.lines.push(...lines);
    all.faults.push(...faults);
  }
  return all;
}

test('quotes, doubled quotes, commas and line ends within quotes belong to the value', async () => {
  const { rows, lines } = await read('id,text\n1,"a, ""b""\nc"\n2,plain\n"3",""\n');
  expect(rows).toEqual([
    ['1', 'a, "b"\nc'],
    ['2', 'plain'],
    ['3', ''],
  ]);
  expect(lines).toEqual([2, 4, 5]);
});

test('a byte order mark, CRLF, empty lines and a missing last line end make no difference', async () => {
  const { header, rows, lines, faults } = await read('\ufeffid, name \r\n1,"x"\r\n\r\n2,y\r\n\n3,z');
  expect(header).toEqual(['id', 'name']);
  expect(rows).toEqual([
    ['1', 'x'],
    ['2', 'y'],
    ['3', 'z'],
  ]);
  expect(lines).toEqual([2, 4, 6]);
  expect(faults).toEqual([]);
});

test('rows with too few or too many fields are faults with their line; the others are read', async () => {
  const { rows, faults } = await read('id,name\n1,a\n2\n3,c,d\n4,e\n');
  expect(rows).toEqual([
    ['1', 'a'],
    ['4', 'e'],
  ]);
  expect(faults).toEqual([
    { line: 3, reason: 'expected 2 fields, got 1', raw: '2' },
    { line: 4, reason: 'expected 2 fields, got 3', raw: '3,c,d' },
  ]);
});

test('a quote that is never closed costs its own line only', async () => {
  const { rows, faults } = await read('id,name\n1,a\n2,"open\n3,c\n4,d\n');
  expect(rows).toEqual([
    ['1', 'a'],
    ['3', 'c'],
    ['4', 'd'],
  ]);
  expect(faults).toEqual([{ line: 3, reason: 'a quote is opened and not closed', raw: '2,"open' }]);
});

test('text after a closing quote is a fault, quotes within an unquoted value are characters', async () => {
  const { rows, faults } = await read('id,name\n1,"a"b\n2,5" pipe\n3,"c"\n');
  expect(rows).toEqual([
    ['2', '5" pipe'],
    ['3', 'c'],
  ]);
  expect(faults).toMatchObject([{ line: 2, raw: '1,"a"b' }]);
});

test('a line beyond a million characters is a fault, not a full memory', async () => {
  const { rows, faults } = await read(`id,name\n1,a\n2,${'x'.repeat(3_000_000)}\n3,c\n`);
  expect(rows[0]).toEqual(['1', 'a']);
  expect(rows.at(-1)).toEqual(['3', 'c']);
  expect(faults.length).toBeGreaterThan(0);
  for (const fault of faults) expect(fault.raw.length).toBeLessThanOrEqual(2_000);
});

test('characters of several bytes survive wherever the file is cut into pieces', async () => {
  const rows = Array.from({ length: 40_000 }, (_, i) => [String(i), 'né€😀'.repeat(1 + (i % 5))]);
  const read1 = await read(gzipSync(`id,name\n${rows.map((row) => row.join(',')).join('\n')}\n`), 'pieces.csv.gz');
  expect(read1.rows).toEqual(rows);
});

test('what csv-parse reads from files full of quotes is read here as well', async () => {
  const random = createRandom(11);
  const pieces = ['a', ',', '"', '\n', '\r\n', ' ', 'word', '""', 'é'];
  const field = () => Array.from({ length: random.int(6) }, () => pieces[random.int(pieces.length)]).join('');
  const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
  const lines = Array.from({ length: 60_000 }, (_, i) => `${i},${quoted(field())},${quoted(field())}`);
  const content = `id,one,two\r\n${lines.join('\r\n')}\r\n`;
  const expected: string[][] = parse(content, { from_line: 2, record_delimiter: '\r\n' });
  const { rows, faults } = await read(content);
  expect(faults).toEqual([]);
  expect(rows).toEqual(expected);
});

test('a missing, an empty and a UTF-16 file say what they are', async () => {
  await expect(openCsv(join(dir, 'nowhere.csv'))).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringContaining('nowhere.csv') as string,
  });
  await expect(read('')).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringContaining('is empty') as string,
  });
  await expect(read(Buffer.from('\ufeffid\n1\n', 'utf16le'))).rejects.toThrow('UTF-16');
});

test('a gzip file that is cut off is an error that names it', async () => {
  const random = createRandom(5);
  const whole = gzipSync(`id\n${Array.from({ length: 50_000 }, () => random.int(1e9)).join('\n')}\n`);
  await expect(read(whole.subarray(0, whole.length / 2), 'cut.csv.gz')).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringMatching(/cut\.csv\.gz cannot be read to its end/) as string,
  });
  await expect(read('not gzip at all', 'false.csv.gz')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});
