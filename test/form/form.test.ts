// The rules of form for the project: circular imports, sizes, widths and language. There are no
// exceptions.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../src/config';
import { pathsBelow } from '../support/source-files';
import { importCircles } from './circles';
import { archaicWords, COLUMNS, longSentences, oddOpenings, wideComments, wideProse, WORDS } from './language';
import { report, reportRate } from './offenders';
import { modulesIn } from './project';
import { sentencesOfComments, sentencesOfMarkdown } from './sentences';
import { fullFolders, LIMITS, longFiles, longFunctions, manyParameters, moduleState } from './sizes';

const source = modulesIn('src');
const modules = [...source, ...modulesIn('test'), ...modulesIn('bench')];
const pages = ['README.md', 'ARCHITECTURE.md', ...markdownIn('docs')];
const guides = [...pages, 'CONTRIBUTING.md', 'models/README.md', 'bench/README.md'];

test('the search finds modules, comments and pages', () => {
  const store = modules.find(({ path }) => path === 'test/form/form.test.ts');
  expect(store?.imports).toEqual(expect.arrayContaining(['node:fs', 'src/config', 'test/form/sizes']));
  expect(modules.some(({ path }) => path.endsWith('.tsx'))).toBe(true);
  expect(sentencesOfComments(modules).length).toBeGreaterThan(1_000);
  expect(proseOf('docs/operations.md').length).toBeGreaterThan(100);
});

test('no imports go in a circle, types included', () => {
  const rule = {
    expected: 'no circle of imports, types included',
    mend: 'move what both sides need into a module below them, or hand it in as an argument',
  };
  expect(report(rule, importCircles(modules))).toBe('');
});

test(`folders have at most ${LIMITS.files} files`, () => {
  // Results of benchmarks are data: each measurement adds a file.
  const paths = ['src', 'test', 'bench'].flatMap(pathsBelow).filter((path) => !path.startsWith('bench/results/'));
  const rule = {
    expected: `at most ${LIMITS.files} files in a folder, those in its folders not counted`,
    mend: 'make two folders of the two purposes that it has',
  };
  expect(report(rule, fullFolders(paths))).toBe('');
});

test(`files have at most ${LIMITS.lines} lines`, () => {
  const rule = { expected: `at most ${LIMITS.lines} lines in a file`, mend: 'move its second idea into a file' };
  expect(report(rule, longFiles(modules))).toBe('');
});

// The bodies of describe() and test() are exempt, because they are lists of sentences.
test(`functions have at most ${LIMITS.functionLines} lines`, () => {
  const rule = {
    expected: `at most ${LIMITS.functionLines} lines in a function`,
    mend: 'name its parts as functions of their own',
  };
  expect(report(rule, longFunctions(modules))).toBe('');
});

test(`functions take at most ${LIMITS.parameters} parameters`, () => {
  const rule = {
    expected: `at most ${LIMITS.parameters} parameters`,
    mend: 'make an object with a name of those that belong together',
  };
  expect(report(rule, manyParameters(modules))).toBe('');
});

test('nothing changes at the level of a module or of a class', () => {
  const rule = {
    expected: 'no module-level `let`, no static that changes, no collection of a module that is filled later',
    mend: 'keep it in the object that needs it, and hand that in',
  };
  expect(report(rule, moduleState(modules))).toBe('');
});

test(`comments end within ${COLUMNS} columns`, () => {
  const rule = {
    expected: `comments within ${COLUMNS} columns`,
    mend: 'break the line, or put the comment on a line above the code',
  };
  expect(report(rule, wideComments(modules))).toBe('');
});

test(`Markdown ends within ${COLUMNS} columns, but for tables, code and links`, () => {
  const wide = [...guides, 'CHANGELOG.md'].flatMap((path) => wideProse(path, read(path)));
  const rule = { expected: `Markdown within ${COLUMNS} columns`, mend: 'break the line at a space' };
  expect(report(rule, wide)).toBe('');
});

test(`sentences of README, ARCHITECTURE and docs/ have at most ${WORDS} words`, () => {
  const long = longSentences(pages.flatMap(proseOf));
  const rule = { expected: `at most ${WORDS} words in a sentence`, mend: 'say one thought in a sentence' };
  expect(report(rule, long)).toBe('');
});

test('few sentences in comments of src/ open with What, Who, Of or Where', () => {
  const sentences = sentencesOfComments(source);
  const rule = {
    expected: 'sentences that open with What, Who, Of or Where',
    mend: 'begin with the thing that the sentence is about',
  };
  expect(reportRate(rule, oddOpenings(sentences), sentences.length, { most: 2, per: 100 })).toBe('');
});

// This test covers the guides and the comments of src/, test/ and bench/. It does not cover the
// changelog and the lab book, which are records, nor the GraphQL descriptions.
test('few sentences have archaic words', () => {
  const sentences = [...sentencesOfComments(modules), ...guides.flatMap(proseOf)];
  const rule = {
    expected: 'archaic words',
    mend: 'say it as you would to a colleague',
  };
  expect(reportRate(rule, archaicWords(sentences), sentences.length, { most: 3, per: 1_000 })).toBe('');
});

function markdownIn(folder: string): string[] {
  return readdirSync(join(PROJECT_ROOT, folder))
    .filter((name) => name.endsWith('.md') && name !== 'lab-book.md')
    .sort()
    .map((name) => `${folder}/${name}`);
}

function proseOf(path: string): ReturnType<typeof sentencesOfMarkdown> {
  return sentencesOfMarkdown(path, read(path));
}

function read(path: string): string {
  return readFileSync(join(PROJECT_ROOT, path), 'utf8');
}
