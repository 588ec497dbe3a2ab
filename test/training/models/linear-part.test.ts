// The two parts of the ranker: the linear part, which a ridge holds near its start, and the gated
// deep part. The tests use a shop of five articles with random pair features.
import type { Batch } from '../../../src/engine/batch';
import { inMemory } from '../../../src/engine/model-runner';
import { openTrainingEngine, type TrainingEngine } from '../../../src/engine/training-engine';
import { PAIR_FEATURES, pairWidth } from '../../../src/features/pair-features';
import { encodeOnnx } from '../../../src/graph/onnx';
import { matmul } from '../../../src/graph/products';
import { reshape } from '../../../src/graph/shapes';
import { input, inOrder, parameter } from '../../../src/graph/tensor';
import { createRandom } from '../../../src/random';
import { linearLoss, listwiseLoss, servedRanker } from '../../../src/training/models/ranker';
import { linearPart, untrainedLinearPart, type CustomerGroup } from '../../../src/training/models/linear-part';
import { createTrainer } from '../../../src/training/optimise/trainer';
import type { Weights } from '../../../src/training/optimise/learnt';
import { shopOf } from '../../support/hand-made-shop';

const shop = shopOf([11, 101, 0], [11, 102, 1], [12, 103, 2], [13, 104, 3]);
const CONFIG = { dim: 4, hidden: [8] };
const width = pairWidth(shop.encoder.articleLayout);
const place = (feature: keyof typeof PAIR_FEATURES): number => Object.keys(PAIR_FEATURES).indexOf(feature);

let engine: TrainingEngine;
beforeAll(() => {
  engine = openTrainingEngine();
});
afterAll(() => engine.close());

/** Lists of four candidates. The one with the highest `price_level` is bought. */
function examples(lists: number, group: CustomerGroup): Batch {
  const random = createRandom(lists, String(group === 'returning'));
  const pair = Float32Array.from({ length: lists * 4 * width }, () => random.normal() * 0.3);
  const label = new Float32Array(lists * 4);
  for (let list = 0; list < lists; list++) {
    let best = 0;
    for (let i = 0; i < 4; i++) {
      const at = (list * 4 + i) * width;
      pair[at + place('history_length')] = group === 'returning' ? 0.5 : 0;
      if (pair[at + place('price_level')] > pair[(list * 4 + best) * width + place('price_level')]) best = i;
    }
    label[list * 4 + best] = 1;
  }
  return {
    pair: { data: pair, shape: [lists, 4, width] },
    label: { data: label, shape: [lists, 4] },
    correction: { data: new Float32Array(lists * 4), shape: [lists, 4] },
  };
}

/** The learnt weights and the final loss. */
async function trainLinearPart(
  batch: Batch,
  ridge: number,
  { returning = 0.3, cold = 0.3 }: { returning?: number; cold?: number } = {},
): Promise<{ weights: Weights; loss: number }> {
  const spread = { returning: new Float32Array(width).fill(returning), cold: new Float32Array(width).fill(cold) };
  const trainer = await createTrainer(engine, {
    name: 'linear',
    loss: linearLoss(shop.encoder, { spread, ridge, lists: batch.pair.shape[0] }),
    random: createRandom(1),
    denseRate: 0.05,
    tableRate: 0,
  });
  let loss = Number.NaN;
  await trainer.train(Array<Batch>(300).fill(batch), (_step, value) => (loss = value));
  return { weights: trainer.weights, loss };
}

/** The final loss of a single weighted sum of the features. */
async function oneSum(batch: Batch): Promise<{ loss: number }> {
  const sum = matmul(input('pair', ['batch', 'candidates', width]), parameter('sum', [width, 1], 'zeros'));
  const trainer = await createTrainer(engine, {
    name: 'one',
    loss: listwiseLoss(reshape(sum, ['batch', 'candidates'])),
    random: createRandom(1),
    denseRate: 0.05,
    tableRate: 0,
  });
  let loss = Number.NaN;
  await trainer.train(Array<Batch>(300).fill(batch), (_step, value) => (loss = value));
  return { loss };
}

async function linearWeights(...training: Parameters<typeof trainLinearPart>): Promise<Weights> {
  return (await trainLinearPart(...training)).weights;
}

const weightOf = (weights: Weights, of: 'direct' | 'newcomer'): number =>
  weights.get(`ranker.${of}`)?.[place('price_level')] ?? Number.NaN;

describe('the linear part', () => {
  test('learns the feature that decides, and more lists move it further against the ridge', async () => {
    const [few, many] = [examples(8, 'returning'), examples(400, 'returning')];
    const [careful, sure] = [await linearWeights(few, 300), await linearWeights(many, 300)];
    expect(weightOf(sure, 'direct')).toBeGreaterThan(1);
    expect(Math.abs(weightOf(careful, 'direct'))).toBeLessThan(weightOf(sure, 'direct') / 4);
  });

  test('learns nothing for cold customers from returning ones, nor the other way round', async () => {
    const returning = await linearWeights(examples(100, 'returning'), 10);
    const cold = await linearWeights(examples(100, 'cold'), 10);
    expect(weightOf(returning, 'newcomer')).toBeCloseTo(0, 6);
    expect(weightOf(cold, 'direct')).toBeCloseTo(0, 6);
    expect(weightOf(cold, 'newcomer')).toBeGreaterThan(1);
  });

  test('is regularised more where features vary more, separately for each customer group', async () => {
    const wide = { returning: 3, cold: 0.3 };
    const returning = await linearWeights(examples(100, 'returning'), 100, wide);
    const cold = await linearWeights(examples(100, 'cold'), 100, wide);
    expect(weightOf(returning, 'direct')).toBeLessThan(weightOf(cold, 'newcomer') / 4);
  });
});

describe('reasons to buy', () => {
  /** The pairs [1, candidates, width] of a returning customer. */
  const pairsOf = (...candidates: Partial<Record<keyof typeof PAIR_FEATURES, number>>[]): Batch[string] => {
    const data = new Float32Array(candidates.length * width);
    candidates.forEach((features, i) => {
      for (const [name, value] of Object.entries({ history_length: 0.5, ...features })) {
        data[i * width + place(name as keyof typeof PAIR_FEATURES)] = value;
      }
    });
    return { data, shape: [1, candidates.length, width] };
  };

  /** The scores with these weights. All other weights are 0. */
  async function scored(
    pair: Batch[string],
    learnt: Readonly<Record<string, Partial<Record<keyof typeof PAIR_FEATURES, number>>>>,
    levels: Readonly<Record<string, number>> = {},
  ): Promise<number[]> {
    const weights = untrainedLinearPart(width);
    for (const [name, values] of Object.entries(learnt)) {
      for (const [feature, value] of Object.entries(values)) {
        const at = place(feature as keyof typeof PAIR_FEATURES);
        weights.get(`ranker.${name}`)?.fill(value, at, at + 1);
      }
    }
    for (const [name, value] of Object.entries(levels)) weights.get(`ranker.${name}.level`)?.fill(value);
    const scores = linearPart(shop.encoder);
    const model = encodeOnnx({ name: 'reasons', outputs: { scores }, values: weights, embeddings: 'inline' });
    await engine.load('reasons', inMemory(model.bytes));
    return [...((await engine.run('reasons', { pair })).scores.data as Float32Array)];
  }
  const half = (sum: number, reasons: number): number => (sum + reasons) / 2;
  const { own, together } = PAIR_FEATURES;

  test('add up if they are present, and are half of the score beside one sum', async () => {
    const pair = pairsOf(
      { price_level: 0.5, repeat_rate: 0.4 },
      { price_level: 0.5, repeat_rate: 0.4, own: 1 },
      { price_level: 0.5, repeat_rate: 0.4, together: 0.1 },
    );
    const scores = await scored(
      pair,
      { repeat: { repeat_rate: 2 }, taste: { price_level: 3 }, complement: { price_level: -1 } },
      { complement: 0.25 },
    );
    const taste = 1.5;
    expect(scores[0]).toBeCloseTo(half(0, taste), 5);
    // The repeat reason reads the repeat rate and `own`. The taste reason reads neither.
    expect(scores[1]).toBeCloseTo(half(own, Math.log(Math.exp(0.8 + own) + Math.exp(taste))), 5);
    const complement = -1 + 0.25 - 0.5 + 0.1 * together;
    expect(scores[2]).toBeCloseTo(
      half(0.1 * together, Math.log(Math.exp(taste + 0.1 * together) + Math.exp(complement))),
      5,
    );
  });

  test('add their weights to those of the sum, but taste and complement ignore earlier purchases of the article', async () => {
    const candidates = [
      { price_level: 0.5 },
      { price_level: 0.5, own: 1 },
      { price_level: 0.5, together: 0.1, own: 1 },
    ];
    const scores = await scored(pairsOf(...candidates), {
      direct: { price_level: 2, own: 1 },
      taste: { price_level: 1 },
    });
    expect(scores[0]).toBeCloseTo(half(1, 1.5), 5);
    expect(scores[1]).toBeCloseTo(half(1 + own + 1, Math.log(Math.exp(1 + own + 1) + Math.exp(1.5))), 5);
    const beside = 0.1 * together;
    const reasons = Math.log(Math.exp(1 + own + 1 + beside) + Math.exp(1.5 + beside) + Math.exp(-1 + 1 + beside));
    expect(scores[2]).toBeCloseTo(half(1 + own + 1 + beside, reasons), 5);
  });

  test('learn that one strong reason is enough, which one sum cannot', async () => {
    const random = createRandom('reasons');
    const lists = 300;
    const drawn = Array.from({ length: lists }, () => {
      const candidates = Array.from({ length: 4 }, (_, i) => ({
        own: i % 2,
        repeat_rate: random.normal(),
        price_level: random.normal(),
      }));
      const intensities = candidates.map(
        ({ own, repeat_rate, price_level }) => own * Math.exp(3 * repeat_rate) + Math.exp(3 * price_level),
      );
      const best = intensities.indexOf(Math.max(...intensities));
      return { pair: pairsOf(...candidates).data, label: candidates.map((_, i) => (i === best ? 1 : 0)) };
    });
    const batch: Batch = {
      pair: { data: Float32Array.from(drawn.flatMap(({ pair }) => [...pair])), shape: [lists, 4, width] },
      label: { data: Float32Array.from(drawn.flatMap(({ label }) => label)), shape: [lists, 4] },
      correction: { data: new Float32Array(lists * 4), shape: [lists, 4] },
    };
    const { loss } = await oneSum(batch);
    expect((await trainLinearPart(batch, 1)).loss).toBeLessThan(0.75 * loss);
  });

  test('are all in the served ranker', () => {
    const model = servedRanker(shop.encoder, CONFIG);
    const names = inOrder([model]).flatMap(({ node }) => (node.kind === 'parameter' ? [node.name] : []));
    expect(names).toEqual(expect.arrayContaining([...untrainedLinearPart(width).keys()]));
  });
});
