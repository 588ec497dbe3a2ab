// Closes everything that a benchmark opened (servers, temporary folders, databases), whether it
// succeeds, fails or is interrupted.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';

/** Adds a function to call at the end. The last function added is called first. */
export type Closing = (close: () => unknown) => void;

/**
 * Runs a benchmark. If the benchmark fails, prints the error and sets exit status 1. Ctrl-C closes
 * everything too.
 */
export async function withCleanup(work: (closing: Closing) => Promise<void>): Promise<void> {
  const opened: (() => unknown)[] = [];
  const closeAll = async (): Promise<void> => {
    for (let close = opened.pop(); close; close = opened.pop()) {
      try {
        await close();
      } catch (thrown) {
        console.error(`at the end: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      }
    }
  };
  const stop = (): void => void closeAll().then(() => process.exit(130));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    await work((close) => opened.push(close));
  } catch (thrown) {
    console.error(thrown);
    process.exitCode = 1;
  } finally {
    await closeAll();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** Time that a process may take to end after SIGTERM. */
const END_MS = 10_000;

/** Ends a process that the benchmark started. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const late = new AbortController();
  const killed = setTimeout(END_MS, undefined, { signal: late.signal }).then(
    () => child.kill('SIGKILL'),
    () => undefined,
  );
  await exited;
  late.abort();
  await killed;
}
