// Intervals hold the true value as often as they claim. They count customers, not cases, and their
// differences are paired.

import { createRandom } from '../../src/random';
import { percentileInterval, resampledMeans, type Interval } from '../../src/evaluation/bootstrap';

const RESAMPLES = 400;

function intervalOf(values: ArrayLike<number>, customers: ArrayLike<number>, seed = 1): Interval {
  const [means] = resampledMeans([values], customers, RESAMPLES, createRandom(seed, 'bootstrap'));
  return percentileInterval(means, 0.95);
}

test('nineteen of twenty intervals hold the true mean, although the cases of a customer are alike', () => {
  const random = createRandom(7, 'coverage');
  const trials = 400;
  let held = 0;
  for (let trial = 0; trial < trials; trial++) {
    const [values, customers]: [number[], number[]] = [[], []];
    for (let customer = 0; customer < 80; customer++) {
      const taste = random.normal();
      for (let i = 0; i <= random.int(6); i++) {
        customers.push(customer);
        values.push(3 + taste + 0.5 * random.normal());
      }
    }
    const [low, high] = intervalOf(values, customers, trial);
    if (low <= 3 && 3 <= high) held += 1;
  }
  // 400 fair trials at 0.95 give 361 to 396 with a chance above 0.9999. Percentile intervals are a
  // little narrow.
  expect(held).toBeGreaterThanOrEqual(365);
  expect(held).toBeLessThanOrEqual(395);
});

test('an interval is as wide as in theory: 1.96 standard errors to each side', () => {
  const random = createRandom(3, 'width');
  const values = Float64Array.from({ length: 2_000 }, () => random.normal());
  const [low, high] = intervalOf(values, [...values.keys()]);
  const error = 1 / Math.sqrt(values.length);
  expect((high - low) / (2 * 1.96 * error)).toBeCloseTo(1, 0.9);
});

test('a customer who is asked about every week makes no interval narrower', () => {
  const random = createRandom(4, 'weeks');
  const once = Array.from({ length: 300 }, () => random.next());
  const customers = [...once.keys()];
  const weekly = [...once, ...once, ...once, ...once];
  const [low, high] = intervalOf(once, customers);
  const [lowWeekly, highWeekly] = intervalOf(weekly, [...customers, ...customers, ...customers, ...customers]);
  expect(lowWeekly).toBeCloseTo(low, 10);
  expect(highWeekly).toBeCloseTo(high, 10);
});

test('columns share the resamples, so a difference that is equal in all cases has no width', () => {
  const random = createRandom(5, 'pairs');
  const one = Array.from({ length: 200 }, () => random.next());
  const other = one.map((value) => value + 0.01);
  const [a, b] = resampledMeans([one, other], [...one.keys()], RESAMPLES, createRandom(1));
  for (const end of percentileInterval(
    b.map((value, r) => value - a[r]),
    0.95,
  )) {
    expect(end).toBeCloseTo(0.01, 10);
  }
});

test('the same seed gives the same interval', () => {
  const values = [1, 0, 0, 1, 1, 0];
  const customers = [1, 1, 2, 3, 4, 5];
  expect(intervalOf(values, customers, 9)).toEqual(intervalOf(values, customers, 9));
  expect(intervalOf(values, customers, 9)).not.toEqual(intervalOf(values, customers, 10));
});

test('percentiles interpolate between the sorted values', () => {
  expect(percentileInterval(Float64Array.from([4, 0, 3, 1, 2]), 0.5)).toEqual([1, 3]);
  expect(percentileInterval(Float64Array.from([0, 1]), 0.5)).toEqual([0.25, 0.75]);
  expect(percentileInterval(new Float64Array(0), 0.95)).toEqual([0, 0]);
});
