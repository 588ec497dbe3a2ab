// The bytes of a file, taken out of gzip and zip. Containers are recognised by their first bytes,
// not by names. A source can be read several times, since the encoding of a file is known only
// after all of it has been seen.

import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { asError, VitrineError } from '../../../errors';
import { asStorageError } from '../../files/storage';
import { refuseForeign } from './foreign';
import { openZip, splitZipPath, zipEntries } from './zip';

export interface ByteSource {
  /** As it was asked for, with the name of the entry within a zip file. */
  readonly path: string;
  readonly name: string;
  /** The size on disk, packed. */
  readonly size: number;
  /** The file if its bytes are on disk as they are; undefined if they are packed. */
  readonly plainPath: string | undefined;
  /** The first bytes, unpacked: up to 64 KiB. */
  readonly head: Buffer;
  /**
   * Reads all bytes from the beginning. `onBytes` is called with the number of packed bytes so far.
   * @throws VitrineError INPUT_INVALID, STORAGE_UNAVAILABLE
   */
  read(onBytes?: (bytes: number) => void): AsyncGenerator<Buffer, void, undefined>;
  close(): void;
}

const CHUNK_BYTES = 1 << 18;
const HEAD_BYTES = 1 << 16;

/** @throws VitrineError INPUT_INVALID, STORAGE_UNAVAILABLE */
export async function openBytes(path: string): Promise<ByteSource> {
  const { file, entry } = await splitZipPath(path);
  const info = await stat(file).catch((thrown: unknown) => {
    throw unreadable(path, thrown);
  });
  const start = await firstBytes(file).catch((thrown: unknown) => {
    throw unreadable(path, thrown);
  });
  const zip = isZip(start) ? await openZip(file, entry) : undefined;
  if (entry !== undefined && zip === undefined) {
    throw new VitrineError('INPUT_INVALID', `${path} cannot be read: ${basename(file)} is not a zip file.`);
  }
  try {
    const packed: Packed = zip ?? {
      path,
      size: info.size,
      gzip: isGzip(start),
      open: async () => createReadStream(file, { highWaterMark: CHUNK_BYTES }),
    };
    const gzip = zip ? isGzip(await startOf(readPacked({ ...zip, gzip: false }), 2)) : packed.gzip;
    const source = { ...packed, gzip };
    const head = await startOf(readPacked(source), HEAD_BYTES);
    refuseForeign(basename(path), head);
    return {
      path,
      name: basename(path),
      size: source.size,
      plainPath: zip || gzip ? undefined : file,
      head,
      read: (onBytes) => readPacked(source, onBytes),
      close: () => zip?.close(),
    };
  } catch (thrown) {
    zip?.close();
    throw thrown;
  }
}

/** The names of the files in a zip file; undefined if the file is none, or a workbook. */
export async function zipEntriesOf(path: string): Promise<string[] | undefined> {
  const start = await firstBytes(path).catch((thrown: unknown) => {
    throw unreadable(path, thrown);
  });
  return isZip(start) ? zipEntries(path) : undefined;
}

/** As many bytes of a packed file are unpacked into memory at most: 512 MiB. */
export const MOST_BYTES = 2 ** 29;

/**
 * Reads all bytes into memory, for formats that need to jump.
 * @throws VitrineError INPUT_INVALID if there are more than MOST_BYTES
 */
export async function readAll(source: ByteSource): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let total = 0;
  for await (const piece of source.read()) {
    total += piece.length;
    if (total > MOST_BYTES) throw tooLarge(source.name, 'Unpack the file first');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

export function tooLarge(name: string, remedy: string): VitrineError {
  return new VitrineError(
    'INPUT_INVALID',
    `${name}: expected at most ${MOST_BYTES / 2 ** 20} MiB unpacked, since it is held in memory; got more. ${remedy}.`,
  );
}

export function isZip(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes[0] === 0x50 && bytes[1] === 0x4b && [0x03, 0x05].includes(bytes[2]);
}

/** The error for input that cannot be read: a wrong path, or a fault of the system. */
export function unreadable(path: string, thrown: unknown): Error {
  const reason = MISTAKES[(asError(thrown) as NodeJS.ErrnoException).code ?? ''];
  if (reason === undefined) return asStorageError(thrown, path);
  return new VitrineError('INPUT_INVALID', `${path} cannot be read: ${reason}.`, { cause: thrown });
}

const MISTAKES: Readonly<Partial<Record<string, string>>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of its path is a file, expected a folder',
  EISDIR: 'it is a folder, expected a file',
};

/** A stream that can be opened several times, before gzip is taken off. */
interface Packed {
  readonly path: string;
  readonly size: number;
  readonly gzip: boolean;
  open(): Promise<Readable>;
}

async function* readPacked(packed: Packed, onBytes?: (bytes: number) => void): AsyncGenerator<Buffer, void, undefined> {
  const { path } = packed;
  let bytes = 0;
  let file: Readable | undefined;
  const gunzip = packed.gzip ? createGunzip({ chunkSize: CHUNK_BYTES }) : undefined;
  try {
    file = await packed.open();
    if (gunzip) {
      file.on('data', (chunk: Buffer) => onBytes?.((bytes += chunk.length)));
      file.on('error', (error) => gunzip.destroy(error));
      file.pipe(gunzip);
      yield* gunzip as AsyncIterable<Buffer>;
    } else {
      for await (const chunk of file as AsyncIterable<Buffer>) {
        onBytes?.((bytes += chunk.length));
        yield chunk;
      }
    }
  } catch (thrown) {
    if (thrown instanceof VitrineError) throw thrown;
    if (thrown instanceof Error && 'syscall' in thrown) throw unreadable(path, thrown);
    const reason = asError(thrown).message;
    throw new VitrineError(
      'INPUT_INVALID',
      `${basename(path)} cannot be read to its end (${reason}): the file is damaged or cut off. Nothing was imported; copy it again.`,
      { cause: thrown },
    );
  } finally {
    gunzip?.destroy();
    file?.destroy();
  }
}

/** Returns up to `length` bytes from the beginning. */
async function startOf(pieces: AsyncIterable<Buffer>, length: number): Promise<Buffer> {
  const found: Buffer[] = [];
  let total = 0;
  for await (const piece of pieces) {
    found.push(piece);
    total += piece.length;
    if (total >= length) break;
  }
  return Buffer.concat(found).subarray(0, length);
}

function isGzip(bytes: Buffer): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
