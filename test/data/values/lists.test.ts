import { ListDetection } from '../../../src/data/values/list-detection';
import { cellText, parseLiteral } from '../../../src/data/values/literals';
import { readList } from '../../../src/data/values/lists';
import { ValueFault } from '../../../src/data/values/value-fault';
import { createRandom } from '../../../src/random';

test.each<[string, string[]]>([
  ['["a", "b"]', ['a', 'b']],
  ["['home', 'Mug', 'red']", ['home', 'Mug', 'red']],
  ['[]', []],
  ['{}', []],
  ['', []],
  ['plain', ['plain']],
  ['[1, 2.50, 017000.0]', ['1', '2.50', '017000.0']],
  ["['it\\'s', \"say \\\"hi\\\"\", '\\u00e9\\n', u'x', None, True]", ['it\'s', 'say "hi"', 'é', 'x', 'true']], // prettier-ignore
  ["['a' 'b'\n 'c']", ['a', 'b', 'c']],
  ["('a', 'b',)", ['a', 'b']],
  ["{'a', 'b'}", ['a', 'b']],
  ['{"kind": "Mug", "colour": "red"}', ['kind:Mug', 'colour:red']],
  ["{'kind': 'Mug', 'size': None, 'tags': ['x', 'y']}", ['kind:Mug', 'tags:x', 'tags:y']],
  ["[{'id': 35, 'name': 'Comedy'}]", ['Comedy']],
  ["[{'id': 35, 'rank': 2}]", ['id:35', 'rank:2']],
  ['[["a", "b"], ["c"]]', ['a', 'b', 'c']],
  ['{a,b,"c, \\"d\\"",NULL}', ['a', 'b', 'c, "d"']],
  ['{{a,b},{c,d}}', ['a', 'b', 'c', 'd']],
  ['["a", " a ", "", null]', ['a']],
  ['{"__proto__": "x"}', ['__proto__:x']],
])('%p in brackets has these values', (text, values) => {
  expect(readList(text, 'list')).toEqual(values);
});

test.each(["['a'", '["a" "b', '{"a": }', '[a, b]', '{a', "['a']]", '['.repeat(5_000)])('%p is refused', (text) => {
  expect(() => readList(text, 'list')).toThrow(ValueFault);
  expect(() => readList(text, 'list')).toThrow(/expected a list such as \["a", "b"\], \['a', 'b'\] or \{a,b\}, got/);
});

test('values between separators are trimmed, without empty ones and repetitions', () => {
  expect(readList(' a|b | |a|c ', '|')).toEqual(['a', 'b', 'c']);
  expect(readList('Home & Garden > Decor', '>')).toEqual(['Home & Garden', 'Decor']);
});

test('JSON that was written is read again, and numbers stay as written', () => {
  const random = createRandom(8);
  const value = (depth: number): unknown => {
    const kind = random.int(depth > 3 ? 4 : 6);
    if (kind === 0) return random.int(1e9) / 100;
    if (kind === 1) return ['a"b', "c'd", '\\', 'é😀', '\n', ''][random.int(6)];
    if (kind === 2) return random.int(2) === 0;
    if (kind === 3) return null;
    const items = Array.from({ length: random.int(4) }, () => value(depth + 1));
    return kind === 4 ? items : Object.fromEntries(items.map((item, i) => [`key${i}`, item]));
  };
  for (let i = 0; i < 2_000; i++) {
    const text = JSON.stringify([value(0)]);
    const read = parseLiteral(text);
    expect(read).toBeDefined();
    expect(cellText(read ?? null)).toBe(text);
  }
  expect(cellText(parseLiteral('[17000.0, 12345678901234567890]') ?? null)).toBe('[17000.0,12345678901234567890]');
});

describe('the separator of a column', () => {
  const random = createRandom(3);
  const some = (words: readonly string[], separator: string): string =>
    Array.from({ length: 1 + random.int(3) }, () => words[random.int(words.length)]).join(separator);
  const column = (make: (i: number) => string): string | undefined => {
    const detection = new ListDetection();
    for (let i = 0; i < 200; i++) detection.add(make(i));
    return detection.result();
  };
  const TAGS = ['red', 'blue', 'home', 'new', 'sale', 'garden'];

  test.each<[string, string | undefined, (i: number) => string]>([
    ['pipes', '|', () => some(TAGS, '|')],
    ['semicolons', ';', () => some(TAGS, '; ')],
    ['paths', '>', () => `Home > ${some(TAGS, ' > ')}`],
    ['commas', ',', () => some(TAGS, ', ')],
    ['slashes', '/', () => `women/${some(TAGS, '/')}`],
    ['JSON', 'list', () => JSON.stringify([some(TAGS, ' ')])],
    ['Python', 'list', () => `['${some(TAGS, "', '")}']`],
    ['objects', 'list', (i) => `{"kind": "${TAGS[i % 6]}"}`],
    ['single words', undefined, (i) => TAGS[i % 6]],
    ['names with commas', undefined, (i) => `Mug number ${i}, red`],
    ['sentences', undefined, (i) => `A ${TAGS[i % 6]} mug, made by us for the home, number ${i}.`],
    ['HTML', undefined, (i) => `<p style="a:b;c:d">number ${i}</p>;<br>`],
    ['addresses of pages', undefined, (i) => `https://shop.example/${TAGS[i % 6]}/${i % 9}`],
    ['dates', undefined, (i) => `0${1 + (i % 9)}/01/2024`],
    ['numbers', undefined, (i) => `1,02${i % 10}`],
  ])('of %s is %p', (_what, expected, make) => {
    expect(column(make)).toBe(expected);
  });

  test('is found more readily if the column is called tags', () => {
    const detection = new ListDetection();
    for (let i = 0; i < 50; i++) detection.add('sale, home, new');
    expect([detection.result(), detection.result(true)]).toEqual([undefined, ',']);
  });
});
