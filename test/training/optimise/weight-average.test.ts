// The mean of weights on their way.
import { WeightAverage } from '../../../src/training/optimise/weight-average';

/**
 * Moves the weights by 1 between two looks; gives the average, the mean of the weights and the
 * steps at which it looked.
 */
function walk(weights: Float32Array, steps: number) {
  const average = new WeightAverage([weights]);
  const looked: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const [, looks] = average.counts;
    weights.fill(looks + 1);
    average.afterStep();
    if (average.counts[1] > looks) looked.push(step);
  }
  return { average, mean: average.means[0], looked };
}

test('the weights of the nth look count as n (n + 1) … (n + 7)', () => {
  // So that of 1, 2, …, N is (9 N + 1) / 10, by the hockey-stick identity.
  for (const steps of [1, 2, 8, 80, 800]) {
    const { mean, looked } = walk(new Float32Array(3), steps);
    for (const value of mean) expect(value).toBeCloseTo((9 * looked.length + 1) / 10, 3);
  }
});

test('it looks at every eighth step, and earlier, so that the shortest training has a mean', () => {
  expect(walk(new Float32Array(1), 40).looked).toEqual([1, 2, 4, 8, 16, 24, 32, 40]);
});

test('it looks the more rarely the more numbers there are, so that a step stays as fast', () => {
  const { looked } = walk(new Float32Array(20 * 2 ** 20), 45);
  expect(looked).toEqual([1, 2, 4, 8, 16, 20, 40]);
});

test('what has not been looked at is as it was', () => {
  const weights = Float32Array.of(1, 2);
  const { means } = new WeightAverage([weights]);
  weights.fill(9);
  expect([...means[0]]).toEqual([1, 2]);
});

test('begun anew it knows nothing of what was before', () => {
  const weights = new Float32Array(2);
  const { average, mean } = walk(weights, 100);
  average.renew();
  expect(mean[0]).toBeGreaterThan(10);
  weights.fill(-5);
  average.afterStep();
  expect([...mean]).toEqual([-5, -5]);
});
