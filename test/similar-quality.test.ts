// How alike similar articles are, measured on the small world: the figures are shares, the baselines are what they should be, and the
// encoder has learnt more than the words say.
import { openEngine } from '../src/engine/engine';
import { similarQualityTable } from '../src/show';
import { silentReporter } from '../src/telemetry';
import { trainingConfig } from '../src/training/config';
import { measureSimilar, type SimilarQuality } from '../src/training/similar-quality';
import { createShop } from './world';

let quality: SimilarQuality;
beforeAll(async () => {
  const shop = await createShop('similar');
  const engine = openEngine({ threadsPerRun: 2 });
  const questions = { articles: 200, days: 7 };
  quality = await measureSimilar(engine, shop.store, trainingConfig('tiny', 1), questions, silentReporter);
  await engine.close();
  await shop.close();
}, 60_000);

test('every measure of every method is a share', () => {
  expect(Object.keys(quality.methods)).toEqual(['random', 'same type', 'TF-IDF', 'encoder']);
  expect(quality.articles).toBe(200);
  expect(quality.pairs).toBeGreaterThan(100);
  for (const measures of Object.values(quality.methods)) {
    for (const share of Object.values(measures)) {
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
    }
  }
});

test('articles of the same type at random agree in type, and hardly more than any at random in the rest', () => {
  const { random, 'same type': sameType } = quality.methods;
  expect(sameType.type).toBe(1);
  expect(random.type).toBeLessThan(0.2);
  expect(Math.abs(sameType.colour - random.colour)).toBeLessThan(0.1);
});

test('the encoder agrees far better than chance, and finds more of what is bought together than the words alone', () => {
  const { random, 'TF-IDF': words, encoder } = quality.methods;
  expect(encoder.type).toBeGreaterThan(5 * random.type);
  expect(encoder.pattern).toBeGreaterThan(1.5 * random.pattern);
  expect(encoder.bought).toBeGreaterThan(1.2 * words.bought);
});

test('the table has a line for each method', () => {
  const lines = similarQualityTable(quality).split('\n');
  expect(lines).toHaveLength(3 + 4);
  expect(lines.at(-1)).toMatch(/^encoder( +0\.\d{4}){5}$/);
});
