// What the steps of the set-up share: running a program quietly, and saying in one line what was
// done. Plain JavaScript without dependencies: it runs before anything is installed.

import { spawn } from 'node:child_process';

/** A failure that the user can do something about: shown without a stack. */
export class SetupError extends Error {}

/**
 * Runs a program and keeps its output to itself.
 * @returns {Promise<{ ok: boolean, output: string }>} `output`: both streams, and the reason where
 * it could not run
 */
export function run(program, args, { cwd, env, timeoutMs } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    // Not spawn's own timeout: where the program does not exist, that keeps this process waiting
    // until it is over.
    const timer = timeoutMs && setTimeout(() => child.kill(), timeoutMs);
    const finish = (ok, reason = '') => {
      clearTimeout(timer);
      resolve({ ok, output: `${output}${reason}`.trim() });
    };
    let output = '';
    const keep = (chunk) => {
      // The end tells why; a compiler's or npm's beginning does not.
      output = (output + chunk).slice(-40_000);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.once('error', (error) => finish(false, `\n${error.message}`));
    child.once('close', (code, signal) => finish(code === 0, signal ? `\n${program} was stopped by ${signal}` : ''));
  });
}

/**
 * Does one step and leaves one line with its time. On standard error: standard output belongs to
 * the command.
 */
export async function step(name, work) {
  const started = performance.now();
  const live = process.stderr.isTTY;
  if (live) process.stderr.write(`set-up: ${name} …`);
  const clear = () => live && process.stderr.write('\r\u001b[K');
  try {
    const note = await work();
    clear();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    say(`set-up: ${name} (${note ? `${note}, ` : ''}${seconds} s)`);
  } catch (error) {
    clear();
    throw error;
  }
}

export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** The last lines of a program's output, indented: enough to see why it failed. */
export function tail(output, lines = 15) {
  return output
    .trim()
    .split('\n')
    .slice(-lines)
    .map((line) => `  ${line}`)
    .join('\n');
}
