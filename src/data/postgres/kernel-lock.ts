// A lock that the kernel keeps on a file while a program and its children run: Postgres's processes
// hold one on their cluster. It also holds where pids cannot be seen or a container is paused, and
// a killed process leaves none behind. Needs `flock`, which Linux has. Elsewhere there are no pid
// namespaces, and pids and hearts have to do.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Exit status of a program that was not started since the lock is taken. */
export const LOCK_TAKEN = 75;

/** `unknown`: there is no flock here, or the file system has no locks. */
export function kernelLockState(file: string): Promise<'free' | 'taken' | 'unknown'> {
  if (!existsSync(file)) return Promise.resolve('unknown');
  return new Promise((resolve) => {
    execFile('flock', ['-n', file, 'true'], (error) => {
      if (error) resolve(error.code === 1 ? 'taken' : 'unknown');
      else resolve('free');
    });
  });
}

/**
 * The command that takes the lock on the file that is open as descriptor 3, then becomes the
 * program.
 */
export function withKernelLock(file: string, args: readonly string[]): { file: string; args: string[] } {
  const script = `flock -n 3 2>/dev/null; [ $? -eq 1 ] && exit ${LOCK_TAKEN}; exec "$@"`;
  return { file: '/bin/sh', args: ['-c', script, 'sh', file, ...args] };
}
