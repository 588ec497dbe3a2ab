// The life of a command: its settings, what it says meanwhile, what must be closed at its end, the
// signals that stop it, and its exit status. Knows nothing of what commands do.
import { loadConfig, type Config } from '../config';
import { asError, VitrineError } from '../errors';
import { asStorageError } from '../data/files/storage';
import { createReporter, type Reporter } from '../telemetry/progress';

/**
 * What every command gets: settings, progress on standard error, and a list of what must be closed
 * at its end.
 */
export interface RunningCommand {
  readonly config: Config;
  readonly reporter: Reporter;
  /** Ends when the command is stopped, by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Closes this when the command ends, however it ends; what was opened last is closed first. */
  closing(close: () => Promise<unknown>): void;
  /**
   * From here on the command serves until it is stopped: a SIGTERM is how it should end, with
   * status 0.
   */
  serving(): void;
}

type Signal = 'SIGINT' | 'SIGTERM';

/** As shells say it: 128 and the number of the signal. */
const STOPPED: Readonly<Record<Signal, number>> = { SIGINT: 130, SIGTERM: 143 };
/** Requests in flight have ten seconds; what does not close in five more is left as it is. */
const CLOSE_LIMIT_MS = 15_000;

export interface RunOptions {
  /** How long all that was opened may take to close, after a signal or an error. */
  readonly closeLimitMs?: number;
}

/**
 * Runs a command: its answer goes to standard output, what it says meanwhile to standard error. The
 * exit status is 0 where it did its work, 1 after an error (an expected one is one message), 130
 * after Ctrl-C, and 143 after SIGTERM: a supervisor must not take an import that was stopped for
 * one that was done. Only a server has done its work then.
 *
 * A second signal does not wait. It ends the process as the kernel does, and so does a close that
 * takes too long: a shell says the same 130 or 143 then. `process.exit` would wait for threads, and
 * one that is stuck in native code never ends.
 */
export async function run(
  work: (command: RunningCommand) => Promise<void>,
  { closeLimitMs = CLOSE_LIMIT_MS }: RunOptions = {},
): Promise<void> {
  const opened: (() => Promise<unknown>)[] = [];
  const interrupt = new AbortController();
  let stopped: Signal | undefined;
  let serving = false;
  const statusOf = (signal: Signal): number => (serving && signal === 'SIGTERM' ? 0 : STOPPED[signal]);
  const stop = (signal: Signal): void => {
    if (stopped) die(signal);
    stopped = signal;
    setTimeout(die, closeLimitMs, signal).unref();
    interrupt.abort(new VitrineError('SHUTTING_DOWN', 'Stopped.'));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const ended = aborted(interrupt.signal).then(() => {
    throw interrupt.signal.reason;
  });
  ended.catch(() => undefined);
  try {
    const command: RunningCommand = {
      config: loadConfig(),
      reporter: createReporter(process.stderr),
      signal: interrupt.signal,
      closing: (close) => opened.push(close),
      serving: () => (serving = true),
    };
    await Promise.race([work(command), ended]);
  } catch (thrown) {
    if (!stopped) {
      fail(asError(thrown));
      process.exitCode = 1;
      setTimeout(die, closeLimitMs, 'SIGKILL').unref();
    }
  }
  // A signal that comes while a command closes does not undo its work.
  if (stopped) process.exitCode = statusOf(stopped);
  for (let close = opened.pop(); close; close = opened.pop()) await close().catch(() => undefined);
  await Promise.all([process.stdout, process.stderr].map(drained));
  process.exit();
}

/** Ends the process at once, as if nobody had listened for the signal. */
function die(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/** Resolves when the signal is given. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Hears what standard output and error cannot take any more. */
export function watchStreams(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`| head`) is no error.
    if (error.code === 'EPIPE') process.exit(0);
    fail(asStorageError(error, 'standard output'));
    process.exit(1);
  });
  // There is no place left to say it; the work goes on.
  process.stderr.on('error', () => undefined);
}

/**
 * Whoever reads a pipe slowly gets all that was written into it: what is still to go out is lost
 * when the process ends.
 */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}

/**
 * An expected error is its code, its message and what to do; an unexpected one is shown with its
 * stack.
 */
function fail(error: Error): void {
  if (!(error instanceof VitrineError)) {
    process.stderr.write(`${error.stack ?? error.message}\n`);
    return;
  }
  const { code, message, remedy } = error;
  process.stderr.write(`${code}: ${message}\n${remedy}\n`);
  if (process.argv.includes('--json'))
    process.stdout.write(`${JSON.stringify({ error: { code, message, remedy } })}\n`);
}
