// How often customers buy an article again, or a variant of it.

import type { Dataset } from '../../src/dataset/dataset';
import { returns } from '../../src/dataset/habit-counts';
import { shopOf, type Line } from '../support/hand-made-shop';

describe('repeat rates and variant rates', () => {
  // Articles 101 to 105 have no product. 101 to 103 are red, the others blue.
  const returnsOf = (...lines: Line[]) => {
    const shop = shopOf(...lines);
    return returns(shop, shop.offsets.slice(1));
  };
  /**
   * The rate after borrowing: an article counts 20 more buyers with the rate of its colour, and the
   * colour counts 20 more with the rate of all articles.
   */
  const drawn = (count: number, buyers: number, alike: [number, number], all: number): number =>
    (count + (20 * (alike[0] + 20 * all)) / (alike[1] + 20)) / (buyers + 20);

  test('are the share of buyers who came back, each counted once', () => {
    const { repeatRates } = returnsOf(
      [11, 101, 5],
      [11, 101, 6],
      [11, 101, 9],
      [12, 101, 5],
      [12, 102, 6],
      [13, 102, 1],
      [14, 104, 1],
    );
    // One of five buyers came back, and one of the four buyers of red articles.
    expect(repeatRates[0]).toBeCloseTo(drawn(1, 2, [1, 4], 1 / 5), 6);
    expect(repeatRates[1]).toBeCloseTo(drawn(0, 2, [1, 4], 1 / 5), 6);
    expect(repeatRates[3]).toBeCloseTo(drawn(0, 1, [0, 1], 1 / 5), 6);
  });

  test('of an article that never sold are those of articles like it', () => {
    const { repeatRates } = returnsOf([11, 101, 5], [11, 101, 6], [14, 104, 1]);
    expect(repeatRates[2]).toBeGreaterThan(repeatRates[4]);
    expect(repeatRates[2]).toBeLessThan(repeatRates[0]);
  });

  test('count neither two pieces bought at one time nor later purchases', () => {
    const shop = shopOf([11, 101, 5], [11, 101, 5], [12, 102, 5], [12, 102, 7]);
    expect(returns(shop, Int32Array.of(2, 3, 4, 4)).repeatRates.every((rate) => rate === 0)).toBe(true);
    expect(returns(shop, shop.offsets.slice(1)).repeatRates[1]).toBeGreaterThan(0);
  });

  test('tell a variant bought later from the same article bought again', () => {
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
