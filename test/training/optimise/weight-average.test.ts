// The mean of the weights over the steps.
import { WeightAverage } from '../../../src/training/optimise/weight-average';

/** Moves the weights by 1 between two samples. `sampled` contains the steps of the samples. */
function walk(weights: Float32Array, steps: number) {
  const average = new WeightAverage([weights]);
  const sampled: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const [, samples] = average.counts;
    weights.fill(samples + 1);
    average.afterStep();
    if (average.counts[1] > samples) sampled.push(step);
  }
  return { average, mean: average.means[0], sampled };
}

test('sample n has the weight n (n + 1) … (n + 7)', () => {
  // By the hockey-stick identity the mean of 1, 2, …, N is then (9 N + 1) / 10.
  for (const steps of [1, 2, 8, 80, 800]) {
    const { mean, sampled } = walk(new Float32Array(3), steps);
    for (const value of mean) expect(value).toBeCloseTo((9 * sampled.length + 1) / 10, 3);
  }
});

test('every eighth step is sampled, and some early ones, so that the shortest training has a mean', () => {
  expect(walk(new Float32Array(1), 40).sampled).toEqual([1, 2, 4, 8, 16, 24, 32, 40]);
});

test('with more numbers samples are rarer, so that a step stays fast', () => {
  const { sampled } = walk(new Float32Array(20 * 2 ** 20), 45);
  expect(sampled).toEqual([1, 2, 4, 8, 16, 20, 40]);
});

test('before the first sample the mean is the first weights', () => {
  const weights = Float32Array.of(1, 2);
  const { means } = new WeightAverage([weights]);
  weights.fill(9);
  expect([...means[0]]).toEqual([1, 2]);
});

test('after a renewal earlier weights do not count', () => {
  const weights = new Float32Array(2);
  const { average, mean } = walk(weights, 100);
  average.renew();
  expect(mean[0]).toBeGreaterThan(10);
  weights.fill(-5);
  average.afterStep();
  expect([...mean]).toEqual([-5, -5]);
});
