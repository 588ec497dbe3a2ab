import { aliasTable, createRandom } from '../src/random';

test('the same seed gives the same numbers, and another seed or stream gives others', () => {
  const draw = (...seed: (number | string)[]) => Array.from({ length: 5 }, createRandom(...seed).next);
  expect(draw(1, 'a', 2)).toEqual(draw(1, 'a', 2));
  expect(draw(1, 'a', 2)).not.toEqual(draw(1, 'a', 3));
  expect(draw(1, 'a', 2)).not.toEqual(draw(1, 2, 'a'));
  expect(draw(Date.UTC(2020, 1))).not.toEqual(draw(Date.UTC(2020, 1) + 0x1_0000_0000));
});

test('uniform numbers fill [0, 1) evenly and normal ones have mean 0 and variance 1', () => {
  const random = createRandom(7);
  const tenths = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) tenths[random.int(10)]++;
  for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(400);

  let [sum, squares] = [0, 0];
  for (let i = 0; i < 100_000; i++) {
    const value = random.normal();
    sum += value;
    squares += value * value;
  }
  expect(sum / 100_000).toBeCloseTo(0, 1);
  expect(squares / 100_000).toBeCloseTo(1, 1);
});

test('alias sampling draws each index in proportion to its weight, and never one of weight 0', () => {
  const weights = [0, 5, 1, 0, 0.5, 3.5, 0];
  const table = aliasTable(weights);
  const random = createRandom(3);
  const counts = weights.map(() => 0);
  for (let i = 0; i < 200_000; i++) counts[table.draw(random)]++;
  weights.forEach((weight, i) => {
    if (weight === 0) expect(counts[i]).toBe(0);
    else expect(counts[i] / 200_000).toBeCloseTo(weight / 10, 2);
  });
});

test('weights are refused if none is positive', () => {
  expect(() => aliasTable([0, 0])).toThrow('at least one positive weight');
});
