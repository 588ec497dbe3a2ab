// Vectors of a whole catalogue by a text encoder, and a release with them. What was embedded is kept on disk text by text, so that
// a run that was killed goes on, and one after a training embeds only what is new. Knows nothing of what encoders are.
import { join } from 'node:path';
import { z } from 'zod';
import type { Store } from '../data/store';
import { textHash, type TextEncoder } from '../encoders/text-encoder';
import type { Engine } from '../engine/engine';
import { articleText } from '../features/text';
import type { Manifest } from '../release/format';
import { currentFolder } from '../release/open';
import { openEmbeddable } from '../release/re-embed';
import type { Reporter } from '../telemetry';
import { openCheckpoints, type Checkpoints } from './checkpoint';
import { indexVectors } from './fit';

export interface Embedded {
  readonly manifest: Manifest;
  /** Which encoder, and how many texts it read now; the others were known from before. */
  readonly encoder: { readonly name: string; readonly fingerprint: string; readonly dim: number };
  readonly texts: number;
  readonly read: number;
}

/**
 * Publishes the current release again, with vectors of this encoder: the folder of one, or `built-in`.
 * @throws VitrineError INPUT_INVALID, RELEASE_MISSING, RELEASE_INVALID
 */
export async function embedRelease(
  engine: Engine,
  store: Store,
  modelsDir: string,
  encoder: string,
  reporter: Reporter,
): Promise<Embedded> {
  const release = await openEmbeddable(await currentFolder(modelsDir), encoder, engine);
  const { name, fingerprint, dim } = release.encoder;
  // An article that is gone has no text; serving takes its row out before the first search.
  const texts = await textsOf(store, release.articleIds);
  const kept = openCheckpoints(join(modelsDir, '.embeddings', fingerprint), reporter);
  const { vectors, distinct, read } = await embedTexts(release.encoder, texts, kept, reporter);
  const manifest = await release.publish(modelsDir, indexVectors(dim, vectors, reporter), texts, new Date());
  return { manifest, encoder: { name, fingerprint, dim }, texts: distinct, read };
}

/** Of each article by its id what the store has now; undefined for what it has not. */
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

/** Texts of one file: what a run that is killed loses at most. */
const CHUNK = 512;

const chunkSchema = z.object({ texts: z.array(z.string()) });

/**
 * [texts.length, dim], zeros where there is no text; equal texts are read once, and those that were kept not at all. `kept` holds
 * the vectors of one encoder: chunks by number, each with the hashes of its texts.
 */
export async function embedTexts(
  encoder: TextEncoder,
  texts: readonly (string | undefined)[],
  kept: Checkpoints,
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
  const take = (names: readonly string[], vectors: Float32Array): void => {
    names.forEach((hash, i) => found.set(hash, vectors.subarray(i * dim, (i + 1) * dim)));
  };
  let chunk = 0;
  for (; ; chunk++) {
    const saved = await kept.load(keyOf(chunk));
    const parsed = chunkSchema.safeParse(saved?.metadata);
    const vectors = saved?.arrays.get('vectors');
    // After the last one, or one that is damaged: from there on they are written anew.
    if (!parsed.success || vectors?.length !== parsed.data.texts.length * dim) break;
    take(parsed.data.texts, vectors);
  }
  const missing = [...byHash.keys()].filter((hash) => !found.has(hash));
  const before = byHash.size - missing.length;
  if (before > 0) reporter.say(`${before} of ${byHash.size} texts were embedded before`);
  const progress = reporter.progress(`Embedding by ${encoder.name}`, missing.length, 'texts');
  for (let from = 0; from < missing.length; from += CHUNK) {
    const names = missing.slice(from, from + CHUNK);
    const vectors = await encoder.encode(names.map((hash) => byHash.get(hash) ?? ''));
    await kept.save(keyOf(chunk++), { metadata: { texts: names }, arrays: new Map([['vectors', vectors]]) });
    take(names, vectors);
    progress.tick(from + names.length);
  }
  progress.done();
  const vectors = new Float32Array(texts.length * dim);
  hashes.forEach((hash, row) => vectors.set((hash === undefined ? undefined : found.get(hash)) ?? [], row * dim));
  return { vectors, distinct: byHash.size, read: missing.length };
}

function keyOf(chunk: number): string {
  return `texts ${chunk}`;
}
