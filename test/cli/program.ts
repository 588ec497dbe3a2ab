// The program as people run it: a separate process, with its own database and folders.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SETTING_NAMES } from '../../src/config';
import { createTestDatabase, type TestDatabase } from '../support/database';

/** Path of the program. */
export const MAIN = join(__dirname, '..', '..', 'src', 'main.js');
/** Ctrl-C must end a command within this time, even on a busy machine. */
export const SOON_MS = 5_000;
/**
 * Messages come within seconds, or within a minute on a busy machine. A message that has not come
 * after this time will never come.
 */
export const HEARD_MS = 80_000;
export const ADDRESS = /http:\/\/(?:localhost|127\.0\.0\.1):\d+/;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /**
   * Waits until standard error matches the pattern. Returns the pattern's first group, or the whole
   * match if there is no group.
   */
  heard(pattern: RegExp): Promise<string>;
}

export interface Program {
  readonly base: string;
  readonly database: TestDatabase;
  readonly settings: Readonly<Record<string, string>>;
  /** Starts `vitrine ARGS` with the settings of these tests and `more`. */
  start(args: readonly string[], more?: Record<string, string>): Running;
  vitrine(args: readonly string[], more?: Record<string, string>): Promise<Ended>;
  /** Runs a command with --json, which must succeed, and returns its answer. */
  answerOf<T>(...args: string[]): Promise<T>;
  /** Makes sure that this process, too, is ended when the tests end. */
  endWith(child: ChildProcess): void;
  close(): Promise<void>;
}

export async function openProgram(name: string): Promise<Program> {
  const base = await mkdtemp(join(tmpdir(), 'vitrine-cli-'));
  const database = await createTestDatabase(name);
  const settings = {
    DATABASE_URL: database.url,
    VITRINE_HOME: join(base, 'home'),
    MODELS_DIR: join(base, 'models'),
    VITRINE_THREADS: '1',
    LOG_LEVEL: 'error',
  };
  const children = new Set<ChildProcess>();
  const start: Program['start'] = (args, more = {}) => {
    const inherited = Object.entries(process.env).filter(([key]) => !SETTING_NAMES.includes(key));
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...Object.fromEntries(inherited), ...settings, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: base,
    });
    children.add(child);
    return listenTo(child);
  };
  const vitrine: Program['vitrine'] = (args, more) => start(args, more).ended;
  return {
    base,
    database,
    settings,
    start,
    vitrine,
    async answerOf<T>(...args: string[]) {
      const { code, stdout, stderr } = await vitrine([...args, '--json']);
      if (code !== 0) throw new Error(`vitrine ${args.join(' ')} exited with ${String(code)}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
    endWith: (child) => void children.add(child),
    async close() {
      for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await database.close();
      await rm(base, { recursive: true, force: true });
    },
  };
}

function listenTo(child: ChildProcess): Running {
  let [stdout, stderr, running] = ['', '', true];
  const listeners = new Set<() => void>();
  child.stdout?.on('data', (text) => (stdout += String(text)));
  child.stderr?.on('data', (text) => {
    stderr += String(text);
    for (const listener of listeners) listener();
  });
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    running = false;
    for (const listener of listeners) listener();
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout, stderr };
  });
  return {
    child,
    ended,
    heard: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(stderr);
          if (found) resolve(found[1] ?? found[0]);
          else if (!running) reject(new Error(`it ended without saying ${pattern.source}: ${stderr}`));
          else return;
          listeners.delete(look);
          clearTimeout(timer);
        };
        const timer = setTimeout(() => {
          reject(new Error(`it has not said ${pattern.source}: ${stderr}`));
        }, HEARD_MS);
        listeners.add(look);
        look();
      }),
  };
}

/**
 * Sends the signal of Ctrl-C or another signal. The returned `took` is the time in ms until the
 * program ended.
 */
export async function interrupt(
  { child, ended }: Running,
  signal: NodeJS.Signals = 'SIGINT',
): Promise<Ended & { took: number }> {
  const started = performance.now();
  child.kill(signal);
  return { ...(await ended), took: performance.now() - started };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Returns all files below a folder, without those in folders that cannot be read. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const nested = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    }),
  );
  return nested.flat();
}
