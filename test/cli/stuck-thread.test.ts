// A process ends when it is told to, even if one of its threads is stuck in native code.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const RUNNING = JSON.stringify(join(__dirname, '..', '..', 'src', 'cli', 'running.js'));
/** Longer than all time limits together on a busy machine. */
const LATE_MS = 30_000;

/** Source of a server with a thread that is stuck in native code for five minutes. */
const server = (closeLimitMs: number): string => `
  const { Worker } = require('node:worker_threads');
  const native = "require('node:child_process').execFileSync('sleep', ['300'])";
  const thread = new Worker("require('node:worker_threads').parentPort.postMessage('stuck');" + native, { eval: true });
  require(${RUNNING}).run(async (command) => {
    command.serving();
    command.closing(() => new Promise((resolve) => thread.once('exit', resolve)));
    thread.once('message', () => console.log('ready'));
    await new Promise(() => undefined);
  }, { closeLimitMs: ${closeLimitMs} });
`;

/**
 * Starts the server and sends the signals to it one after another. Returns how the server ended.
 */
async function endBy(
  closeLimitMs: number,
  signals: readonly NodeJS.Signals[],
): Promise<[number | null, string | null]> {
  // The server has its own process group, so that the thread's child process can be ended too.
  const child = spawn(process.execPath, ['-e', server(closeLimitMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const late = setTimeout(() => child.kill('SIGKILL'), LATE_MS);
  try {
    const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
    await once(child.stdout, 'data');
    for (const signal of signals) {
      child.kill(signal);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return await ended;
  } finally {
    clearTimeout(late);
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }
}

test('SIGTERM ends it after the time to close', async () => {
  expect(await endBy(1_000, ['SIGTERM'])).toEqual([null, 'SIGTERM']);
});

test('a second signal ends it at once', async () => {
  expect(await endBy(10 * LATE_MS, ['SIGINT', 'SIGTERM'])).toEqual([null, 'SIGTERM']);
});
