// Runs commands: reads the settings, prints messages, handles signals, closes everything that the
// command opened, and sets the exit status.
import { loadConfig, type Config } from '../config';
import { asError, VitrineError } from '../errors';
import { asStorageError } from '../data/files/storage';
import { createReporter, type Reporter } from '../telemetry/progress';

/** Everything that a command gets from its surroundings. */
export interface RunningCommand {
  readonly config: Config;
  /** Writes to standard error. */
  readonly reporter: Reporter;
  /** Aborted when Ctrl-C or SIGTERM stops the command. */
  readonly signal: AbortSignal;
  /**
   * Calls `close` when the command ends, whether it succeeds or fails. The last function added is
   * called first.
   */
  closing(close: () => Promise<unknown>): void;
  /** Says that the command serves until it is stopped: SIGTERM then ends it with status 0. */
  serving(): void;
}

type Signal = 'SIGINT' | 'SIGTERM';

/** Exit status after each signal. As in shells, it is 128 plus the number of the signal. */
const STOPPED: Readonly<Record<Signal, number>> = { SIGINT: 130, SIGTERM: 143 };
/** The server waits ten seconds for its requests; five more seconds remain for everything else. */
const CLOSE_LIMIT_MS = 15_000;

export interface RunOptions {
  /** Time that closing everything may take after a signal or an error, in ms. Default: 15,000. */
  readonly closeLimitMs?: number;
}

/**
 * Runs a command. Its answer goes to standard output, its messages go to standard error. The exit
 * status is 0 after success, 1 after an error, 130 after Ctrl-C and 143 after SIGTERM. A server
 * ends with 0 after SIGTERM, since that is the normal way to end a server. Other commands, such as
 * an import, end with 143, so that a supervisor does not think that they are complete.
 *
 * If a second signal comes, or if closing takes too long, the process is killed at once by a
 * signal. `process.exit` would wait for threads, and a thread that is stuck in native code never
 * ends.
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
  // A signal counts only if it came before the command began to close.
  if (stopped) process.exitCode = statusOf(stopped);
  for (let close = opened.pop(); close; close = opened.pop()) await close().catch(() => undefined);
  await Promise.all([process.stdout, process.stderr].map(drained));
  process.exit();
}

/** Ends the process at once by sending it the signal without a handler. */
function die(signal: Signal | 'SIGKILL'): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // The first process of a container survives signals that it sends to itself.
  process.exit(signal === 'SIGKILL' ? 1 : STOPPED[signal]);
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Handles errors in writing to standard output and standard error. */
export function watchStreams(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader of a pipe may stop early (`| head`), which is not an error.
    if (error.code === 'EPIPE') process.exit(0);
    fail(asStorageError(error, 'standard output'));
    process.exit(1);
  });
  // There is no way left to report the error, so the work continues.
  process.stderr.on('error', () => undefined);
}

/**
 * Waits until a pipe's reader has everything. When the process ends, text that is still buffered is
 * lost.
 */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}

/** Prints the code, message and remedy of an expected error, and the stack of any other. */
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
