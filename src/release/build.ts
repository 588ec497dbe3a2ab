// Builds the files and the manifest of a release, and publishes it.
import type { Encoder } from '../features/encoder';
import type { Habits } from '../statistics/habits';
import type { Tokeniser } from '../features/text';
import type { EncodedModel, Port } from '../graph/onnx';
import {
  ENCODER_FILE,
  HABITS_FILE,
  IDS_FILE,
  INDEX_FILES,
  MODEL_NAMES,
  modelFile,
  REPORT_FILE,
  TOKENISER_FILE,
  VERSIONS_FILE,
  type Manifest,
  type ModelName,
} from './format';
import { writeHabits } from './habits-file';
import { publish, type Described } from './release-store';
import type { LocalIndex } from '../index/vector-index';

export interface ReleaseParts {
  readonly encoder: Encoder;
  readonly tokeniser: Tokeniser;
  readonly models: Readonly<Record<ModelName, EncodedModel>>;
  /** The shop's ids of the articles, in the order of the rows of both indexes. */
  readonly articleIds: readonly string[];
  /**
   * The time of the last change of each article's row, in Unix milliseconds by the database's
   * clock. The indexes do not contain later changes.
   */
  readonly articleVersions: readonly number[];
  /** Vectors of the article tower. The ids in both indexes are positions in `articleIds`. */
  readonly articleIndex: LocalIndex;
  /** Vectors of the text encoder. */
  readonly similarIndex: LocalIndex;
  /** Rows in the order of `articleIds`. */
  readonly habits: Habits;
  readonly textParts: Manifest['textParts'];
  readonly data: Manifest['data'];
  readonly training: Manifest['training'];
  readonly evaluation: unknown;
  /** The evaluation as a page for people, null if there was no evaluation. */
  readonly report: string | null;
}

/** Writes the release and makes it the current one, as `publish` does. Returns its manifest. */
export async function publishRelease(
  modelsDir: string,
  parts: ReleaseParts,
  now: Date,
  over?: string,
): Promise<Manifest> {
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
  return publish(modelsDir, { described, files: contents(parts) }, now, over);
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

/**
 * See
 * https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md
 */
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
