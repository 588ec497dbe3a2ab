// Files that the system refuses end in one error with the path, the reason and a remedy. Knows nothing of what they
// hold.
import { userInfo } from 'node:os';
import { asError, VitrineError } from './errors';

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
  EROFS: () => 'the disk is read-only',
  EACCES: forbidden,
  EPERM: forbidden,
  ENOTDIR: notFolder,
  EEXIST: notFolder,
  EISDIR: () => 'it is a folder, not a file',
  EIO: () => 'the disk does not work',
};

/** Containers run as users that have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'of this process');
  }
}
