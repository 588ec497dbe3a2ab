// Reads the folder of a CLIP or sentence encoder in Hugging Face's layout: the files, the settings
// for reading texts, and a fingerprint.
//
// - Required: tokenizer.json, config.json.
// - One of: onnx/text_model.onnx, text_model.onnx, onnx/model.onnx, model.onnx.
// - Optional: tokenizer_config.json, sentence_bert_config.json, modules.json and
//   1_Pooling/config.json.

import { access, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../bytes';
import { hasCode } from '../data/files/file-lock';
import { asError, VitrineError } from '../errors';
import type { EndOfText, Pooling } from './pooling';

export interface EncoderFolder {
  /** The absolute path of the folder. */
  readonly folder: string;
  readonly name: string;
  readonly fingerprint: string;
  /** The SHA-256 of each file that is read, by its path within the folder. */
  readonly files: Readonly<Record<string, string>>;
  /** The model's path within the folder. */
  readonly modelFile: string;
  readonly model: Uint8Array;
  readonly tokenizer: object;
  readonly tokenizerConfig: object;
  readonly spec: EncoderSpec;
}

/** The settings for reading texts. */
export interface EncoderSpec {
  /** Maximum number of tokens of a text, including special ones. */
  readonly maxTokens: number;
  /** The id of the padding token if the tokeniser's files name none. */
  readonly padId: number;
  /** Whether each token sees only earlier ones, as in CLIP. Then padding changes nothing. */
  readonly causal: boolean;
  /** How the vectors of tokens become one, if the model gives a vector for each token. */
  readonly pooling: Pooling;
  readonly endOfText: EndOfText;
  /**
   * Whether a dense layer follows the pooling. Model files that return token vectors lack this
   * layer.
   */
  readonly dense: boolean;
  /** Side in pixels of the picture that a whole CLIP model expects in addition to the texts. */
  readonly imageSize: number;
}

/**
 * Files with the text part alone come first, since they are smaller and compute nothing for
 * pictures.
 */
const MODEL_FILES = ['onnx/text_model.onnx', 'text_model.onnx', 'onnx/model.onnx', 'model.onnx'];
const NEEDED = ['tokenizer.json', 'config.json'] as const;
const OPTIONAL = [
  'tokenizer_config.json',
  'sentence_bert_config.json',
  'modules.json',
  '1_Pooling/config.json',
] as const;
/** Part of fingerprints. Raise this number when the same files give different vectors. */
const VERSION = 1;

/** @throws VitrineError INPUT_INVALID naming the file that is missing or does not fit */
export async function readEncoderFolder(path: string): Promise<EncoderFolder> {
  const folder = resolve(path);
  if (!(await exists(folder))) throw invalid(folder, 'there is no such folder');
  const modelFile = await firstOf(folder, MODEL_FILES);
  if (modelFile === undefined) throw invalid(folder, `expected one of ${MODEL_FILES.join(', ')}, got none`);
  if (await exists(join(folder, `${modelFile}_data`))) {
    throw invalid(
      folder,
      `expected the weights within ${modelFile}, got ${modelFile}_data beside it: export as one file`,
    );
  }
  const contents = new Map<string, Buffer>([[modelFile, await readFile(join(folder, modelFile))]]);
  for (const file of NEEDED) {
    const content = await readIfThere(folder, file);
    if (content === undefined) throw invalid(folder, `expected ${file}, got no such file`);
    contents.set(file, content);
  }
  for (const file of OPTIONAL) {
    const content = await readIfThere(folder, file);
    if (content !== undefined) contents.set(file, content);
  }
  const files: Record<string, string> = {};
  for (const file of [...contents.keys()].sort()) files[file] = sha256(contents.get(file) ?? '');
  const read = <T>(file: string, schema: z.ZodType<T>): T => parse(folder, file, contents.get(file), schema);
  return {
    folder,
    name: basename(folder),
    fingerprint: sha256(JSON.stringify([VERSION, files]), 16),
    files,
    modelFile,
    model: contents.get(modelFile) ?? new Uint8Array(),
    tokenizer: read('tokenizer.json', tokenizerSchema),
    tokenizerConfig: read('tokenizer_config.json', z.looseObject({})),
    spec: specOf(folder, read),
  };
}

const tokenizerSchema = z.looseObject({ model: z.looseObject({}) });
const textSchema = z.object({
  model_type: z.string().nullish(),
  max_position_embeddings: z.number().nullish(),
  pad_token_id: z.number().nullish(),
  eos_token_id: z.union([z.number(), z.array(z.number())]).nullish(),
});
const configSchema = textSchema.extend({
  text_config: textSchema.nullish(),
  vision_config: z.object({ image_size: z.number().nullish() }).nullish(),
});
const tokenizerConfigSchema = z.object({ model_max_length: z.number().nullish() });
const sentenceSchema = z.object({ max_seq_length: z.number().nullish() });
const modulesSchema = z.array(z.object({ type: z.string() })).default([]);
const poolingSchema = z.record(z.string(), z.unknown());

function specOf(folder: string, read: <T>(file: string, schema: z.ZodType<T>) => T): EncoderSpec {
  const config = read('config.json', configSchema);
  const text = { ...config, ...config.text_config };
  const causal = [config.model_type, config.text_config?.model_type].some((type) => /^clip/.test(type ?? ''));
  const limits = [
    read('tokenizer_config.json', tokenizerConfigSchema).model_max_length,
    read('sentence_bert_config.json', sentenceSchema).max_seq_length,
    text.max_position_embeddings,
  ].filter((limit) => typeof limit === 'number');
  const modes = poolingOf(folder, read('1_Pooling/config.json', poolingSchema));
  const end = Array.isArray(text.eos_token_id) ? text.eos_token_id[0] : text.eos_token_id;
  return {
    maxTokens: Math.min(512, ...limits),
    padId: text.pad_token_id ?? 0,
    causal,
    pooling: modes ?? (causal ? 'end-of-text' : 'mean'),
    // Configurations from before 2023 always name token 2. The end is then the token with the
    // largest id, as in OpenAI's code.
    endOfText: typeof end === 'number' && end !== 2 ? end : 'largest',
    dense: read('modules.json', modulesSchema).some(({ type }) => type.endsWith('.Dense')),
    imageSize: config.vision_config?.image_size ?? 224,
  };
}

const MODES: Readonly<Record<string, Pooling>> = {
  cls_token: 'first',
  cls: 'first',
  mean_tokens: 'mean',
  mean_sqrt_len_tokens: 'mean', // differs from the mean in length only
  mean: 'mean',
  max_tokens: 'max',
  max: 'max',
  lasttoken: 'last',
};

/**
 * Reads the settings of sentence-transformers: one `pooling_mode_…: true`, or the name of the mode.
 * Returns undefined if there is no such file.
 */
function poolingOf(folder: string, config: Readonly<Record<string, unknown>>): Pooling | undefined {
  const named = config.pooling_mode;
  const flags = Object.keys(config).filter((key) => key.startsWith('pooling_mode_') && config[key] === true);
  const modes = typeof named === 'string' ? [named] : flags.map((key) => key.replace('pooling_mode_', ''));
  if (modes.length === 0) return undefined;
  const [mode] = modes;
  if (modes.length === 1 && mode in MODES) return MODES[mode];
  const expected = Object.keys(MODES).join(', ');
  throw invalid(folder, `1_Pooling/config.json: expected one of ${expected}, got ${modes.join(' and ')}`);
}

function parse<T>(folder: string, file: string, content: Buffer | undefined, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(content?.toString('utf8') ?? (file === 'modules.json' ? '[]' : '{}'));
  } catch (thrown) {
    throw invalid(folder, `${file}: expected JSON, got something else (${asError(thrown).message})`);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(folder, `${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

async function firstOf(folder: string, files: readonly string[]): Promise<string | undefined> {
  for (const file of files) if (await exists(join(folder, file))) return file;
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function readIfThere(folder: string, file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(join(folder, file));
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT') || hasCode(thrown, 'ENOTDIR')) return undefined;
    throw invalid(folder, `cannot read ${file}: ${asError(thrown).message}`);
  }
}

export function invalid(folder: string, why: string): VitrineError {
  return new VitrineError('INPUT_INVALID', `The text encoder in ${folder} cannot be used: ${why}.`);
}
