import { gzipSync } from 'node:zlib';
import { decodeText, encodingName, lineEnds, readUtf8, WrongByte } from '../../../src/data/tables/source/decode';
import { createRandom } from '../../../src/random';
import { writeFile } from 'node:fs/promises';
import { useFolder } from './read-table';

const { path, read } = useFolder();

/** A row longer than one piece of the file (256 KiB), so that the next row is in a later piece. */
const LONG = `0,${'x'.repeat(300_000)}\n`;
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

const TEXT = 'id,name\n1,Größe ½\n2,grün\n';
const ROWS = [
  ['1', 'Größe ½'],
  ['2', 'grün'],
];
/** The same letters have the same bytes in ISO-8859-1 and windows-1252. */
const latin1 = Buffer.from(TEXT, 'latin1');

test.each<[string, Buffer, string]>([
  ['UTF-8', Buffer.from(TEXT), 'utf-8'],
  ['UTF-8 with a mark', Buffer.from(`\ufeff${TEXT}`), 'utf-8'],
  ['ISO-8859-1', latin1, 'windows-1252'],
  ['UTF-16 with a mark', Buffer.from(`\ufeff${TEXT}`, 'utf16le'), 'utf-16le'],
  ['UTF-16 with a mark, big end first', utf16be(`\ufeff${TEXT}`), 'utf-16be'],
  ['UTF-16 without a mark', Buffer.from(TEXT, 'utf16le'), 'utf-16le'],
  ['UTF-16 without a mark, big end first', utf16be(TEXT), 'utf-16be'],
])('%s is found and read', async (_what, content, encoding) => {
  for (const [name, stored] of [
    ['a.csv', content],
    ['a.csv.gz', gzipSync(content)],
  ] as const) {
    // prettier-ignore
    expect(await read(stored, name)).toMatchObject({ header: ['id', 'name'], rows: ROWS, form: { encoding } });
  }
});

test('the euro sign and quotes of windows-1252 are read as such', async () => {
  const found = await read(bytes('id,price\n1,', [0x80], '5\n2,', [0x93], '6', [0x94], '\n'));
  expect(found).toMatchObject({ form: { encoding: 'windows-1252' }, rows: [['1', '€5'], ['2', '“6”']] }); // prettier-ignore
});

test('a foreign letter late in the file decides about its beginning', async () => {
  const found = await read(bytes('id,name\n1,a\n', LONG.repeat(8), '2,gr', [0xfc], 'n\n'));
  expect(found.form.encoding).toBe('windows-1252');
  expect(found.rows.at(-1)).toEqual(['2', 'grün']);
  expect(found.rows.length).toBe(10);
});

test.each<[string, string, Buffer, string]>([
  ['windows-1251', 'windows-1251', bytes('id,name\n1,', [0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2], '\n'), 'Привет'],
  ['GBK', 'gbk', bytes('id,name\n1,', [0xc4, 0xe3, 0xba, 0xc3], '\n'), '你好'],
  ['Shift JIS', 'shift_jis', bytes('id,name\n1,', [0x83, 0x72, 0x81, 0x5b, 0x83, 0x8b], '\n'), 'ビール'],
  ['ISO-8859-15', 'iso-8859-15', bytes('id,name\n1,', [0xa4], '5\n'), '€5'],
  ['latin1 by another name', 'iso-8859-1', bytes('id,name\n1,', [0x80], '5\n'), '€5'],
])('%s is read if the form says so', async (_what, encoding, content, name) => {
  expect((await read(content, 'rows.csv', { encoding })).rows).toEqual([['1', name]]);
});

test.each<[string, Buffer]>([
  ['windows-1251', bytes('id,name\n1,', [0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2], '\n')],
  ['GBK', bytes('id,name\n1,', [0xc4, 0xe3, 0xba, 0xc3], '\n')],
])('%s is not taken for windows-1252, but refused', async (_what, content) => {
  await expect(read(content)).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringMatching(/line 2: .*"encoding": "windows-1252"/) as string,
  });
});

describe('text is refused at its first wrong byte', () => {
  const utf8 = 'utf-8';
  /** The line, the byte and its offset. */
  type Place = readonly [line: number, byte: string, offset: number];
  test.each<[string, string | undefined, Buffer, Place]>([
    ['Latin-1', utf8, bytes('id,name\n1,a\n2,gr', [0xf6], '\n3,c\n'), [3, '0xF6', 16]],
    ['in the header', utf8, bytes('id,gr', [0xfc], '\n1,a\n'), [1, '0xFC', 5]],
    ['a letter with a single byte at the end of the file', utf8, bytes('id\ngr', [0xe9]), [2, '0xE9', 5]],
    ['a character that the file cuts off', undefined, bytes('id\n€\n', [0xe2, 0x82]), [3, '0xE2', 7]],
    ['an overlong slash', utf8, bytes('id\na', [0xc0, 0xaf], '\n'), [2, '0xC0', 4]],
    ['an overlong form of three bytes', undefined, bytes('id\na', [0xe0, 0x80, 0xaf], '\n'), [2, '0xE0', 4]],
    ['a surrogate', utf8, bytes('id\n', [0xed, 0xa0, 0x80], '\n'), [2, '0xED', 3]],
    ['beyond the last character of Unicode', undefined, bytes('id\n', [0xf4, 0x90, 0x80, 0x80], '\n'), [2, '0xF4', 3]],
    ['after a line end within quotes', utf8, bytes('id,name\n1,"a\nb"\n2,', [0xa4], '\n'), [4, '0xA4', 18]],
    ['in an opened quote', utf8, bytes('id,name\n1,"a\nb', [0xa4], '\n'), [3, '0xA4', 14]],
    ['in a later piece of the file', utf8, bytes('id,name\n', LONG, '1,a\n2,', [0xff], '\n'), [4, '0xFF', 300_017]],
    ['a wrong byte among many right characters', undefined, bytes('id\nééé\n', [0xe9], '\n'), [3, '0xE9', 10]],
    ['undefined in windows-1252', undefined, bytes('id\ngr', [0xfc], '\n', [0x81], '\n'), [3, '0x81', 7]],
    ['behind CR', utf8, bytes('id,name\r1,a\r2,', [0xf6], '\r'), [3, '0xF6', 14]],
    ['half a pair in UTF-16', 'utf-16le', Buffer.from('id\na\ud800b\n', 'utf16le'), [2, '0x00', 8]],
    ['half a character in UTF-16', 'utf-16le', bytes([0x69, 0, 0x0a, 0, 0x69]), [2, '0x69', 4]],
    ['none in Shift JIS', 'shift_jis', bytes('id\na\n', [0xfd], '\n'), [3, '0xFD', 5]],
  ])('%s', async (_what, encoding, content, [line, byte, offset]) => {
    for (const [name, stored] of [
      ['foreign.csv', content],
      ['foreign.csv.gz', gzipSync(content)],
    ] as const) {
      // prettier-ignore
      await expect(read(stored, name, encoding === undefined ? {} : { encoding })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(
          new RegExp(`^${name}, line ${line}: .*\\b${byte} at offset ${offset}\\b.*Say the encoding`, 's'),
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
      await expect(read(bytes(filler, euro.slice(0, 2), ',b\n1,2\n'), 'a.csv', { encoding: utf8 })).rejects.toThrow(
        `line 1: expected text in utf-8, got the byte 0xE2 at offset ${filler.length}`,
      );
    }
  });
});

test('an encoding that does not exist is refused', () => {
  expect(() => encodingName('utf-99')).toThrow("WHATWG Encoding Standard such as utf-8, windows-1252 or utf-16le, got 'utf-99'"); // prettier-ignore
});

test('a small file such as shop.json is read without its mark', async () => {
  await writeFile(path('shop.json'), '\ufeff{}');
  expect(await readUtf8(path('shop.json'))).toBe('{}');
  await writeFile(path('shop.json'), bytes('{\n', [0xfc], '}'));
  await expect(readUtf8(path('shop.json'))).rejects.toThrow('shop.json, line 2: ');
  await expect(readUtf8(path('none.json'))).rejects.toThrow('there is no such file');
});

async function decoded(
  pieces: Iterable<Buffer>,
  encoding: string,
): Promise<{ text: string; fault: WrongByte | undefined }> {
  let text = '';
  try {
    for await (const piece of decodeText(pieces, encoding)) text += piece;
  } catch (thrown) {
    return { text, fault: thrown as WrongByte };
  }
  return { text, fault: undefined };
}

function cutAtRandom(content: Buffer, random: ReturnType<typeof createRandom>): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < content.length;) {
    const end = at + 1 + random.int(5);
    pieces.push(content.subarray(at, end));
    at = end;
  }
  return pieces;
}

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
    const content = Buffer.from([0x61, ...parts.flat()]);
    const { text, fault } = await decoded(cutAtRandom(content, random), 'utf-8');
    let expected: string | undefined;
    try {
      expected = strict.decode(content);
    } catch {
      refused++;
    }
    if (expected !== undefined) expect([text, fault]).toEqual([expected, undefined]);
    else {
      expect(fault).toBeInstanceOf(WrongByte);
      expect(text).toBe(lenient.decode(content).split('\ufffd')[0]);
      expect([fault?.offset, fault?.byte]).toEqual([Buffer.byteLength(text), content[Buffer.byteLength(text)]]);
    }
  }
  expect(refused).toBeGreaterThan(500);
});

test('UTF-16 and windows-1252 in pieces of any size give the text that was written', async () => {
  const random = createRandom(9);
  const letters = ['a', 'é', '€', '😀', 'Ÿ', '中', '\n'];
  for (let round = 0; round < 500; round++) {
    const text = `x${Array.from({ length: random.int(20) }, () => letters[random.int(letters.length)]).join('')}`;
    const utf16 = cutAtRandom(Buffer.from(text, 'utf16le'), random);
    expect(await decoded(utf16, 'utf-16le')).toEqual({ text, fault: undefined });
    expect(await decoded(cutAtRandom(utf16be(`\ufeff${text}`), random), 'utf-16be')).toEqual({
      text,
      fault: undefined,
    });
    const western = text.replace(/[^\x00-\xff€Ÿ]/gu, '');
    const content = Buffer.from(western.replaceAll('€', '\x80').replaceAll('Ÿ', '\x9f'), 'latin1');
    expect(await decoded(cutAtRandom(content, random), 'windows-1252')).toEqual({ text: western, fault: undefined });
  }
});

test('a byte order mark is dropped once, also in a gzip file', async () => {
  const { header, rows } = await read(gzipSync('\ufeffid,name\n1,\ufeffa\n'), 'mark.csv.gz');
  expect(header).toEqual(['id', 'name']);
  expect(rows).toEqual([['1', '\ufeffa']]);
});

test('line ends are counted whatever they are', () => {
  expect(['', 'a', 'a\nb', 'a\r\nb', 'a\rb', '\r\r\n\n'].map(lineEnds)).toEqual([0, 0, 1, 1, 1, 3]);
});
