import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { createRandom } from '../../../src/random';
import { useFolder } from './read-table';

const { read } = useFolder();

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

test.each<[string, string]>([
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  ['CR', '\r'],
])('line ends may be %s, also within quotes and at the borders of pieces', async (_what, end) => {
  const rows = Array.from({ length: 60_000 }, (_, i) => [String(i), i % 7 === 0 ? `a${end}b` : 'x'.repeat(i % 13)]);
  const lines = rows.map(([id, text]) => `${id},${text.includes(end) ? `"${text}"` : text}`);
  const result = await read(`id,text${end}${lines.join(end)}${end}`);
  expect(result.rows).toEqual(rows);
  expect(result.faults).toEqual([]);
  expect(result.lines.at(-1)).toBe(1 + rows.length + Math.ceil((rows.length - 1) / 7));
});

test('line ends may be mixed', async () => {
  const { rows, lines } = await read('id,name\r\n1,a\n2,b\r3,c\r\n4,"d\re"\n5,f');
  expect(rows.map(([id]) => id)).toEqual(['1', '2', '3', '4', '5']);
  expect(lines).toEqual([2, 3, 4, 5, 7]);
});

test('rows with too few or too many fields are faults with their line, and the others are read', async () => {
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

test('a row may lack its last cells only where these are empty in other rows, which is counted', async () => {
  const { rows, faults, notes } = await read('id,name,note\n1,a,\n2,b,x\n3,c\n4\n5,e,,\n6,f');
  expect(rows).toEqual([
    ['1', 'a', ''],
    ['2', 'b', 'x'],
    ['3', 'c', ''],
    ['5', 'e', ''],
  ]);
  // The last row may be cut off, since it has no line end.
  expect(faults.map(({ line }) => line)).toEqual([5, 7]);
  expect(notes).toEqual(['rows that lacked empty cells at their end: 1']);
});

test('a quote that is never closed is a fault of its own line only', async () => {
  const { rows, faults } = await read('id,name\n1,a\n2,"open\n3,c\n4,d\n');
  expect(rows).toEqual([
    ['1', 'a'],
    ['3', 'c'],
    ['4', 'd'],
  ]);
  expect(faults).toEqual([{ line: 3, reason: 'a quote is opened and not closed', raw: '2,"open' }]);
});

test('a quote that a later record seems to close is a fault of its own line only', async () => {
  const { rows, faults } = await read('id,name,note\n1,"open,x\n2,b,y\n3,"c",z\n4,d,"e"\n');
  expect(rows.map(([id]) => id)).toEqual(['2', '3', '4']);
  expect(faults.map(({ line }) => line)).toEqual([2]);
});

test('text after a closing quote is a fault, but quotes within an unquoted value are not', async () => {
  const { rows, faults } = await read('id,name\n1,"a"b\n2,5" pipe\n3,"c"\n4,"d"\n');
  expect(rows).toEqual([
    ['2', '5" pipe'],
    ['3', 'c'],
    ['4', 'd'],
  ]);
  expect(faults).toMatchObject([{ line: 2, raw: '1,"a"b' }]);
});

test('blanks around quotes are left out, and blanks of unquoted values stay', async () => {
  const { rows } = await read('id,name\n1, "a, b"\n2,"c, d" \n3, e \n4, "f" g\n');
  expect(rows.map(([, name]) => name)).toEqual(['a, b', 'c, d', ' e ', ' "f" g']);
});

test('a line of more than a million characters is a fault', async () => {
  const { rows, faults } = await read(`id,name\n1,a\n2,${'x'.repeat(3_000_000)}\n3,c\n`);
  expect(rows[0]).toEqual(['1', 'a']);
  expect(rows.at(-1)).toEqual(['3', 'c']);
  expect(faults.length).toBeGreaterThan(0);
  for (const fault of faults) expect(fault.raw.length).toBeLessThanOrEqual(2_000);
});

test('columns without a name get their number, and repeated names another one, which is said', async () => {
  const { header, notes } = await read(',a,b,a,a_2, a \n1,2,3,4,5,6\n');
  expect(header).toEqual(['1', 'a', 'b', 'a_3', 'a_2', 'a_4']);
  expect(notes).toEqual([
    "column 4 is called 'a_3', since another one is called 'a'",
    "column 6 is called 'a_4', since another one is called 'a'",
  ]);
});

test('names that JavaScript knows are ordinary names', async () => {
  const { header, rows } = await read('id,__proto__,constructor,toString\n1,a,b,c\n');
  expect(header).toEqual(['id', '__proto__', 'constructor', 'toString']);
  expect(rows).toEqual([['1', 'a', 'b', 'c']]);
});

test('headers of files that were joined are left out, which is counted', async () => {
  const one = 'id,name\r\na,cup\r\nb,bowl\r\n';
  const { header, rows, notes, faults } = await read(`\ufeff${one}\ufeff${one}${one}`);
  expect(header).toEqual(['id', 'name']);
  expect(rows.map(([id]) => id)).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  expect(notes).toEqual(['rows that have the names of the columns again, and are left out: 2']);
  expect(faults).toEqual([]);
});

test('a first column without a name, as R writes it, gets its number', async () => {
  const { header, rows } = await read('"who","what"\n"1","ann","cup"\n"2","bob","bowl"\n');
  expect({ header, rows }).toEqual({
    header: ['1', 'who', 'what'],
    rows: [
      ['1', 'ann', 'cup'],
      ['2', 'bob', 'bowl'],
    ],
  });
});

test('separators at the end of all lines make no column', async () => {
  const { header, rows, faults } = await read('id,name,,\n1,a,,\n2,b,,\n');
  expect({ header, rows, faults }).toEqual({
    header: ['id', 'name'],
    rows: [
      ['1', 'a'],
      ['2', 'b'],
    ],
    faults: [],
  });
});

test('files full of quotes are read as csv-parse reads them, in any dialect', async () => {
  const random = createRandom(11);
  const separators = [',', ';', '\t', '|', '::'];
  for (let round = 0; round < 30; round++) {
    const separator = separators[round % separators.length];
    const quote = round % 3 === 2 ? "'" : '"';
    const escape: 'double' | 'backslash' = round % 2 === 0 ? 'double' : 'backslash';
    const end = ['\n', '\r\n', '\r'][random.int(3)];
    const pieces = ['a', separator, quote, '\\', '\n', '\r\n', ' ', 'word', 'é', '😀'];
    const quoted = (value: string): string =>
      escape === 'double'
        ? `${quote}${value.replaceAll(quote, quote + quote)}${quote}`
        : `${quote}${value.replace(/\\/g, '\\\\').replaceAll(quote, `\\${quote}`)}${quote}`;
    const lines = Array.from({ length: 3_000 }, (_, i) => {
      const field = (): string =>
        Array.from({ length: random.int(6) }, () => pieces[random.int(pieces.length)]).join('');
      const plain = 'x'.repeat(random.int(200));
      return [String(i), quoted(field()), plain, quoted(field())].join(separator);
    });
    const content = `id${separator}one${separator}two${separator}three${end}${lines.join(end)}${end}`;
    const expected: string[][] = parse(content, {
      ...{ from: 2, delimiter: separator, quote, record_delimiter: end },
      escape: escape === 'double' ? quote : '\\',
    });
    const form = { type: 'csv' as const, separator, quote, escape: escape };
    // Packed files come in other pieces.
    const { rows, faults } = await read(round % 2 === 0 ? content : gzipSync(content), `${round}.csv`, form);
    expect(faults).toEqual([]);
    expect(rows).toEqual(expected);
  }
});

test('values without quotes are read as csv-parse reads them', async () => {
  const random = createRandom(5);
  const lines = Array.from({ length: 50_000 }, (_, i) =>
    [i, 'x'.repeat(random.int(30)), random.next(), 'né€😀'.repeat(random.int(4))].join(','),
  );
  const content = `id,one,two,three\n${lines.join('\n')}\n`;
  const { rows } = await read(content);
  expect(rows).toEqual(parse(content, { from: 2 }));
});
