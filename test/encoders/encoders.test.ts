// Text encoders from a folder: their files, the tokens of texts, and the pooling of tokens. The
// vectors must be those of the same model computed by hand. Then the contract of all text encoders.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEncoderFolder } from '../../src/encoders/folder';
import { pool, type PaddedTokens } from '../../src/encoders/pooling';
import { openPretrained } from '../../src/encoders/pretrained';
import { builtInEncoder, type TextEncoder } from '../../src/encoders/text-encoder';
import { openTokens, type TokenReader } from '../../src/encoders/tokens';
import { inMemory, type ModelRunner, openModelRunner } from '../../src/engine/model-runner';
import { fitTokeniser } from '../../src/features/text';
import { encodeOnnx } from '../../src/graph/onnx';
import { createRandom } from '../../src/random';
import { textDim, textEncoder } from '../../src/training/models/text-encoder';
import {
  byHand,
  clipModel,
  CONFIG,
  DIM,
  END,
  MAX_TOKENS,
  START,
  TOKENIZER,
  unit,
  VOCABULARY,
  writeEncoder,
} from '../support/clip-folder';

let base: string;
let engine: ModelRunner;
let folders = 0;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'vitrine-encoders-'));
  engine = openModelRunner();
});
afterAll(async () => {
  await engine.close();
  await rm(base, { recursive: true, force: true });
});

const write = (changes: Readonly<Record<string, unknown>> = {}) =>
  writeEncoder(join(base, `encoder-${folders++}`), changes);
const open = async (changes: Readonly<Record<string, unknown>> = {}) =>
  openPretrained(engine, await readEncoderFolder(await write(changes)));
const rows = (vectors: Float32Array, dim: number) =>
  Array.from({ length: vectors.length / dim }, (_, r) => [...vectors.subarray(r * dim, (r + 1) * dim)]);
const idsOf = (...pieces: string[]) => pieces.map((piece) => VOCABULARY.get(piece) ?? -1);

const TEXTS = ['red dress', 'A red dress, size 38', '', 'dresses', 'Red   DRESS', 'a-b', `red ${'dress '.repeat(40)}`];

describe('the tokens of a text', () => {
  let tokens: TokenReader;
  beforeAll(async () => {
    tokens = openTokens(await readEncoderFolder(await write()));
  });

  test('are pieces of its words between start and end, whatever its case and spaces', () => {
    const expected = [START, ...idsOf('red</w>', 'dress</w>'), END];
    expect(tokens.read('red dress')).toEqual(expected);
    expect(tokens.read(' Red  DRESS ')).toEqual(expected);
    expect(tokens.read('reds')).toEqual([START, ...idsOf('re', 'd', 's</w>'), END]);
    expect(tokens.read('')).toEqual([START, END]);
  });

  test('are cut within the text and keep start and end', () => {
    const long = tokens.read('red '.repeat(100));
    expect(long).toHaveLength(MAX_TOKENS);
    expect(long[0]).toBe(START);
    expect(long.at(-1)).toBe(END);
    expect(long.slice(1, -1)).toEqual(Array(MAX_TOKENS - 2).fill(VOCABULARY.get('red</w>')));
    const fits = 'red '.repeat(MAX_TOKENS - 2);
    expect(tokens.read(fits)).toEqual(long);
  });

  test('are padded on the right to the longest text of a batch, or to a length', () => {
    expect(
      tokens.pad([
        [START, 3, END],
        [START, END],
      ]),
    ).toEqual({
      count: 2,
      length: 3,
      ids: Int32Array.of(START, 3, END, START, END, END),
      mask: Int32Array.of(1, 1, 1, 1, 1, 0),
    });
    expect(tokens.pad([[START, END]], 4)).toMatchObject({ length: 4, mask: Int32Array.of(1, 1, 0, 0) });
  });

  test.each([
    ['tokenizer.json', { 'tokenizer.json': { ...TOKENIZER, padding: { pad_id: 5 } } }, 5],
    [
      'the name of the token',
      { 'tokenizer_config.json': { pad_token: { content: 'red</w>' } } },
      VOCABULARY.get('red</w>'),
    ],
    [
      'config.json',
      { 'tokenizer_config.json': undefined, 'config.json': { ...CONFIG, text_config: { pad_token_id: 9 } } },
      9,
    ],
  ])('are filled up with what %s says', async (_, changes, padId) => {
    const reader = openTokens(await readEncoderFolder(await write(changes)));
    expect([...reader.pad([[START, 3, END], [START]]).ids.subarray(4)]).toEqual([padId, padId]);
  });

  test('are those of WordPiece for a BERT', async () => {
    const vocab = { '[PAD]': 0, '[UNK]': 1, '[CLS]': 2, '[SEP]': 3, red: 4, dress: 5, '##es': 6 };
    const bert = {
      version: '1.0',
      added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].map((content, id) => ({ id, content, special: true })),
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase: true,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: {
        type: 'TemplateProcessing',
        single: [
          { SpecialToken: { id: '[CLS]', type_id: 0 } },
          { Sequence: { id: 'A', type_id: 0 } },
          { SpecialToken: { id: '[SEP]', type_id: 0 } },
        ],
        pair: [],
        special_tokens: {
          '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
          '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
        },
      },
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
      model: {
        type: 'WordPiece',
        unk_token: '[UNK]',
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
        vocab,
      },
    };
    const changes = { 'tokenizer.json': bert, 'tokenizer_config.json': { pad_token: '[PAD]' } };
    const reader = openTokens(await readEncoderFolder(await write(changes)), 4);
    expect(reader.read('Red Dresses')).toEqual([2, 4, 5, 3]);
    expect(reader.read('red xyz')).toEqual([2, 4, 1, 3]);
  });
});

describe('pooling', () => {
  // Two texts of at most three tokens, with vectors of two numbers. The last token of the second
  // text is padding.
  const states = Float32Array.of(1, 2, 3, 4, 5, 0, /* */ 7, 1, 9, 3, 100, 100);
  const tokens: PaddedTokens = {
    count: 2,
    length: 3,
    ids: Int32Array.of(8, 2, 8, 5, 6, 8),
    mask: Int32Array.of(1, 1, 1, 1, 1, 0),
  };

  test.each([
    ['first', 'largest', [1, 2, 7, 1]],
    ['last', 'largest', [5, 0, 9, 3]],
    ['mean', 'largest', [3, 2, 8, 2]],
    ['max', 'largest', [5, 4, 9, 3]],
    // The first token with the end's id counts, since padding may have the same id.
    ['end-of-text', 8, [1, 2, 9, 3]],
    ['end-of-text', 2, [3, 4, 9, 3]],
    ['end-of-text', 'largest', [1, 2, 9, 3]],
  ] as const)('by %s (%p) looks at tokens, never at padding', (pooling, endOfText, expected) => {
    const pooled = pool(states, tokens, pooling, endOfText);
    expected.forEach((value, i) => expect(pooled[i]).toBeCloseTo(value, 5));
  });
});

describe('a CLIP text encoder from a folder', () => {
  const tokensOf = async () => openTokens(await readEncoderFolder(await write()));

  test.each([
    ['its text side', { 'onnx/text_model.onnx': clipModel(['last_hidden_state', 'text_embeds']) }],
    [
      'its text side beside the folder onnx',
      { 'onnx/text_model.onnx': undefined, 'text_model.onnx': clipModel(['text_embeds']) },
    ],
    ['its text side that takes no mask', { 'onnx/text_model.onnx': clipModel(['text_embeds'], { masked: false }) }],
    [
      'the whole of it, with a picture',
      { 'onnx/text_model.onnx': undefined, 'onnx/model.onnx': clipModel(['text_embeds'], { picture: true }) },
    ],
  ])('projects the end of the text: %s', async (_, changes) => {
    const encoder = await open(changes);
    const tokens = await tokensOf();
    expect(encoder.dim).toBe(DIM);
    rows(await encoder.encode(TEXTS), DIM).forEach((vector, i) => {
      unit(byHand(tokens.read(TEXTS[i])).embeds).forEach((value, d) => expect(vector[d]).toBeCloseTo(value, 4));
    });
  });

  test.each([
    ['by its id', CONFIG],
    [
      'by the largest id, where the configuration is of before 2023',
      { model_type: 'clip_text_model', eos_token_id: 2 },
    ],
  ])('is pooled at the end of the text %s, where the model gives tokens only', async (_, config) => {
    const encoder = await open({
      'onnx/text_model.onnx': clipModel(['last_hidden_state']),
      'config.json': { max_position_embeddings: MAX_TOKENS, ...config },
    });
    const tokens = await tokensOf();
    rows(await encoder.encode(TEXTS), encoder.dim).forEach((vector, i) => {
      const ids = tokens.read(TEXTS[i]);
      const expected = unit(byHand(ids).states[ids.length - 1]);
      expected.forEach((value, d) => expect(vector[d]).toBeCloseTo(value, 4));
    });
  });

  test('is pooled as 1_Pooling says if it is a sentence encoder', async () => {
    const encoder = await open({
      'onnx/text_model.onnx': undefined,
      'model.onnx': clipModel(['last_hidden_state']),
      'config.json': { model_type: 'bert', max_position_embeddings: MAX_TOKENS },
      '1_Pooling/config.json': {
        word_embedding_dimension: 8,
        pooling_mode_cls_token: false,
        pooling_mode_mean_tokens: true,
      },
    });
    const tokens = await tokensOf();
    rows(await encoder.encode(TEXTS), encoder.dim).forEach((vector, i) => {
      const { states } = byHand(tokens.read(TEXTS[i]));
      const means = states[0].map((_, d) => states.reduce((sum, state) => sum + state[d], 0) / states.length);
      unit(means).forEach((value, d) => expect(vector[d]).toBeCloseTo(value, 4));
    });
  });

  test('has a fingerprint that changes with every file that is read, and with no other', async () => {
    const fingerprint = async (changes: Readonly<Record<string, unknown>>) =>
      (await readEncoderFolder(await write(changes))).fingerprint;
    const same = await fingerprint({});
    expect(await fingerprint({ 'README.md': 'other' })).toBe(same);
    const others = [
      await fingerprint({ 'config.json': { ...CONFIG, more: 1 } }),
      await fingerprint({ 'tokenizer.json': { ...TOKENIZER, more: 1 } }),
      await fingerprint({ 'onnx/text_model.onnx': clipModel(['last_hidden_state']) }),
      await fingerprint({ '1_Pooling/config.json': { pooling_mode: 'cls' } }),
    ];
    expect(new Set([same, ...others]).size).toBe(others.length + 1);
  });
});

describe('a folder that is no text encoder', () => {
  test.each([
    ['has no model', { 'onnx/text_model.onnx': undefined }, /expected one of onnx\/text_model\.onnx.*got none/],
    ['has no tokeniser', { 'tokenizer.json': undefined }, /expected tokenizer\.json, got no such file/],
    [
      'has a tokeniser that is none',
      { 'tokenizer.json': { model: { type: 'Nonsense' } } },
      /tokenizer\.json is not one/,
    ],
    ['has weights in another file', { 'onnx/text_model.onnx_data': new Uint8Array(1) }, /export as one file/],
    ['has a model that is none', { 'onnx/text_model.onnx': new Uint8Array([1, 2, 3]) }, /expected an ONNX model/],
    [
      'pools in two ways',
      { '1_Pooling/config.json': { pooling_mode_cls_token: true, pooling_mode_mean_tokens: true } },
      /cls_token and mean_tokens/,
    ],
    [
      'has a step that is not in the model',
      {
        'onnx/text_model.onnx': clipModel(['last_hidden_state']),
        'modules.json': [{ type: 'sentence_transformers.models.Dense' }],
      },
      /Dense step/,
    ],
    [
      'has a model of something else',
      {
        'onnx/text_model.onnx': encodeOnnx({
          name: 'x',
          outputs: {
            y: textEncoder(fitTokeniser([]), { looks: { dim: 3, steps: 1 }, taste: { dim: 1, steps: 1, share: 0.2 } }),
          },
          values: new Map(),
          embeddings: 'fed',
        }).bytes,
      },
      /expected an output text_embeds/,
    ],
  ])('is refused where it %s, and the message says so', async (_, changes, message) => {
    await expect(open(changes)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(message) as string,
    });
  });

  test('is refused if there is none', async () => {
    await expect(readEncoderFolder(join(base, 'nowhere'))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});

async function openBuiltIn(): Promise<TextEncoder> {
  const tokeniser = fitTokeniser(['red dress', 'red shirt', 'blue dress', 'blue shirt']);
  const random = createRandom(3);
  const numbers = (size: number) => Float32Array.from({ length: size }, () => random.normal());
  const parts = { looks: { dim: 3, steps: 1 }, taste: { dim: 2, steps: 1, share: 0.2 } };
  const dim = textDim(parts);
  const graph = textEncoder(tokeniser, parts);
  const { inputs } = encodeOnnx({ name: 'text', outputs: { text: graph }, embeddings: 'fed' });
  const values = new Map([
    ['text.looks.tokens', numbers(tokeniser.slots * parts.looks.dim)],
    ['text.taste.tokens', numbers(tokeniser.slots * parts.taste.dim)],
  ]);
  for (const { name, shape } of inputs) {
    if (name.includes('.layers')) values.set(name, numbers(shape.reduce<number>((size, d) => size * Number(d), 1)));
  }
  const { bytes } = encodeOnnx({ name: 'text', outputs: { text: graph }, values, embeddings: 'inline' });
  await engine.load('built-in', inMemory(bytes));
  return builtInEncoder({
    fingerprint: 'one',
    dim,
    tokeniser,
    model: async (batch) => (await engine.run('built-in', batch)).text.data as Float32Array,
  });
}

describe.each([
  ['built-in', openBuiltIn],
  ['CLIP', () => open()],
  [
    'sentence',
    () =>
      open({
        'onnx/text_model.onnx': clipModel(['last_hidden_state']),
        '1_Pooling/config.json': { pooling_mode: 'max' },
      }),
  ],
])('every text encoder (%s)', (_, make) => {
  let encoder: TextEncoder;
  beforeAll(async () => {
    encoder = await make();
  });

  test('gives each text a vector of its dimension and of unit length', async () => {
    const vectors = await encoder.encode(TEXTS);
    expect(vectors).toHaveLength(TEXTS.length * encoder.dim);
    rows(vectors, encoder.dim).forEach((vector) => expect(Math.hypot(...vector)).toBeCloseTo(1, 4));
    expect(await encoder.encode([])).toHaveLength(0);
  });

  test('gives a text the same vector alone and among hundreds of others', async () => {
    const many = Array.from({ length: 300 }, (_, i) => TEXTS[(i * 5) % TEXTS.length]);
    const together = rows(await encoder.encode(many), encoder.dim);
    for (const i of [0, 1, 2, 3, 4, 5, 6, 299]) {
      const alone = await encoder.encode([many[i]]);
      alone.forEach((value, d) => expect(together[i][d]).toBeCloseTo(value, 4));
    }
  });
});
