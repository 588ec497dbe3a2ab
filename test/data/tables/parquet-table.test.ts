import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { parquetWriteBuffer } from 'hyparquet-writer';
import { openTable } from '../../../src/data/tables/table';
import { makeZip, useFolder } from './read-table';

const folder = useFolder();
type Write = typeof parquetWriteBuffer;
let write: (options: Parameters<Write>[0]) => Buffer;
beforeAll(async () => {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  write = (options) => Buffer.from(parquetWriteBuffer(options));
});

test('columns of all types become the text that other formats have', async () => {
  const content = write({
    columnData: [
      { name: 'id', data: ['00100', '00107'], type: 'STRING' },
      { name: 'whole', data: [17_000, null], type: 'INT32' },
      { name: 'large', data: [12_345_678_901_234_567n, 2n], type: 'INT64' },
      { name: 'double', data: [20.96, Number.NaN], type: 'DOUBLE' },
      { name: 'float', data: [20.96, 0.1], type: 'FLOAT' },
      { name: 'flag', data: [true, false], type: 'BOOLEAN' },
      { name: 'moment', data: [new Date('2024-01-31T08:09:39.123Z'), null], type: 'TIMESTAMP' },
      { name: 'list', data: [{ a: [1, 2] }, ['x']], type: 'JSON' },
    ],
  });
  const { header, rows, lines, form, faults } = await folder.read(content, 'rows.parquet');
  expect(header).toEqual(['id', 'whole', 'large', 'double', 'float', 'flag', 'moment', 'list']);
  expect(rows).toEqual([
    ['00100', '17000', '12345678901234567', '20.96', '20.96', 'true', '2024-01-31T08:09:39.123Z', '{"a":[1,2]}'],
    ['00107', '', '2', '', '0.1', 'false', '', '["x"]'],
  ]);
  expect({ lines, form, faults }).toEqual({ lines: [1, 2], form: { type: 'parquet' }, faults: [] });
});

test('days, decimals and structures are read by the schema', async () => {
  const content = write({
    schema: [
      { name: 'root', num_children: 4 },
      { name: 'day', type: 'INT32', converted_type: 'DATE', repetition_type: 'OPTIONAL' },
      { name: 'price', type: 'INT32', converted_type: 'DECIMAL', scale: 2, precision: 9, repetition_type: 'OPTIONAL' },
      { name: 'local', type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MICROS' }, repetition_type: 'OPTIONAL' }, // prettier-ignore
      { name: 'maker', num_children: 2, repetition_type: 'OPTIONAL' },
      { name: 'name', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      { name: 'since', type: 'INT32', repetition_type: 'OPTIONAL' },
    ],
    columnData: [
      { name: 'day', data: [new Date('2024-01-31'), null] },
      { name: 'price', data: [36.98, 5] },
      { name: 'local', data: [new Date('2024-01-31T08:09:39Z'), null] },
      { name: 'maker', data: [{ name: 'Nordhus', since: 1999 }, null] },
    ],
  });
  const { header, rows } = await folder.read(content, 'typed.parquet');
  expect(header).toEqual(['day', 'price', 'local', 'maker.name', 'maker.since']);
  expect(rows).toEqual([
    ['2024-01-31', '36.98', '2024-01-31T08:09:39.000', 'Nordhus', '1999'],
    ['', '5.00', '', '', ''],
  ]);
});

test('groups of rows come in order, in batches, from gzip and zip as well', async () => {
  const ids = Array.from({ length: 25_000 }, (_, i) => `id${i}`);
  const content = write({ columnData: [{ name: 'id', data: ids, type: 'STRING' }], rowGroupSize: 12_000 });
  const files = {
    'plain.parquet': content,
    'rows.gz': gzipSync(content),
    'rows.zip': makeZip({ 'a.parquet': content }),
  };
  for (const [name, stored] of Object.entries(files)) {
    const { rows, lines } = await folder.read(stored, name);
    expect(rows.map(([id]) => id)).toEqual(ids);
    expect([lines[0], lines.at(-1)]).toEqual([1, 25_000]);
  }
});

test('a file that is cut off is refused', async () => {
  const content = write({ columnData: [{ name: 'id', data: ['a', 'b'], type: 'STRING' }] });
  await writeFile(folder.path('cut.parquet'), content.subarray(0, content.length - 9));
  await expect(openTable(folder.path('cut.parquet'))).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringContaining('cut.parquet cannot be read as Parquet') as string,
  });
});
