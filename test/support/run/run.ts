// One run of the tests. Its processes share a name and a folder. Slow fixtures are made once per
// run. They are not kept for the next run, so they always come from the current program.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileLock } from '../../../src/data/files/file-lock';
import { TEST_HOME } from './home';

const RUNS = join(TEST_HOME, 'runs');
/** Longer than the slowest fixture takes on a busy machine. */
const MADE_MS = 220_000;

/** Names this run for all its processes, and removes the folders of killed runs. */
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

/** The name begins with the id of the run's first process. */
export function nameOfRun(): string {
  const name = process.env.TEST_RUN;
  if (name === undefined)
    throw new Error('expected TEST_RUN, which begin-run.ts sets: run the tests by jest.config.js');
  return name;
}

/** Tells whether the first process of a run has ended. */
export function hasEnded(run: string): boolean {
  try {
    process.kill(Number.parseInt(run, 10), 0);
    return false;
  } catch {
    return true;
  }
}

/**
 * Gives a folder of this run. The first test that asks for it fills it while others wait. Read or
 * copy it: a change in it is a change for all tests.
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
