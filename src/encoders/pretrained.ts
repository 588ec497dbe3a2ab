// A text encoder from a folder: the text part of a CLIP model or a sentence encoder. This file
// knows the names that exporters give to the inputs and outputs of such models.

import type { Values } from '../engine/batch';
import { inMemory, type ModelRunner } from '../engine/model-runner';
import { asError } from '../errors';
import { readPorts } from '../graph/onnx-read';
import { invalid, type EncoderFolder } from './folder';
import { normaliseRows, pool, type PaddedTokens } from './pooling';
import type { TextEncoder } from './text-encoder';
import { openTokens } from './tokens';

/**
 * Number of texts in one run. Larger runs would not be faster on a CPU, and others would wait
 * longer.
 */
const TEXTS = 32;

/**
 * Outputs with one vector per text, projected and pooled as in training. The first that exists is
 * used.
 */
const TEXT_OUTPUTS = ['text_embeds', 'sentence_embedding'];
/** Outputs with one vector per token. */
const TOKEN_OUTPUTS = ['last_hidden_state', 'token_embeddings'];
/** Outputs with one vector per text, pooled but not projected. Used if there is no other output. */
const POOLED_OUTPUTS = ['pooler_output'];

/**
 * Loads the model into the engine.
 * @throws VitrineError INPUT_INVALID if the model is not a text encoder
 */
export async function openPretrained(engine: ModelRunner, folder: EncoderFolder): Promise<TextEncoder> {
  const { name, fingerprint, modelFile, model, spec } = folder;
  const refuse: Refuse = (why) => invalid(folder.folder, `${modelFile}: ${why}`);
  const { inputs, output, perToken, length } = findPorts(folder, refuse);
  const tokens = openTokens(folder, Math.min(spec.maxTokens, length ?? Infinity));
  const key = `${fingerprint}/text_encoder`;
  await engine.load(key, inMemory(model)).catch((thrown: unknown) => {
    throw refuse(asError(thrown).message);
  });

  /** Computes the vectors [texts, dim] of texts that are given as tokens. */
  const run = async (texts: readonly (readonly number[])[]): Promise<Float32Array> => {
    const padded = tokens.pad(texts, length);
    const feeds = Object.fromEntries(inputs.map((port) => [port, feed(port, padded, spec.imageSize, refuse)]));
    const { data } = (await engine.run(key, feeds, { outputs: [output] }))[output];
    if (!(data instanceof Float32Array)) throw refuse(`its output ${output} is not float32`);
    return perToken ? pool(data, padded, spec.pooling, spec.endOfText) : data;
  };

  // Encoding one text shows the dimension, and whether the model runs at all.
  const dim = (await run([tokens.read('a')])).length;
  return { name, fingerprint, dim, encode: (texts) => encode(texts, { tokens, dim, run, refuse }) };
}

type Refuse = (why: string) => Error;

interface TextPorts {
  /** The names of the inputs. */
  readonly inputs: readonly string[];
  readonly output: string;
  /** Whether the output has a vector for each token rather than one for each text. */
  readonly perToken: boolean;
  /** The number of tokens that every text is padded to; undefined if any number will do. */
  readonly length: number | undefined;
}

function findPorts({ model, spec }: EncoderFolder, refuse: Refuse): TextPorts {
  const { inputs, outputs } = portsOf(model, refuse);
  const names = outputs.map((port) => port.name);
  const output = [...TEXT_OUTPUTS, ...TOKEN_OUTPUTS, ...POOLED_OUTPUTS].find((one) => names.includes(one));
  if (output === undefined) {
    const expected = [...TEXT_OUTPUTS, ...TOKEN_OUTPUTS, ...POOLED_OUTPUTS].join(', ');
    throw refuse(`expected an output ${expected}, got ${names.join(', ')}`);
  }
  const perToken = TOKEN_OUTPUTS.includes(output);
  if (perToken && spec.dense) {
    throw refuse('modules.json has a Dense step, which this file lacks: export with the output sentence_embedding');
  }
  const ids = inputs.find((port) => port.name === 'input_ids');
  if (ids === undefined) throw refuse(`expected an input input_ids, got ${inputs.map((port) => port.name).join(', ')}`);
  const masked = inputs.some((port) => port.name === 'attention_mask');
  const fixed = ids.shape.at(1);
  // A model without a mask cannot tell padding from text. Unless it is causal, it was trained on
  // texts of one length.
  const length = typeof fixed === 'number' ? fixed : masked || spec.causal ? undefined : spec.maxTokens;
  return { inputs: inputs.map((port) => port.name), output, perToken, length };
}

function portsOf(model: Uint8Array, refuse: Refuse): ReturnType<typeof readPorts> {
  try {
    return readPorts(model);
  } catch (thrown) {
    throw refuse(asError(thrown).message);
  }
}

function feed(port: string, { ids, mask, count, length }: PaddedTokens, imageSize: number, refuse: Refuse): Values {
  const shape = [count, length];
  switch (port) {
    case 'input_ids':
      return { data: ids, shape };
    case 'attention_mask':
      return { data: mask, shape };
    case 'token_type_ids':
      return { data: new Int32Array(ids.length), shape };
    case 'position_ids':
      return { data: ids.map((_, i) => i % length), shape };
    case 'pixel_values':
      // A whole CLIP model also expects a picture. An empty picture will do, since its vector is
      // not read.
      return { data: new Float32Array(3 * imageSize * imageSize), shape: [1, 3, imageSize, imageSize] };
    default:
      throw refuse(`it takes an input "${port}", which is not one of texts`);
  }
}

interface Encoding {
  readonly tokens: ReturnType<typeof openTokens>;
  readonly dim: number;
  readonly run: (texts: readonly (readonly number[])[]) => Promise<Float32Array>;
  readonly refuse: Refuse;
}

/** Returns the vectors of the texts [texts.length, dim]. */
async function encode(texts: readonly string[], { tokens, dim, run, refuse }: Encoding): Promise<Float32Array> {
  const vectors = new Float32Array(texts.length * dim);
  const read = texts.map((text) => tokens.read(text));
  // Texts of similar length share a run, so that less of it is padding.
  const order = [...read.keys()].sort((a, b) => read[a].length - read[b].length);
  for (let from = 0; from < order.length; from += TEXTS) {
    const part = order.slice(from, from + TEXTS);
    const found = await run(part.map((text) => read[text]));
    if (found.length !== part.length * dim) {
      throw refuse(`expected ${part.length} vectors of ${dim} numbers, got ${found.length} numbers`);
    }
    const bad = normaliseRows(found, dim);
    if (bad >= 0) throw refuse(`it made no numbers of "${texts[part[bad]].slice(0, 60)}"`);
    part.forEach((text, r) => vectors.set(found.subarray(r * dim, (r + 1) * dim), text * dim));
  }
  return vectors;
}
