// Exclusion between processes on one machine: a lock file that its holder made exclusively, and that a later process
// may take over once the holder is dead. Knows nothing of what is guarded.

import { readFileSync, rmdirSync, mkdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { VitrineError } from '../errors';

/** Runs `work` while this process alone holds `file`. Not re-entrant. */
export async function withFileLock<T>(file: string, work: () => Promise<T>, timeoutMs = 120_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  while (!tryLock(file)) {
    if (Date.now() > deadline) {
      const holder = readHolder(file)?.pid ?? 'unknown';
      throw new VitrineError(
        'DATABASE_UNAVAILABLE',
        `${file} is held by process ${holder} for more than ${timeoutMs / 1000} s; end that process, then try again`,
      );
    }
    await sleep(25 + Math.random() * 25);
  }
  try {
    return await work();
  } finally {
    unlock(file);
  }
}

/** One attempt, synchronous: true where this process now holds `file`. */
export function tryLock(file: string): boolean {
  if (createExclusively(file)) return true;
  const holder = readHolder(file);
  if (holder === undefined || isAlive(holder.pid, holder.identity)) return false;
  // The holder is dead. Whoever makes this folder may remove its lock; two that both found it dead must not, since
  // the slower would remove the lock that the faster has taken meanwhile.
  const takeover = `${file}.takeover`;
  if (!makeTakeover(takeover)) return false;
  try {
    const again = readHolder(file);
    if (again !== undefined && !isAlive(again.pid, again.identity)) removeQuietly(file);
    return createExclusively(file);
  } finally {
    rmdirSync(takeover);
  }
}

export function unlock(file: string): void {
  removeQuietly(file);
}

/**
 * What tells this run of a process from a later one with the same pid: its start time where /proc is there, else ''.
 * Undefined: no such process (or one that has ended and only waits to be collected).
 */
export function processIdentity(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name, in parentheses, may hold anything; after it come state (field 3) and start time (field 22).
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    process.kill(pid, 0);
    return '';
  } catch (thrown) {
    return hasCode(thrown, 'EPERM') ? '' : undefined;
  }
}

/** Whether the process that wrote `identity` still runs; an empty identity fits any process of that pid. */
export function isAlive(pid: number, identity: string): boolean {
  const now = processIdentity(pid);
  return now !== undefined && (identity === '' || now === '' || now === identity);
}

export function hasCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}

function createExclusively(file: string): boolean {
  try {
    writeFileSync(file, `${process.pid} ${processIdentity(process.pid) ?? ''}\n`, { flag: 'wx' });
    return true;
  } catch (thrown) {
    if (hasCode(thrown, 'EEXIST')) return false;
    throw thrown;
  }
}

/** Who holds the lock; undefined: nobody, or somebody who has made the file but not yet written it. */
function readHolder(file: string): { pid: number; identity: string } | undefined {
  try {
    const [pid = '', identity = ''] = readFileSync(file, 'utf8').trim().split(' ');
    if (/^\d+$/.test(pid)) return { pid: Number(pid), identity };
    // Its maker died between making and writing: nobody takes ten seconds for that. Pid 0 is never alive.
    return Date.now() - statSync(file).mtimeMs > 10_000 ? { pid: 0, identity: 'none' } : undefined;
  } catch {
    return undefined;
  }
}

function makeTakeover(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    try {
      if (Date.now() - statSync(folder).mtimeMs > 10_000) rmdirSync(folder);
    } catch {
      // Another process was quicker; the caller tries again anyway.
    }
    return false;
  }
}

function removeQuietly(file: string): void {
  try {
    unlinkSync(file);
  } catch (thrown) {
    if (!hasCode(thrown, 'ENOENT')) throw thrown;
  }
}
