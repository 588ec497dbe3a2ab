// A text encoder of CLIP's shape, small enough to compute by hand. It has one layer of causal
// attention, pooled at the end of the text and projected. This file writes the encoder's folder in
// Hugging Face's layout. It also computes the same model in plain loops, one text at a time and
// without padding.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeOnnx } from '../../src/graph/onnx';
import { ModelProto } from '../../src/graph/onnx-format';
import { attention, matmul } from '../../src/graph/products';
import { mean } from '../../src/graph/rows';
import { gather, placesAlong, reshape } from '../../src/graph/shapes';
import { add, cast, equal, greater, mul, sub } from '../../src/graph/elementwise';
import { constant, embedding, input, parameter, type Tensor } from '../../src/graph/tensor';
import { createRandom } from '../../src/random';

const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyz0123456789.,-');
/** As in CLIP, the last piece of a word ends with `</w>`. */
const MERGES = ['r e', 're d</w>', 'd re', 'dre s', 'dres s</w>'];
const PIECES = [
  ...LETTERS,
  ...LETTERS.map((letter) => `${letter}</w>`),
  ...MERGES.map((pair) => pair.replace(' ', '')),
];
export const VOCABULARY: ReadonlyMap<string, number> = new Map(
  [...PIECES, '<|startoftext|>', '<|endoftext|>'].map((piece, id) => [piece, id]),
);
export const START = VOCABULARY.get('<|startoftext|>') ?? -1;
export const END = VOCABULARY.get('<|endoftext|>') ?? -1;

export const MAX_TOKENS = 16;
const WIDTH = 8;
export const DIM = 6;

const random = createRandom(7);
const numbers = (size: number) => Float32Array.from({ length: size }, () => random.normal());
const WEIGHTS = new Map([
  ['tokens', numbers(VOCABULARY.size * WIDTH)],
  ['places', numbers(MAX_TOKENS * WIDTH)],
  ['query', numbers(WIDTH * WIDTH)],
  ['key', numbers(WIDTH * WIDTH)],
  ['value', numbers(WIDTH * WIDTH)],
  ['projection', numbers(WIDTH * DIM)],
]);
const weight = (name: string): Float32Array => WEIGHTS.get(name) ?? new Float32Array();

/** Computes the vectors of the tokens [length, 8] and of the text [6], not of unit length. */
export function byHand(ids: readonly number[]): { states: number[][]; embeds: number[] } {
  const times = (row: readonly number[], name: string, width: number) =>
    Array.from({ length: width }, (_, j) => row.reduce((sum, x, i) => sum + x * weight(name)[i * width + j], 0));
  const rows = ids.map((id, place) =>
    Array.from({ length: WIDTH }, (_, i) => weight('tokens')[id * WIDTH + i] + weight('places')[place * WIDTH + i]),
  );
  const [queries, keys, values] = ['query', 'key', 'value'].map((name) => rows.map((row) => times(row, name, WIDTH)));
  const states = rows.map((row, place) => {
    const scores = keys.slice(0, place + 1).map((key) => Math.exp(dot(queries[place], key) / Math.sqrt(WIDTH)));
    const total = scores.reduce((sum, score) => sum + score, 0);
    return row.map((x, i) => x + scores.reduce((sum, score, k) => sum + (score / total) * values[k][i], 0));
  });
  return { states, embeds: times(states[ids.indexOf(END)], 'projection', DIM) };
}

export function unit(vector: readonly number[]): number[] {
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

export type Output = 'text_embeds' | 'last_hidden_state';

/**
 * Builds the model as ONNX, with int64 ids, like the usual exporters. With `picture` the model is a
 * complete CLIP, which also needs a picture as input.
 */
export function clipModel(outputs: readonly Output[], { picture = false, masked = true } = {}): Uint8Array {
  const ids = input('input_ids', ['batch', 'length'], 'int32');
  const places = placesAlong(ids, 1);
  const row = reshape(places, ['length', 1]);
  const column = reshape(places, [1, 'length']);
  const later = cast(greater(column, row), 'float32');
  const table = { name: 'tokens', rows: VOCABULARY.size, width: WIDTH };
  const positions = gather(parameter('places', [MAX_TOKENS, WIDTH]), cast(places, 'int32'));
  const rows = add(embedding('site', table, ids), positions);
  const project = (name: string): Tensor => matmul(rows, parameter(name, [WIDTH, WIDTH]));
  let bias = mul(later, constant(-1e4));
  if (masked) {
    const mask = cast(input('attention_mask', ['batch', 'length'], 'int32'), 'float32');
    bias = add(bias, mul(sub(constant(1), reshape(mask, ['batch', 1, 'length'])), constant(-1e4)));
  }
  const states = add(rows, attention(project('query'), project('key'), project('value'), bias));
  const ends = cast(equal(cast(ids, 'float32'), constant(END)), 'float32');
  const first = mul(ends, cast(equal(matmul(ends, later), constant(0)), 'float32'));
  const pooled = reshape(matmul(reshape(first, ['batch', 1, 'length']), states), ['batch', WIDTH]);
  const embeds = matmul(pooled, parameter('projection', [WIDTH, DIM]));
  const pixels = mul(mean(input('pixel_values', ['pictures', 3, 4, 4])), constant(0));
  const all = { text_embeds: picture ? add(embeds, pixels) : embeds, last_hidden_state: states };
  const chosen = Object.fromEntries(outputs.map((name) => [name, all[name]]));
  return withInt64(encodeOnnx({ name: 'clip', outputs: chosen, values: WEIGHTS, embeddings: 'inline' }).bytes);
}

interface Model {
  graph: {
    node: { input?: string[]; output: string[]; opType: string; name: string; attribute?: object[] }[];
    input: { name: string; type: { tensorType: { elemType: number } } }[];
  };
}

/** Turns int32 inputs into int64 inputs, which src/graph cannot write. */
function withInt64(bytes: Uint8Array): Uint8Array {
  const model = ModelProto.toObject(ModelProto.decode(bytes)) as Model;
  const wide = model.graph.input.filter(({ type }) => type.tensorType.elemType === 6);
  for (const { name, type } of wide) {
    type.tensorType.elemType = 7;
    for (const node of model.graph.node)
      node.input = node.input?.map((one) => (one === name ? `${name}.32` : one)) ?? [];
    const attribute = [{ name: 'to', i: 6, type: 2 }];
    model.graph.node.unshift({
      opType: 'Cast',
      input: [name],
      output: [`${name}.32`],
      name: `cast.${name}`,
      attribute,
    });
  }
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}

/** A tokenizer.json like that of CLIP, with a small vocabulary. */
export const TOKENIZER = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: ['<|startoftext|>', '<|endoftext|>'].map((content) => ({
    id: VOCABULARY.get(content),
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'NFC' },
      { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
      { type: 'Lowercase' },
    ],
  },
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      {
        type: 'Split',
        pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" },
        behavior: 'Removed',
        invert: true,
      },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
    ],
  },
  post_processor: {
    type: 'RobertaProcessing',
    sep: ['<|endoftext|>', END],
    cls: ['<|startoftext|>', START],
    trim_offsets: false,
    add_prefix_space: false,
  },
  decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true },
  model: {
    type: 'BPE',
    dropout: null,
    unk_token: '<|endoftext|>',
    continuing_subword_prefix: '',
    end_of_word_suffix: '</w>',
    fuse_unk: false,
    vocab: Object.fromEntries(VOCABULARY),
    merges: MERGES,
  },
};

export const CONFIG = {
  model_type: 'clip',
  text_config: { model_type: 'clip_text_model', max_position_embeddings: MAX_TOKENS, eos_token_id: END },
  vision_config: { image_size: 4 },
};

/**
 * Writes a folder in the usual layout. In `changes`, bytes are written unchanged and other values
 * as JSON; a file whose value is `undefined` is left out.
 */
export async function writeEncoder(folder: string, changes: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const files: Record<string, unknown> = {
    'onnx/text_model.onnx': clipModel(['text_embeds']),
    'tokenizer.json': TOKENIZER,
    'tokenizer_config.json': { model_max_length: MAX_TOKENS, pad_token: '<|endoftext|>' },
    'config.json': CONFIG,
    ...changes,
  };
  for (const [path, content] of Object.entries(files)) {
    if (content === undefined) continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content instanceof Uint8Array ? content : JSON.stringify(content));
  }
  return folder;
}
