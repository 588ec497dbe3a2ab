// One run of the tests: a name that its processes know, and a folder for what they share. A thing
// that takes long to make is made once a run. It is never kept for the next, so it is always of
// today's program.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileLock } from '../../../src/data/files/file-lock';
import { TEST_HOME } from './home';

const RUNS = join(TEST_HOME, 'runs');
/** Longer than the slowest thing takes to be made where neighbours are noisy. */
const MADE_MS = 220_000;

/** Names this run, for all processes that it starts, and clears up after runs that were killed. */
export function beginRun(): void {
  mkdirSync(RUNS, { recursive: true });
  for (const name of readdirSync(RUNS)) {
    if (hasEnded(name)) rmSync(join(RUNS, name), { recursive: true, force: true });
  }
  process.env.TEST_RUN = `${String(process.pid)}_${randomBytes(4).toString('hex')}`;
}

export function endRun(): void {
  rmSync(join(RUNS, nameOfRun()), { recursive: true, force: true });
}

/** Begins with the number of its first process. */
export function nameOfRun(): string {
  const name = process.env.TEST_RUN;
  if (name === undefined)
    throw new Error('expected TEST_RUN, which begin-run.ts sets: run the tests by jest.config.js');
  return name;
}

/** Whether no process of that run is there any more. */
export function hasEnded(run: string): boolean {
  try {
    process.kill(Number.parseInt(run, 10), 0);
    return false;
  } catch {
    return true;
  }
}

/**
 * A folder of this run, filled by the first test that asks for it while others wait. Read it or
 * copy it; what is changed in it is changed for all.
 */
export async function madeOnce(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(RUNS, nameOfRun(), name);
  await mkdir(join(RUNS, nameOfRun()), { recursive: true });
  const make = async (): Promise<void> => {
    if (existsSync(folder)) return;
    const draft = `${folder}.draft`;
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft);
    await fill(draft);
    await rename(draft, folder);
  };
  await withFileLock(`${folder}.lock`, make, MADE_MS);
  return folder;
}
