// Weights are read from a release, and a warm start uses them although slots have moved.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch } from '../../../src/engine/batch';
import { openTrainingEngine, type TrainingEngine } from '../../../src/engine/training-engine';
import type { Encoder } from '../../../src/features/encoder';
import { EncoderFit } from '../../../src/features/encoder-fit';
import { pairWidth } from '../../../src/features/pair-features';
import { fitTokeniser } from '../../../src/features/text';
import { encodeOnnx, type EncodedModel } from '../../../src/graph/onnx';
import { mean } from '../../../src/graph/rows';
import { concat } from '../../../src/graph/pieces';
import { add, mul } from '../../../src/graph/elementwise';
import { constant, embedding, input, type Tensor } from '../../../src/graph/tensor';
import { CoPurchases } from '../../../src/statistics/co-purchase';
import { reorderedHabits } from '../../../src/statistics/habits';
import { createRandom } from '../../../src/random';
import { publishRelease } from '../../../src/release/build';
import { buildIndex } from '../../../src/index/local-index';
import { readFormer, type FormerWeights } from '../../../src/release/weights';
import { mlp } from '../../../src/training/models/layers';
import { createTrainer, type Trainer, type TrainerOptions } from '../../../src/training/optimise/trainer';
import { checkAttributes, warmStart } from '../../../src/training/stages/warm-start';
import { articleRow, customerRow, noLifts } from '../../support/rows';

let engine: TrainingEngine;
let modelsDir: string;
beforeAll(async () => {
  engine = openTrainingEngine();
  modelsDir = await mkdtemp(join(tmpdir(), 'vitrine-warm-'));
});
afterAll(async () => {
  await engine.close();
  await rm(modelsDir, { recursive: true, force: true });
});

/** A shop with articles of these colours. Only `ids` have their own embeddings. */
function encoderOf(colours: readonly string[], ids: readonly string[]): Encoder {
  const fit = new EncoderFit();
  fit.addArticles(colours.map((colour, i) => articleRow(i + 1, { colour })));
  fit.addCustomers(Array.from({ length: 40 }, (_, i) => customerRow(i + 1, { age: 20 + i })));
  return fit.finish(ids);
}

const FORMER = encoderOf(['red', 'red', 'red', 'blue', 'blue', 'grey', 'grey'], ['a', 'b', 'c']);
/** The current shop has another order. Grey and c are gone, and green and d are new. */
const CURRENT = encoderOf(['blue', 'blue', 'blue', 'red', 'red', 'green', 'green'], ['d', 'b', 'a']);

/**
 * A model from an article id, a colour and an age to [batch, 1], with a literal among the
 * parameters.
 */
function model(encoder: Encoder, width = 3): Tensor {
  const look = (name: string, rows: number): Tensor =>
    embedding(name, { name: `model.${name}`, rows, width }, input(name, ['batch'], 'int32'));
  const parts = [
    look('article_ids', encoder.articleSlots),
    look('article_fields', encoder.articleLayout.slots),
    look('customer_fields', encoder.customerLayout.slots),
  ];
  return mlp('model.layers', add(concat(parts), constant(0.5)), [4, 1]);
}

function trainerOf(encoder: Encoder, options: Partial<TrainerOptions> = {}, width?: number): Promise<Trainer> {
  const score = model(encoder, width);
  const loss = mean(mul(score, score));
  return createTrainer(engine, {
    name: 'warm',
    loss,
    random: createRandom(1),
    denseRate: 0.01,
    tableRate: 0.1,
    ...options,
  });
}

/** Trains one model for a few steps and publishes it in the place of every model of a release. */
async function published(): Promise<{ folder: string; weights: Trainer['weights'] }> {
  const trainer = await trainerOf(FORMER);
  const ids = (values: number[]): Batch[string] => ({ data: Int32Array.from(values), shape: [4] });
  const batch = {
    article_ids: ids([0, 1, 2, 3]),
    article_fields: ids([0, 1, 2, 3]),
    customer_fields: ids([0, 1, 5, 9]),
  };
  await trainer.train([batch, batch, batch]);
  const released = (name: string): EncodedModel =>
    encodeOnnx({ name, outputs: { out: model(FORMER) }, values: trainer.weights, embeddings: 'inline' });
  const index = buildIndex(2, Int32Array.of(0), Float32Array.of(1, 0), { kind: 'exact' });
  const manifest = await publishRelease(
    modelsDir,
    {
      encoder: FORMER,
      tokeniser: fitTokeniser([]),
      models: {
        query_tower: released('query_tower'),
        article_tower: released('article_tower'),
        ranker: released('ranker'),
        text_encoder: released('text_encoder'),
      },
      articleIds: ['a'],
      articleVersions: [0],
      articleIndex: index,
      similarIndex: index,
      habits: reorderedHabits(
        {
          coPurchases: new CoPurchases(1, new Int32Array(0), new Float32Array(0)),
          repeatRates: new Float32Array(0),
          variantRates: new Float32Array(0),
          attributeShares: new Float32Array(FORMER.articleLayout.slots),
          valueLifts: noLifts(FORMER.articleLayout),
        },
        [],
        1,
      ),
      textParts: undefined,
      data: { purchases: 0, customers: 0, from: '', to: '' },
      training: {},
      evaluation: null,
      report: null,
    },
    new Date(),
  );
  return { folder: join(modelsDir, manifest.name), weights: trainer.weights };
}

test('the trained weights are read from a release by name and shape, without its literals', async () => {
  const { folder, weights } = await published();
  const trained = await readFormer(folder);
  expect(trained.encoder.fingerprint).toBe(FORMER.fingerprint);
  expect(new Set(trained.weights.keys())).toEqual(new Set(weights.keys()));
  for (const [name, values] of weights) expect([...(trained.weights.get(name)?.data ?? [])]).toEqual([...values]);
  expect(trained.weights.get('model.article_ids')?.shape).toEqual([4, 3]);
  expect(trained.weights.get('model.layers.0.weight')?.shape).toEqual([9, 4]);
});

test('a model that was changed is refused by name', async () => {
  const { folder } = await published();
  const file = join(folder, 'ranker/1/model.onnx');
  const bytes = await readFile(file);
  bytes[bytes.length - 1] ^= 1;
  await writeFile(file, bytes);
  await expect(readFormer(folder)).rejects.toMatchObject({
    code: 'RELEASE_INVALID',
    message: expect.stringContaining('ranker/1/model.onnx') as string,
  });
});

test('a warm start on the same shop begins with exactly the trained weights', async () => {
  const { folder, weights } = await published();
  const trainer = await trainerOf(FORMER, { initialise: warmStart(await readFormer(folder), FORMER) });
  expect([...trainer.weights]).toEqual([...weights]);
});

test('a ranker for articles with other attributes is refused', async () => {
  const { folder } = await published();
  const former = await readFormer(folder);
  const rows = Array.from({ length: 8 }, (_, i) =>
    articleRow(i + 1, { colour: i % 2 ? 'red' : 'blue', brand: i % 3 ? 'Acme' : 'Apex' }),
  );
  const fit = new EncoderFit();
  fit.addArticles(rows);
  fit.addCustomers([customerRow(1)]);
  const other = fit.finish(['a']);
  expect(pairWidth(other.articleLayout)).not.toBe(pairWidth(CURRENT.articleLayout));
  expect(() => {
    checkAttributes(former, other);
  }).toThrow(expect.objectContaining({ code: 'RELEASE_INVALID' }) as Error);
  checkAttributes(former, CURRENT);
});

describe('a training on a shop that has changed', () => {
  const row = (trainer: Trainer, table: string, slot: number): number[] => {
    const values = trainer.weights.get(`model.${table}`);
    return [...(values?.subarray(slot * 3, (slot + 1) * 3) ?? [])];
  };
  let former: Trainer;
  let cold: Trainer;
  let warm: Trainer;
  beforeAll(async () => {
    former = await trainerOf(FORMER, { random: createRandom('former') });
    cold = await trainerOf(CURRENT);
    warm = await trainerOf(CURRENT, { initialise: warmStart(trained(former), CURRENT) });
  });

  test.each(['a', 'b', 'not an article of its own'])('keeps the embedding of article %p', (id) => {
    const [from, to] = [FORMER, CURRENT].map((encoder) => encoder.slotsOf([articleRow(1, { id })])[0]);
    expect(row(warm, 'article_ids', to)).toEqual(row(former, 'article_ids', from));
  });

  test.each(['red', 'blue', 'no colour of the shop'])('keeps the embedding of the colour %p', (colour) => {
    const article = articleRow(1, { colour });
    const [from, to] = [FORMER, CURRENT].map((encoder) => encoder.articles([article]).single[0]);
    expect(row(warm, 'article_fields', to)).toEqual(row(former, 'article_fields', from));
  });

  test('keeps the embeddings of the ages', () => {
    expect(warm.weights.get('model.customer_fields')).toEqual(former.weights.get('model.customer_fields'));
  });

  test('starts as usual for a new article and a new colour', () => {
    const [slot] = CURRENT.slotsOf([articleRow(1, { id: 'd' })]);
    expect(row(warm, 'article_ids', slot)).toEqual(row(cold, 'article_ids', slot));
    const [green] = CURRENT.articles([articleRow(1, { colour: 'green' })]).single;
    expect(row(warm, 'article_fields', green)).toEqual(row(cold, 'article_fields', green));
  });

  test('keeps layers of the same shape and starts as usual for others', async () => {
    expect(warm.weights.get('model.layers.0.weight')).toEqual(former.weights.get('model.layers.0.weight'));
    const wider = await trainerOf(CURRENT, { initialise: warmStart(trained(former), CURRENT) }, 5);
    const widerCold = await trainerOf(CURRENT, {}, 5);
    for (const name of ['model.layers.0.weight', 'model.article_ids', 'model.article_fields']) {
      expect(wider.weights.get(name)).toEqual(widerCold.weights.get(name));
    }
    expect(wider.weights.get('model.layers.1.weight')).toEqual(former.weights.get('model.layers.1.weight'));
  });
});

/** The weights as they would be read from a release. */
function trained({ weights }: Trainer): FormerWeights {
  const shapeOf = (name: string, length: number): number[] => {
    if (name === 'model.layers.0.weight') return [9, 4];
    if (name === 'model.layers.1.weight') return [4, 1];
    return name.startsWith('model.layers') ? [length] : [length / 3, 3];
  };
  const values = [...weights].map(([name, data]) => [name, { data, shape: shapeOf(name, data.length) }] as const);
  return { name: 'former', encoder: FORMER, weights: new Map(values) };
}
