// Writes to disk. If the system refuses, there is one error with the path, the reason and a remedy,
// and no half-written draft stays behind.

import { rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { asError, VitrineError } from '../../errors';

/** Runs work on files at `path`. Throws STORAGE_UNAVAILABLE if the system refuses. */
export async function storing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw asStorageError(thrown, path);
  }
}

/**
 * Turns an error of the file system into STORAGE_UNAVAILABLE, and returns any other error
 * unchanged.
 */
export function asStorageError(thrown: unknown, path: string): Error {
  const error: NodeJS.ErrnoException = asError(thrown);
  if (error instanceof VitrineError || error.code === undefined || error.syscall === undefined) return error;
  // Errors of opening or making a file name the file, but errors of writing do not.
  const place = error.path ?? path;
  const reason = REASONS[error.code]?.() ?? error.message;
  return new VitrineError('STORAGE_UNAVAILABLE', `Cannot use ${place}: ${reason} (${error.code}).`, { cause: error });
}

const forbidden = (): string => `the user ${userName()} has no right to`;
const notFolder = (): string => 'a part of this path is a file, not a folder';
const REASONS: Readonly<Partial<Record<string, () => string>>> = {
  ENOSPC: () => 'the disk is full',
  EDQUOT: () => 'the quota of this user on the disk is used up',
  EFBIG: () => 'files may not become that large here (see `ulimit -f`)',
  EROFS: () => 'the disk is read-only',
  EACCES: forbidden,
  EPERM: forbidden,
  ENOTDIR: notFolder,
  EEXIST: notFolder,
  EISDIR: () => 'it is a folder, not a file',
  EIO: () => 'the disk does not work',
  EMFILE: () => 'this process has too many files open (see `ulimit -n`)',
};

/** The user's name for messages; the user's id if there is no name, as in some containers. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'of this process');
  }
}

/**
 * Runs work that writes a draft (a file or a folder). Removes the draft if the work fails or the
 * process ends.
 */
export async function withDraft<T>(draft: string, work: () => Promise<T>): Promise<T> {
  const remove = (): void => rmSync(draft, { recursive: true, force: true, maxRetries: 3 });
  process.once('exit', remove);
  try {
    return await work();
  } catch (thrown) {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined);
    throw thrown;
  } finally {
    process.off('exit', remove);
  }
}

/** Writes a file and waits until it is on disk. */
export async function writeDurably(path: string, content: Uint8Array | string): Promise<void> {
  await storing(path, async () => {
    const file = await open(path, 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

/** Makes earlier renames within a folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
