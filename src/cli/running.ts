// The life of a command: its settings and messages, its end and its exit status. Signals stop it,
// and everything that it opened is closed.
import { loadConfig, type Config } from '../config';
import { asError, VitrineError } from '../errors';
import { asStorageError } from '../data/files/storage';
import { createReporter, type Reporter } from '../telemetry/progress';

/** Everything that a command gets. */
export interface RunningCommand {
  readonly config: Config;
  /** Writes to standard error. */
  readonly reporter: Reporter;
  /** Ends when the command is stopped, by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Calls `close` when the command ends, however it ends. The last one added is called first. */
  closing(close: () => Promise<unknown>): void;
  /** Says that the command serves until it is stopped: SIGTERM then ends it with status 0. */
  serving(): void;
}

type Signal = 'SIGINT' | 'SIGTERM';

/** Shells use 128 plus the number of the signal. */
const STOPPED: Readonly<Record<Signal, number>> = { SIGINT: 130, SIGTERM: 143 };
/** The server gives requests ten seconds; all else has five more. */
const CLOSE_LIMIT_MS = 15_000;
/** After an error nobody waits at a signal's pace: a database may take minutes to shut down. */
const ERROR_CLOSE_LIMIT_MS = 300_000;

export interface RunOptions {
  /** How long everything together may take to close after a signal or an error. */
  readonly closeLimitMs?: number;
}

/**
 * Runs a command. Its answer goes to standard output, its messages go to standard error. The exit
 * status is 0 after success, 1 after an error, 130 after Ctrl-C and 143 after SIGTERM. A server has
 * status 0 after SIGTERM, since that is how it ends. An import has 143, so that a supervisor does
 * not take it for done.
 *
 * A second signal ends the process at once, and so does a close that takes too long. The kernel
 * ends it then: `process.exit` would wait for threads, and a thread stuck in native code never
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
      setTimeout(die, ERROR_CLOSE_LIMIT_MS, 'SIGKILL').unref();
    }
  }
  // Only a signal that came before the command closed counts.
  if (stopped) process.exitCode = statusOf(stopped);
  for (let close = opened.pop(); close; close = opened.pop()) await close().catch(() => undefined);
  await Promise.all([process.stdout, process.stderr].map(drained));
  process.exit();
}

/** Ends the process at once, as the signal does by default. */
function die(signal: Signal | 'SIGKILL'): void {
  const status = signal === 'SIGKILL' ? 1 : STOPPED[signal];
  try {
    // Removes what is not to stay on disk.
    process.emit('exit', status);
  } catch {
    // The process ends all the same.
  }
  process.removeAllListeners('exit').removeAllListeners(signal);
  process.kill(process.pid, signal);
  // The first process of a container survives its own signals.
  process.exit(status);
}

/** Resolves when the signal is given. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Handles errors of standard output and standard error. */
export function watchStreams(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader may stop early (`| head`). That is no error.
    if (error.code === 'EPIPE') process.exit(0);
    fail(asStorageError(error, 'standard output'));
    process.exit(1);
  });
  // Nobody can be told. The work goes on.
  process.stderr.on('error', () => undefined);
}

/**
 * Waits until a pipe's reader has everything: the process loses what is still buffered when it
 * ends.
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
