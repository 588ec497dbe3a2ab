// Measures of one list: values worked out by hand, and random lists against plain definitions.

import { createRandom, type Random } from '../../src/random';
import { DEPTHS, measure, METRICS, type Metrics } from '../../src/evaluation/metrics';

test('a list with the two bought articles at places 1 and 3', () => {
  const metrics = measure([7, 1, 8, 2], new Set([7, 8]));
  // The average precision is (1/1 + 2/3) / 2.
  expect(metrics['map@12']).toBeCloseTo(5 / 6, 10);
  // The gain is 1 + 1/2, and the best possible is 1 + 1/log2(3).
  expect(metrics['ndcg@10']).toBeCloseTo(1.5 / (1 + 1 / Math.log2(3)), 10);
  expect(metrics).toMatchObject({ 'hr@10': 1, 'recall@12': 1, 'recall@100': 1, mrr: 1 });
});

test('a hit at place 11 counts among the first 12 and 100, not among the first 10', () => {
  const metrics = measure([...Array<number>(10).fill(-1), 5], new Set([5, 6]));
  expect(metrics).toMatchObject({ 'hr@10': 0, 'ndcg@10': 0, 'mrr@10': 0, 'hr@12': 1, 'recall@12': 0.5 });
  expect(metrics['map@12']).toBeCloseTo(1 / 11 / 2, 10);
  expect(metrics.mrr).toBeCloseTo(1 / 11, 10);
});

test('a list can be perfect even if it is shorter than the bought articles', () => {
  const bought = Array.from({ length: 120 }, (_, i) => i);
  const metrics = measure(bought, new Set(bought));
  expect(metrics['map@12']).toBeCloseTo(1, 10);
  for (const k of DEPTHS) expect(metrics[`ndcg@${k}`]).toBeCloseTo(1, 10);
  expect(metrics['recall@12']).toBeCloseTo(12 / 120, 10);
});

test('a hit after place 100 counts nothing, nor does an empty list', () => {
  const late = [...Array<number>(100).fill(-1), 3];
  for (const list of [late, []]) expect(new Set(Object.values(measure(list, new Set([3]))))).toEqual(new Set([0]));
});

test('random lists have the measures of the definitions', () => {
  const random = createRandom(1, 'metrics');
  for (let trial = 0; trial < 300; trial++) {
    const ranked = shuffled(200, random).slice(0, random.int(150));
    const bought = new Set(shuffled(200, random).slice(0, 1 + random.int(trial % 3 === 0 ? 60 : 4)));
    const [got, expected] = [measure(ranked, bought), naive(ranked, bought)];
    expect(Object.keys(got).sort()).toEqual([...METRICS].sort());
    for (const name of METRICS) expect([name, got[name]]).toEqual([name, expect.closeTo(expected[name], 10)]);
  }
});

/** The definitions with sets and sums, not running counts. */
function naive(ranked: readonly number[], bought: ReadonlySet<number>): Metrics {
  const metrics: Record<string, number> = {};
  const isHit = (article: number): boolean => bought.has(article);
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  const gains = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.LN2 / Math.log(i + 2));
  for (const k of DEPTHS) {
    const top = ranked.slice(0, k);
    metrics[`recall@${k}`] = top.filter(isHit).length / bought.size;
    metrics[`hr@${k}`] = Number(top.some(isHit));
    metrics[`ndcg@${k}`] = sum(gains(k).filter((_, i) => isHit(top[i]))) / sum(gains(Math.min(k, bought.size)));
  }
  const precisions = ranked.slice(0, 12).map((_, i) => ranked.slice(0, i + 1).filter(isHit).length / (i + 1));
  metrics['map@12'] = sum(precisions.filter((_, i) => isHit(ranked[i]))) / Math.min(12, bought.size);
  const place = ranked.findIndex(isHit) + 1;
  metrics.mrr = place > 0 && place <= 100 ? 1 / place : 0;
  metrics['mrr@10'] = place > 0 && place <= 10 ? 1 / place : 0;
  return metrics as Metrics;
}

function shuffled(n: number, random: Random): number[] {
  return Array.from({ length: n }, (_, i) => ({ i, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ i }) => i);
}
