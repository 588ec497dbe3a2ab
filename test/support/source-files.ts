// The project's own source as text, for tests that check rules about the source.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PROJECT_ROOT } from '../../src/config';

export interface SourceFile {
  /** Relative to the project's folder: 'src/data/store/store.ts'. */
  readonly path: string;
  readonly text: string;
}

/** Reads every file below a folder that matches `ending`. Generated files are left out. */
export function sourceFiles(folder: string, ending = /\.tsx?$/): SourceFile[] {
  return pathsBelow(folder)
    .filter((path) => ending.test(path))
    .map((path) => ({ path, text: readFileSync(join(PROJECT_ROOT, path), 'utf8') }));
}

/** Lists the paths of all files below a folder in order, without generated ones. */
export function pathsBelow(folder: string): string[] {
  return readdirSync(join(PROJECT_ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(PROJECT_ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !/\/(prisma|generated)\//.test(path))
    .sort();
}
