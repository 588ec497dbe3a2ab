// Lets one set-up run at a time in a clone, since two would overwrite each other's files. The lock
// of a dead process is taken over. Plain JavaScript without dependencies.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError, say } from './shell.mjs';

/** Runs `work` while only this process holds `file`. */
export async function withLock(file, work) {
  mkdirSync(dirname(file), { recursive: true });
  let told = false;
  for (const deadline = Date.now() + 15 * 60_000; !take(file); await sleep(200)) {
    if (!told) say(`set-up: waiting for another set-up of this folder (process ${holderOf(file) ?? 'unknown'})`);
    told = true;
    if (Date.now() > deadline)
      throw new SetupError(`another set-up holds ${file} for 15 minutes; end it, or remove it`);
  }
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const holder = holderOf(file);
  if (holder === undefined || isRunning(holder)) return false;
  // Only one process can rename the dead holder's file. If a live process has taken the lock in
  // between, its file is put back.
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return false;
  }
  const moved = holderOf(aside);
  if (moved !== undefined && moved !== holder && isRunning(moved)) renameSync(aside, file);
  else rmSync(aside, { force: true });
  return false;
}

/** The pid in the lock file; undefined if there is no file, or no pid in it yet. */
function holderOf(file) {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
