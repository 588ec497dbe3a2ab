// Embeds the texts of a whole catalogue and publishes a release with the vectors. Vectors of an
// encoder from a folder are kept on disk, so a killed run can resume and a later run embeds only
// new texts. The built-in encoder reads thousands of texts a second and needs no cache.
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { Store } from '../../data/store/store';
import { BUILT_IN, textHash, type TextEncoder } from '../../encoders/text-encoder';
import type { ModelRunner } from '../../engine/model-runner';
import { VitrineError } from '../../errors';
import { articleText } from '../../features/article-text';
import type { Manifest } from '../../release/format';
import { currentFolder } from '../../release/files';
import { openEmbeddable, openFolderEncoder, type FolderEncoder } from '../../release/re-embed';
import { currentRelease } from '../../release/release-store';
import { storing } from '../../data/files/storage';
import type { Reporter } from '../../telemetry/progress';
import { openCheckpoints, type Checkpoints } from '../optimise/checkpoint';
import { indexVectors } from './draft-release';
import { DAY_MS } from '../../time';

export interface Embedded {
  readonly manifest: Manifest;
  readonly encoder: { readonly name: string; readonly fingerprint: string; readonly dim: number };
  /** Number of distinct texts. */
  readonly texts: number;
  /**
   * Number of texts that were embedded in this run. The vectors of the other texts were on disk.
   */
  readonly read: number;
}

/**
 * Maximum number of retries because another release became current. More of them mean that
 * something is wrong.
 */
const TRIES = 5;

/**
 * Publishes the current release again with vectors of this encoder: a folder, or `built-in`. If
 * another release becomes current in the meantime, the command continues with the new release. Most
 * texts of that release are already embedded.
 * @throws VitrineError INPUT_INVALID, RELEASE_MISSING, RELEASE_INVALID, RELEASE_MOVED,
 * STORAGE_UNAVAILABLE
 */
export async function embedRelease(
  engine: ModelRunner,
  store: Store,
  modelsDir: string,
  encoder: string,
  reporter: Reporter,
): Promise<Embedded> {
  const other = encoder === BUILT_IN ? undefined : await openFolderEncoder(encoder, engine);
  for (let left = TRIES - 1; ; left--) {
    const folder = await currentFolder(modelsDir);
    try {
      return await embedOver(folder, other, engine, store, reporter);
    } catch (thrown) {
      // A release that is no longer current may have been removed while it was read.
      if (!(thrown instanceof VitrineError) || !thrown.code.startsWith('RELEASE_') || left === 0) throw thrown;
      const current = await currentRelease(modelsDir);
      if (current === undefined || current === basename(folder)) throw thrown;
      reporter.say(`The release ${current} has become current meanwhile: going on with its models`);
    }
  }
}

/** Publishes the release in this folder again, unless another release has become current. */
async function embedOver(
  folder: string,
  other: FolderEncoder | undefined,
  engine: ModelRunner,
  store: Store,
  reporter: Reporter,
): Promise<Embedded> {
  const modelsDir = dirname(folder);
  const release = await openEmbeddable(folder, other, engine);
  const { name, fingerprint, dim } = release.encoder;
  // A deleted article has no text. Serving removes its row before the first search.
  const texts = await textsOf(store, release.articleIds);
  const kept = other && (await keptOf(modelsDir, fingerprint, reporter));
  const { vectors, distinct, read } = await embedTexts(release.encoder, texts, kept, reporter);
  const manifest = await release.publish(modelsDir, indexVectors(dim, vectors, reporter), texts, new Date());
  return { manifest, encoder: { name, fingerprint, dim }, texts: distinct, read };
}

/** Opens an encoder from a folder, and its kept vectors. @throws VitrineError INPUT_INVALID */
export async function openKept(engine: ModelRunner, folder: string, modelsDir: string, reporter: Reporter) {
  const { encoder } = await openFolderEncoder(folder, engine);
  return { encoder, kept: await keptOf(modelsDir, encoder.fingerprint, reporter) };
}

/**
 * The vectors of the last three encoders are kept. The vectors of every encoder that was used
 * within a day are kept too, since another run may be using them.
 */
const ENCODERS = 3;
const IN_USE_MS = DAY_MS;

/** The kept vectors of one encoder. Vectors of encoders that were used long ago are removed. */
async function keptOf(modelsDir: string, fingerprint: string, reporter: Reporter): Promise<Checkpoints> {
  const all = join(modelsDir, '.embeddings');
  const own = join(all, fingerprint);
  await storing(own, async () => {
    await mkdir(own, { recursive: true });
    await utimes(own, new Date(), new Date());
  });
  const folders = await Promise.all(
    (await readdir(all)).map(async (name) => {
      const path = join(all, name);
      // Another run may have removed the folder in the meantime.
      return { path, used: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 };
    }),
  );
  // An encoder that has changed has another fingerprint, so the former vectors are useless.
  const last = folders.filter(({ path }) => path !== own).sort((a, b) => b.used - a.used);
  for (const { path, used } of last.slice(ENCODERS - 1)) {
    if (Date.now() - used > IN_USE_MS) await rm(path, { recursive: true, force: true });
  }
  return openCheckpoints(own, reporter);
}

/** The text of each article, undefined if the store does not have the article. */
async function textsOf(store: Store, articleIds: readonly string[]): Promise<(string | undefined)[]> {
  const rows = new Map(articleIds.map((id, row) => [id, row]));
  const texts = Array<string | undefined>(articleIds.length).fill(undefined);
  for await (const articles of store.streamArticles()) {
    for (const article of articles) {
      const row = rows.get(article.id);
      if (row !== undefined) texts[row] = articleText(article);
    }
  }
  return texts;
}

/** Number of texts in one file. A killed run loses at most this many. */
const CHUNK = 512;

const chunkSchema = z.object({ texts: z.array(z.string()) });

/**
 * Returns vectors [texts.length, dim], with zeros where there is no text. Equal texts are embedded
 * once, and texts with kept vectors are not embedded again. `kept` holds the vectors of one
 * encoder, in numbered chunks with the hashes of the texts. Afterwards `kept` holds exactly these
 * texts.
 */
export async function embedTexts(
  encoder: TextEncoder,
  texts: readonly (string | undefined)[],
  kept: Checkpoints | undefined,
  reporter: Reporter,
): Promise<{ vectors: Float32Array; distinct: number; read: number }> {
  const { dim } = encoder;
  const byHash = new Map<string, string>();
  const hashes = texts.map((text) => {
    if (text === undefined) return undefined;
    const hash = textHash(text);
    byHash.set(hash, text);
    return hash;
  });
  const found = new Map<string, Float32Array>();
  const vectorsOf = (names: readonly string[]): Float32Array => {
    const vectors = new Float32Array(names.length * dim);
    names.forEach((hash, i) => vectors.set(found.get(hash) ?? [], i * dim));
    return vectors;
  };
  const save = (chunk: number, names: readonly string[]) =>
    kept?.save(`texts ${chunk}`, { metadata: { texts: names }, arrays: new Map([['vectors', vectorsOf(names)]]) });

  const empty: number[] = [];
  let chunk = 0;
  for (; kept; chunk++) {
    const saved = await kept.load(`texts ${chunk}`);
    const parsed = chunkSchema.safeParse(saved?.metadata);
    const vectors = saved?.arrays.get('vectors');
    // The chunk is past the end, or damaged. From here on, chunks are written again.
    if (!parsed.success || vectors?.length !== parsed.data.texts.length * dim) break;
    const wanted = new Set<string>();
    parsed.data.texts.forEach((hash, i) => {
      if (!byHash.has(hash) || found.has(hash)) return;
      found.set(hash, vectors.subarray(i * dim, (i + 1) * dim));
      wanted.add(hash);
    });
    // Texts that no article has any longer are removed chunk by chunk, so no wanted text is missing
    // at any time.
    if (wanted.size < parsed.data.texts.length) await save(chunk, [...wanted]);
    if (wanted.size === 0) empty.push(chunk);
  }
  const missing = [...byHash.keys()].filter((hash) => !found.has(hash));
  if (found.size > 0) reporter.say(`${found.size} of ${byHash.size} texts were embedded before`);
  const progress = reporter.progress(`Embedding by ${encoder.name}`, missing.length, 'texts');
  for (let from = 0; from < missing.length; from += CHUNK) {
    const names = missing.slice(from, from + CHUNK);
    const vectors = await encoder.encode(names.map((hash) => byHash.get(hash) ?? ''));
    names.forEach((hash, i) => found.set(hash, vectors.subarray(i * dim, (i + 1) * dim)));
    await save(empty.shift() ?? chunk++, names);
    progress.tick(from + names.length);
  }
  progress.done();
  const vectors = new Float32Array(texts.length * dim);
  hashes.forEach((hash, row) => vectors.set((hash === undefined ? undefined : found.get(hash)) ?? [], row * dim));
  return { vectors, distinct: byHash.size, read: missing.length };
}
