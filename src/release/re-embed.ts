// A release again with other vectors of texts: everything else is taken over byte by byte, and the
// one before stays as it was. Knows nothing of how the vectors came about.
import { basename } from 'node:path';
import { openTokeniser } from '../features/text';
import { textHash, type TextEncoder } from '../encoders/text-encoder';
import { readEncoderFolder } from '../encoders/folder';
import { openPretrained } from '../encoders/pretrained';
import type { Engine } from '../engine/engine';
import { IDS_FILE, INDEX_FILES, modelFile, TEXTS_FILE, TOKENISER_FILE, type Manifest } from './format';
import { builtInOf, modelKey, parseIds, readManifest, readVerified } from './open';
import { publish } from './release-store';
import type { LocalIndex } from '../index/vector-index';

/**
 * What is needed of a release to make its vectors again. It need not be one that can be served: its
 * encoder may be gone.
 */
export interface Embeddable {
  readonly manifest: Manifest;
  readonly articleIds: readonly string[];
  readonly encoder: TextEncoder;
  /**
   * Writes the release with this index of the encoder's vectors and makes it the current one.
   * @param texts of what each row was made, in the order of `articleIds`; undefined: of nothing
   * @throws VitrineError RELEASE_MOVED where another release has become current since this one was
   * opened
   */
  publish(
    modelsDir: string,
    similarIndex: LocalIndex,
    texts: readonly (string | undefined)[],
    now: Date,
  ): Promise<Manifest>;
}

/** A text encoder from a folder, and what a manifest says of it. */
export interface FolderEncoder {
  readonly encoder: TextEncoder;
  readonly record: Exclude<Manifest['textEncoder'], 'built-in'>;
}

/** @throws VitrineError INPUT_INVALID */
export async function openFolderEncoder(path: string, engine: Engine): Promise<FolderEncoder> {
  const read = await readEncoderFolder(path);
  const { name, folder, fingerprint, files } = read;
  return { encoder: await openPretrained(engine, read), record: { name, folder, fingerprint, files: { ...files } } };
}

/**
 * @param release its folder
 * @param other absent: the encoder that is in the release
 * @throws VitrineError RELEASE_MISSING, RELEASE_INVALID
 */
export async function openEmbeddable(
  release: string,
  other: FolderEncoder | undefined,
  engine: Engine,
): Promise<Embeddable> {
  const manifest = await readManifest(release);
  const articleIds = parseIds(await readVerified(release, manifest, IDS_FILE), manifest);
  return {
    manifest,
    articleIds,
    encoder: other?.encoder ?? (await loadBuiltIn(release, manifest, engine)),
    async publish(modelsDir, similarIndex, texts, now) {
      const files = new Map<string, Uint8Array | string>();
      for (const path of Object.keys(manifest.files)) files.set(path, await readVerified(release, manifest, path));
      files.set(INDEX_FILES.similar, similarIndex.serialise());
      files.set(TEXTS_FILE, texts.map((text) => `${text === undefined ? '-' : textHash(text)}\n`).join(''));
      const dims = { ...manifest.dims, similar: similarIndex.dim };
      const textEncoder: Manifest['textEncoder'] = other?.record ?? 'built-in';
      const described = { ...manifest, dims, textEncoder };
      return publish(modelsDir, { described, files }, now, basename(release));
    },
  };
}

async function loadBuiltIn(release: string, manifest: Manifest, engine: Engine): Promise<TextEncoder> {
  const tokeniser = openTokeniser(JSON.parse((await readVerified(release, manifest, TOKENISER_FILE)).toString('utf8')));
  const model = await readVerified(release, manifest, modelFile('text_encoder'));
  await engine.load(modelKey(manifest, 'text_encoder'), model);
  return builtInOf(engine, manifest, tokeniser);
}
