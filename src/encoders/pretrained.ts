// A text encoder from a folder: CLIP's text side or a sentence encoder, run by the engine in
// batches of texts of like length. Knows what models of this kind take and give, by the names that
// exporters use; nothing of articles.
import type { Values } from '../engine/batch';
import { inMemory, type ModelRunner } from '../engine/model-runner';
import { asError } from '../errors';
import { readPorts } from '../graph/onnx-read';
import { invalid, type EncoderFolder } from './folder';
import { normaliseRows, pool, type PaddedTokens } from './pooling';
import type { TextEncoder } from './text-encoder';
import { openTokens } from './tokens';

/**
 * Texts of one run: more gain nothing on a processor, and other work waits for the end of a run.
 */
const TEXTS = 32;

/**
 * One vector a text, made by the model itself: projected, pooled, as it was trained. The first that
 * is there is taken.
 */
const TEXT_OUTPUTS = ['text_embeds', 'sentence_embedding'];
/** One vector a token. */
const TOKEN_OUTPUTS = ['last_hidden_state', 'token_embeddings'];
/** One vector a text, pooled by the model, not projected: for want of others. */
const POOLED_OUTPUTS = ['pooler_output'];

/**
 * Loads the model into the engine. @throws VitrineError INPUT_INVALID where it is not such a model.
 */
export async function openPretrained(engine: ModelRunner, folder: EncoderFolder): Promise<TextEncoder> {
  const { name, fingerprint, modelFile, model, spec } = folder;
  const refuse = (why: string) => invalid(folder.folder, `${modelFile}: ${why}`);
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
  // A model that is not told what is padding, and looks ahead, has been trained on texts of one
  // length.
  const length = typeof fixed === 'number' ? fixed : masked || spec.causal ? undefined : spec.maxTokens;
  const tokens = openTokens(folder, Math.min(spec.maxTokens, length ?? Infinity));
  const key = `${fingerprint}/text_encoder`;
  await engine.load(key, inMemory(model)).catch((thrown: unknown) => {
    throw refuse(asError(thrown).message);
  });

  /** [texts, dim] */
  async function run(texts: readonly (readonly number[])[]): Promise<Float32Array> {
    const padded = tokens.pad(texts, length);
    const feeds = Object.fromEntries(inputs.map((port) => [port.name, feed(port.name, padded)]));
    const { data } = (await engine.run(key, feeds, { outputs: [output ?? ''] }))[output ?? ''];
    if (!(data instanceof Float32Array)) throw refuse(`its output ${String(output)} is not float32`);
    return perToken ? pool(data, padded, spec.pooling, spec.endOfText) : data;
  }

  function feed(port: string, { ids: data, mask, count, length: width }: PaddedTokens): Values {
    const shape = [count, width];
    switch (port) {
      case 'input_ids':
        return { data, shape };
      case 'attention_mask':
        return { data: mask, shape };
      case 'token_type_ids':
        return { data: new Int32Array(data.length), shape };
      case 'position_ids':
        return { data: data.map((_, i) => i % width), shape };
      case 'pixel_values': {
        // A whole CLIP: one empty picture, of which nothing is asked.
        const side = spec.imageSize;
        return { data: new Float32Array(3 * side * side), shape: [1, 3, side, side] };
      }
      default:
        throw refuse(`it takes an input "${port}", which is not one of texts`);
    }
  }

  // One text tells the dimension, and whether the model runs at all.
  const dim = (await run([tokens.read('a')])).length;
  return {
    name,
    fingerprint,
    dim,
    async encode(texts) {
      const vectors = new Float32Array(texts.length * dim);
      const read = texts.map((text) => tokens.read(text));
      // Texts of like length share a run: less of it is padding.
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
    },
  };
}

function portsOf(model: Uint8Array, refuse: (why: string) => Error): ReturnType<typeof readPorts> {
  try {
    return readPorts(model);
  } catch (thrown) {
    throw refuse(asError(thrown).message);
  }
}
