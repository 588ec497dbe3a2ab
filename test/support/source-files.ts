// The project's own source as text, for tests of what the source may and may not do.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PROJECT_ROOT } from '../../src/config';

export interface SourceFile {
  /** From the project's folder: 'src/data/store/store.ts'. */
  readonly path: string;
  readonly text: string;
}

/** Every file below a folder of the project with such an ending, but for generated ones. */
export function sourceFiles(folder: string, ending = /\.tsx?$/): SourceFile[] {
  return pathsBelow(folder)
    .filter((path) => ending.test(path))
    .map((path) => ({ path, text: readFileSync(join(PROJECT_ROOT, path), 'utf8') }));
}

/** The path of every file below a folder, in order, without those that tools generate. */
export function pathsBelow(folder: string): string[] {
  return readdirSync(join(PROJECT_ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(PROJECT_ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !/\/(prisma|generated)\//.test(path))
    .sort();
}
