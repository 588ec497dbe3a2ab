// A release that continues from the models of the evaluation: the ranker stays the same, the towers
// are trained further. Models with another held-out period have another name, so they share no
// checkpoints.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tasteOracle } from '../../../src/demo/synthetic/oracle';
import { openTrainingEngine, type TrainingEngine } from '../../../src/engine/training-engine';
import { currentFolder } from '../../../src/release/files';
import { readFormer, type FormerWeights } from '../../../src/release/weights';
import { silentReporter } from '../../../src/telemetry/progress';
import { evaluateTraining, train } from '../../../src/training/train';
import { createShop, hastyConfig, SMALL } from '../../support/world';

const CONFIG = { ...hastyConfig(1), goOn: true };
let shop: Awaited<ReturnType<typeof createShop>>;
let engine: TrainingEngine;
let modelsDir: string;
beforeAll(async () => {
  shop = await createShop('go-on', SMALL);
  engine = openTrainingEngine({ threadsPerRun: 2 });
  modelsDir = await mkdtemp(join(tmpdir(), 'vitrine-go-on-'));
});
afterAll(async () => {
  await engine.close();
  await shop.close();
  await rm(modelsDir, { recursive: true, force: true });
});

const measured = async (days: number): Promise<FormerWeights> => {
  const holdOut = { days, maxCustomers: 200, explore: 24, oracle: tasteOracle };
  return (await evaluateTraining(engine, shop.store, CONFIG, holdOut, silentReporter)).trained;
};

test('the release keeps the measured ranker, and its towers catch up', async () => {
  const before = await measured(7);
  const holdOut = { days: 7, maxCustomers: 200, explore: 24, oracle: tasteOracle };
  const { evaluation } = await train(engine, shop.store, CONFIG, { modelsDir, holdOut }, silentReporter);
  expect(evaluation).not.toBeNull();
  const { weights } = await readFormer(await currentFolder(modelsDir));
  /** Only layers are compared, since rows of tables may be in another order. */
  const layers = [...weights.keys()].filter((name) => /\.(weight|bias)$/.test(name));
  const same = (name: string): boolean => {
    const [one, other] = [before, { weights }].map((from) => from.weights.get(name)?.data ?? []);
    return one.length === other.length && Array.from(one).every((value, i) => value === other[i]);
  };
  const ofRanker = layers.filter((name) => name.startsWith('ranker'));
  const ofTowers = layers.filter((name) => !name.startsWith('ranker'));
  expect(ofRanker.length).toBeGreaterThan(0);
  expect(ofTowers.length).toBeGreaterThan(0);
  expect(ofRanker.filter((name) => !same(name))).toEqual([]);
  expect(ofTowers.filter(same)).toEqual([]);
  // Other models have another name.
  expect((await measured(14)).name).not.toBe(before.name);
});
