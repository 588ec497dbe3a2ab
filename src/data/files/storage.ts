// Writing to disk: what the system refuses ends in one error with the path, the reason and a
// remedy, and half-written drafts do not stay. Knows nothing of what is written.
import { rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { asError, VitrineError } from '../../errors';

/** Runs work on files at `path`; what the system refuses is thrown as STORAGE_UNAVAILABLE. */
export async function storing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw asStorageError(thrown, path);
  }
}

/** What the system refused to do with files, as STORAGE_UNAVAILABLE; any other error as it is. */
export function asStorageError(thrown: unknown, path: string): Error {
  const error: NodeJS.ErrnoException = asError(thrown);
  if (error instanceof VitrineError || error.code === undefined || error.syscall === undefined) return error;
  // The system names the file where it opened or made one, but not where it wrote.
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

/** Containers run as users that have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'of this process');
  }
}

/**
 * Writes a draft, a file or a folder. It is removed at once where the work fails or the process
 * ends meanwhile.
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

/** Writes a file that is on disk when this ends. */
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

/** Makes renames within a folder outlast a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
