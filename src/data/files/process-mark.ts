// Tells whether the process that made a file still runs. A mark is one line in that file: pid,
// start time, scope. Within its scope (one boot, one pid namespace) the pid decides. In another
// container or on another machine a pid means nothing, so there the heart decides: the process
// touches its file every second for as long as it lives.

import { closeSync, openSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';

export interface Mark {
  readonly pid: number;
  /** UNKNOWN, or what tells this process from a later one with the same pid. */
  readonly start: string;
  readonly scope: string;
}

/** `unseen`: made in another scope, so that only its heart can tell. */
export type Life = 'alive' | 'dead' | 'unseen';

const UNKNOWN = '-';

/**
 * Boot and pid namespace of this process. UNKNOWN: not Linux, or /proc is not that of this
 * namespace.
 */
export const SCOPE = readScope();

export const BEAT_MS = 1000;

/** Ten times the beat, so that a busy machine does not pass for a dead process. */
const SILENT_MS = 10_000;

export function markOf(pid: number): string {
  return `${pid} ${processIdentity(pid) || UNKNOWN} ${SCOPE}\n`;
}

/**
 * Writes the mark of this process. On a full disk no empty file stays, which others would wait for.
 */
export function writeMark(file: string, flag: 'w' | 'wx' = 'w'): void {
  const descriptor = openSync(file, flag);
  try {
    writeFileSync(descriptor, markOf(process.pid));
  } catch (thrown) {
    rmSync(file, { force: true });
    throw thrown;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * undefined: there is no such file, or it holds no mark, as when its maker has not written it yet.
 */
export function readMark(file: string): Mark | undefined {
  try {
    const [pid = '', start = '', scope] = readFileSync(file, 'utf8').trim().split(' ');
    return /^\d+$/.test(pid) && scope !== undefined ? { pid: Number(pid), start, scope } : undefined;
  } catch {
    return undefined;
  }
}

/** Made in this scope, so that its pid tells all. */
export function isLocal({ scope }: Mark): boolean {
  return scope === SCOPE && SCOPE !== UNKNOWN;
}

export function lifeOf(mark: Mark): Life {
  const { pid, start, scope } = mark;
  if (scope === SCOPE && isAlive(pid, start === UNKNOWN ? '' : start)) return 'alive';
  return isLocal(mark) ? 'dead' : 'unseen';
}

export function beat(file: string): void {
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch {
    // It was removed, or the disk is gone: whoever needs the file notices.
  }
}

/**
 * Call the result again and again: it says whether the file has been silent for long. It compares
 * what it sees, never clocks of two machines, and a long pause between two looks counts as a short
 * one: both processes may have slept.
 */
export function watchHeart(file: string): () => boolean {
  let seen: string | undefined;
  let silentMs = 0;
  let last = performance.now();
  return () => {
    const state = stateOf(file);
    const now = performance.now();
    silentMs = state === seen ? silentMs + Math.min(now - last, BEAT_MS) : 0;
    seen = state;
    last = now;
    return silentMs > SILENT_MS;
  };
}

/**
 * What tells this run of a process from a later one with the same pid: its start time where /proc
 * is there, else ''. Undefined: no such process (or one that has ended and only waits to be
 * collected).
 */
export function processIdentity(pid: number): string | undefined {
  if (SCOPE !== UNKNOWN) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name, in parentheses, may hold anything; after it come state (field 3) and start time
      // (field 22).
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
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM' ? '' : undefined;
  }
}

/**
 * Whether the process that wrote `identity` still runs; an empty identity fits any process of that
 * pid.
 */
export function isAlive(pid: number, identity: string): boolean {
  const now = processIdentity(pid);
  return now !== undefined && (identity === '' || now === '' || now === identity);
}

function readScope(): string {
  try {
    // A /proc mounted for another namespace shows other processes under our pids.
    if (readlinkSync('/proc/self') !== String(process.pid)) return UNKNOWN;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return UNKNOWN;
  }
}

function stateOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? `${found.ino} ${found.mtimeMs}` : '';
}
