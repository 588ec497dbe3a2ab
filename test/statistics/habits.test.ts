// What histories say of articles: how often they are bought again, and that nothing of it is lost
// in a file or in another order.
import { CoPurchases } from '../../src/statistics/co-purchase';
import type { Dataset } from '../../src/dataset/dataset';
import { reorderedHabits, type Habits } from '../../src/statistics/habits';
import { habitsOf, returns } from '../../src/dataset/habit-counts';
import { readHabits, valuesOf, writeHabits } from '../../src/release/habits-file';
import { shopOf, type Line } from '../support/hand-made-shop';

describe('what buyers come back for', () => {
  // Articles 101 to 105 of no product; 101 to 103 are red, the others blue.
  const returnsOf = (...lines: Line[]) => {
    const shop = shopOf(...lines);
    return returns(shop, shop.offsets.slice(1));
  };
  /**
   * As returns() borrows: 20 buyers of what articles of the same colour say, and those 20 of what
   * all say.
   */
  const drawn = (count: number, buyers: number, alike: [number, number], all: number): number =>
    (count + (20 * (alike[0] + 20 * all)) / (alike[1] + 20)) / (buyers + 20);

  test('is counted by customers who came back for it, each once, over its buyers', () => {
    const { repeatRates } = returnsOf(
      [11, 101, 5],
      [11, 101, 6],
      [11, 101, 9],
      [12, 101, 5],
      [12, 102, 6],
      [13, 102, 1],
      [14, 104, 1],
    );
    // Of five buyers one came back, of the four of red articles too.
    expect(repeatRates[0]).toBeCloseTo(drawn(1, 2, [1, 4], 1 / 5), 6);
    expect(repeatRates[1]).toBeCloseTo(drawn(0, 2, [1, 4], 1 / 5), 6);
    expect(repeatRates[3]).toBeCloseTo(drawn(0, 1, [0, 1], 1 / 5), 6);
  });

  test('is expected of an article that never sold as of those like it', () => {
    const { repeatRates } = returnsOf([11, 101, 5], [11, 101, 6], [14, 104, 1]);
    expect(repeatRates[2]).toBeGreaterThan(repeatRates[4]);
    expect(repeatRates[2]).toBeLessThan(repeatRates[0]);
  });

  test('does not count two bought at one time, nor what is not known yet', () => {
    const shop = shopOf([11, 101, 5], [11, 101, 5], [12, 102, 5], [12, 102, 7]);
    expect(returns(shop, Int32Array.of(2, 3, 4, 4)).repeatRates.every((rate) => rate === 0)).toBe(true);
    expect(returns(shop, shop.offsets.slice(1)).repeatRates[1]).toBeGreaterThan(0);
  });

  test('tells another of the same product, bought later, from the same again', () => {
    const lines: Line[] = [
      [11, 101, 1],
      [11, 102, 2],
      [12, 103, 1],
      [12, 103, 4],
    ];
    const shop = shopOf(...lines);
    const catalogue = new Proxy(shop.catalogue, {
      get: (target, key) =>
        key === 'productOf'
          ? (article: number) => (article < 2 ? 'shirt' : null)
          : key === 'size'
            ? target.size
            : (Reflect.get(target, key) as unknown),
    });
    const counted = returns({ ...shopParts(shop), catalogue }, shop.offsets.slice(1));
    expect(counted.variantRates[0]).toBeGreaterThan(counted.variantRates[1]);
    expect(counted.repeatRates[2]).toBeGreaterThan(counted.repeatRates[0]);
  });
});

function shopParts({ customers, offsets, article, at }: Dataset) {
  return { customers, offsets, article, at };
}

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

  test('are the same when they were written and read', () => {
    const read = readHabits(writeHabits(habits), 3, values);
    expect(read).toEqual(habits);
    const shop = shopOf([11, 101, 5], [11, 102, 6], [12, 101, 1], [12, 102, 3]);
    const other = habitsOf(shop, shop.offsets.slice(1));
    expect(readHabits(writeHabits(other), 5, valuesOf(shop.encoder))).toEqual(other);
  });

  test.each([
    ['is empty', () => new Uint8Array(0), 3],
    ['is something else', () => Buffer.from('{"width": 2, "articles": 3}'), 3],
    ['was cut', () => writeHabits(habits).subarray(0, -4), 3],
    ['was cut before its lifts', () => writeHabits(habits).subarray(0, -20), 3],
    ['is of another shop', () => writeHabits(habits), 4],
    ['knows other values of attributes', () => writeHabits({ ...habits, attributeShares: new Float32Array(3) }), 3],
    [
      'knows other attributes',
      () => writeHabits({ ...habits, valueLifts: { ...lifts, blocks: Int32Array.of(0, 1, 1, 1) } }),
      3,
    ],
    [
      'tells values apart that are none',
      () => writeHabits({ ...habits, valueLifts: { ...lifts, blocks: Int32Array.of(1, 2) } }),
      3,
    ],
    ['has too few lifts', () => writeHabits({ ...habits, valueLifts: { ...lifts, excess: new Float32Array(3) } }), 3],
    [
      'names a neighbour that is no article',
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

  test('follow the articles into another catalogue; those of articles that have gone are forgotten', () => {
    // Row 0 is article 3 now, row 1 is gone, row 2 is article 0; articles 1 and 2 are new.
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
