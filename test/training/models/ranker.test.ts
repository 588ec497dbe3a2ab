// The two parts of the ranker: the linear part, which a ridge holds near its start, and the gated
// deep part. The tests use a shop of five articles with random pair features.
import type { Batch } from '../../../src/engine/batch';
import { inMemory } from '../../../src/engine/model-runner';
import { openTrainingEngine, type TrainingEngine } from '../../../src/engine/training-engine';
import { pairWidth } from '../../../src/features/pair-features';
import { encodeOnnx } from '../../../src/graph/onnx';
import { add } from '../../../src/graph/elementwise';
import { input, inOrder, type Tensor } from '../../../src/graph/tensor';
import { createRandom } from '../../../src/random';
import { createPipeline } from '../../../src/ranking/pipeline';
import type { Customers } from '../../../src/features/customers';
import { CoPurchases } from '../../../src/statistics/co-purchase';
import {
  calibrationWeights,
  deepLoss,
  deepRanker,
  gateWeight,
  servedRanker,
  type Calibrations,
} from '../../../src/training/models/ranker';
import { linearPart, untrainedLinearPart } from '../../../src/training/models/linear-part';
import { drawCustomers } from '../../../src/training/stages/train-ranker';
import { momentOf } from '../../../src/dataset/moments';
import { createTrainer } from '../../../src/training/optimise/trainer';
import type { Weights } from '../../../src/training/optimise/learnt';
import { NOON, shopOf } from '../../support/hand-made-shop';
import { noLifts } from '../../support/rows';
import { DAY } from '../../../src/time';

const shop = shopOf([11, 101, 0], [11, 102, 1], [12, 103, 2], [13, 104, 3]);
const CONFIG = { dim: 4, hidden: [8] };
const width = pairWidth(shop.encoder.articleLayout);

let engine: TrainingEngine;
beforeAll(() => {
  engine = openTrainingEngine();
});
afterAll(() => engine.close());

describe('the share of hidden histories', () => {
  const many = { customers: 400, offsets: Int32Array.from({ length: 401 }, (_, c) => 2 * c) };
  /** The share of histories that is hidden if this many customers are cold. */
  const hiddenOf = (cold: number): number => {
    const customers = Int32Array.from({ length: many.customers }, (_, c) => c);
    const ends = Int32Array.from(customers, (c) => many.offsets[c] + (c < cold ? 0 : 1));
    const rounds = [{ moment: momentOf(shop, NOON), customers, ends, answers: [], hideHistory: false }];
    const { isHeldOut, hidesHistory } = drawCustomers(many, rounds, { coldShare: 0.2 }, createRandom(1));
    const taken = [...customers].filter((c) => !isHeldOut(c));
    expect(taken.length).toBeLessThan(many.customers);
    return taken.filter(hidesHistory).length / taken.length;
  };

  test('is a fifth without cold customers, less with some, and nothing when a fifth is cold', () => {
    expect(hiddenOf(0)).toBeGreaterThan(0.14);
    expect(hiddenOf(0)).toBeLessThan(0.26);
    expect(hiddenOf(40)).toBeGreaterThan(0.05);
    expect(hiddenOf(40)).toBeLessThan(hiddenOf(0));
    expect(hiddenOf(80)).toBe(0);
    expect(hiddenOf(400)).toBe(0);
  });
});

describe('the deep part', () => {
  const asItIs = { scale: 1, shift: 0 };
  const model = servedRanker(shop.encoder, CONFIG);
  const customers: Customers = {
    encoded: shop.customerRows([0, 3]),
    histories: [shop.historyUntil(0, 2, 100), []],
  };
  const vector = Float32Array.of(1, 0);
  const pipeline = createPipeline({
    encoder: shop.encoder,
    catalogue: shop.catalogue,
    vectors: {
      dim: 2,
      index: { search: async () => ({ ids: new Int32Array(0), scores: new Float32Array(0), k: 0 }) },
      articleOf: (id) => id,
      data: Float32Array.from({ length: 10 }, (_, i) => vector[i % 2]),
      has: () => true,
      shown: () => true,
    },
    habits: {
      coPurchases: new CoPurchases(1, new Int32Array(5).fill(-1), new Float32Array(5)),
      repeatRates: new Float32Array(5),
      variantRates: new Float32Array(5),
      attributeShares: new Float32Array(20 * shop.encoder.articleLayout.slots).fill(0.5),
      valueLifts: noLifts(shop.encoder.articleLayout),
    },
    queryTower: () => Promise.resolve(new Float32Array(0)),
    ranker: () => Promise.resolve(new Float32Array(0)),
  });
  const candidates = [0, 1].map(() => ({
    articles: Int32Array.of(0, 2, 4),
    found: new Uint16Array(3).fill(1),
    cosines: Float32Array.of(0.5, 0.25, 0),
    together: new Float32Array(3),
  }));

  /** [customers][candidates] with random weights, which are the same for each call. */
  async function scored(gate: number, calibrations?: Calibrations): Promise<number[][]> {
    const random = createRandom(8);
    const values = new Map<string, Float32Array>();
    for (const tensor of inOrder([model])) {
      const { node } = tensor;
      if (node.kind === 'parameter') {
        const size = tensor.shape.reduce<number>((product, dim) => product * Number(dim), 1);
        values.set(
          node.name,
          Float32Array.from({ length: size }, () => random.normal()),
        );
      }
      if (node.kind === 'embedding') {
        const { name, rows, width: columns } = node.table;
        values.set(
          name,
          Float32Array.from({ length: rows * columns }, () => random.normal()),
        );
      }
    }
    for (const [name, value] of [gateWeight(gate), ...(calibrations ? calibrationWeights(calibrations) : [])]) {
      values.set(name, value);
    }
    await engine.load(
      'ranker',
      inMemory(encodeOnnx({ name: 'ranker', outputs: { scores: model }, values, embeddings: 'inline' }).bytes),
    );
    const inputs = pipeline.rankerInputs(customers, candidates, momentOf(shop, NOON + 5 * DAY));
    const { data } = (await engine.run('ranker', inputs)).scores;
    return [0, 3].map((from) => Array.from(data.subarray(from, from + 3)));
  }

  test('starts from the scores of the linear part, which does not change', async () => {
    const random = createRandom('settled');
    const linear = untrainedLinearPart(width);
    for (const values of linear.values()) values.forEach((_, i) => (values[i] = random.normal() / 4));
    const learning = add(input('offset', ['batch', 'candidates']), deepRanker(shop.encoder, CONFIG));
    const trainer = await createTrainer(engine, {
      name: 'settled',
      loss: deepLoss(shop.encoder, CONFIG),
      random,
      denseRate: 0.01,
      tableRate: 0.01,
    });
    const offset = { data: new Float32Array(6), shape: [2, 3] };
    const inputs = (): Batch => ({
      ...pipeline.rankerInputs(customers, candidates, momentOf(shop, NOON + 5 * DAY)),
      offset,
    });
    const scoresOf = async (scores: Tensor, values: Weights): Promise<number[]> => {
      const { bytes, inputs: ports } = encodeOnnx({ name: 'any', outputs: { scores }, values, embeddings: 'inline' });
      await engine.load('any', inMemory(bytes));
      const read = Object.entries(inputs()).filter(([name]) => ports.some((port) => port.name === name));
      return [...((await engine.run('any', Object.fromEntries(read))).scores.data as Float32Array)];
    };
    const alone = await scoresOf(linearPart(shop.encoder), linear);
    offset.data.set(alone);
    const before = await scoresOf(learning, trainer.weights);
    expect(before).toEqual(alone);
    const label = { data: Float32Array.of(1, 0, 0, 0, 1, 0), shape: [2, 3] };
    const correction = { data: new Float32Array(6), shape: [2, 3] };
    await trainer.train(Array.from({ length: 20 }, () => ({ ...inputs(), label, correction })));
    const learnt = await scoresOf(learning, trainer.weights);
    expect(learnt).not.toEqual(before);
    const added = await scoresOf(deepRanker(shop.encoder, CONFIG), trainer.weights);
    learnt.forEach((score, i) => expect(score).toBeCloseTo(alone[i] + added[i], 5));
    // With an open gate the served ranker adds both parts. Only the first customer is returning.
    const served = await scoresOf(
      model,
      new Map([
        ...linear,
        ...trainer.weights,
        gateWeight(1),
        ...calibrationWeights({ returning: asItIs, cold: asItIs }),
      ]),
    );
    served.slice(0, 3).forEach((score, i) => expect(score).toBeCloseTo(learnt[i], 4));
    served.slice(3).forEach((score, i) => expect(score).toBeCloseTo(alone[3 + i], 4));
  });

  test('moves the scores of returning customers as far as the gate is open, and those of cold ones never', async () => {
    const [shut, quarter, full] = [await scored(0), await scored(0.25), await scored(1)];
    expect(full[0]).not.toEqual(shut[0]);
    quarter[0].forEach((score, i) => {
      expect(score).toBeCloseTo(shut[0][i] + 0.25 * (full[0][i] - shut[0][i]), 3);
    });
    expect(full[1]).toEqual(shut[1]);
  });

  test('is calibrated for each group by its own numbers', async () => {
    const raw = await scored(1, { returning: asItIs, cold: asItIs });
    const [returning, cold] = await scored(1, { returning: { scale: 2, shift: -1 }, cold: { scale: 0.5, shift: 3 } });
    returning.forEach((score, i) => expect(score).toBeCloseTo(2 * raw[0][i] - 1, 3));
    cold.forEach((score, i) => expect(score).toBeCloseTo(0.5 * raw[1][i] + 3, 3));
  });

  test('keeps the one calibration of an older release after a warm start', () => {
    const same = { scale: 0.5, shift: -6 };
    const weights = new Map(calibrationWeights({ returning: same, cold: same }));
    // The weights that an older release lacks start at 0.
    const more = [...weights.keys()].filter((name) => !['ranker.scale', 'ranker.shift'].includes(name));
    expect(more.map((name) => [...(weights.get(name) ?? [])])).toEqual([[0], [0]]);
    const starts = inOrder([model]).flatMap(({ node }) => {
      return node.kind === 'parameter' && more.includes(node.name) ? [node.init] : [];
    });
    expect(starts).toEqual(['zeros', 'zeros']);
  });
});
