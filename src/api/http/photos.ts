// Photos of articles from a folder in H&M's layout (010/0108775015.jpg), made smaller once and
// kept. Knows nothing of HTTP. Where sharp is not there for the machine, photos are given as they
// are.

import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type Sharp from 'sharp';
import { asStorageError } from '../../data/files/storage';
import { sha256 } from '../../bytes';

/**
 * The widths that photos are made in, CSS pixels times the density of the screen; few, so that few
 * are kept.
 */
export const PHOTO_WIDTHS = [160, 320, 640, 960] as const;

export interface Picture {
  readonly type: 'image/webp' | 'image/jpeg' | 'image/svg+xml';
  readonly content: Buffer;
  /** Differs whenever the picture does. */
  readonly version: string;
}

export interface Photos {
  /** The photo of an article, at most so wide; undefined: there is none. */
  photo(articleId: string, width: number): Promise<Picture | undefined>;
}

/** No photos at all. */
export const NO_PHOTOS: Photos = Object.freeze({ photo: async () => undefined });

/**
 * `folder`: the photos; `kept`: where smaller ones are kept. Both absolute; the latter is made when
 * it is first needed. A photo that cannot be kept is given all the same; why is told once.
 */
export function openPhotos(folder: string, kept: string, tell: (trouble: Error) => void): Photos {
  let told = false;
  const keep = async (file: string, content: Buffer): Promise<void> => {
    try {
      await write(file, content);
      told = false;
    } catch (thrown) {
      const trouble = asStorageError(thrown, kept);
      if (!told) tell(trouble);
      told = true;
    }
  };
  /** Being made: whoever asks for the same waits for it. */
  const inWork = new Map<string, Promise<Picture | undefined>>();
  return {
    photo(articleId, wanted) {
      // Ids come from strangers, and become part of a path.
      if (!/^\w[\w-]{2,63}$/.test(articleId)) return Promise.resolve(undefined);
      const width = PHOTO_WIDTHS.find((one) => one >= wanted) ?? PHOTO_WIDTHS[PHOTO_WIDTHS.length - 1];
      const key = `${articleId} ${String(width)}`;
      const running = inWork.get(key) ?? read(folder, kept, keep, articleId, width).finally(() => inWork.delete(key));
      inWork.set(key, running);
      return running;
    },
  };
}

type Keep = (file: string, content: Buffer) => Promise<void>;

async function read(
  folder: string,
  kept: string,
  keep: Keep,
  articleId: string,
  width: number,
): Promise<Picture | undefined> {
  const source = join(folder, articleId.slice(0, 3), `${articleId}.jpg`);
  const found = await stat(source).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  const version = sha256(`${source} ${String(found.mtimeMs)} ${String(found.size)} ${String(width)}`).slice(0, 20);
  const sharp = await loadSharp();
  if (!sharp) return { type: 'image/jpeg', content: await readFile(source), version };
  // Named by its version: a photo that was replaced is made anew.
  const file = join(kept, version.slice(0, 2), `${version}.webp`);
  const before = await readFile(file).catch(() => undefined);
  if (before) return { type: 'image/webp', content: before, version };
  const content = await sharp(source)
    .rotate()
    .resize({ width, withoutEnlargement: true })
    .webp({ quality: 82 })
    .toBuffer()
    // A file that is no photo, or half of one.
    .catch(() => undefined);
  if (!content) return undefined;
  await keep(file, content);
  return { type: 'image/webp', content, version };
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

let loading: Promise<typeof Sharp | undefined> | undefined;

function loadSharp(): Promise<typeof Sharp | undefined> {
  return (loading ??= import('sharp').then(
    ({ default: sharp }) => {
      // The processors are for the models.
      sharp.concurrency(1);
      return sharp;
    },
    () => undefined,
  ));
}
