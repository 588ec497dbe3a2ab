// The project's own source as text, for tests of what the source may and may not do.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { PROJECT_ROOT } from '../../src/config';

export interface SourceFile {
  /** From the project's folder: 'src/data/store/store.ts'. */
  readonly path: string;
  readonly text: string;
  /** What it imports, types included: paths from the project's folder without ending, or names of packages. */
  readonly imports: readonly string[];
}

/** Every TypeScript file below a folder of the project, but for generated ones. */
export function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(join(PROJECT_ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(PROJECT_ROOT, folder, name))
    .filter((path) => /\.tsx?$/.test(path) && !/[\\/](prisma|generated)[\\/]/.test(path.slice(PROJECT_ROOT.length)))
    .sort()
    .map((path) => {
      const text = readFileSync(path, 'utf8');
      const name = relative(PROJECT_ROOT, path).replaceAll('\\', '/');
      return { path: name, text, imports: importsOf(text).map((target) => resolveImport(name, target)) };
    });
}

/** `import … from 'x'`, `import 'x'`, `export … from 'x'`, `import('x')`, `require('x')` and `require.resolve('x')`. */
function importsOf(text: string): string[] {
  const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
  const patterns = [
    /^\s*(?:import|export)\s[^'"`;]*?from\s+'([^']+)'/gm,
    /^\s*import\s+'([^']+)'/gm,
    /\b(?:import|require|require\.resolve)\(\s*'([^']+)'\s*\)/g,
  ];
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map(([, target]) => target));
}

function resolveImport(from: string, target: string): string {
  return target.startsWith('.') ? posix.join(dirname(from), target) : target;
}
