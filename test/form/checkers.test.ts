// Tests of the rules of form. They run the checks on hand-written sources and sentences, and show
// that each rule can fail.

import { importCircles } from './circles';
import { archaicWords, longSentences, oddOpenings, wideComments, wideProse } from './language';
import { parse, type Module } from './modules';
import { report, reportRate } from './offenders';
import { sentencesOfComments, sentencesOfMarkdown } from './sentences';
import { fullFolders, longFiles, longFunctions, manyParameters, moduleState } from './sizes';

const moduleOf = (text: string, path = 'src/a.ts'): Module => parse(path, text);
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
    importCircles(Object.entries(graph).map(([path, targets]) => ({ path, imports: targets })));

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
    expect(imports(graph)).toEqual([
      '3 modules: src/a.ts src/b.ts src/c.ts',
      '3 modules: src/d.ts src/e.tsx src/f/index.ts',
      '1 modules: src/self.ts',
    ]);
  });

  test('are none where two ways lead down to the same module', () => {
    expect(imports({ 'a.ts': ['b', 'c'], 'b.ts': ['d'], 'c.ts': ['d', 'b'], 'd.ts': [] })).toEqual([]);
  });

  test('are seen in types too', () => {
    const circle = [
      moduleOf("import type { B } from './b';", 'src/a.ts'),
      moduleOf("export type B = import('./a').A;", 'src/b.ts'),
    ];
    expect(importCircles(circle)).toEqual(['2 modules: src/a.ts src/b.ts']);
  });
});

describe('sizes', () => {
  const lines = (count: number): string => 'work();\n'.repeat(count);

  test('of folders count the files in them, not those below', () => {
    const files = (folder: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${folder}/${i}.ts`);
    expect(fullFolders([...files('src/a', 15), ...files('src/a/b', 15)])).toEqual([]);
    expect(fullFolders(files('src/a', 16))).toEqual(['src/a: 16 files']);
  });

  test('of files count lines, the end of the last one not', () => {
    expect(longFiles([moduleOf(lines(400))])).toEqual([]);
    expect(longFiles([moduleOf(lines(401))])).toEqual(['src/a.ts: 401 lines']);
  });

  test('of functions count from their first word to their end', () => {
    const fits = `/**\n * Says why.\n */\nfunction fits() {\n${lines(68)}}\n`;
    const long = `const long = () => {\n${lines(69)}};\n`;
    const decorated = `class Of {\n@Field(\n)\nfits() {\n${lines(68)}}\n@Field()\nlong() {\n${lines(69)}}\n}`;
    expect(longFunctions([moduleOf(fits + long)])).toEqual(['src/a.ts:74 long: 71 lines']);
    expect(longFunctions([moduleOf(decorated)])).toEqual(['src/a.ts:75 Of.long: 71 lines']);
  });

  test('of functions leave the bodies of tests, not their helpers', () => {
    const text = `describe('a', () => {
      test.each([1])('b', () => {\n${lines(70)}});
      const helper = () => {\n${lines(70)}};
      beforeAll(async () => {\n${lines(70)}});
    });`;
    expect(longFunctions([moduleOf(text, 'test/a.test.ts')])).toEqual([
      expect.stringContaining(' describe().helper: '),
      expect.stringContaining(' describe().beforeAll(): '),
    ]);
    expect(longFunctions([moduleOf(text, 'src/a.ts')])).toHaveLength(4);
  });

  test('of parameters count those of constructors and methods, `this` not', () => {
    const text = `class A { constructor(a, b, c, d, e, f) {} fits(this: A, a, b, c, d, e) {} }
      const type = (a, { b, c }, d, e, f, g) => a;`;
    expect(manyParameters([moduleOf(text)])).toEqual([
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
  const names = (path: string): (string | undefined)[] =>
    moduleState([moduleOf(text, path)]).map((found) => found.split(' ')[1]);
  expect(names('src/a.ts')).toEqual(['one', 'two', 'three', 'four', 'Five.six', 'Five.nine']);
  expect(names('test/a.ts')).toHaveLength(6);
  expect(names('test/a.test.ts')).toEqual([]);
});

describe('widths', () => {
  const wide = 'word '.repeat(20);

  test('of comments count the code before them', () => {
    const text = `// ${'é'.repeat(97)}\n// ${wide}.\n${' '.repeat(90)}a(); // end\n/**\n * ${wide}\n */`;
    expect(wideComments([moduleOf(text)])).toEqual([
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
    expect(wideProse('README.md', `${text.join('\n')}\n- ${wide}b`)).toEqual(['README.md:9 103 columns']);
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
    expect(longSentences(sentencesOfMarkdown('README.md', text))).toEqual(['README.md:1 41 words: A a a a a a …']);
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
    expect(archaicWords(sentencesOfComments([moduleOf(text)]))).toEqual([
      '“Hence” src/a.ts:1 Hence it is so.',
      '“whoever” src/a.ts:1 Read by whoever asks.',
      '“of whom” src/a.ts:1 Customers of whom little is known.',
    ]);
  });
});

describe('the report', () => {
  test('is empty without offenders', () => {
    expect(report(RULE, [])).toBe('');
  });

  test('says what was found and how to fix it', () => {
    expect(report(RULE, ['b:2 odd'])).toBe('Expected: nothing odd. Found 1:\n  b:2 odd\nTo mend it: make it even.');
  });

  test('allows a rate of sentences up to its limit', () => {
    const of = (count: number): string =>
      reportRate(RULE, Array<string>(count).fill('a:1 odd'), 1_000, { most: 2, per: 100 });
    expect(of(20)).toBe('');
    expect(of(21)).toMatch(/^Expected: nothing odd in at most 2 of 100 sentences. Found 21:\n {2}a:1 odd/);
  });
});
