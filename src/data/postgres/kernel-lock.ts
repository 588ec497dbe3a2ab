// A lock that the kernel keeps on a file while a program and its children run. Postgres's processes
// hold such a lock on their cluster. The lock works even if pids cannot be seen or a container is
// paused, and it ends when the process is killed. It needs `flock`, which Linux has. Other systems
// have no pid namespaces, so pids and hearts are enough there.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';

/** The exit status if the program was not started because the lock is taken. */
export const LOCK_TAKEN = 75;

/**
 * The state of the lock on a file: `unknown` if there is no `flock` here, or if the file system has
 * no locks.
 */
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
 * Returns a command that takes the lock on the file that is open as descriptor 3, then becomes the
 * program.
 */
export function withKernelLock(file: string, args: readonly string[]): { file: string; args: string[] } {
  const script = `flock -n 3 2>/dev/null; [ $? -eq 1 ] && exit ${LOCK_TAKEN}; exec "$@"`;
  return { file: '/bin/sh', args: ['-c', script, 'sh', file, ...args] };
}
