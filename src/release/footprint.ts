// The footprint of a release on disk: a text of the names, sizes and times of its files, which
// shows whether the release has changed.
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CURRENT_FILE } from './format';
import { readManifest } from './files';

/**
 * Returns a text that changes when `current` is written, and when a file of the release or of its
 * text encoder is added, removed or written.
 * @param encoderDir the folder of the encoder. Default: the folder in the manifest
 */
export async function footprint(modelsDir: string, name: string, encoderDir?: string): Promise<string> {
  const current = join(modelsDir, CURRENT_FILE);
  // The file may contain any text, even a path outside the folder of releases.
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
    // The folders are included, since their times change when unlisted files are added or removed.
    paths.push(...new Set([place, join(place, 'onnx'), ...files.map(dirname), ...files]));
  }
  return (await Promise.all(paths.map(seen))).join('\n');
}

/**
 * Includes `ctime`, which no program can set, so even a file that was restored with its old `mtime`
 * shows.
 */
async function seen(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found ? [path, found.ino, found.size, found.mtimeMs, found.ctimeMs].join(' ') : `${path} is not there`;
}
