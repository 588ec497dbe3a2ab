// Photos of articles from a folder in H&M's layout (010/0108775015.jpg). Smaller versions are made
// once and kept. Without the package sharp, photos are served in full size.

import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type Sharp from 'sharp';
import { asStorageError } from '../../data/files/storage';
import { sha256 } from '../../bytes';

/**
 * Widths of photos: CSS pixels times the pixel density of the screen. The fewer widths there are,
 * the fewer files are kept.
 */
const PHOTO_WIDTHS = [160, 320, 640, 960] as const;

export interface Picture {
  readonly type: 'image/webp' | 'image/jpeg' | 'image/svg+xml';
  readonly content: Buffer;
  /** Changes when the picture changes. */
  readonly version: string;
}

export interface Photos {
  /**
   * Returns the photo of an article at least `width` wide, if so wide a version exists. Undefined
   * if there is no photo.
   */
  photo(articleId: string, width: number): Promise<Picture | undefined>;
}

/** Used if there are no photos at all. */
export const NO_PHOTOS: Photos = Object.freeze({ photo: async () => undefined });

/**
 * Opens the photos in `folder`. Smaller versions are kept in `kept`, a folder that is made when it
 * is first needed. Both paths are absolute. A photo that cannot be saved is served anyway, and
 * `tell` is called once with the reason.
 */
export function openPhotos(folder: string, kept: string, tell: (trouble: Error) => void): Photos {
  const keep = createKeep(kept, tell);
  /** Photos that are being made. Requests for the same photo share the work. */
  const inWork = new Map<string, Promise<Picture | undefined>>();
  let sharp: Promise<typeof Sharp | undefined> | undefined;

  async function read(articleId: string, width: number): Promise<Picture | undefined> {
    const source = join(folder, articleId.slice(0, 3), `${articleId}.jpg`);
    const found = await stat(source).catch(() => undefined);
    if (!found?.isFile()) return undefined;
    const version = sha256(`${source} ${String(found.mtimeMs)} ${String(found.size)} ${String(width)}`, 20);
    const resize = await (sharp ??= loadSharp());
    if (!resize) return { type: 'image/jpeg', content: await readFile(source), version };
    // The file name contains the version, so a replaced photo is made again.
    const file = join(kept, version.slice(0, 2), `${version}.webp`);
    const before = await readFile(file).catch(() => undefined);
    if (before) return { type: 'image/webp', content: before, version };
    const content = await resize(source)
      .rotate()
      .resize({ width, withoutEnlargement: true })
      .webp({ quality: 82 })
      .toBuffer()
      // The file is not a photo, or it is incomplete.
      .catch(() => undefined);
    if (!content) return undefined;
    await keep(file, content);
    return { type: 'image/webp', content, version };
  }

  return {
    photo(articleId, wanted) {
      // Anyone can send an id, and the id becomes part of a path.
      if (!/^\w[\w-]{2,63}$/.test(articleId)) return Promise.resolve(undefined);
      const width = PHOTO_WIDTHS.find((one) => one >= wanted) ?? PHOTO_WIDTHS[PHOTO_WIDTHS.length - 1];
      const key = `${articleId} ${String(width)}`;
      const running = inWork.get(key) ?? read(articleId, width).finally(() => inWork.delete(key));
      inWork.set(key, running);
      return running;
    },
  };
}

/** Loads sharp, which some machines cannot install. */
function loadSharp(): Promise<typeof Sharp | undefined> {
  return import('sharp').then(
    ({ default: sharp }) => {
      // One thread is enough: the models need the processors.
      sharp.concurrency(1);
      return sharp;
    },
    () => undefined,
  );
}

type Keep = (file: string, content: Buffer) => Promise<void>;

/**
 * Returns a function that writes files. It reports the first failure, and reports again only after
 * a success.
 */
function createKeep(kept: string, tell: (trouble: Error) => void): Keep {
  let told = false;
  return async (file, content) => {
    try {
      await write(file, content);
      told = false;
    } catch (thrown) {
      const trouble = asStorageError(thrown, kept);
      if (!told) tell(trouble);
      told = true;
    }
  };
}

async function write(file: string, content: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${String(process.pid)}.draft`;
  try {
    await writeFile(draft, content);
    await rename(draft, file);
  } catch (thrown) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw thrown;
  }
}
