import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { openCsv, type CsvBatch } from '../../../src/data/import/csv';
import { decodeUtf8, NotUtf8 } from '../../../src/data/import/utf8';
import { createRandom } from '../../../src/random';

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

test('a quote that is never closed is a fault of its own line only', async () => {
  const { rows, faults } = await read('id,name\n1,a\n2,"open\n3,c\n4,d\n');
  expect(rows).toEqual([
    ['1', 'a'],
    ['3', 'c'],
    ['4', 'd'],
  ]);
  expect(faults).toEqual([{ line: 3, reason: 'a quote is opened and not closed', raw: '2,"open' }]);
});

test('text after a closing quote is a fault, but quotes within an unquoted value are not', async () => {
  const { rows, faults } = await read('id,name\n1,"a"b\n2,5" pipe\n3,"c"\n');
  expect(rows).toEqual([
    ['2', '5" pipe'],
    ['3', 'c'],
  ]);
  expect(faults).toMatchObject([{ line: 2, raw: '1,"a"b' }]);
});

test('a line of more than a million characters is a fault', async () => {
  const { rows, faults } = await read(`id,name\n1,a\n2,${'x'.repeat(3_000_000)}\n3,c\n`);
  expect(rows[0]).toEqual(['1', 'a']);
  expect(rows.at(-1)).toEqual(['3', 'c']);
  expect(faults.length).toBeGreaterThan(0);
  for (const fault of faults) expect(fault.raw.length).toBeLessThanOrEqual(2_000);
});

test('characters of several bytes may lie across two pieces of the file', async () => {
  const rows = Array.from({ length: 40_000 }, (_, i) => [String(i), 'né€😀'.repeat(1 + (i % 5))]);
  const read1 = await read(gzipSync(`id,name\n${rows.map((row) => row.join(',')).join('\n')}\n`), 'pieces.csv.gz');
  expect(read1.rows).toEqual(rows);
});

test('files full of quotes are read as csv-parse reads them', async () => {
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

describe('text that is not UTF-8 is refused at its first wrong byte', () => {
  /**
   * A row longer than one piece of the file (256 KiB), so that the next row is in a later piece.
   */
  const long = `0,${'x'.repeat(300_000)}\n`;
  const bytes = (...parts: (string | number[])[]) =>
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

  test.each<[string, Buffer, number, string, number]>([
    ['Latin-1', bytes('id,name\n1,a\n2,gr', [0xf6], '\n3,c\n'), 3, '0xF6', 16],
    ['in the header', bytes('id,gr', [0xfc], '\n1,a\n'), 1, '0xFC', 5],
    ['a letter with a single byte at the end of the file', bytes('id\ngr', [0xe9]), 2, '0xE9', 5],
    ['a character that the file cuts off', bytes('id\n€\n', [0xe2, 0x82]), 3, '0xE2', 7],
    ['an overlong slash', bytes('id\na', [0xc0, 0xaf], '\n'), 2, '0xC0', 4],
    ['an overlong form of three bytes', bytes('id\na', [0xe0, 0x80, 0xaf], '\n'), 2, '0xE0', 4],
    ['a surrogate', bytes('id\n', [0xed, 0xa0, 0x80], '\n'), 2, '0xED', 3],
    ['beyond the last character of Unicode', bytes('id\n', [0xf4, 0x90, 0x80, 0x80], '\n'), 2, '0xF4', 3],
    ['a byte that continues nothing', bytes('id\n', [0x80], '\n'), 2, '0x80', 3],
    ['after a line end within quotes', bytes('id,name\n1,"a\nb"\n2,', [0xa4], '\n'), 4, '0xA4', 18],
    ['in an opened quote', bytes('id,name\n1,"a\nb', [0xa4], '\n'), 3, '0xA4', 14],
    ['in a later piece of the file', bytes('id,name\n', long, '1,a\n2,', [0xff], '\n'), 4, '0xFF', 300_017],
  ])('%s', async (_what, content, line, byte, offset) => {
    for (const [name, stored] of [
      ['foreign.csv', content],
      ['foreign.csv.gz', gzipSync(content)],
    ] as const) {
      await expect(read(stored, name)).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(
          new RegExp(
            `^${name}, line ${line}: .*\\b${byte} at offset ${offset}\\b.*iconv -f WINDOWS-1252 -t UTF-8`,
            's',
          ),
        ) as string,
      });
    }
  });

  test('even if it is cut by the end of a piece', async () => {
    const euro = [...Buffer.from('€')];
    for (let shift = 0; shift < 5; shift++) {
      // The end of the first piece lies before, within and after the character.
      const filler = 'x'.repeat((1 << 18) - shift);
      const { header, rows } = await read(bytes(filler, euro, ',b\n1,2\n'));
      expect([header[0].length, header[0].at(-1), rows]).toEqual([filler.length + 1, '€', [['1', '2']]]);
      await expect(read(bytes(filler, euro.slice(0, 2), ',b\n1,2\n'))).rejects.toThrow(
        `line 1: expected text in UTF-8, got the byte 0xE2 at offset ${filler.length}`,
      );
    }
  });

  test.each<[string, Buffer, RegExp]>([
    ['UTF-16', Buffer.from('\ufeffid,name\n1,ä\n', 'utf16le'), /line 1: .*UTF-16.*iconv -f UTF-16 -t UTF-8/s],
    ['UTF-16, big end first', Buffer.from('\ufeffid\n1\n', 'utf16le').swap16(), /UTF-16/],
    ['UTF-16 without a mark', Buffer.from('id,name\n1,a\n', 'utf16le'), /0x00 at offset 1\b.*UTF-16/s],
    ['UTF-16 without a mark, big end first', Buffer.from('id\n1\n', 'utf16le').swap16(), /0x00 at offset 0\b.*UTF-16/s],
    ['a gzip file by another name', gzipSync('id\n1\n'), /gzip.*\.csv\.gz/s],
  ])('%s, with the remedy that fits', async (_what, content, expected) => {
    await expect(read(content, 'other.csv')).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(expected) as string,
    });
  });
});

test("accepts and refuses the same bytes as Node's strict decoder, in pieces of any size", async () => {
  const random = createRandom(3);
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const lenient = new TextDecoder('utf-8', { ignoreBOM: true });
  const good = ['a', 'é', '€', '😀', '\u0800', '\ud7ff', '\uffff', '\u{10ffff}'].map((text) => [...Buffer.from(text)]);
  let refused = 0;
  for (let round = 0; round < 3_000; round++) {
    const odd = random.int(2) === 0;
    const parts = Array.from({ length: 1 + random.int(12) }, () =>
      odd && random.int(8) === 0 ? [128 + random.int(128)] : good[random.int(good.length)],
    );
    const bytes = Buffer.from([0x61, ...parts.flat()]);
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const end = at + 1 + random.int(5);
      pieces.push(bytes.subarray(at, end));
      at = end;
    }
    let text = '';
    const fault = await (async () => {
      for await (const piece of decodeUtf8(pieces)) text += piece;
    })().catch((thrown: unknown) => thrown as NotUtf8);
    let expected: string | undefined;
    try {
      expected = strict.decode(bytes);
    } catch {
      refused++;
    }
    if (expected !== undefined) expect([text, fault]).toEqual([expected, undefined]);
    else {
      expect(fault).toBeInstanceOf(NotUtf8);
      expect(text).toBe(lenient.decode(bytes).split('\ufffd')[0]);
      expect([fault?.offset, fault?.byte]).toEqual([Buffer.byteLength(text), bytes[Buffer.byteLength(text)]]);
    }
  }
  expect(refused).toBeGreaterThan(500);
});

test('a byte order mark is dropped once, also in a gzip file', async () => {
  const { header, rows } = await read(gzipSync('\ufeffid,name\n1,\ufeffa\n'), 'mark.csv.gz');
  expect(header).toEqual(['id', 'name']);
  expect(rows).toEqual([['1', '\ufeffa']]);
});

test('the error names a missing file, an empty file or a folder as such', async () => {
  await expect(openCsv(join(dir, 'nowhere.csv'))).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringMatching(/nowhere\.csv cannot be read: there is no such file/) as string,
  });
  await expect(read('')).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringContaining('is empty') as string,
  });
  await mkdir(join(dir, 'folder.csv'));
  await expect(openCsv(join(dir, 'folder.csv'))).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringMatching(/folder\.csv cannot be read: it is a folder/) as string,
  });
});

test('a gzip file that is cut off is an error that names it', async () => {
  const random = createRandom(5);
  const whole = gzipSync(`id\n${Array.from({ length: 50_000 }, () => random.int(1e9)).join('\n')}\n`);
  await expect(read(whole.subarray(0, whole.length / 2), 'cut.csv.gz')).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringMatching(/cut\.csv\.gz cannot be read to its end/) as string,
  });
  await expect(read('not gzip at all', 'false.csv.gz')).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringContaining('false.csv.gz') as string,
  });
});
