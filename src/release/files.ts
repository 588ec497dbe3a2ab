// Reads the files of a release. Each file must have the SHA-256 that the manifest lists.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../bytes';
import { hasCode } from '../data/files/file-lock';
import { asStorageError } from '../data/files/storage';
import { asError, VitrineError } from '../errors';
import type { Encoder } from '../features/encoder';
import { pairWidth } from '../features/pair-features';
import { CURRENT_FILE, IDS_FILE, MANIFEST_FILE, manifestSchema, modelFile, type Manifest } from './format';
import { currentRelease } from './release-store';

/** The folder of the release to serve. @throws VitrineError RELEASE_MISSING */
export async function currentFolder(modelsDir: string): Promise<string> {
  const name = await currentRelease(modelsDir);
  if (name && !/^[\w-]+$/.test(name))
    throw invalid(CURRENT_FILE, `expected the name of a folder beside it, got "${name}"`);
  if (name) return join(modelsDir, name);
  throw new VitrineError('RELEASE_MISSING', `There is no release in ${modelsDir}.`);
}

/** @throws VitrineError RELEASE_MISSING, RELEASE_INVALID */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await read(folder, MANIFEST_FILE);
  const parsed = manifestSchema.safeParse(parseJson(text, MANIFEST_FILE));
  if (!parsed.success) throw invalid(MANIFEST_FILE, z.prettifyError(parsed.error));
  return parsed.data;
}

/**
 * @throws VitrineError RELEASE_INVALID if the file does not have the SHA-256 that the manifest
 * lists
 */
export async function readVerified(folder: string, manifest: Manifest, path: string): Promise<Buffer> {
  const expected = manifest.files[path] as string | undefined;
  if (expected === undefined) throw notListed(path);
  if (!/^\w[\w./-]*$/.test(path) || path.includes('..')) throw invalid(MANIFEST_FILE, `it lists "${path}"`);
  const content = await read(folder, path);
  const got = sha256(content);
  if (got !== expected) throw invalid(path, `its SHA-256 is ${got}, the manifest says ${expected}`);
  return content;
}

/** All files of a release in memory, verified. */
export class ReleaseFiles {
  private constructor(
    readonly manifest: Manifest,
    private readonly contents: ReadonlyMap<string, Buffer>,
  ) {}

  static async read(folder: string): Promise<ReleaseFiles> {
    const manifest = await readManifest(folder);
    const contents = new Map<string, Buffer>();
    for (const path of Object.keys(manifest.files)) contents.set(path, await readVerified(folder, manifest, path));
    return new ReleaseFiles(manifest, contents);
  }

  need(path: string): Buffer {
    const content = this.contents.get(path);
    if (content) return content;
    throw notListed(path);
  }

  json(path: string): unknown {
    return parseJson(this.need(path), path);
  }

  /** The file as text, undefined if the release lacks the file. */
  text(path: string): string | undefined {
    return this.contents.get(path)?.toString('utf8');
  }

  /** Parses a file. If `parse` throws, the release is refused with an error that names the file. */
  fitting<T>(path: string, parse: (content: Buffer) => T): T {
    const content = this.need(path);
    try {
      return parse(content);
    } catch (thrown) {
      throw invalid(path, asError(thrown).message);
    }
  }

  /** One line for each article. Empty if the release lacks the file. */
  lines(path: string, articles: number): string[] {
    const lines = this.text(path)?.trimEnd().split('\n') ?? [];
    if (lines.length === 0 || lines.length === articles) return lines;
    throw invalid(path, `it has ${lines.length} lines for ${articles} articles`);
  }
}

/**
 * @throws VitrineError RELEASE_INVALID if the ranker reads a different number of pair features than
 * this version makes
 */
export function checkPairs(manifest: Manifest, encoder: Encoder): void {
  const read = manifest.models.ranker.inputs.find(({ name }) => name === 'pair')?.shape.at(-1);
  const made = pairWidth(encoder.articleLayout);
  if (read === undefined || read === made) return;
  const why = `it reads ${String(read)} features of a pair, and ${String(made)} are made: another version of the program trained it`;
  throw invalid(modelFile('ranker'), why);
}

/** The ids of the articles, in the order of the rows of both indexes. */
export function parseIds(content: Buffer, manifest: Manifest): string[] {
  const lines = content.toString('utf8').split('\n').filter(Boolean);
  const ids = z.array(z.string()).parse(lines.map((line) => parseJson(line, IDS_FILE)));
  if (ids.length === manifest.articles) return ids;
  throw invalid(IDS_FILE, `it has ${String(ids.length)} ids, the manifest says ${String(manifest.articles)}`);
}

function parseJson(text: Buffer | string, file: string): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch (thrown) {
    throw invalid(file, `it is not JSON (${asError(thrown).message})`);
  }
}

export function invalid(file: string, why: string): VitrineError {
  return new VitrineError('RELEASE_INVALID', `The release's file ${file} does not fit: ${why}.`);
}

function notListed(path: string): VitrineError {
  return invalid(MANIFEST_FILE, `it does not list ${path}`);
}

async function read(folder: string, path: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, path));
  } catch (thrown) {
    // A file that exists but cannot be read is a fault of the disk, not of the release.
    if (!hasCode(thrown, 'ENOENT') && !hasCode(thrown, 'ENOTDIR')) throw asStorageError(thrown, join(folder, path));
    const code = path === MANIFEST_FILE ? 'RELEASE_MISSING' : 'RELEASE_INVALID';
    throw new VitrineError(code, `The release ${folder} lacks ${path}: ${asError(thrown).message}`, { cause: thrown });
  }
}
