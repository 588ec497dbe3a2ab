// Each rule of form can fail. These tests run the checks on sources and sentences written by hand.

import { importCircles } from './circles';
import { archaicWords, longSentences, oddOpenings, wideComments, wideProse } from './language';
import { parse, type Module } from './modules';
import { compare, compareRate, type Offender } from './offenders';
import { sentencesOfComments, sentencesOfMarkdown } from './sentences';
import { fullFolders, longFiles, longFunctions, manyParameters, moduleState } from './sizes';

const moduleOf = (text: string, path = 'src/a.ts'): Module => parse(path, text);
const foundIn = (offenders: readonly Offender[]): string[] => offenders.map(({ found }) => found);
const commentsIn = (text: string, path?: string): string[] =>
  moduleOf(text, path).comments.map((comment) => comment.text);
const said = (...lines: readonly string[]): string[] =>
  sentencesOfComments([moduleOf(lines.join('\n'))]).map(({ line, text }) => `${line} ${text}`);
const RULE = { expected: 'nothing odd', mend: 'make it even' };

describe('a module', () => {
  test('imports by every way that TypeScript has', () => {
    const text = `
      import one from './one';
      import type { Two } from '../two';
      export * from './three';
      import four = require('four');
      const five = import('./five');
      const six = require.resolve('six');
      type Seven = import('./seven').Seven;
      // import eight from './eight';
      const nine = "import nine from './nine'";`;
    expect(moduleOf(text, 'src/here/a.ts').imports).toEqual([
      'src/here/one',
      'src/two',
      'src/here/three',
      'four',
      'src/here/five',
      'six',
      'src/here/seven',
    ]);
  });

  test('has comments where no literal only looks like one', () => {
    const text = "const a = 'http://a'; // one\nconst b = `//${a /* two */}//`;\nconst c = /[/*]//* three */;";
    expect(commentsIn(text)).toEqual(['// one', '/* two */', '/* three */']);
    expect(commentsIn('const a = <p title="//a">// no {/* yes */}</p>; // too', 'src/a.tsx')).toEqual([
      '/* yes */',
      '// too',
    ]);
  });
});

describe('circles', () => {
  const imports = (graph: Readonly<Record<string, readonly string[]>>): string[] =>
    importCircles(Object.entries(graph).map(([path, targets]) => ({ path, imports: targets }))).map(({ name }) => name);

  test('are modules that reach each other, each circle once', () => {
    const graph = {
      'src/a.ts': ['src/b', 'src/d'],
      'src/b.ts': ['src/c'],
      'src/c.ts': ['src/a', 'lodash'],
      'src/d.ts': ['src/e.tsx'],
      'src/e.tsx': ['src/f'],
      'src/f/index.ts': ['src/d'],
      'src/g.ts': ['src/a', 'src/d'],
      'src/self.ts': ['src/self'],
    };
    expect(imports(graph)).toEqual(['src/a.ts src/b.ts src/c.ts', 'src/d.ts src/e.tsx src/f/index.ts', 'src/self.ts']);
  });

  test('are none where two ways lead down to the same module', () => {
    expect(imports({ 'a.ts': ['b', 'c'], 'b.ts': ['d'], 'c.ts': ['d', 'b'], 'd.ts': [] })).toEqual([]);
  });

  test('are seen in types too', () => {
    const circle = [
      moduleOf("import type { B } from './b';", 'src/a.ts'),
      moduleOf("export type B = import('./a').A;", 'src/b.ts'),
    ];
    expect(importCircles(circle).map(({ name }) => name)).toEqual(['src/a.ts src/b.ts']);
  });
});

describe('sizes', () => {
  const lines = (count: number): string => 'work();\n'.repeat(count);

  test('of folders count the files in them, not those below', () => {
    const files = (folder: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${folder}/${i}.ts`);
    expect(foundIn(fullFolders([...files('src/a', 15), ...files('src/a/b', 15)]))).toEqual([]);
    expect(foundIn(fullFolders(files('src/a', 16)))).toEqual(['src/a: 16 files']);
  });

  test('of files count lines, the end of the last one not', () => {
    expect(longFiles([moduleOf(lines(400))])).toEqual([]);
    expect(foundIn(longFiles([moduleOf(lines(401))]))).toEqual(['src/a.ts: 401 lines']);
  });

  test('of functions count from their first word to their end', () => {
    const fits = `/**\n * Says why.\n */\nfunction fits() {\n${lines(68)}}\n`;
    const long = `const long = () => {\n${lines(69)}};\n`;
    const decorated = `class Of {\n@Field(\n)\nfits() {\n${lines(68)}}\n@Field()\nlong() {\n${lines(69)}}\n}`;
    expect(foundIn(longFunctions([moduleOf(fits + long)]))).toEqual(['src/a.ts:74 long: 71 lines']);
    expect(foundIn(longFunctions([moduleOf(decorated)]))).toEqual(['src/a.ts:75 Of.long: 71 lines']);
  });

  test('of functions leave the bodies of tests, not their helpers', () => {
    const text = `describe('a', () => {
      test.each([1])('b', () => {\n${lines(70)}});
      const helper = () => {\n${lines(70)}};
      beforeAll(async () => {\n${lines(70)}});
    });`;
    const names = (path: string): string[] => longFunctions([moduleOf(text, path)]).map(({ name }) => name);
    expect(names('test/a.test.ts')).toEqual([
      'test/a.test.ts describe().helper',
      'test/a.test.ts describe().beforeAll()',
    ]);
    expect(names('src/a.ts')).toHaveLength(4);
  });

  test('of parameters count those of constructors and methods, `this` not', () => {
    const text = `class A { constructor(a, b, c, d, e, f) {} fits(this: A, a, b, c, d, e) {} }
      const type = (a, { b, c }, d, e, f, g) => a;`;
    expect(foundIn(manyParameters([moduleOf(text)]))).toEqual([
      'src/a.ts:1 A.constructor: 6 parameters',
      'src/a.ts:2 type: 6 parameters',
    ]);
  });
});

test('state of a module or class is what changes there', () => {
  const text = `let one = 1;
    export const two = new Map<string, number>();
    const fixed = new Map([[1, 2]]);
    const names = ['a'];
    const three = [];
    const four = new LRUCache({ max: 1 });
    class Five { static six = 6; static readonly seven = 7; eight = 8; private static readonly nine = new Set(); }
    function inside() { let ten = 10; }`;
  const names = (path: string): string[] =>
    moduleState([moduleOf(text, path)]).map(({ name }) => name.slice(path.length + 1));
  expect(names('src/a.ts')).toEqual(['one', 'two', 'three', 'four', 'Five.six', 'Five.nine']);
  expect(names('test/a.ts')).toHaveLength(6);
  expect(names('test/a.test.ts')).toEqual([]);
});

describe('widths', () => {
  const wide = 'word '.repeat(20);

  test('of comments count the code before them', () => {
    const text = `// ${'é'.repeat(97)}\n// ${wide}.\n${' '.repeat(90)}a(); // end\n/**\n * ${wide}\n */`;
    expect(foundIn(wideComments([moduleOf(text)]))).toEqual([
      'src/a.ts:2 104 columns',
      'src/a.ts:3 101 columns',
      'src/a.ts:5 103 columns',
    ]);
  });

  test('of comments leave addresses alone and words to tools', () => {
    const address = `https://example.com/${'a'.repeat(100)}`;
    const tool = `eslint-disable-next-line some-rule -- ${wide}`;
    expect(wideComments([moduleOf(`// ${address}\n/**\n * ${address}\n */\n// ${tool}\n`)])).toEqual([]);
    expect(wideComments([moduleOf(`// See ${address}`)])).toHaveLength(1);
  });

  test('of Markdown leave tables, code, headings and what cannot be broken', () => {
    const link = `[a](https://example.com/${'a'.repeat(100)})`;
    const text = ['# ' + wide, `| ${wide} |`, '```', wide + wide, '```', link, `- ${link}`, `<!-- ${wide} -->`];
    expect(wideProse('README.md', text.join('\n'))).toEqual([]);
    expect(foundIn(wideProse('README.md', `${text.join('\n')}\n- ${wide}b`))).toEqual(['README.md:9 103 columns']);
  });
});

describe('sentences', () => {
  test('of comments go over lines, and end at stops, tags and empty lines', () => {
    expect(
      said(
        '// One goes on',
        '// below. Another, e.g. This one, has `code. In it`.',
        'work(); // A third of its own',
        '/**',
        ' * The fourth one',
        ' *',
        ' * The fifth one',
        ' * @throws Errors of all kinds',
        ' */',
        '// Too short',
      ),
    ).toEqual([
      '1 One goes on below.',
      '2 Another, e.g. This one, has `code`.',
      '3 A third of its own',
      '5 The fourth one',
      '7 The fifth one',
      '8 Errors of all kinds',
    ]);
  });

  test('of Markdown are those of headings, items and cells, not of code', () => {
    const text = `# A short heading
One sentence here. [Another one](https://a.b) goes
on. <!-- not this one here -->

- An item, with
  its end
- One more item

\`\`\`sh
npm run something else
\`\`\`

| A cell of three | short |
| --------------- | ----- |`;
    expect(sentencesOfMarkdown('README.md', text).map(({ line, text: sentence }) => `${line} ${sentence}`)).toEqual([
      '1 A short heading',
      '2 One sentence here.',
      '2 [Another one] goes on.',
      '5 An item, with its end',
      '7 One more item',
      '13 A cell of three',
    ]);
  });

  test('are too long from the 41st word on', () => {
    const text = `${'a '.repeat(39)}b. ${'A ' + 'a '.repeat(39)}b.`;
    expect(foundIn(longSentences(sentencesOfMarkdown('README.md', text)))).toEqual([
      'README.md:1 41 words: A a a a a a …',
    ]);
  });

  test('open oddly with What, Who, Of and Where', () => {
    const text =
      '// What it is. Who asks for it. Of two the first. Where it lies. Whoever comes first. It is what it is.';
    expect(oddOpenings(sentencesOfComments([moduleOf(text)]))).toHaveLength(5);
    expect(
      oddOpenings(sentencesOfComments([moduleOf('// Whole numbers only. Often it is so. Offers are whole.')])),
    ).toEqual([]);
  });

  test('have archaic words outside of code', () => {
    const text =
      '// Hence it is so. Read by whoever asks. Customers of whom little is known. `hence` it is. Enhance it all.';
    expect(foundIn(archaicWords(sentencesOfComments([moduleOf(text)])))).toEqual([
      '“Hence” src/a.ts:1 Hence it is so.',
      '“whoever” src/a.ts:1 Read by whoever asks.',
      '“of whom” src/a.ts:1 Customers of whom little is known.',
    ]);
  });
});

describe('the list of exceptions', () => {
  const offenders = [
    { name: 'a', found: 'a:1 odd' },
    { name: 'b', found: 'b:2 odd' },
  ];

  test('has all that offends, and no more', () => {
    expect(compare(RULE, offenders, ['a', 'b'])).toBe('');
    expect(compare(RULE, [], [])).toBe('');
  });

  test('says what is new and how to mend it', () => {
    expect(compare(RULE, offenders, ['a'])).toBe(
      'Expected: nothing odd. Found 1 new:\n  b:2 odd\nTo mend it: make it even.',
    );
  });

  test('says what to take off, once mended or listed twice', () => {
    expect(compare(RULE, offenders, ['a', 'b', 'c'])).toMatch(/Take them off the list.*:\n {2}c$/);
    expect(compare(RULE, offenders, ['a', 'b', 'b'])).toMatch(/Take them off the list.*:\n {2}b$/);
  });

  test('has ceilings that only fall, down to the limit', () => {
    const of = (count: number, ceiling: number): string =>
      compareRate(RULE, Array<Offender>(count).fill(offenders[0]), 1_000, { per: 100, limit: 2, ceiling });
    expect(of(81, 8)).toMatch(/no more than 8 per 100. Came: 81 of 1000 sentences, 8.10 per 100:\n {2}a:1 odd/);
    expect(of(80, 8)).toBe('');
    expect(of(73, 8)).toBe('');
    expect(of(71, 8)).toMatch(/Lower it to 7.1.$/);
    expect(of(3, 8)).toMatch(/Lower it to 2.$/);
    expect(of(3, 2)).toBe('');
    expect(of(21, 2)).not.toBe('');
  });
});
