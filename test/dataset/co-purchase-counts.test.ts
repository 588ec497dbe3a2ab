// Co-purchases: compared with a plain count, and the effects of order, chance and large baskets.

import type { CoPurchases } from '../../src/statistics/co-purchase';
import { CO_PURCHASE, coPurchases, type Histories } from '../../src/dataset/co-purchase-counts';
import { createRandom } from '../../src/random';

/** The purchases of one customer, oldest first. */
type History = readonly (readonly [article: number, at: number])[];

function historiesOf(size: number, histories: readonly History[]): Histories {
  const offsets = new Int32Array(histories.length + 1);
  histories.forEach((history, c) => (offsets[c + 1] = offsets[c] + history.length));
  const all = histories.flat();
  return {
    customers: histories.length,
    offsets,
    article: Int32Array.from(all, ([article]) => article),
    at: Float64Array.from(all, ([, at]) => at),
    catalogue: { size },
  };
}

const all = (shop: Histories) => shop.offsets.slice(1);
const inOrder = (...articles: number[]): History => articles.map((article, i) => [article, i]);

/** Counts pair by pair, by the definition: article → neighbour → nearness. */
function plain(size: number, histories: readonly History[]): Map<number, Map<number, number>> {
  const { maxHistory, damping, window, decay, backward, smoothing, popularity } = CO_PURCHASE;
  const pairs = new Map<number, Map<number, number>>();
  const units = new Float64Array(size);
  for (const history of histories) {
    const latest = new Map<number, number>();
    for (const [article, at] of history) {
      latest.delete(article);
      latest.set(article, at);
    }
    const distinct = [...latest].slice(-maxHistory);
    const weight = 1 / distinct.length ** damping;
    for (const [i, [article, at]] of distinct.entries()) {
      units[article] += weight;
      for (const [j, [other, otherAt]] of distinct.entries()) {
        if (i === j || Math.abs(i - j) > window) continue;
        const apart = decay ** Math.abs(i - j) * (j > i ? 1 : backward);
        const of = pairs.get(article) ?? new Map<number, number>();
        pairs.set(article, of.set(other, (of.get(other) ?? 0) + weight * (at === otherAt ? 1 : apart)));
      }
    }
  }
  for (const [article, of] of pairs) {
    for (const [other, count] of of) {
      of.set(
        other,
        count / ((units[article] + smoothing) ** (1 - popularity) * (units[other] + smoothing) ** popularity),
      );
    }
  }
  return pairs;
}

const near = (nearness: number): number => expect.closeTo(nearness, 5) as number;

function neighboursOf(co: CoPurchases, article: number): [number, number][] {
  const from = article * co.width;
  return Array.from(co.neighbours.subarray(from, from + co.width), (other, n): [number, number] => [
    other,
    co.nearness[from + n],
  ]).filter(([other]) => other >= 0);
}

describe('the neighbours of an article', () => {
  test.each([1, 2, 3])('are those of a plain count over random histories (seed %i)', (seed) => {
    const random = createRandom(seed);
    const size = 300;
    const histories = Array.from({ length: 60 }, () => {
      let at = 0;
      return Array.from({ length: random.int(400) }, (): [number, number] => {
        at += random.int(2);
        // Small numbers are more popular.
        return [Math.min(random.int(size), random.int(size)), at];
      });
    });
    const shop = historiesOf(size, histories);
    const counted = coPurchases(shop, all(shop));
    const expected = plain(size, histories);
    for (let article = 0; article < size; article++) {
      const wanted = [...(expected.get(article) ?? [])]
        .sort(([a, x], [b, y]) => y - x || a - b)
        .slice(0, CO_PURCHASE.neighbours);
      const got = neighboursOf(counted, article);
      expect(got.map(([, nearness]) => nearness)).toEqual(wanted.map(([, nearness]) => near(nearness)));
      // Two neighbours that differ by rounding alone may come in either order.
      const own = got.map(([other]) => expected.get(article)?.get(other) ?? -1);
      expect(got.map(([, nearness]) => nearness)).toEqual(own.map((nearness) => near(nearness)));
    }
  });

  test('are nearer if they come after it than if they came before', () => {
    const shop = historiesOf(3, Array<History>(50).fill(inOrder(0, 1, 2)));
    const [[first], [second]] = neighboursOf(coPurchases(shop, all(shop)), 1);
    expect([first, second]).toEqual([2, 0]);
  });

  test('in one basket are equally near in either order', () => {
    const shop = historiesOf(3, [[[0, 5], [1, 5], [2, 5]]]); // prettier-ignore
    const counted = coPurchases(shop, all(shop));
    const near = [0, 1, 2].flatMap((article) => neighboursOf(counted, article).map(([, nearness]) => nearness));
    expect(near).toHaveLength(6);
    expect(new Set(near).size).toBe(1);
  });

  test('are never the article itself, even if it is bought again', () => {
    const shop = historiesOf(2, [inOrder(0, 0, 0, 1, 0)]);
    const counted = coPurchases(shop, all(shop));
    expect(neighboursOf(counted, 0).map(([other]) => other)).toEqual([1]);
  });

  test('are near if many customers bought both, and far after a single pair', () => {
    const shop = historiesOf(4, [inOrder(0, 1), ...Array<History>(200).fill(inOrder(2, 3))]);
    const counted = coPurchases(shop, all(shop));
    expect(neighboursOf(counted, 0)[0][1]).toBeLessThan(0.06);
    expect(neighboursOf(counted, 2)[0][1]).toBeGreaterThan(0.6);
  });

  test('count only histories', () => {
    const shop = historiesOf(3, [inOrder(0, 1, 2)]);
    const counted = coPurchases(shop, Int32Array.of(2));
    expect(neighboursOf(counted, 1).map(([other]) => other)).toEqual([0]);
    expect(neighboursOf(counted, 2)).toEqual([]);
    expect(neighboursOf(coPurchases(shop, Int32Array.of(0)), 0)).toEqual([]);
  });

  test('from a huge history are limited by the window, and weigh less', () => {
    const many = inOrder(...Array.from({ length: 5_000 }, (_, i) => i));
    const shop = historiesOf(5_000, [many, inOrder(0, 1)]);
    const counted = coPurchases(shop, all(shop));
    // Only the latest purchases of the huge history count.
    expect(neighboursOf(counted, 100)).toEqual([]);
    expect(neighboursOf(counted, 4_900).length).toBeLessThanOrEqual(2 * CO_PURCHASE.window);
    expect(neighboursOf(counted, 4_900)[0][1]).toBeLessThan(neighboursOf(counted, 0)[0][1]);
  });
});
