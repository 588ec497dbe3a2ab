import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../src/config';
import { asError, ERROR_CODES, VitrineError, type ErrorCode } from '../src/errors';
import { sourceFiles } from './support/source-files';

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

test('every code has a sentence on what the caller can do', () => {
  for (const code of codes) {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(ERROR_CODES[code]).toMatch(/^[A-Z].*\.$/s);
    expect(new VitrineError(code, 'something').remedy).toBe(ERROR_CODES[code]);
  }
});

test('every code is raised somewhere', () => {
  const code = sourceFiles('src').filter(({ path }) => path !== 'src/errors.ts');
  const unused = codes.filter((name) => !code.some(({ text }) => text.includes(`'${name}'`)));
  expect(unused).toEqual([]);
});

test('docs/errors.md and the registry list the same codes', () => {
  const file = join(PROJECT_ROOT, 'docs', 'errors.md');
  expect(existsSync(file)).toBe(true);
  const documented = [...readFileSync(file, 'utf8').matchAll(/^(?:#+ |\| )`([A-Z_]+)`/gm)].map(([, code]) => code);
  expect(documented.sort()).toEqual([...codes].sort());
});

test('anything that is thrown becomes an Error', () => {
  const error = new TypeError('wrong');
  expect(asError(error)).toBe(error);
  expect(asError('just text')).toEqual(new Error('just text'));
  expect(asError(undefined)).toBeInstanceOf(Error);
});
