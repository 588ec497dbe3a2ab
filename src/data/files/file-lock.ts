// A lock between processes: a file that only one of them can make. Another process may take it over
// once its holder is dead. Holders in other containers are respected as well.

import { mkdirSync, readFileSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { VitrineError } from '../../errors';
import { beat, BEAT_MS, lifeOf, markOf, readMark, watchHeart, writeMark } from './process-mark';

/**
 * Runs `work` while only this process holds `file`. Not re-entrant. `work` must not block the
 * thread for seconds, since the lock's heart would stop.
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>, timeoutMs = 120_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  const isSilent = watchHeart(file);
  while (!tryLock(file, isSilent)) {
    if (Date.now() > deadline) {
      const holder = readMark(file);
      const place = holder && lifeOf(holder) === 'unseen' ? ' of another container or machine' : '';
      throw new VitrineError(
        'OVERLOADED',
        `${file} is held by process ${holder?.pid ?? 'unknown'}${place} for more than ${timeoutMs / 1000} s; ` +
          'end that process, then try again',
      );
    }
    await sleep(25 + Math.random() * 25);
  }
  const heart = setInterval(() => beat(file), BEAT_MS).unref();
  try {
    return await work();
  } finally {
    clearInterval(heart);
    unlock(file);
  }
}

/** Tries once, synchronously. Returns whether this process now holds `file`. */
export function tryLock(file: string, isSilent: () => boolean = () => false): boolean {
  if (createExclusively(file)) return true;
  if (!isAbandoned(file, isSilent())) return false;
  // The holder is dead. Only the process that makes this folder may remove the lock. Otherwise a
  // slower process could remove the lock that a faster one has just taken.
  const takeover = `${file}.takeover`;
  if (!makeTakeover(takeover)) return false;
  try {
    if (isAbandoned(file, isSilent())) removeQuietly(file);
    return createExclusively(file);
  } finally {
    rmdirSync(takeover);
  }
}

/**
 * Removes the lock if this process still holds it. Another process may have taken the lock over in
 * the meantime.
 */
export function unlock(file: string): void {
  try {
    if (readFileSync(file, 'utf8') === markOf(process.pid)) removeQuietly(file);
  } catch (thrown) {
    if (!hasCode(thrown, 'ENOENT')) throw thrown;
  }
}

export function hasCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}

function createExclusively(file: string): boolean {
  try {
    writeMark(file, 'wx');
    return true;
  } catch (thrown) {
    if (hasCode(thrown, 'EEXIST')) return false;
    throw thrown;
  }
}

/**
 * Whether the lock's holder is dead. A file without a mark is about to get one, unless its maker
 * has died. In that case the file stays silent.
 */
function isAbandoned(file: string, isSilent: boolean): boolean {
  const holder = readMark(file);
  const life = holder ? lifeOf(holder) : 'unseen';
  return life === 'dead' || (life === 'unseen' && isSilent);
}

function makeTakeover(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    try {
      if (Date.now() - statSync(folder).mtimeMs > 10_000) rmdirSync(folder);
    } catch {
      // Another process was faster. The caller tries again anyway.
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
