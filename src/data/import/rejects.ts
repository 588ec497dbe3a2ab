// Writes the rejected rows of an import as CSV: the file, the line, the reason and the row itself.
// The file is made with the first reject, so an import without rejects leaves no file. Reasons are
// counted, so that one look tells what is wrong.

import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { VitrineError } from '../../errors';
import { storing } from '../files/storage';
import { csvLine, type RowFault } from '../tables/table';

/** The allowed number of rejects in small files, whose single rows are large shares. */
const FLOOR = 10;
const SHOWN_REASONS = 5;

export interface Rejects {
  readonly path: string;
  /** The number of rejects of one file so far. */
  count(file: string): number;
  /** Whether more than the allowed share of a file's rows was rejected. */
  tooMany(file: string, rows: number): boolean;
  /** @throws VitrineError STORAGE_UNAVAILABLE, as `close` does */
  add(file: string, faults: readonly RowFault[]): Promise<void>;
  /** Counts rejects without writing them. */
  addUnwritten(file: string, count: number): void;
  /** The reasons of a file with their numbers and first lines, the most frequent first. */
  reasons(file: string): string[];
  /**
   * Reports the files that have too many rejects, all at once.
   * @throws VitrineError IMPORT_REJECTED
   */
  check(files: readonly { readonly file: string; readonly rows: number }[]): Promise<void>;
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
  const reasons = new Map<string, Map<string, { count: number; line: number; example: string }>>();
  let handle: FileHandle | undefined;

  const close = async (): Promise<void> => {
    const closing = handle;
    handle = undefined;
    await storing(path, async () => closing?.close());
  };
  const tooMany = (file: string, rows: number): boolean => {
    const floor = most === 0 ? 0 : Math.min(FLOOR, rows / 2);
    return (counts.get(file) ?? 0) > Math.max(most * rows, floor);
  };
  const listed = (file: string): string[] =>
    [...(reasons.get(file) ?? [])]
      .sort(([, a], [, b]) => b.count - a.count)
      .map(([, { count, line, example }]) => `${count} × ${example} (first on line ${line})`);
  return {
    path,
    count: (file) => counts.get(file) ?? 0,
    tooMany,
    async add(file, faults) {
      if (faults.length === 0) return;
      counts.set(file, (counts.get(file) ?? 0) + faults.length);
      const own = reasons.get(file) ?? new Map<string, { count: number; line: number; example: string }>();
      reasons.set(file, own);
      for (const { line, reason } of faults) {
        // Reasons that differ in the value alone are one.
        const kind = reason.replace(/(, got |'|").*$/s, '').replace(/\d+/g, '#');
        const known = own.get(kind);
        if (known) known.count++;
        else own.set(kind, { count: 1, line, example: reason });
      }
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
    reasons: listed,
    async check(files) {
      const failed = files.filter(({ file, rows }) => tooMany(file, rows));
      if (failed.length === 0) return;
      await close();
      const parts = failed.map(({ file, rows }) => {
        const all = listed(file);
        const more = all.length > SHOWN_REASONS ? [`and ${all.length - SHOWN_REASONS} other reasons`] : [];
        const lines = [...all.slice(0, SHOWN_REASONS), ...more].map((reason) => `\n  ${reason}`).join('');
        return `${counts.get(file) ?? 0} of ${rows} rows of ${file} were rejected:${lines}`;
      });
      throw new VitrineError(
        'IMPORT_REJECTED',
        `${parts.join('\n')}\nThis is more than the ${100 * most} % that --max-rejects allows; nothing was imported. All rejects: ${path}`,
      );
    },
    close,
  };
}
