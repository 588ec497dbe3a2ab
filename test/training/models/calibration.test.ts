// Calibration finds the two numbers that made the data, and never reverses an order.
import { createRandom } from '../../../src/random';
import { fitCalibration, fitCalibrations, type ScoredList } from '../../../src/training/models/calibration';

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

function drawn(count: number, chanceOf: (score: number) => number, seed = 3) {
  const random = createRandom(seed);
  const scores = Float64Array.from({ length: count }, () => random.normal() * 3 + 5);
  return { scores, bought: Uint8Array.from(scores, (score) => (random.next() < chanceOf(score) ? 1 : 0)) };
}

test.each([
  [0.7, -6],
  [2.5, -18],
  [0.05, -4],
])('the scale %p and shift %p that made the data are found again', (scale, shift) => {
  const { scores, bought } = drawn(60_000, (score) => logistic(scale * score + shift));
  const fitted = fitCalibration(scores, bought);
  expect(Math.abs(fitted.scale - scale)).toBeLessThan(0.05 + 0.05 * scale);
  // The expected number of purchases is close to the real number.
  const expected = scores.reduce((sum, score) => sum + logistic(fitted.scale * score + fitted.shift), 0);
  const counted = bought.reduce((sum, one) => sum + one, 0);
  expect(expected / counted).toBeCloseTo(1, 1);
});

test('no other numbers nearby fit better', () => {
  const { scores, bought } = drawn(4_000, (score) => logistic(score - 7));
  const lossOf = (scale: number, shift: number) =>
    scores.reduce((loss, score, i) => loss - Math.log(logistic((bought[i] ? 1 : -1) * (scale * score + shift))), 0);
  const { scale, shift } = fitCalibration(scores, bought);
  const best = lossOf(scale, shift);
  for (const [ds, dh] of [
    [0.02, 0],
    [-0.02, 0],
    [0, 0.05],
    [0, -0.05],
    [0.02, -0.1],
  ])
    // prettier-ignore
    expect(lossOf(scale + ds, shift + dh)).toBeGreaterThan(best);
});

test('scores that separate perfectly give a finite scale', () => {
  const { scale, shift } = fitCalibration(Float64Array.of(1, 2, 3, 4), Uint8Array.of(0, 0, 1, 1));
  expect(scale).toBeGreaterThan(0);
  expect(Number.isFinite(scale) && Number.isFinite(shift)).toBe(true);
});

test('nothing changes without scores', () => {
  expect(fitCalibration(new Float64Array(0), new Uint8Array(0))).toEqual({ scale: 1, shift: 0 });
});

test.each([
  ['nothing bought', 0, () => false],
  ['all bought', 1, () => true],
  ['higher scores bought less', 0.05, (i: number) => i < 50],
  ['all scores are equal', 0.05, (i: number) => i % 20 === 0],
])('chances are about the share of purchases, in the order of the scores, when %s', (what, share, happens) => {
  const scores = Float64Array.from({ length: 1_000 }, (_, i) => (what === 'all scores are equal' ? 2 : i / 100));
  const { scale, shift } = fitCalibration(
    scores,
    Uint8Array.from(scores, (_, i) => (happens(i) ? 1 : 0)),
  );
  expect(scale).toBeGreaterThan(0);
  for (const score of [2, 5, 9]) expect(Math.abs(logistic(scale * score + shift) - share)).toBeLessThan(0.02);
});

describe('the calibrations of cold and of returning customers', () => {
  const random = createRandom(5);
  /**
   * Makes lists of ten candidates. The logistic of scale · score + shift determines the purchases,
   * up to `most` in all.
   */
  const listsOf = (group: ScoredList['group'], scale: number, shift: number, most = Infinity): ScoredList[] => {
    let sold = 0;
    return Array.from({ length: 3_000 }, (): ScoredList => {
      const scores = Float32Array.from({ length: 10 }, () => random.normal() * 3 + 5);
      const bought = scores.map((score) => {
        const buys = random.next() < logistic(scale * score + shift) && sold < most;
        sold += Number(buys);
        return Number(buys);
      });
      return { group, scores, bought };
    });
  };
  const together = (lists: readonly ScoredList[]): object => {
    const flat = (of: 'scores' | 'bought'): number[] => lists.flatMap((list) => Array.from(list[of]));
    return fitCalibration(Float64Array.from(flat('scores')), Uint8Array.from(flat('bought')));
  };

  test('differ', () => {
    const { returning, cold } = fitCalibrations([...listsOf('returning', 1, -6), ...listsOf('cold', 0.5, -3)]);
    expect(Math.abs(returning.scale - 1)).toBeLessThan(0.05);
    expect(Math.abs(returning.shift + 6)).toBeLessThan(0.3);
    expect(Math.abs(cold.scale - 0.5)).toBeLessThan(0.05);
    expect(Math.abs(cold.shift + 3)).toBeLessThan(0.3);
  });

  test.each([['returning', 'cold'] as const, ['cold', 'returning'] as const])(
    'fall back to one calibration of all lists if %s customers have fewer than a hundred purchases',
    (few, many) => {
      const others = listsOf(many, 1, -6);
      const short = [...listsOf(few, 0.5, -3, 99), ...others];
      expect(fitCalibrations(short)[few]).toEqual(together(short));
      expect(fitCalibrations(short)[many]).toEqual(together(others));
      const enough = listsOf(few, 0.5, -3, 100);
      expect(fitCalibrations([...others, ...enough])[few]).toEqual(together(enough));
    },
  );

  test('change nothing without lists', () => {
    expect(fitCalibrations([])).toEqual({ returning: { scale: 1, shift: 0 }, cold: { scale: 1, shift: 0 } });
  });
});
