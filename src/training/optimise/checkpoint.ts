// A folder of checkpoints: one file for each key, with arrays of numbers and metadata. A file is
// written as a draft, synced and renamed, so a process that is killed leaves the previous one.
//
//   4 bytes    the size of the header, little-endian
//   header     JSON
//   arrays     float32
//   32 bytes   SHA-256 of all bytes before
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { hasCode } from '../../data/files/file-lock';
import { isAlive } from '../../data/files/process-mark';
import { asError } from '../../errors';
import { storing, syncFolder, withDraft } from '../../data/files/storage';
import type { Reporter } from '../../telemetry/progress';
import { bytesOf, sha256 } from '../../bytes';

export interface Checkpoint {
  /** Anything that JSON can hold. */
  readonly metadata: unknown;
  readonly arrays: ReadonlyMap<string, Float32Array>;
}

export interface Checkpoints {
  /** Returns the last checkpoint of this key, undefined if there is none or the file is damaged. */
  load(key: string): Promise<Checkpoint | undefined>;
  /** Replaces the checkpoint of this key once the new one is safely on disk. */
  save(key: string, checkpoint: Checkpoint): Promise<void>;
  /** Removes all checkpoints. */
  clear(): Promise<void>;
}

/** The checkpoints of a folder. The first `save` makes the folder. */
export function openCheckpoints(folder: string, reporter: Reporter): Checkpoints {
  const fileOf = (key: string): string => join(folder, `${sha256(key, 32)}${SUFFIX}`);
  return {
    async load(key) {
      const path = fileOf(key);
      try {
        return await read(path, key);
      } catch (thrown) {
        if (hasCode(thrown, 'ENOENT')) return undefined;
        reporter.say(`The checkpoint ${path} is damaged (${asError(thrown).message}): it is ignored.`);
        return undefined;
      }
    },
    async save(key, checkpoint) {
      const path = fileOf(key);
      const draft = `${path}.${String(process.pid)}${DRAFT_SUFFIX}`;
      await storing(path, async () => {
        await mkdir(folder, { recursive: true });
        await removeDrafts(folder);
        await withDraft(draft, async () => {
          await write(draft, key, checkpoint);
          await rename(draft, path);
        });
        await syncFolder(folder);
      });
    },
    async clear() {
      await removeDrafts(folder);
      for (const name of await namesIn(folder))
        if (name.endsWith(SUFFIX)) await rm(join(folder, name), { force: true });
    },
  };
}

const SUFFIX = '.checkpoint';
const DRAFT_SUFFIX = '.draft';
const HASH_BYTES = 32;
/** Number of bytes that are hashed and written at once. Neither operation accepts 2 GB or more. */
const CHUNK = 64 * 2 ** 20;

const headerSchema = z.object({
  key: z.string(),
  metadata: z.unknown(),
  arrays: z.array(z.object({ name: z.string(), size: z.int().nonnegative() })),
});

async function write(path: string, key: string, { metadata, arrays }: Checkpoint): Promise<void> {
  const sizes = [...arrays].map(([name, { length }]) => ({ name, size: length }));
  const header = Buffer.from(JSON.stringify({ key, metadata, arrays: sizes } satisfies z.infer<typeof headerSchema>));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const hash = createHash('sha256');
  const file = await open(path, 'w');
  try {
    for (const part of [length, header, ...[...arrays.values()].map(bytesOf)]) {
      for (const chunk of chunksOf(part)) {
        hash.update(chunk);
        await file.writeFile(chunk); // continues at the end of the previous write
      }
    }
    await file.writeFile(hash.digest());
    await file.sync();
  } finally {
    await file.close();
  }
}

/** @throws Error if the file is damaged */
async function read(path: string, key: string): Promise<Checkpoint> {
  const file = await open(path, 'r');
  try {
    const hash = createHash('sha256');
    const next = async (part: Uint8Array): Promise<void> => {
      for (const chunk of chunksOf(part)) {
        await fill(file, chunk);
        hash.update(chunk);
      }
    };
    const { size } = await file.stat();
    const length = Buffer.alloc(4);
    await next(length);
    if (length.readUInt32LE() > size) throw new Error('it is cut short');
    const text = Buffer.alloc(length.readUInt32LE());
    await next(text);
    const header = headerSchema.parse(JSON.parse(text.toString('utf8')));
    const numbers = header.arrays.reduce((sum, array) => sum + array.size, 0);
    const expected = length.length + text.length + 4 * numbers + HASH_BYTES;
    if (size !== expected) throw new Error(`it has ${String(size)} bytes instead of ${String(expected)}`);
    const arrays = new Map<string, Float32Array>();
    for (const { name, size: count } of header.arrays) {
      const values = new Float32Array(count);
      await next(bytesOf(values));
      arrays.set(name, values);
    }
    const saved = Buffer.alloc(HASH_BYTES);
    await fill(file, saved);
    if (!hash.digest().equals(saved)) throw new Error('its SHA-256 differs');
    if (header.key !== key) throw new Error(`it belongs to the key "${header.key}"`);
    return { metadata: header.metadata, arrays };
  } finally {
    await file.close();
  }
}

/** Fills `bytes` from the current position of the file. */
async function fill(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, null);
    if (bytesRead === 0) throw new Error('it is cut short');
    at += bytesRead;
  }
}

/** Removes the drafts of processes that were killed. */
async function removeDrafts(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const writer = name.endsWith(DRAFT_SUFFIX) && /\.(\d+)$/.exec(basename(name, DRAFT_SUFFIX))?.[1];
    if (writer && !isAlive(Number(writer), '')) await rm(join(folder, name), { force: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT')) return [];
    throw thrown;
  }
}

function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
}
