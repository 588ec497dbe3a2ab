// Entries of zip files. `shop.zip/orders.csv` names one; a zip file with a single entry needs none.

import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { asError, VitrineError } from '../../../errors';

export interface ZipEntry {
  readonly path: string;
  /** Packed. */
  readonly size: number;
  readonly gzip: boolean;
  open(): Promise<Readable>;
  close(): void;
}

/** Splits a path into that of an existing file and the name of an entry in it. */
export async function splitZipPath(path: string): Promise<{ file: string; entry: string | undefined }> {
  const whole = { file: path, entry: undefined };
  let file = path;
  let entry = '';
  for (;;) {
    const found = await stat(file).catch(() => undefined);
    if (found) return found.isFile() && entry !== '' ? { file, entry } : whole;
    const above = dirname(file);
    if (above === file) return whole;
    entry = entry === '' ? basename(file) : `${basename(file)}/${entry}`;
    file = above;
  }
}

/**
 * Opens the entry of this name, or the only one. Returns undefined for a workbook, which is one zip
 * file as a whole.
 * @throws VitrineError INPUT_INVALID if there is no such entry or several
 */
export async function openZip(file: string, name: string | undefined): Promise<ZipEntry | undefined> {
  const { zip, entries } = await list(file);
  try {
    if (name === undefined && entries.some(({ fileName }) => fileName === 'xl/workbook.xml')) {
      zip.close();
      return undefined;
    }
    const entry = choose(basename(file), entries, name);
    return {
      path: name === undefined ? file : join(file, name),
      size: entry.compressedSize,
      gzip: false,
      open: () => zip.openReadStreamPromise(entry),
      close: () => {
        zip.close();
      },
    };
  } catch (thrown) {
    zip.close();
    throw thrown;
  }
}

/** The names of the files in a zip file; undefined if it is a workbook. */
export async function zipEntries(file: string): Promise<string[] | undefined> {
  const { zip, entries } = await list(file);
  zip.close();
  const names = entries.map(({ fileName }) => fileName);
  return names.includes('xl/workbook.xml') ? undefined : names;
}

async function list(file: string): Promise<{ zip: ZipFile; entries: Entry[] }> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(file, { autoClose: false });
    const entries: Entry[] = [];
    for await (const entry of zip.eachEntry()) {
      // Folders, and the notes that macOS adds to each file.
      const noise = /(^|\/)(__MACOSX\/|\.DS_Store$|\._)/.test(entry.fileName);
      if (!entry.fileName.endsWith('/') && !noise) entries.push(entry);
    }
    return { zip, entries };
  } catch (thrown) {
    zip?.close();
    throw new VitrineError(
      'INPUT_INVALID',
      `${basename(file)} cannot be read (${asError(thrown).message}): the zip file is damaged or cut off. Copy it again.`,
      { cause: thrown },
    );
  }
}

function choose(file: string, entries: readonly Entry[], name: string | undefined): Entry {
  const found = name === undefined ? entries : entries.filter(({ fileName }) => fileName === name);
  if (found.length !== 1) {
    const names = entries.slice(0, 20).map(({ fileName }) => `${file}/${fileName}`);
    const remedy = names.length === 0 ? 'it is empty' : `it has ${entries.length}: ${names.join(', ')}`;
    const expected = name === undefined ? 'expected a zip file with one file' : `expected a file ${name} in it`;
    throw new VitrineError('INPUT_INVALID', `${file}: ${expected}; ${remedy}. Name one of them.`);
  }
  const [entry] = found;
  if (entry.isEncrypted()) {
    throw new VitrineError('INPUT_INVALID', `${file}: ${entry.fileName} is encrypted. Unpack it with its password.`);
  }
  return entry;
}
