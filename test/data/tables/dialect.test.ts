import { createRandom } from '../../../src/random';
import { readTable, useFolder } from './read-table';

const folder = useFolder();
const { read } = folder;

/** Each file, and its header and first row; `line` is that of the first row. */
const FILES: readonly (readonly [
  what: string,
  content: string,
  expected: { header: string[]; row: string[]; line?: number },
])[] = [
  ['commas', 'id,name\n1,cup\n2,bowl\n', { header: ['id', 'name'], row: ['1', 'cup'] }],
  ['semicolons and decimal commas', 'id;price\n1;2,50\n2;3,75\n3;4\n', { header: ['id', 'price'], row: ['1', '2,50'] }],
  [
    'semicolons and commas in all descriptions',
    'id;name;text\n1;cup;red, made by us\n2;bowl;blue, made by us\n',
    { header: ['id', 'name', 'text'], row: ['1', 'cup', 'red, made by us'] },
  ],
  ['tabs', 'id\tname\n1\tcup, red\n2\tbowl, blue\n', { header: ['id', 'name'], row: ['1', 'cup, red'] }],
  ['pipes', 'id|name|tags\n1|cup|a;b\n2|bowl|b;c\n', { header: ['id', 'name', 'tags'], row: ['1', 'cup', 'a;b'] }],
  ['commas and pipes in lists', 'id,tags\n1,a|b|c\n2,b|c|d\n', { header: ['id', 'tags'], row: ['1', 'a|b|c'] }],
  ['colons in pairs', '1::1193::5::978300760\n1::661::3::978302109\n', { header: ['1', '2', '3', '4'], row: ['1', '1193', '5', '978300760'], line: 1 }], // prettier-ignore
  ['blanks between numbers', '196 242 3 881250949\n186 302 3 891717742\n', { header: ['1', '2', '3', '4'], row: ['196', '242', '3', '881250949'], line: 1 }], // prettier-ignore
  ['a line for Excel', 'sep=;\nid;name\n1;a,b\n', { header: ['id', 'name'], row: ['1', 'a,b'], line: 3 }],
  ['a line for Excel in quotes, CRLF', '"sep=,"\r\nid,name\r\n1,a\r\n', { header: ['id', 'name'], row: ['1', 'a'], line: 3 }], // prettier-ignore
  [
    'a title above the header',
    'Sales of January\n\nid;name;price\n1;cup;2,5\n2;bowl;3\n',
    { header: ['id', 'name', 'price'], row: ['1', 'cup', '2,5'], line: 4 },
  ],
  [
    'a title that a spreadsheet filled up',
    'Sales of January,,\n,,\nid,name,price\n1,cup,2.5\n2,bowl,3\n',
    { header: ['id', 'name', 'price'], row: ['1', 'cup', '2.5'], line: 4 },
  ],
  ['comments above the header', '# made by hand\n# twice\nid,name\n1,cup\n', { header: ['id', 'name'], row: ['1', 'cup'], line: 4 }], // prettier-ignore
  ['no header, numbers', '17078,338,1704096579\n17013,513,1704102893\n', { header: ['1', '2', '3'], row: ['17078', '338', '1704096579'], line: 1 }], // prettier-ignore
  ['no header, ids and dates', 'u1,a1,2024-01-01\nu2,a2,2024-01-02\n', { header: ['1', '2', '3'], row: ['u1', 'a1', '2024-01-01'], line: 1 }], // prettier-ignore
  ['no header, words that come again', 'cup,red\nbowl,red\ncup,blue\n', { header: ['1', '2'], row: ['cup', 'red'], line: 1 }], // prettier-ignore
  ['a header above words', 'name,colour\ncup,red\nbowl,red\n', { header: ['name', 'colour'], row: ['cup', 'red'] }],
  ['a header in quotes', '"id","full, name"\n"1","cup"\n', { header: ['id', 'full, name'], row: ['1', 'cup'] }],
  ['backslashes before quotes', 'id,name\n1,"5\\" pipe, red"\n2,"b"\n', { header: ['id', 'name'], row: ['1', '5" pipe, red'] }], // prettier-ignore
  [
    'a backslash at the end of a value',
    'id,path\n1,"C:\\"\n2,"D:\\"\n',
    { header: ['id', 'path'], row: ['1', 'C:\\'] },
  ],
  ['single quotes', "id,name\n1,'cup, red'\n2,'bowl'\n", { header: ['id', 'name'], row: ['1', 'cup, red'] }],
  ['apostrophes', "id,name\n1,'00100\n2,cook's knife\n", { header: ['id', 'name'], row: ['1', "'00100"] }],
  ['inch marks', 'id,name\n1,19" screen\n2,5" pipe, with "nut"\n'.replace(', with', ' with'), { header: ['id', 'name'], row: ['1', '19" screen'] }], // prettier-ignore
  ['quotes that open values and never close', 'id\tname\n1\t"19 inch\n2\tbowl\n3\t"5 inch\n', { header: ['id', 'name'], row: ['1', '"19 inch'] }], // prettier-ignore
  [
    'styles with semicolons in all descriptions',
    `id,text\n${Array.from({ length: 9 }, (_, i) => `${i},"<p style=""a:b;c:d;e:f;g:h"">x, y</p>"`).join('\n')}\n`,
    { header: ['id', 'text'], row: ['0', '<p style="a:b;c:d;e:f;g:h">x, y</p>'] },
  ],
  ['one column', 'id\n00100\n00107\n', { header: ['id'], row: ['00100'] }],
  ['one row', 'id,name\n1,cup', { header: ['id', 'name'], row: ['1', 'cup'] }],
  ['columns that are called by years', 'id,2023,2024\na,1,2\nb,3,4\n', { header: ['id', '2023', '2024'], row: ['a', '1', '2'] }], // prettier-ignore
];

test.each(FILES)('%s: the dialect and the header are found', async (_what, content, { header, row, line = 2 }) => {
  const found = await read(content);
  expect({ header: found.header, row: found.rows[0], line: found.lines[0] }).toEqual({ header, row, line });
  expect(found.faults).toEqual([]);
  // The form that was found reads the same again.
  expect(await readTable(folder.path('rows.csv'), found.form)).toEqual(found);
});

test('a header without rows is read', async () => {
  expect(await read('id,name\n')).toMatchObject({ header: ['id', 'name'], rows: [], faults: [] });
});

test('a form that is given is kept', async () => {
  const content = 'x\n1,2;3\n4,5;6\n';
  expect(await read(content, 'rows.csv', { separator: ';', header: ['a', 'b'], skip: 1 })).toMatchObject({
    header: ['a', 'b'],
    rows: [
      ['1,2', '3'],
      ['4,5', '6'],
    ],
    form: { type: 'csv', separator: ';', header: ['a', 'b'], skip: 1 },
  });
  expect(await read(content, 'rows.csv', { separator: ',', header: false, skip: 1 })).toMatchObject({
    header: ['1', '2'],
    rows: [
      ['1', '2;3'],
      ['4', '5;6'],
    ],
  });
  expect(await read('id,name\n1,"a"\n', 'rows.csv', { quote: null })).toMatchObject({ rows: [['1', '"a"']] });
  await expect(read('a\n', 'rows.csv', { skip: 9 })).rejects.toThrow('rows.csv is empty');
});

test('any dialect that is written is found again', async () => {
  const random = createRandom(7);
  const words = ['cup', 'Red mug', 'a, b', 'x; y', '5" pipe', "cook's", 'two\nlines', '', 'a|b', 'C:\\', '12,50'];
  for (let round = 0; round < 200; round++) {
    const separator = [',', ';', '\t', '|'][random.int(4)];
    const width = 2 + random.int(6);
    const always = random.int(3) === 0;
    const cell = (value: string): string =>
      always || value.includes(separator) || /["\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
    const header = Array.from({ length: width }, (_, column) => `column${column}`);
    const rows = Array.from({ length: 20 + random.int(30) }, (_, i) =>
      header.map((_, column) => (column === 0 ? String(1_000 + i) : words[random.int(words.length)])),
    );
    const content = [header, ...rows].map((row) => row.map(cell).join(separator)).join('\n');
    const found = await read(`${content}\n`);
    expect({ round, header: found.header, rows: found.rows }).toEqual({ round, header, rows });
  }
});
