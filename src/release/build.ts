// Writes a release: everything into a folder of its own, the manifest last, then one rename makes it real and another makes it
// current. A crash at any moment leaves the previous release as it was. Knows nothing of how models came about.
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Encoder } from '../features/encoder';
import type { Habits } from '../features/habits';
import type { Tokeniser } from '../features/text';
import type { EncodedModel, Port } from '../graph/onnx';
import {
  CURRENT_FILE,
  ENCODER_FILE,
  HABITS_FILE,
  IDS_FILE,
  INDEX_FILES,
  MANIFEST_FILE,
  MODEL_NAMES,
  modelFile,
  REPORT_FILE,
  TOKENISER_FILE,
  VERSIONS_FILE,
  type Manifest,
  type ModelName,
} from './format';
import { writeHabits } from './habits-file';
import type { VectorIndex } from './vector-index';

export interface ReleaseParts {
  readonly encoder: Encoder;
  readonly tokeniser: Tokeniser;
  readonly models: Readonly<Record<ModelName, EncodedModel>>;
  /** The shop's ids of the articles, in the order of the rows of both indexes. */
  readonly articleIds: readonly string[];
  /** When the row of each was last changed, Unix milliseconds by the database's clock: what is newer is not in the indexes as it is now. */
  readonly articleVersions: readonly number[];
  /** Vectors of the article tower; the ids are places in `articleIds`. So in the next. */
  readonly articleIndex: VectorIndex;
  /** Vectors of the text encoder. */
  readonly similarIndex: VectorIndex;
  /** Rows in the order of `articleIds`. */
  readonly habits: Habits;
  readonly textParts: Manifest['textParts'];
  readonly data: Manifest['data'];
  readonly training: Manifest['training'];
  readonly evaluation: unknown;
  /** The evaluation as a page for people; null where nothing was measured. */
  readonly report: string | null;
}

/** Old releases that are kept beside the new one, to go back to. */
const KEEP = 3;

/** Writes the release and makes it the current one; gives its manifest. */
export async function publishRelease(modelsDir: string, parts: ReleaseParts, now: Date): Promise<Manifest> {
  const described: Described = {
    format: 2,
    encoder: parts.encoder.fingerprint,
    tokeniser: parts.tokeniser.fingerprint,
    textEncoder: 'built-in',
    textParts: parts.textParts,
    articles: parts.articleIds.length,
    dims: { articles: parts.articleIndex.dim, similar: parts.similarIndex.dim },
    models: {
      query_tower: ports(parts.models.query_tower),
      article_tower: ports(parts.models.article_tower),
      ranker: ports(parts.models.ranker),
      text_encoder: ports(parts.models.text_encoder),
    },
    data: parts.data,
    training: parts.training,
    evaluation: parts.evaluation,
  };
  return publishFiles(modelsDir, described, contents(parts), now);
}

/** A manifest but for what follows from its files and the time. */
export type Described = Omit<Manifest, 'name' | 'createdAt' | 'files'>;

/** Writes files as a release and makes it the current one: all of it or nothing. */
export async function publishFiles(
  modelsDir: string,
  described: Described,
  files: ReadonlyMap<string, Uint8Array | string>,
  now: Date,
): Promise<Manifest> {
  const name = nameOf(now);
  const folder = join(modelsDir, name);
  const draft = join(modelsDir, `.${name}.draft`);
  await rm(draft, { recursive: true, force: true });
  for (const [path, content] of files) {
    await mkdir(dirname(join(draft, path)), { recursive: true });
    await writeDurably(join(draft, path), content);
  }
  const hashes = Object.fromEntries([...files].map(([path, content]) => [path, sha256(content)]));
  const manifest: Manifest = { ...described, name, createdAt: now.toISOString(), files: hashes };
  await writeDurably(join(draft, MANIFEST_FILE), JSON.stringify(manifest, null, 2));
  await rename(draft, folder);
  await syncFolder(modelsDir);
  await makeCurrent(modelsDir, name);
  await removeOld(modelsDir, name);
  return manifest;
}

/** Names the release to serve. A server that watches the file moves to it. */
export async function makeCurrent(modelsDir: string, name: string): Promise<void> {
  const draft = join(modelsDir, `.${CURRENT_FILE}.draft`);
  await writeDurably(draft, `${name}\n`);
  await rename(draft, join(modelsDir, CURRENT_FILE));
  await syncFolder(modelsDir);
}

/** The name of the current release; undefined if there is none. */
export async function currentRelease(modelsDir: string): Promise<string | undefined> {
  const text = await readFile(join(modelsDir, CURRENT_FILE), 'utf8').catch(() => '');
  return text.trim() || undefined;
}

function nameOf(time: Date): string {
  return time.toISOString().replace(/[:.]/g, '-').replace('Z', '');
}

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

function contents(parts: ReleaseParts): Map<string, Uint8Array | string> {
  const files = new Map<string, Uint8Array | string>([
    [ENCODER_FILE, JSON.stringify(parts.encoder)],
    [TOKENISER_FILE, JSON.stringify(parts.tokeniser)],
    [IDS_FILE, parts.articleIds.map((id) => `${JSON.stringify(id)}\n`).join('')],
    [VERSIONS_FILE, parts.articleVersions.map((version) => `${version}\n`).join('')],
    [INDEX_FILES.articles, parts.articleIndex.serialise()],
    [INDEX_FILES.similar, parts.similarIndex.serialise()],
    [HABITS_FILE, writeHabits(parts.habits)],
  ]);
  if (parts.report !== null) files.set(REPORT_FILE, parts.report);
  for (const name of MODEL_NAMES) {
    files.set(modelFile(name), parts.models[name].bytes);
    files.set(`${name}/config.pbtxt`, tritonConfig(name, parts.models[name]));
  }
  return files;
}

/** https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md */
function tritonConfig(name: ModelName, model: EncodedModel): string {
  const list = (label: string, all: readonly Port[]): string =>
    `${label} [\n${all
      .map(({ name: port, shape, dtype }) => {
        const dims = shape.map((size) => (typeof size === 'number' ? size : -1)).join(', ');
        return `  { name: "${port}" data_type: ${dtype === 'int32' ? 'TYPE_INT32' : 'TYPE_FP32'} dims: [ ${dims} ] }`;
      })
      .join(',\n')}\n]\n`;
  return `name: "${name}"\nbackend: "onnxruntime"\nmax_batch_size: 0\n${list('input', model.inputs)}${list('output', model.outputs)}`;
}

function ports(model: EncodedModel): Manifest['models'][ModelName] {
  const plain = (all: readonly Port[]) => all.map(({ name, shape, dtype }) => ({ name, shape: [...shape], dtype }));
  return { inputs: plain(model.inputs), outputs: plain(model.outputs) };
}

async function writeDurably(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes renames within a folder outlast a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Removes releases beyond those kept, and drafts that a killed run has left. */
async function removeOld(modelsDir: string, current: string): Promise<void> {
  const entries = await readdir(modelsDir, { withFileTypes: true });
  const releases = entries.filter((entry) => entry.isDirectory() && /^\d{4}-\d{2}-\d{2}T/.test(entry.name));
  const old = releases
    .map((entry) => entry.name)
    .filter((name) => name < current)
    .sort()
    .reverse();
  // A draft of today may be another training's that is still writing.
  const yesterday = `.${nameOf(new Date(Date.now() - 86_400_000))}`;
  const drafts = entries
    .map((entry) => entry.name)
    .filter((name) => /^\.\d{4}-.*\.draft$/.test(name) && name < yesterday);
  for (const name of [...old.slice(KEEP), ...drafts]) await rm(join(modelsDir, name), { recursive: true, force: true });
}
