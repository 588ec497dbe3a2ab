// Habits keep their values in a file, and for a catalogue in another order.

import { CoPurchases } from '../../src/statistics/co-purchase';
import { reorderedHabits, type Habits } from '../../src/statistics/habits';
import { habitsOf } from '../../src/dataset/habit-counts';
import { readHabits, attributeSizes, writeHabits } from '../../src/release/habits-file';
import { shopOf } from '../support/hand-made-shop';

describe('habits', () => {
  const habits: Habits = {
    coPurchases: new CoPurchases(2, Int32Array.of(1, 2, 0, -1, 0, 1), Float32Array.of(0.5, 0.25, 0.75, 0, 1, 0.125)),
    repeatRates: Float32Array.of(0.1, 0.2, 0.3),
    variantRates: Float32Array.of(0.4, 0.5, 0.6),
    attributeShares: Float32Array.of(0.25, 0.75),
    valueLifts: { blocks: Int32Array.of(0, 2), excess: Float32Array.of(0.5, -0.5, -0.25, 1) },
  };
  const { valueLifts: lifts } = habits;
  const values = { shares: 2, attributes: 1, slots: 2 };

  test('are the same after writing and reading', () => {
    const read = readHabits(writeHabits(habits), 3, values);
    expect(read).toEqual(habits);
    const shop = shopOf([11, 101, 5], [11, 102, 6], [12, 101, 1], [12, 102, 3]);
    const other = habitsOf(shop, shop.offsets.slice(1));
    expect(readHabits(writeHabits(other), 5, attributeSizes(shop.encoder))).toEqual(other);
  });

  test.each([
    ['is empty', () => new Uint8Array(0), 3],
    ['is another file', () => Buffer.from('{"width": 2, "articles": 3}'), 3],
    ['was cut', () => writeHabits(habits).subarray(0, -4), 3],
    ['was cut before its lifts', () => writeHabits(habits).subarray(0, -20), 3],
    ['is from another shop', () => writeHabits(habits), 4],
    ['has other values of attributes', () => writeHabits({ ...habits, attributeShares: new Float32Array(3) }), 3],
    [
      'has other attributes',
      () => writeHabits({ ...habits, valueLifts: { ...lifts, blocks: Int32Array.of(0, 1, 1, 1) } }),
      3,
    ],
    [
      'counts values that do not exist',
      () => writeHabits({ ...habits, valueLifts: { ...lifts, blocks: Int32Array.of(1, 2) } }),
      3,
    ],
    ['has too few lifts', () => writeHabits({ ...habits, valueLifts: { ...lifts, excess: new Float32Array(3) } }), 3],
    [
      'has a neighbour that is not an article',
      () => {
        const bytes = Buffer.from(writeHabits(habits));
        bytes.writeInt32LE(3, 24);
        return bytes;
      },
      3,
    ],
  ])('are not read from a file that %s', (_what, make, rows) => {
    expect(() => readHabits(make(), rows, values)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
  });

  test('follow the articles into another catalogue, and are dropped for articles that have gone', () => {
    // Row 0 is now article 3, row 1 is gone, and row 2 is article 0. Articles 1 and 2 are new.
    const { coPurchases, repeatRates, variantRates, attributeShares, valueLifts } = reorderedHabits(
      habits,
      [3, -1, 0],
      4,
    );
    expect([...repeatRates]).toEqual([0.3, 0, 0, 0.1].map(Math.fround));
    expect([...variantRates]).toEqual([0.6, 0, 0, 0.4].map(Math.fround));
    expect(attributeShares).toBe(habits.attributeShares);
    expect(valueLifts).toBe(lifts);
    expect([...coPurchases.neighbours]).toEqual([3, -1, -1, -1, -1, -1, 0, -1]);
    expect([...coPurchases.nearness]).toEqual([1, 0, 0, 0, 0, 0, 0.25, 0]);
  });
});
