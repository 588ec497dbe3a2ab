// Opens a release for serving: every file is the one that the manifest vouches for and fits the
// others, or an error says which does not and why. Knows nothing of requests.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { hasCode } from '../data/files/file-lock';
import { readEncoderFolder } from '../encoders/folder';
import { openPretrained } from '../encoders/pretrained';
import { builtInEncoder, type TextEncoder } from '../encoders/text-encoder';
import type { Engine } from '../engine/engine';
import { asError, VitrineError } from '../errors';
import { openEncoder, type Encoder } from '../features/encoder';
import type { Habits } from '../statistics/habits';
import { pairWidth } from '../features/pair-features';
import { openTokeniser, type Tokeniser } from '../features/text';
import { asStorageError } from '../data/files/storage';
import {
  CURRENT_FILE,
  ENCODER_FILE,
  HABITS_FILE,
  IDS_FILE,
  INDEX_FILES,
  MANIFEST_FILE,
  manifestSchema,
  MODEL_NAMES,
  MODEL_OUTPUT,
  modelFile,
  REPORT_FILE,
  TEXTS_FILE,
  TOKENISER_FILE,
  VERSIONS_FILE,
  type Manifest,
  type ModelName,
} from './format';
import { readFaissFile, readVectors } from '../index/faiss-file';
import { readHabits, valuesOf } from './habits-file';
import { currentRelease } from './release-store';
import { sha256 } from '../bytes';
import { openIndex } from '../index/local-index';
import type { LocalIndex } from '../index/vector-index';

export interface Release {
  readonly manifest: Manifest;
  readonly encoder: Encoder;
  readonly tokeniser: Tokeniser;
  /**
   * Whose vectors the similar index holds, and which reads the texts of new articles and of
   * searches.
   */
  readonly textEncoder: TextEncoder;
  /**
   * The shop's ids of the articles, in the order of the rows of both indexes; a row's id in an
   * index is its place.
   */
  readonly articleIds: readonly string[];
  /**
   * By row: when the article's row was last changed that the indexes were made of, Unix
   * milliseconds; empty where nobody noted it.
   */
  readonly versions: readonly number[];
  readonly articles: LocalIndex;
  readonly similar: LocalIndex;
  /**
   * The vectors in `similar` [articles, dim], by row: a copy, which whoever opened the release may
   * write into.
   */
  readonly similarVectors: Float32Array;
  /**
   * By row: the hash of the text whose vector `similar` holds, so that it need not be read again;
   * empty where nobody noted it.
   */
  readonly texts: readonly string[];
  /** Rows in the order of `articleIds`. */
  readonly habits: Habits;
  /** The evaluation as a page for people; undefined where nothing was measured. */
  readonly report: string | undefined;
}

/**
 * How hard each index is searched; where nothing is said, as the index thinks best. The vectors of
 * texts lie in tight clusters: of 105,542 the nearest 12 are found to 98.3 %, by twice the effort
 * to 98.9 %.
 */
const SEARCHING = { articles: {}, similar: { efSearch: 128 } } as const;

/**
 * Models of which a run for one customer takes less time than handing it to another thread and back
 * is worth.
 */
const QUICK_MODELS: ReadonlySet<ModelName> = new Set(['query_tower', 'ranker'] as const);

/**
 * Reads a manifest without opening the rest. @throws VitrineError RELEASE_MISSING, RELEASE_INVALID
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await read(folder, MANIFEST_FILE);
  const parsed = manifestSchema.safeParse(parseJson(text, MANIFEST_FILE));
  if (!parsed.success) throw invalid(MANIFEST_FILE, z.prettifyError(parsed.error));
  return parsed.data;
}

/**
 * A file of a release that is the one its manifest vouches for. @throws VitrineError
 * RELEASE_INVALID
 */
export async function readVerified(folder: string, manifest: Manifest, path: string): Promise<Buffer> {
  const expected = manifest.files[path] as string | undefined;
  if (expected === undefined) throw invalid(MANIFEST_FILE, `it does not list ${path}`);
  if (!/^\w[\w./-]*$/.test(path) || path.includes('..')) throw invalid(MANIFEST_FILE, `it lists "${path}"`);
  const content = await read(folder, path);
  const got = sha256(content);
  if (got !== expected) throw invalid(path, `its SHA-256 is ${got}, the manifest says ${expected}`);
  return content;
}

/** The folder of the release to serve. @throws VitrineError RELEASE_MISSING */
export async function currentFolder(modelsDir: string): Promise<string> {
  const name = await currentRelease(modelsDir);
  if (name && !/^[\w-]+$/.test(name))
    throw invalid(CURRENT_FILE, `expected the name of a folder beside it, got "${name}"`);
  if (name) return join(modelsDir, name);
  throw new VitrineError('RELEASE_MISSING', `There is no release in ${modelsDir}.`);
}

/**
 * Verifies a release and loads its models into the engine under `${manifest.name}/${model}`.
 * @param encoderDir where the files of a text encoder are that is not in the release; absent: where
 * its manifest says
 * @throws VitrineError RELEASE_MISSING, RELEASE_INVALID
 */
export async function openRelease(folder: string, engine: Engine, encoderDir?: string): Promise<Release> {
  const manifest = await readManifest(folder);
  const files = new Map<string, Buffer>();
  for (const path of Object.keys(manifest.files)) files.set(path, await readVerified(folder, manifest, path));
  const need = (path: string): Buffer => {
    const content = files.get(path);
    if (content) return content;
    throw invalid(MANIFEST_FILE, `it does not list ${path}`);
  };
  const encoder = openEncoder(parseJson(need(ENCODER_FILE), ENCODER_FILE));
  if (encoder.fingerprint !== manifest.encoder) {
    throw invalid(
      ENCODER_FILE,
      `its fingerprint is ${encoder.fingerprint}, the models were trained with ${manifest.encoder}`,
    );
  }
  checkPairs(manifest, encoder);
  const tokeniser = openTokeniser(parseJson(need(TOKENISER_FILE), TOKENISER_FILE));
  if (tokeniser.fingerprint !== manifest.tokeniser) {
    throw invalid(
      TOKENISER_FILE,
      `its fingerprint is ${tokeniser.fingerprint}, the text encoder was trained with ${manifest.tokeniser}`,
    );
  }
  const articleIds = parseIds(need(IDS_FILE), manifest);
  const fitting = <T>(file: string, read: (content: Buffer) => T): T => {
    const content = need(file);
    try {
      return read(content);
    } catch (thrown) {
      throw invalid(file, asError(thrown).message);
    }
  };
  const index = (which: keyof typeof INDEX_FILES): LocalIndex => {
    const file = INDEX_FILES[which];
    const opened = fitting(file, (content) => openIndex(content, Int32Array.from(articleIds.keys()), SEARCHING[which]));
    const dim = manifest.dims[which];
    if (opened.dim !== dim)
      throw invalid(file, `its vectors have ${String(opened.dim)} numbers, the manifest says ${String(dim)}`);
    return opened;
  };
  const habits = fitting(HABITS_FILE, (content) => readHabits(content, articleIds.length, valuesOf(encoder)));
  const indexes = { articles: index('articles'), similar: index('similar') };
  const similarVectors = readVectors(readFaissFile(need(INDEX_FILES.similar)));
  /** A line an article; none where the release lacks the file. */
  const linesOf = (file: string): string[] => {
    const lines = files.get(file)?.toString('utf8').trimEnd().split('\n') ?? [];
    if (lines.length === 0 || lines.length === articleIds.length) return lines;
    throw invalid(file, `it has ${lines.length} lines for ${articleIds.length} articles`);
  };
  const texts = linesOf(TEXTS_FILE);
  const versions = linesOf(VERSIONS_FILE).map(Number);
  const report = files.get(REPORT_FILE)?.toString('utf8');
  for (const name of MODEL_NAMES) {
    const [key, model] = [modelKey(manifest, name), need(modelFile(name))];
    await engine.load(key, model).catch((thrown: unknown) => {
      // A device that fails says nothing of the file.
      if (thrown instanceof VitrineError && thrown.code !== 'INPUT_INVALID') throw thrown;
      throw invalid(modelFile(name), asError(thrown).message);
    });
    if (QUICK_MODELS.has(name)) await engine.loadHere(key, model);
  }
  const textEncoder = await openTextEncoder(engine, manifest, tokeniser, encoderDir);
  return {
    manifest,
    encoder,
    tokeniser,
    textEncoder,
    articleIds,
    versions,
    texts,
    ...indexes,
    similarVectors,
    habits,
    report,
  };
}

/** The encoder that made a release's vectors of texts; its own model is loaded already. */
async function openTextEncoder(
  engine: Engine,
  manifest: Manifest,
  tokeniser: Tokeniser,
  encoderDir: string | undefined,
): Promise<TextEncoder> {
  const { textEncoder: made } = manifest;
  if (made === 'built-in') return builtInOf(engine, manifest, tokeniser);
  const place = encoderDir ?? made.folder;
  const refuse = (got: string, cause?: unknown): VitrineError =>
    new VitrineError(
      'RELEASE_INVALID',
      `The release ${manifest.name} was embedded by the text encoder "${made.name}": expected its files in ${place}, got: ${got} ` +
        'Put them there, or say by ENCODER_DIR where they are, or embed again: npx vitrine embed --encoder DIR.',
      { cause },
    );
  try {
    const folder = await readEncoderFolder(place);
    if (folder.fingerprint !== made.fingerprint) {
      const paths = new Set([...Object.keys(made.files), ...Object.keys(folder.files)]);
      const other = [...paths].filter((path) => made.files[path] !== folder.files[path]);
      throw refuse(`files of another encoder (${other.join(', ') || 'read by another version of Vitrine'} differ).`);
    }
    const opened = await openPretrained(engine, folder);
    if (opened.dim === manifest.dims.similar) return opened;
    throw refuse(`vectors of ${opened.dim} numbers instead of ${manifest.dims.similar}.`);
  } catch (thrown) {
    if (thrown instanceof VitrineError && thrown.code === 'INPUT_INVALID') throw refuse(thrown.message, thrown);
    throw thrown;
  }
}

/**
 * The text encoder that is in every release, whichever made its vectors. Its model must be loaded.
 */
export function builtInOf(engine: Engine, manifest: Manifest, tokeniser: Tokeniser): TextEncoder {
  const model = manifest.models.text_encoder;
  const dim = Number(model.outputs[0].shape.at(-1));
  const { textParts: parts } = manifest;
  if (parts && parts.from >= dim)
    throw invalid(MANIFEST_FILE, `of vectors of ${String(dim)} numbers it has tastes begin at ${String(parts.from)}`);
  return builtInEncoder({
    fingerprint: sha256(`${manifest.tokeniser} ${manifest.files[modelFile('text_encoder')]}`, 16),
    dim,
    ...(parts && { parts }),
    tokeniser,
    model: modelOf(engine, manifest, 'text_encoder'),
  });
}

/**
 * @throws VitrineError RELEASE_INVALID where the ranker reads other features of a pair than are
 * made now.
 */
export function checkPairs(manifest: Manifest, encoder: Encoder): void {
  const read = manifest.models.ranker.inputs.find(({ name }) => name === 'pair')?.shape.at(-1);
  const made = pairWidth(encoder.articleLayout);
  if (read === undefined || read === made) return;
  const why = `it reads ${String(read)} features of a pair, and ${String(made)} are made: another version of the program trained it`;
  throw invalid(modelFile('ranker'), why);
}

/** The ids of a release's articles, in the order of the rows of both indexes. */
export function parseIds(content: Buffer, manifest: Manifest): string[] {
  const lines = content.toString('utf8').split('\n').filter(Boolean);
  const ids = z.array(z.string()).parse(lines.map((line) => parseJson(line, IDS_FILE)));
  if (ids.length === manifest.articles) return ids;
  throw invalid(IDS_FILE, `it has ${String(ids.length)} ids, the manifest says ${String(manifest.articles)}`);
}

/** The name under which a release's model is loaded: two releases can be open at once. */
export function modelKey(manifest: Pick<Manifest, 'name'>, model: ModelName): string {
  return `${manifest.name}/${model}`;
}

/**
 * Runs one model of an open release. The memory of its inputs goes over to the engine: the arrays
 * are empty from then on.
 */
export function modelOf(engine: Engine, manifest: Pick<Manifest, 'name'>, model: ModelName) {
  const output = MODEL_OUTPUT[model];
  return async (inputs: Parameters<Engine['run']>[1]): Promise<Float32Array> => {
    const here = Object.values(inputs).every(({ shape }) => shape[0] === 1);
    const options = { outputs: [output], handOver: true, here };
    const { data } = (await engine.run(modelKey(manifest, model), inputs, options))[output];
    if (data instanceof Float32Array) return data;
    throw invalid(modelFile(model), `its output ${output} is not float32`);
  };
}

async function read(folder: string, path: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, path));
  } catch (thrown) {
    // What is there and cannot be read is no reason to train again.
    if (!hasCode(thrown, 'ENOENT') && !hasCode(thrown, 'ENOTDIR')) throw asStorageError(thrown, join(folder, path));
    const code = path === MANIFEST_FILE ? 'RELEASE_MISSING' : 'RELEASE_INVALID';
    throw new VitrineError(code, `The release ${folder} lacks ${path}: ${asError(thrown).message}`, { cause: thrown });
  }
}

function parseJson(text: Buffer | string, file: string): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch (thrown) {
    throw invalid(file, `it is not JSON (${asError(thrown).message})`);
  }
}

function invalid(file: string, why: string): VitrineError {
  return new VitrineError('RELEASE_INVALID', `The release's file ${file} does not fit: ${why}.`);
}
