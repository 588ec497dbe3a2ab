// Training examples of the ranker: drawn parts of lists, and a loss that corrects for the drawing.
// The tests use a shop of five articles.
import type { Batch } from '../../../src/engine/batch';
import { inMemory } from '../../../src/engine/model-runner';
import { openTrainingEngine, type TrainingEngine } from '../../../src/engine/training-engine';
import { encodeOnnx } from '../../../src/graph/onnx';
import { input } from '../../../src/graph/tensor';
import { createRandom } from '../../../src/random';
import type { Candidates } from '../../../src/ranking/candidates';
import type { Pipeline } from '../../../src/ranking/pipeline';
import { ABSENT, listwiseLoss } from '../../../src/training/models/ranker';
import { momentOf } from '../../../src/dataset/moments';
import { trainingBatch, type List } from '../../../src/training/stages/ranker-lists';
import { calibrationOf } from '../../../src/training/stages/train-ranker';
import { NOON, shopOf } from '../../support/hand-made-shop';

let engine: TrainingEngine;
beforeAll(() => {
  engine = openTrainingEngine();
});
afterAll(() => engine.close());

const shop = shopOf([11, 101, 0], [12, 102, 1]);
const round = {
  moment: momentOf(shop, NOON),
  customers: Int32Array.of(0, 1),
  ends: Int32Array.of(0, 0),
  answers: [],
  hideHistory: false,
};
/** A pipeline that returns the articles of the candidates as their features. */
const pipeline = {
  rankerInputs: (_customers: unknown, shown: readonly Candidates[]) => ({
    pair: {
      data: Float32Array.from(shown.flatMap(({ articles }) => [...articles])),
      shape: [shown.length, shown[0].articles.length],
    },
  }),
} as unknown as Pipeline;

/** A list of `size` candidates with purchases at `places`. */
function listOf(place: number, size: number, ...places: number[]): List {
  const bought = Uint8Array.from({ length: size }, (_, i) => (places.includes(i) ? 1 : 0));
  const candidates = {
    articles: Int32Array.from({ length: size }, (_, i) => i),
    found: new Uint16Array(size),
    cosines: new Float32Array(size),
    together: new Float32Array(size),
  };
  return { round, pipeline, place, historyHidden: false, candidates, bought, hits: places.length };
}

const rowOf = (batch: Batch, name: string, r: number): number[] => {
  const [, width] = batch[name].shape;
  return [...batch[name].data.subarray(r * width, (r + 1) * width)];
};

test('drawn candidates stand for all that were not bought, bought ones for themselves, padding for none', () => {
  const batch = trainingBatch(shop, [listOf(0, 40, 3, 7), listOf(1, 6, 2)], 10, createRandom(1));
  const [long, short] = [0, 1].map((r) => rowOf(batch, 'correction', r));
  expect(rowOf(batch, 'label', 0).filter((label) => label > 0)).toEqual([0.5, 0.5]);
  expect(long.filter((_, i) => rowOf(batch, 'label', 0)[i] > 0)).toEqual([0, 0]);
  const stood = long.filter((_, i) => rowOf(batch, 'label', 0)[i] === 0).map(Math.exp);
  expect(stood).toHaveLength(8);
  expect(stood.reduce((sum, count) => sum + count, 0)).toBeCloseTo(38, 4);
  expect(short).toEqual([0, 0, 0, 0, 0, 0, ABSENT, ABSENT, ABSENT, ABSENT]);
});

test('the offsets are at the places of their candidates, and every list needs them', () => {
  const list = listOf(0, 40, 3);
  const scores = Float32Array.from({ length: 40 }, (_, i) => i / 4);
  const batch = trainingBatch(shop, [list], 10, createRandom(1), new Map([[list, scores]]));
  expect(rowOf(batch, 'offset', 0)).toEqual(rowOf(batch, 'pair', 0).map((article) => article / 4));
  expect(rowOf(trainingBatch(shop, [list], 10, createRandom(1)), 'offset', 0)).toEqual(Array(10).fill(0));
  const without = () => trainingBatch(shop, [list, listOf(1, 40, 3)], 10, createRandom(1), new Map([[list, scores]]));
  expect(without).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
});

test('a candidate that stands for three costs as much as three, and padding costs nothing', async () => {
  const lossOf = async (scores: number[], correction: number[]): Promise<number> => {
    const shape = [1, scores.length];
    const loss = listwiseLoss(input('scores', ['batch', 'candidates']));
    await engine.load('loss', inMemory(encodeOnnx({ name: 'loss', outputs: { loss }, embeddings: 'inline' }).bytes));
    const given: Batch = {
      scores: { data: Float32Array.from(scores), shape },
      label: { data: Float32Array.from(scores, (_, i) => (i === 0 ? 1 : 0)), shape },
      correction: { data: Float32Array.from(correction), shape },
    };
    return (await engine.run('loss', given)).loss.data[0];
  };
  const three = await lossOf([1, 0.5, 0.5, 0.5, -1], [0, 0, 0, 0, 0]);
  expect(await lossOf([1, 0.5, -1, 9], [0, Math.log(3), 0, ABSENT])).toBeCloseTo(three, 5);
  expect(three).toBeCloseTo(Math.log(Math.E + 3 * Math.exp(0.5) + Math.exp(-1)) - 1, 5);
});

test('returning customers and all others get their own calibration', () => {
  const asked = { ...round, ends: Int32Array.of(1, 5) };
  const returning = listOf(0, 2, 0);
  const hidden = { ...listOf(0, 2, 1), historyHidden: true };
  const cold = listOf(1, 2, 1);
  const lists = Array.from({ length: 200 }, () =>
    [returning, hidden, cold].map((list) => ({ ...list, round: asked })),
  ).flat();
  const scores = lists.map(() => Float32Array.of(1, -1));
  const calibrations = calibrationOf({ offsets: Int32Array.of(0, 5, 9) }, lists, scores);
  // Only returning customers buy candidates with high scores. The scores of the other customers
  // tell nothing.
  expect(calibrations.returning.scale).toBeGreaterThan(1);
  expect(calibrations.cold.scale).toBeLessThan(0.01);
  const all = { ...round, ends: Int32Array.of(1, 6) };
  const everybody = calibrationOf(
    { offsets: Int32Array.of(0, 5, 9) },
    lists.map((list) => ({ ...list, round: all, historyHidden: false })),
    scores,
  );
  expect(everybody.returning).toEqual(everybody.cold);
});
