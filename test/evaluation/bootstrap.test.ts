// How sure a mean is said to be: intervals hold the truth as often as they claim, customers count
// and not cases, differences are paired.
import { createRandom } from '../../src/random';
import { percentileInterval, resampledMeans, type Interval } from '../../src/evaluation/bootstrap';

const RESAMPLES = 400;

function intervalOf(values: ArrayLike<number>, customers: ArrayLike<number>, seed = 1): Interval {
  const [means] = resampledMeans([values], customers, RESAMPLES, createRandom(seed, 'bootstrap'));
  return percentileInterval(means, 0.95);
}

test('nineteen of twenty intervals hold the true mean, though cases of one customer are alike', () => {
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
  // Of 400 fair trials at .95, 361 to 396 with a chance beyond .9999; percentile intervals are a
  // little short.
  expect(held).toBeGreaterThanOrEqual(365);
  expect(held).toBeLessThanOrEqual(395);
});

test('is as wide as theory says: 1.96 standard errors either way', () => {
  const random = createRandom(3, 'width');
  const values = Float64Array.from({ length: 2_000 }, () => random.normal());
  const [low, high] = intervalOf(values, [...values.keys()]);
  const error = 1 / Math.sqrt(values.length);
  expect((high - low) / (2 * 1.96 * error)).toBeCloseTo(1, 0.9);
});

test('a customer who comes back every week makes nothing surer', () => {
  const random = createRandom(4, 'weeks');
  const once = Array.from({ length: 300 }, () => random.next());
  const customers = [...once.keys()];
  const weekly = [...once, ...once, ...once, ...once];
  const [low, high] = intervalOf(once, customers);
  const [lowWeekly, highWeekly] = intervalOf(weekly, [...customers, ...customers, ...customers, ...customers]);
  expect(lowWeekly).toBeCloseTo(low, 10);
  expect(highWeekly).toBeCloseTo(high, 10);
});

test('columns see the same resamples: a difference that is the same in every case is certain', () => {
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

test('percentiles lie between the values in proportion, whatever their order', () => {
  expect(percentileInterval(Float64Array.from([4, 0, 3, 1, 2]), 0.5)).toEqual([1, 3]);
  expect(percentileInterval(Float64Array.from([0, 1]), 0.5)).toEqual([0.25, 0.75]);
  expect(percentileInterval(new Float64Array(0), 0.95)).toEqual([0, 0]);
});
