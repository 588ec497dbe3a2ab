// Whether anything about a release on disk has changed, told by names, sizes and times of files
// without opening the large ones. Knows nothing of what is in them.
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CURRENT_FILE } from './format';
import { readManifest } from './files';

/**
 * Moves when `current` is written again, and when a file of this release, or of the text encoder
 * that it was embedded by, is added, removed or written.
 * @param encoderDir where the encoder's files are; absent: where the manifest says
 */
export async function footprint(modelsDir: string, name: string, encoderDir?: string): Promise<string> {
  const current = join(modelsDir, CURRENT_FILE);
  // The file may hold anything, also the way to another place.
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
    // A folder moves when a file comes or goes that the manifest does not name.
    paths.push(...new Set([place, join(place, 'onnx'), ...files.map(dirname), ...files]));
  }
  return (await Promise.all(paths.map(seen))).join('\n');
}

/**
 * The time of change, which nobody sets, tells a file apart from one that was put back with its old
 * time.
 */
async function seen(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found ? [path, found.ino, found.size, found.mtimeMs, found.ctimeMs].join(' ') : `${path} is not there`;
}
