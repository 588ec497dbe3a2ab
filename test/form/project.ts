// The project's own modules. Parsing them takes a second, so each test file parses them only once.

import { sourceFiles } from '../support/source-files';
import { parse, type Module } from './modules';

export function modulesIn(folder: 'src' | 'test' | 'bench'): Module[] {
  return sourceFiles(folder, /\.(tsx?|mjs)$/).map(({ path, text }) => parse(path, text));
}
