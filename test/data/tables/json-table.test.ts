import { useFolder } from './read-table';

const { read } = useFolder();

test('keys become columns, also those that come later and those of objects within', async () => {
  const { header, rows, lines, form } = await read(
    '{"id": "a", "price": {"amount": 5, "currency": {"code": "EUR"}}}\n\n{"id": "b", "tags": ["x", "y"], "new": true, "name": null}\n',
  );
  expect(header).toEqual(['id', 'price.amount', 'price.currency.code', 'tags', 'new', 'name']);
  expect(rows).toEqual([
    ['a', '5', 'EUR', '', '', ''],
    ['b', '', '', '["x","y"]', 'true', ''],
  ]);
  expect(lines).toEqual([1, 3]);
  expect(form).toEqual({ type: 'jsonl', encoding: 'utf-8' });
});

test('numbers stay as they are written', async () => {
  const numbers = ['17000.0', '12345678901234567890', '1e3', '-0', '0.10', '20.96', '0', '-5', '0.0000001', '1.50'];
  const { rows } = await read(numbers.map((number) => `{"id": ${number}, "in": {"a": ${number}}, "list": [${number}]}`).join('\n')); // prettier-ignore
  expect(rows).toEqual(numbers.map((number) => [number, number, `[${number}]`]));
});

test('names that JavaScript knows are ordinary names', async () => {
  const { header, rows } = await read('{"__proto__": "a", "constructor": 1.0, "toString": null}\n');
  expect({ header, rows }).toEqual({ header: ['__proto__', 'constructor', 'toString'], rows: [['a', '1.0', '']] });
});

test.each<[string, string]>([
  ['a list on one line', '[{"id": 1, "name": "a"}, {"id": 2, "name": "b]"}]'],
  [
    'a list over many lines',
    '[\n  {\n    "id": 1,\n    "name": "a"\n  },\n  {\n    "id": 2,\n    "name": "b]"\n  }\n]\n',
  ],
  ['a list within an object', '{"products": [\n{"id": 1, "name": "a"},\n{"id": 2, "name": "b]"}]}\n'],
  ['a list within an object on one line', '{"products":[{"id":1,"name":"a"},{"id":2,"name":"b]"}]}'],
  ["Python's dictionaries", "{'id': 1, 'name': 'a'}\n{'id': 2, 'name': 'b]'}\n"],
  ['a byte order mark, blanks and CRLF', '\ufeff{"id": 1, "name": "a"}\r\n\r\n  {"id": 2, "name": "b]"}\r\n'],
])('%s is read like JSON lines', async (_what, content) => {
  const { header, rows, faults } = await read(content);
  expect({ header, rows, faults }).toEqual({
    header: ['id', 'name'],
    rows: [
      ['1', 'a'],
      ['2', 'b]'],
    ],
    faults: [],
  });
});

test('a line that begins with a list is a row', async () => {
  const { header, rows } = await read('{"lines": [{"sku": 1}], "who": "ann"}\n{"lines": [], "who": "bob"}\n');
  expect(header).toEqual(['lines', 'who']);
  expect(rows).toEqual([
    ['[{"sku":1}]', 'ann'],
    ['[]', 'bob'],
  ]);
});

test("Python's NaN and None are empty", async () => {
  const { rows } = await read('{"id": "a", "price": NaN}\n{"id": "b", "price": null}\n{"id": "c", "price": 5}\n');
  expect(rows).toEqual([
    ['a', ''],
    ['b', ''],
    ['c', '5'],
  ]);
});

test('lines that are no objects are faults, and the others are read', async () => {
  const { rows, faults } = await read('{"id": 1}\n{"id": \n[1]\n"x"\n{"id": 2}\n');
  expect(rows).toEqual([['1'], ['2']]);
  expect(faults).toMatchObject([
    { line: 2, reason: 'expected an object in JSON such as {"id": 1}', raw: '{"id": ' },
    { line: 3, raw: '[1]' },
    { line: 4, raw: '"x"' },
  ]);
});

test('a list that is cut off gives the objects before, and a fault', async () => {
  const { rows, faults } = await read('[{"id": 1},\n{"id": 2},\n{"id": 3');
  expect(rows).toEqual([['1'], ['2']]);
  expect(faults).toMatchObject([{ line: 3, raw: '{"id": 3' }]);
});

test('large files are read in pieces, and keys after the sample are named once', async () => {
  const line = (i: number): string => JSON.stringify({ id: i, text: 'é"\\'.repeat(i % 50) });
  const lines = Array.from({ length: 90_000 }, (_, i) => line(i));
  lines[80_000] = '{"id": "late", "extra": 1}';
  for (const content of [lines.join('\n'), `[${lines.join(',\n')}]`]) {
    const { rows, notes, faults } = await read(content);
    expect(faults).toEqual([]);
    expect(rows.length).toBe(90_000);
    expect(rows[70_049]).toEqual(['70049', 'é"\\'.repeat(70_049 % 50)]);
    expect(rows[80_000]).toEqual(['late', '']);
    expect(notes).toEqual(["'extra' first occurs on line 80001 and is left out"]);
  }
});

test('a file that is declared as JSON and has no objects is refused', async () => {
  await expect(read('a,b\n', 'rows.jsonl', { type: 'jsonl' })).rejects.toThrow('rows.jsonl: expected objects in JSON');
});
