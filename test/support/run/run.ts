// A run of the tests. All its processes share a name and a folder. Slow fixtures are made once per
// run. They are not kept for the next run, so they are always made by the current program.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileLock } from '../../../src/data/files/file-lock';
import { TEST_HOME } from './home';

const RUNS = join(TEST_HOME, 'runs');
/** Longer than the slowest fixture takes on a busy machine. */
const MADE_MS = 220_000;

/**
 * Chooses the name of this run for all its processes, and removes the folders of runs that were
 * killed.
 */
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

/** Returns the name of this run, which begins with the id of the run's first process. */
export function nameOfRun(): string {
  const name = process.env.TEST_RUN;
  if (name === undefined)
    throw new Error('expected TEST_RUN, which begin-run.ts sets: run the tests by jest.config.js');
  return name;
}

/** Returns whether the first process of a run has ended. */
export function hasEnded(run: string): boolean {
  try {
    process.kill(Number.parseInt(run, 10), 0);
    return false;
  } catch {
    return true;
  }
}

/**
 * Returns a folder of this run. The first test that asks for the folder fills it while other tests
 * wait. Tests may read or copy the folder, but must not change it, since all tests share it.
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
