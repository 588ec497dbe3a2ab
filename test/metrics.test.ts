// Measures worked by hand.
import { meanMetrics, measure } from '../src/training/metrics';

test('a list that has both bought articles at places 1 and 3', () => {
  const metrics = measure([7, 1, 8, 2], new Set([7, 8]));
  // AP = (1/1 + 2/3) / 2
  expect(metrics['map@12']).toBeCloseTo(5 / 6, 10);
  // DCG = 1 + 1/2; ideal = 1 + 1/log2(3)
  expect(metrics['ndcg@10']).toBeCloseTo(1.5 / (1 + 1 / Math.log2(3)), 10);
  expect(metrics).toMatchObject({ 'hr@10': 1, 'recall@12': 1, 'recall@100': 1, mrr: 1 });
});

test('a hit at place 11 counts for the twelve and the hundred, not for the ten', () => {
  const metrics = measure([...Array<number>(10).fill(-1), 5], new Set([5, 6]));
  expect(metrics['hr@10']).toBe(0);
  expect(metrics['ndcg@10']).toBe(0);
  expect(metrics['map@12']).toBeCloseTo(1 / 11 / 2, 10);
  expect(metrics['recall@12']).toBe(0.5);
  expect(metrics.mrr).toBeCloseTo(1 / 11, 10);
});

test('who bought more than twelve can still be served perfectly', () => {
  const bought = Array.from({ length: 20 }, (_, i) => i);
  expect(measure(bought, new Set(bought))['map@12']).toBeCloseTo(1, 10);
});

test('a hit beyond the hundredth place, and an empty list, are nothing', () => {
  const late = [...Array<number>(100).fill(-1), 3];
  for (const list of [late, []]) {
    expect(Object.values(measure(list, new Set([3])))).toEqual([0, 0, 0, 0, 0, 0]);
  }
});

test('the mean is over customers', () => {
  const mean = meanMetrics([measure([1], new Set([1])), measure([2], new Set([1]))]);
  expect(mean.mrr).toBe(0.5);
  expect(meanMetrics([]).mrr).toBe(0);
});
