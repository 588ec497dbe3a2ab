// A release again with other vectors of texts: everything else is taken over byte by byte, and the one before stays as it was.
// Knows nothing of how the vectors came about.
import { openTokeniser } from '../features/text';
import { BUILT_IN, textHash, type TextEncoder } from '../encoders/text-encoder';
import { readEncoderFolder, type EncoderFolder } from '../encoders/folder';
import { openPretrained } from '../encoders/pretrained';
import type { Engine } from '../engine/engine';
import { publishFiles } from './build';
import { IDS_FILE, INDEX_FILES, modelFile, TEXTS_FILE, TOKENISER_FILE, type Manifest } from './format';
import { builtInOf, modelKey, parseIds, readManifest, readVerified } from './open';
import type { VectorIndex } from './vector-index';

/** What is needed of a release to make its vectors again. It need not be one that can be served: its encoder may be gone. */
export interface Embeddable {
  readonly manifest: Manifest;
  readonly articleIds: readonly string[];
  readonly encoder: TextEncoder;
  /**
   * Writes the release with this index of the encoder's vectors and makes it the current one.
   * @param texts of what each row was made, in the order of `articleIds`; undefined: of nothing
   */
  publish(
    modelsDir: string,
    similarIndex: VectorIndex,
    texts: readonly (string | undefined)[],
    now: Date,
  ): Promise<Manifest>;
}

/**
 * @param encoder the folder of a text encoder, or `built-in`
 * @throws VitrineError INPUT_INVALID, RELEASE_MISSING, RELEASE_INVALID
 */
export async function openEmbeddable(release: string, encoder: string, engine: Engine): Promise<Embeddable> {
  const manifest = await readManifest(release);
  const articleIds = parseIds(await readVerified(release, manifest, IDS_FILE), manifest);
  const folder = encoder === BUILT_IN ? undefined : await readEncoderFolder(encoder);
  const opened = folder ? await openPretrained(engine, folder) : await loadBuiltIn(release, manifest, engine);
  return {
    manifest,
    articleIds,
    encoder: opened,
    async publish(modelsDir, similarIndex, texts, now) {
      const files = new Map<string, Uint8Array | string>();
      for (const path of Object.keys(manifest.files)) files.set(path, await readVerified(release, manifest, path));
      files.set(INDEX_FILES.similar, similarIndex.serialise());
      files.set(TEXTS_FILE, texts.map((text) => `${text === undefined ? '-' : textHash(text)}\n`).join(''));
      const dims = { ...manifest.dims, similar: similarIndex.dim };
      return publishFiles(modelsDir, { ...manifest, dims, textEncoder: recordOf(folder) }, files, now);
    },
  };
}

function recordOf(folder: EncoderFolder | undefined): Manifest['textEncoder'] {
  if (!folder) return BUILT_IN;
  const { name, folder: path, fingerprint, files } = folder;
  return { name, folder: path, fingerprint, files: { ...files } };
}

async function loadBuiltIn(release: string, manifest: Manifest, engine: Engine): Promise<TextEncoder> {
  const tokeniser = openTokeniser(JSON.parse((await readVerified(release, manifest, TOKENISER_FILE)).toString('utf8')));
  const model = await readVerified(release, manifest, modelFile('text_encoder'));
  await engine.load(modelKey(manifest, 'text_encoder'), model);
  return builtInOf(engine, manifest, tokeniser);
}
