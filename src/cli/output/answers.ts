// Functions that print the answers of commands, and a check that a folder can be written to.
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { hasCode } from '../../data/files/file-lock';
import { asStorageError } from '../../data/files/storage';
import { asError, VitrineError } from '../../errors';
import type { Reporter } from '../../telemetry/progress';

export function print(options: { json?: boolean }, value: unknown, text: string): void {
  process.stdout.write(`${options.json ? JSON.stringify(value, null, 2) : text}\n`);
}

/** Prints the peak memory of this process. */
export function sayPeak(reporter: Reporter): void {
  const { maxRSS } = process.resourceUsage(); // in KiB
  reporter.say(`Peak memory: ${(maxRSS / 2 ** 20).toFixed(1)} GiB`);
}

/** Fails if no file can be written to the folder. Called before a command works for minutes. */
export async function checkFolder(folder: string): Promise<void> {
  await access(folder, constants.W_OK).catch((thrown: unknown) => {
    const missing = hasCode(thrown, 'ENOENT') || hasCode(thrown, 'ENOTDIR');
    if (!missing) throw asStorageError(thrown, folder);
    throw new VitrineError('INPUT_INVALID', `Cannot write into ${folder}: ${asError(thrown).message}.`);
  });
}
