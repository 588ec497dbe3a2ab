// Writes the rejected rows of an import as CSV: the file, the line, the reason and the row itself.
// The file is made with the first reject, so an import without rejects leaves no file.

import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { VitrineError } from '../../errors';
import { storing } from '../files/storage';
import { csvLine, type RowFault } from './csv';

export interface Rejects {
  readonly path: string;
  /** The number of rejects of one file so far. */
  count(file: string): number;
  /** @throws VitrineError STORAGE_UNAVAILABLE, as `check` and `close` do */
  add(file: string, faults: readonly RowFault[]): Promise<void>;
  /** Counts rejects without writing them. */
  addUnwritten(file: string, count: number): void;
  /** @throws VitrineError IMPORT_REJECTED if more than the allowed share was rejected */
  check(file: string, rows: number): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}

/**
 * Prepares to write rejects, and removes the file of an earlier import.
 * @param most the allowed share of a file's rows
 * @throws VitrineError STORAGE_UNAVAILABLE
 */
export async function openRejects(path: string, most: number): Promise<Rejects> {
  await storing(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    await rm(path, { force: true });
  });
  const counts = new Map<string, number>();
  let firstReason = '';
  let handle: FileHandle | undefined;

  const close = async (): Promise<void> => {
    const closing = handle;
    handle = undefined;
    await storing(path, async () => closing?.close());
  };
  return {
    path,
    count: (file) => counts.get(file) ?? 0,
    async add(file, faults) {
      if (faults.length === 0) return;
      counts.set(file, (counts.get(file) ?? 0) + faults.length);
      firstReason ||= `${file}, line ${faults[0].line}: ${faults[0].reason}`;
      const text = faults.map(({ line, reason, raw }) => `${csvLine([file, String(line), reason, raw])}\n`).join('');
      await storing(path, async () => {
        if (handle) await handle.appendFile(text);
        else {
          handle = await open(path, 'w');
          await handle.appendFile(`file,line,reason,raw\n${text}`);
        }
      });
    },
    addUnwritten: (file, count) => void counts.set(file, (counts.get(file) ?? 0) + count),
    async check(file, rows) {
      const rejected = counts.get(file) ?? 0;
      if (rejected <= most * rows) return;
      await close();
      throw new VitrineError(
        'IMPORT_REJECTED',
        `${rejected} of ${rows} rows of ${file} were rejected, more than the ${100 * most} % that --max-rejects allows; ` +
          `nothing was imported. The first: ${firstReason}. All: ${path}`,
      );
    },
    close,
  };
}
