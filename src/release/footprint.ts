// Tells whether a release on disk has changed, by the names, sizes and times of its files.
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CURRENT_FILE } from './format';
import { readManifest } from './files';

/**
 * Changes when `current` is written, and when a file of the release or of its text encoder is
 * added, removed or written.
 * @param encoderDir the folder of the encoder; absent: as the manifest says
 */
export async function footprint(modelsDir: string, name: string, encoderDir?: string): Promise<string> {
  const current = join(modelsDir, CURRENT_FILE);
  // The file may hold anything, even a path to another place.
  if (!/^[\w-]+$/.test(name)) return seen(current);
  const folder = join(modelsDir, name);
  const within = await readdir(folder, { recursive: true }).catch(() => []);
  const paths = [current, folder, ...within.map((path) => join(folder, path))];
  const made = await readManifest(folder).then(
    ({ textEncoder }) => textEncoder,
    () => 'built-in' as const,
  );
  if (made !== 'built-in') {
    const place = encoderDir ?? made.folder;
    const files = Object.keys(made.files).map((file) => join(place, file));
    // The time of a folder changes when files come or go that the manifest does not list.
    paths.push(...new Set([place, join(place, 'onnx'), ...files.map(dirname), ...files]));
  }
  return (await Promise.all(paths.map(seen))).join('\n');
}

/** Nobody can set `ctime`, so it shows a file that was put back with its old `mtime`. */
async function seen(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found ? [path, found.ino, found.size, found.mtimeMs, found.ctimeMs].join(' ') : `${path} is not there`;
}
