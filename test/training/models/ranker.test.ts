// The two parts of the ranker: the straight way, which a ridge holds to where it starts, and the
// layers, which are heard as far as they help. On a shop of five articles, whose pairs are drawn.
import { openEngine, type Batch, type Engine } from '../../../src/engine/engine';
import { PAIR_FEATURES, pairWidth } from '../../../src/features/pair-features';
import { encodeOnnx } from '../../../src/graph/onnx';
import { matmul, reshape } from '../../../src/graph/operators';
import { input, inOrder, parameter, type Tensor } from '../../../src/graph/tensor';
import { createRandom } from '../../../src/random';
import { createPipeline } from '../../../src/ranking/pipeline';
import type { Customers } from '../../../src/features/customers';
import { CoPurchases } from '../../../src/statistics/co-purchase';
import { listwiseLoss } from '../../../src/training/models/listwise';
import {
  calibrationWeights,
  gateWeight,
  learningRanker,
  rankerLayers,
  servedRanker,
  type Calibrations,
} from '../../../src/training/models/ranker';
import { straightLoss, straightRanker, nothingLearnt } from '../../../src/training/models/straight';
import { drawTaken } from '../../../src/training/stages/train-ranker';
import { momentOf } from '../../../src/dataset/moments';
import { createTrainer, type Weights } from '../../../src/training/optimise/trainer';
import { NOON, shopOf } from '../../support/hand-made-shop';
import { noLifts } from '../../support/rows';
import { DAY } from '../../../src/time';

const shop = shopOf([11, 101, 0], [11, 102, 1], [12, 103, 2], [13, 104, 3]);
const width = pairWidth(shop.encoder.articleLayout);
const place = (feature: keyof typeof PAIR_FEATURES): number => Object.keys(PAIR_FEATURES).indexOf(feature);

let engine: Engine;
beforeAll(() => {
  engine = openEngine();
});
afterAll(() => engine.close());

/**
 * Lists of four candidates; what has the highest `price_level`, which says nothing at the start, is
 * what is bought.
 */
function lessons(lists: number, { known }: { known: boolean }): Batch {
  const random = createRandom(lists, String(known));
  const pair = Float32Array.from({ length: lists * 4 * width }, () => random.normal() * 0.3);
  const label = new Float32Array(lists * 4);
  for (let list = 0; list < lists; list++) {
    let best = 0;
    for (let i = 0; i < 4; i++) {
      const at = (list * 4 + i) * width;
      pair[at + place('history_length')] = known ? 0.5 : 0;
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

/** What is learnt from a batch, and the loss in the end. */
async function straightWay(
  batch: Batch,
  ridge: number,
  { known = 0.3, newcomers = 0.3 }: { known?: number; newcomers?: number } = {},
): Promise<{ weights: Weights; loss: number }> {
  const spread = { known: new Float32Array(width).fill(known), newcomers: new Float32Array(width).fill(newcomers) };
  const trainer = await createTrainer(engine, {
    name: 'straight',
    loss: straightLoss(shop.encoder, { spread, ridge, lists: batch.pair.shape[0] }),
    random: createRandom(1),
    denseRate: 0.05,
    tableRate: 0,
  });
  let loss = Number.NaN;
  await trainer.train(Array<Batch>(300).fill(batch), (_step, value) => (loss = value));
  return { weights: trainer.weights, loss };
}

/** The same for one weighted sum of the features. */
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

async function straightWeights(...lesson: Parameters<typeof straightWay>): Promise<Weights> {
  return (await straightWay(...lesson)).weights;
}

const weightOf = (weights: Weights, of: 'direct' | 'newcomer'): number =>
  weights.get(`ranker.${of}`)?.[place('price_level')] ?? Number.NaN;

describe('the straight way', () => {
  test('learns what decides, the further the more lists say so against the ridge', async () => {
    const [few, many] = [lessons(8, { known: true }), lessons(400, { known: true })];
    const [careful, sure] = [await straightWeights(few, 300), await straightWeights(many, 300)];
    expect(weightOf(sure, 'direct')).toBeGreaterThan(1);
    expect(Math.abs(weightOf(careful, 'direct'))).toBeLessThan(weightOf(sure, 'direct') / 4);
  });

  test('learns of customers with a past nothing for newcomers, and the other way round', async () => {
    const known = await straightWeights(lessons(100, { known: true }), 10);
    const newcomers = await straightWeights(lessons(100, { known: false }), 10);
    expect(weightOf(known, 'newcomer')).toBeCloseTo(0, 6);
    expect(weightOf(newcomers, 'direct')).toBeCloseTo(0, 6);
    expect(weightOf(newcomers, 'newcomer')).toBeGreaterThan(1);
  });

  test('is held tighter where features go further, each group by its own units', async () => {
    const wide = { known: 3, newcomers: 0.3 };
    const known = await straightWeights(lessons(100, { known: true }), 100, wide);
    const newcomers = await straightWeights(lessons(100, { known: false }), 100, wide);
    expect(weightOf(known, 'direct')).toBeLessThan(weightOf(newcomers, 'newcomer') / 4);
  });
});

describe('reasons to buy', () => {
  /** One list of pairs [1, candidates, width] of a customer with a past. */
  const pairsOf = (...candidates: Partial<Record<keyof typeof PAIR_FEATURES, number>>[]): Batch[string] => {
    const data = new Float32Array(candidates.length * width);
    candidates.forEach((features, i) => {
      for (const [name, value] of Object.entries({ history_length: 0.5, ...features })) {
        data[i * width + place(name as keyof typeof PAIR_FEATURES)] = value;
      }
    });
    return { data, shape: [1, candidates.length, width] };
  };

  /** The scores of pairs by these weights, all others 0. */
  async function scored(
    pair: Batch[string],
    learnt: Readonly<Record<string, Partial<Record<keyof typeof PAIR_FEATURES, number>>>>,
    levels: Readonly<Record<string, number>> = {},
  ): Promise<number[]> {
    const weights = nothingLearnt(width);
    for (const [name, values] of Object.entries(learnt)) {
      for (const [feature, value] of Object.entries(values)) {
        const at = place(feature as keyof typeof PAIR_FEATURES);
        weights.get(`ranker.${name}`)?.fill(value, at, at + 1);
      }
    }
    for (const [name, value] of Object.entries(levels)) weights.get(`ranker.${name}.level`)?.fill(value);
    const scores = straightRanker(shop.encoder);
    const model = encodeOnnx({ name: 'reasons', outputs: { scores }, values: weights, embeddings: 'inline' });
    await engine.load('reasons', model.bytes);
    return [...((await engine.run('reasons', { pair })).scores.data as Float32Array)];
  }
  const half = (sum: number, reasons: number): number => (sum + reasons) / 2;
  const { own, together } = PAIR_FEATURES;

  test('add up, and only those that there are, and are half of the score beside one sum', async () => {
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
    // The rate of coming back and being own, beside the taste, which knows neither.
    expect(scores[1]).toBeCloseTo(half(own, Math.log(Math.exp(0.8 + own) + Math.exp(taste))), 5);
    const complement = -1 + 0.25 - 0.5 + 0.1 * together;
    expect(scores[2]).toBeCloseTo(
      half(0.1 * together, Math.log(Math.exp(taste + 0.1 * together) + Math.exp(complement))),
      5,
    );
  });

  test('have what the one sum learns beside what each learns, but taste and complement nothing of what was bought before', async () => {
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

  test('tell what one sum cannot: that what is dear to the taste needs no repetition', async () => {
    const random = createRandom('reasons');
    const lists = 300;
    const lesson = Array.from({ length: lists }, () => {
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
      pair: { data: Float32Array.from(lesson.flatMap(({ pair }) => [...pair])), shape: [lists, 4, width] },
      label: { data: Float32Array.from(lesson.flatMap(({ label }) => label)), shape: [lists, 4] },
      correction: { data: new Float32Array(lists * 4), shape: [lists, 4] },
    };
    // The best that one sum can do, by its own descent.
    const { loss } = await oneSum(batch);
    expect((await straightWay(batch, 1)).loss).toBeLessThan(0.75 * loss);
  });

  test('are served with all of their weights', () => {
    const model = servedRanker(shop.encoder, { dim: 4, hidden: [8] });
    const names = inOrder([model]).flatMap(({ node }) => (node.kind === 'parameter' ? [node.name] : []));
    expect(names).toEqual(expect.arrayContaining([...nothingLearnt(width).keys()]));
  });
});

describe('whose past is hidden in the lists of the ranker', () => {
  const many = { customers: 400, offsets: Int32Array.from({ length: 401 }, (_, c) => 2 * c) };
  /** Of customers with two purchases each so many are asked about before the first. */
  const hiddenOf = (newcomers: number): number => {
    const customers = Int32Array.from({ length: many.customers }, (_, c) => c);
    const ends = Int32Array.from(customers, (c) => many.offsets[c] + (c < newcomers ? 0 : 1));
    const rounds = [{ moment: momentOf(shop, NOON), customers, ends, answers: [], hideHistory: false }];
    const { isHeldOut, isCold } = drawTaken(many, rounds, { coldShare: 0.2 }, createRandom(1));
    const taken = [...customers].filter((c) => !isHeldOut(c));
    expect(taken.length).toBeLessThan(many.customers);
    return taken.filter(isCold).length / taken.length;
  };

  test('is a fifth where nobody is new, fewer where some are, and nobody where a fifth is new', () => {
    expect(hiddenOf(0)).toBeGreaterThan(0.14);
    expect(hiddenOf(0)).toBeLessThan(0.26);
    expect(hiddenOf(40)).toBeGreaterThan(0.05);
    expect(hiddenOf(40)).toBeLessThan(hiddenOf(0));
    expect(hiddenOf(80)).toBe(0);
    expect(hiddenOf(400)).toBe(0);
  });
});

describe('the layers', () => {
  const asItIs = { scale: 1, shift: 0 };
  const model = servedRanker(shop.encoder, { dim: 4, hidden: [8] });
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

  /**
   * [customers][candidates] by weights that are drawn, the same each time but for those that are
   * given.
   */
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
      encodeOnnx({ name: 'ranker', outputs: { scores: model }, values, embeddings: 'inline' }).bytes,
    );
    const inputs = pipeline.rankerInputs(customers, candidates, momentOf(shop, NOON + 5 * DAY));
    const { data } = (await engine.run('ranker', inputs)).scores;
    return [0, 3].map((from) => Array.from(data.subarray(from, from + 3)));
  }

  test('learn beside a straight way that stays as it is, and start from it', async () => {
    const random = createRandom('settled');
    const straight = nothingLearnt(width);
    for (const values of straight.values()) values.forEach((_, i) => (values[i] = random.normal() / 4));
    const learning = learningRanker(shop.encoder, { dim: 4, hidden: [8] });
    const trainer = await createTrainer(engine, {
      name: 'settled',
      loss: listwiseLoss(learning),
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
      await engine.load('any', bytes);
      const read = Object.entries(inputs()).filter(([name]) => ports.some((port) => port.name === name));
      return [...((await engine.run('any', Object.fromEntries(read))).scores.data as Float32Array)];
    };
    const alone = await scoresOf(straightRanker(shop.encoder), straight);
    offset.data.set(alone);
    const before = await scoresOf(learning, trainer.weights);
    expect(before).toEqual(alone);
    const label = { data: Float32Array.of(1, 0, 0, 0, 1, 0), shape: [2, 3] };
    const correction = { data: new Float32Array(6), shape: [2, 3] };
    await trainer.train(Array.from({ length: 20 }, () => ({ ...inputs(), label, correction })));
    const learnt = await scoresOf(learning, trainer.weights);
    expect(learnt).not.toEqual(before);
    const added = await scoresOf(rankerLayers(shop.encoder, { dim: 4, hidden: [8] }), trainer.weights);
    learnt.forEach((score, i) => expect(score).toBeCloseTo(alone[i] + added[i], 5));
    // What is served, of both, is what was learnt: of the first customer, who has a past, by an
    // open gate.
    const served = await scoresOf(
      model,
      new Map([
        ...straight,
        ...trainer.weights,
        gateWeight(1),
        ...calibrationWeights({ known: asItIs, newcomers: asItIs }),
      ]),
    );
    served.slice(0, 3).forEach((score, i) => expect(score).toBeCloseTo(learnt[i], 4));
    served.slice(3).forEach((score, i) => expect(score).toBeCloseTo(alone[3 + i], 4));
  });

  test('move the scores of customers with a past as far as they are heard, and those of newcomers not at all', async () => {
    const [shut, quarter, full] = [await scored(0), await scored(0.25), await scored(1)];
    expect(full[0]).not.toEqual(shut[0]);
    quarter[0].forEach((score, i) => {
      expect(score).toBeCloseTo(shut[0][i] + 0.25 * (full[0][i] - shut[0][i]), 3);
    });
    expect(full[1]).toEqual(shut[1]);
  });

  test('give scores that each group turns into chances by numbers of its own', async () => {
    const raw = await scored(1, { known: asItIs, newcomers: asItIs });
    const [known, newcomer] = await scored(1, { known: { scale: 2, shift: -1 }, newcomers: { scale: 0.5, shift: 3 } });
    known.forEach((score, i) => expect(score).toBeCloseTo(2 * raw[0][i] - 1, 3));
    newcomer.forEach((score, i) => expect(score).toBeCloseTo(0.5 * raw[1][i] + 3, 3));
  });

  test('of a release that had one calibration for all keep it, where training goes on from it', () => {
    const same = { scale: 0.5, shift: -6 };
    const weights = new Map(calibrationWeights({ known: same, newcomers: same }));
    // What it does not have starts at 0.
    const more = [...weights.keys()].filter((name) => !['ranker.scale', 'ranker.shift'].includes(name));
    expect(more.map((name) => [...(weights.get(name) ?? [])])).toEqual([[0], [0]]);
    const starts = inOrder([model]).flatMap(({ node }) => {
      return node.kind === 'parameter' && more.includes(node.name) ? [node.init] : [];
    });
    expect(starts).toEqual(['zeros', 'zeros']);
  });
});
