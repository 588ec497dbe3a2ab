// Publishes a release again with other vectors of texts. All other files are copied byte by byte,
// and the old release does not change.
import { basename } from 'node:path';
import { openTokeniser } from '../features/text';
import { textHash, type TextEncoder } from '../encoders/text-encoder';
import { readEncoderFolder } from '../encoders/folder';
import { openPretrained } from '../encoders/pretrained';
import type { ModelRunner } from '../engine/model-runner';
import { IDS_FILE, INDEX_FILES, modelFile, TEXTS_FILE, TOKENISER_FILE, type Manifest } from './format';
import { builtInOf, modelKey } from './models';
import { parseIds, readManifest, readVerified } from './files';
import { publish } from './release-store';
import type { LocalIndex } from '../index/vector-index';

/**
 * A release whose text vectors can be made again. It can be opened even if the encoder that made
 * them is gone.
 */
export interface Embeddable {
  readonly manifest: Manifest;
  readonly articleIds: readonly string[];
  readonly encoder: TextEncoder;
  /**
   * Publishes the release with this index of the encoder's vectors and makes it the current one.
   * @param texts the embedded text of each row, in the order of `articleIds`, undefined if there is
   * none
   * @throws VitrineError RELEASE_MOVED if another release has become current since this release was
   * opened
   */
  publish(
    modelsDir: string,
    similarIndex: LocalIndex,
    texts: readonly (string | undefined)[],
    now: Date,
  ): Promise<Manifest>;
}

/** A text encoder from a folder, and its record for the manifest. */
export interface FolderEncoder {
  readonly encoder: TextEncoder;
  readonly record: Exclude<Manifest['textEncoder'], 'built-in'>;
}

/** @throws VitrineError INPUT_INVALID */
export async function openFolderEncoder(path: string, runner: ModelRunner): Promise<FolderEncoder> {
  const read = await readEncoderFolder(path);
  const { name, folder, fingerprint, files } = read;
  return { encoder: await openPretrained(runner, read), record: { name, folder, fingerprint, files: { ...files } } };
}

/**
 * @param release the folder of the release
 * @param other the encoder to use. Default: the encoder in the release
 * @throws VitrineError RELEASE_MISSING, RELEASE_INVALID
 */
export async function openEmbeddable(
  release: string,
  other: FolderEncoder | undefined,
  runner: ModelRunner,
): Promise<Embeddable> {
  const manifest = await readManifest(release);
  const articleIds = parseIds(await readVerified(release, manifest, IDS_FILE), manifest);
  return {
    manifest,
    articleIds,
    encoder: other?.encoder ?? (await loadBuiltIn(release, manifest, runner)),
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

async function loadBuiltIn(release: string, manifest: Manifest, runner: ModelRunner): Promise<TextEncoder> {
  const tokeniser = openTokeniser(JSON.parse((await readVerified(release, manifest, TOKENISER_FILE)).toString('utf8')));
  const model = await readVerified(release, manifest, modelFile('text_encoder'));
  const source = { file: modelFile('text_encoder'), bytes: () => model };
  await runner.load(modelKey(manifest, 'text_encoder'), source);
  return builtInOf(runner, manifest, tokeniser);
}
