// The text encoder on shops of any script and with any markup: what is alike is found, as in a
// plain shop in English.

import { inMemory } from '../../../src/engine/model-runner';
import { openTrainingEngine, type TrainingEngine } from '../../../src/engine/training-engine';
import { articleText } from '../../../src/features/article-text';
import { fitTokeniser, MAX_TOKENS } from '../../../src/features/text';
import { encodeOnnx } from '../../../src/graph/onnx';
import { createRandom } from '../../../src/random';
import { silentReporter } from '../../../src/telemetry/progress';
import { textEncoder, trainTextEncoder } from '../../../src/training/models/text-encoder';
import { articleRow } from '../../support/rows';

interface Words {
  readonly colours: readonly string[];
  readonly kinds: readonly string[];
  /** Says in one sentence what an article is. */
  readonly say: (colour: string, kind: string, style: number) => string;
}

const ENGLISH: Words = {
  colours: ['red', 'blue', 'green', 'black', 'white', 'grey'],
  kinds: ['kettle', 'teapot', 'chair', 'mirror', 'blanket', 'ladder', 'bucket', 'rug'],
  say: (colour, kind, style) => `${colour} ${kind} for every day, ${['plain', 'rustic'][style]} make`,
};
const CHINESE: Words = {
  colours: ['红色', '蓝色', '绿色', '黑色', '白色', '灰色'],
  kinds: ['水壶', '茶壶', '椅子', '镜子', '毯子', '梯子', '水桶', '地毯'],
  say: (colour, kind, style) => `${colour}${kind}日常使用${['朴素', '乡村'][style]}制作`,
};
const JAPANESE: Words = {
  colours: ['赤い', '青い', '緑の', '黒い', '白い', '灰色の'],
  kinds: ['やかん', 'ティーポット', '椅子', '鏡', '毛布', 'はしご', 'バケツ', 'じゅうたん'],
  say: (colour, kind, style) => `毎日使える${['シンプルな', '素朴な'][style]}${colour}${kind}`,
};
const THAI: Words = {
  colours: ['สีแดง', 'สีน้ำเงิน', 'สีเขียว', 'สีดำ', 'สีขาว', 'สีเทา'],
  kinds: ['กาต้มน้ำ', 'กาน้ำชา', 'เก้าอี้', 'กระจก', 'ผ้าห่ม', 'บันได', 'ถัง', 'พรม'],
  say: (colour, kind, style) => `${kind}${colour}สำหรับทุกวันแบบ${['เรียบ', 'ชนบท'][style]}`,
};

/** An article for each colour and kind. */
function textsOf({ colours, kinds, say }: Words): string[] {
  return colours.flatMap((colour, c) => kinds.map((kind, k) => say(colour, kind, (c + k) % 2)));
}

let engine: TrainingEngine;
beforeAll(() => {
  engine = openTrainingEngine();
});
afterAll(() => engine.close());

/**
 * The share of the five most similar articles that are of the same kind or colour. Chance is a
 * quarter.
 */
async function shareAlike(words: Words): Promise<number> {
  const texts = textsOf(words);
  const { length } = words.kinds;
  const areAlike = (a: number, b: number): boolean =>
    a % length === b % length || Math.floor(a / length) === Math.floor(b / length);
  const tokeniser = fitTokeniser(texts);
  const parts = { looks: { dim: 24, steps: 150 }, taste: { dim: 4, steps: 2, share: 0.05 } };
  const settings = { temperature: 0.1, batch: 48, denseRate: 0.002, tableRate: 0.05, keep: [0.3, 0.8] as const };
  const weights = await trainTextEncoder(engine, {
    tokeniser,
    examples: { tokens: tokeniser.inputs(texts) },
    config: { ...settings, ...parts },
    random: createRandom(4),
    reporter: silentReporter,
  });
  const outputs = { vector: textEncoder(tokeniser, parts) };
  await engine.load(
    'text',
    inMemory(encodeOnnx({ name: 'text', outputs, values: weights, embeddings: 'inline' }).bytes),
  );
  const { vector } = await engine.run('text', tokeniser.inputs(texts));
  const [, dim] = vector.shape;
  const cosine = (a: number, b: number): number =>
    Array.from({ length: dim }, (_, d) => vector.data[a * dim + d] * vector.data[b * dim + d]).reduce((x, y) => x + y);
  const shares = texts.map((_, article) => {
    const others = [...texts.keys()].filter((other) => other !== article);
    const nearest = others.sort((a, b) => cosine(article, b) - cosine(article, a)).slice(0, 5);
    return nearest.filter((other) => areAlike(article, other)).length / 5;
  });
  return shares.reduce((a, b) => a + b) / shares.length;
}

test.each(Object.entries({ ENGLISH, CHINESE, JAPANESE, THAI }))(
  'articles of one kind or colour are alike, in scripts without spaces as in English: %s',
  async (_language, words) => {
    expect(await shareAlike(words)).toBeGreaterThan(0.75);
  },
);

test('markup and notes that all articles share change nothing in what is read', () => {
  const texts = textsOf(ENGLISH);
  const notes = Array.from({ length: 90 }, (_, i) => `notice${String(i)}`).join(' ');
  const wrapped = texts.map((text, i) =>
    articleText(
      articleRow(i, {
        description: `<div style="margin:0"><table width="100%"><tr><td>${notes}&nbsp;&euro;</td></tr></table></div><p>${text}.</p>`,
      }),
    ),
  );
  /** [articles] the weights of its words by their texts. */
  const read = (all: readonly string[]): Map<string, number>[] => {
    const tokeniser = fitTokeniser(all);
    const { vocabulary } = tokeniser.toJSON();
    const first = tokeniser.slots - vocabulary.length;
    const { text_ids: ids, text_weights: weights } = tokeniser.inputs(all);
    return all.map((_, r) => {
      const found = new Map<string, number>();
      for (let t = r * MAX_TOKENS; t < (r + 1) * MAX_TOKENS && weights.data[t] > 0; t++) {
        found.set(vocabulary[ids.data[t] - first][0], weights.data[t]);
      }
      return found;
    });
  };
  expect(read(wrapped)).toEqual(read(texts));
});
