// Tells whether the process that made a file still runs. A mark is one line in that file: pid,
// start time and scope. Within its scope (one boot, one pid namespace) the pid decides. In other
// containers and on other machines a pid means nothing. There the heart decides: the process
// touches its file every second while it lives.

import { closeSync, openSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';

export interface Mark {
  readonly pid: number;
  /**
   * The start time of the process, which tells it from a later process with the same pid; or
   * UNKNOWN.
   */
  readonly start: string;
  readonly scope: string;
}

/**
 * `unseen` if the mark was made in another scope, so that only the heart tells whether the process
 * lives.
 */
export type Life = 'alive' | 'dead' | 'unseen';

const UNKNOWN = '-';

/**
 * The boot and the pid namespace of this process. UNKNOWN if the system is not Linux or if /proc
 * shows another namespace.
 */
const SCOPE = readScope();

export const BEAT_MS = 1000;

/**
 * Silence after which a process counts as dead, in ms. Ten times the beat, so that a busy machine
 * does not look like a dead process.
 */
const SILENT_MS = 10_000;

export function markOf(pid: number): string {
  return `${pid} ${processIdentity(pid) || UNKNOWN} ${SCOPE}\n`;
}

/**
 * Writes this process's mark. If the disk is full, no empty file is left behind for others to wait
 * for.
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
 * Reads the mark in a file. Returns undefined if there is no file, or if its maker has not written
 * the mark yet.
 */
export function readMark(file: string): Mark | undefined {
  try {
    const [pid = '', start = '', scope] = readFileSync(file, 'utf8').trim().split(' ');
    return /^\d+$/.test(pid) && scope !== undefined ? { pid: Number(pid), start, scope } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether the mark is known to come from this scope. If so, its pid alone tells whether the process
 * lives.
 */
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
    // The file or its disk is gone. The next process that needs the file reports the fault.
  }
}

/**
 * Returns a function that says whether the file has been silent for long. Call the function
 * repeatedly. It compares states of the file, never the clocks of two machines. A long pause
 * between two calls counts as a short one, since both processes may have been asleep.
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
 * Returns a text that tells a process from a later one with the same pid: its start time, or ''
 * without /proc. Returns undefined if there is no such process, or if it is a zombie.
 */
export function processIdentity(pid: number): string | undefined {
  if (SCOPE !== UNKNOWN) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name in parentheses may contain anything. After it come the state (field 3) and the
      // start time (field 22).
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
 * Whether the process that wrote `identity` still runs. An empty `identity` matches any process
 * with that pid.
 */
export function isAlive(pid: number, identity: string): boolean {
  const now = processIdentity(pid);
  return now !== undefined && (identity === '' || now === '' || now === identity);
}

function readScope(): string {
  try {
    // A /proc of another namespace shows other processes under the same pids.
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
