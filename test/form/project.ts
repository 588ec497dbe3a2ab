// The project's own modules. Parsing takes a second: a test file does it once.

import { sourceFiles } from '../support/source-files';
import { parse, type Module } from './modules';

export function modulesIn(folder: 'src' | 'test' | 'bench'): Module[] {
  return sourceFiles(folder, /\.(tsx?|mjs)$/).map(({ path, text }) => parse(path, text));
}
