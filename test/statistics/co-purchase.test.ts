// Which articles are bought together: the count against a plain one, and what it makes of order, of
// chance and of big baskets.
import { CoPurchases } from '../../src/statistics/co-purchase';
import { CO_PURCHASE, coPurchases, type CoPurchaseOptions, type Histories } from '../../src/dataset/co-purchase-counts';
import { createRandom } from '../../src/random';

/** One article bought at a time, for each customer oldest first. */
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

/** The same by the definition, pair by pair: article → neighbour → nearness. */
function plain(
  size: number,
  histories: readonly History[],
  options: CoPurchaseOptions,
): Map<number, Map<number, number>> {
  const pairs = new Map<number, Map<number, number>>();
  const units = new Float64Array(size);
  for (const history of histories) {
    const latest = new Map<number, number>();
    for (const [article, at] of history) {
      latest.delete(article);
      latest.set(article, at);
    }
    const distinct = [...latest].slice(-options.maxHistory);
    const weight = 1 / distinct.length ** options.damping;
    for (const [i, [article, at]] of distinct.entries()) {
      units[article] += weight;
      for (const [j, [other, otherAt]] of distinct.entries()) {
        if (i === j || Math.abs(i - j) > options.window) continue;
        const apart = options.decay ** Math.abs(i - j) * (j > i ? 1 : options.backward);
        const of = pairs.get(article) ?? new Map<number, number>();
        pairs.set(article, of.set(other, (of.get(other) ?? 0) + weight * (at === otherAt ? 1 : apart)));
      }
    }
  }
  const { smoothing, popularity } = options;
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

function neighboursOf(co: CoPurchases, article: number): [number, number][] {
  const from = article * co.width;
  return Array.from(co.neighbours.subarray(from, from + co.width), (other, n): [number, number] => [
    other,
    co.nearness[from + n],
  ]).filter(([other]) => other >= 0);
}

describe('the neighbours of an article', () => {
  test.each([1, 2, 3])('are those of a plain count over random histories (%i)', (seed) => {
    const random = createRandom(seed);
    const size = 30;
    const histories = Array.from({ length: 80 }, () => {
      let at = 0;
      return Array.from({ length: random.int(25) }, (): [number, number] => {
        at += random.int(2);
        // Small numbers are popular.
        return [Math.min(random.int(size), random.int(size)), at];
      });
    });
    const options = { ...CO_PURCHASE, neighbours: 7, maxHistory: 12, window: 4 };
    const shop = historiesOf(size, histories);
    const counted = coPurchases(shop, all(shop), options);
    const expected = plain(size, histories, options);
    for (let article = 0; article < size; article++) {
      const wanted = [...(expected.get(article) ?? [])].sort(([a, x], [b, y]) => y - x || a - b).slice(0, 7);
      const got = neighboursOf(counted, article);
      expect(got).toHaveLength(wanted.length);
      got.forEach(([, nearness], n) => {
        expect(nearness).toBeCloseTo(wanted[n][1], 5);
      });
      // Where two are equally near up to rounding, either may come first.
      for (const [other, nearness] of got) expect(nearness).toBeCloseTo(expected.get(article)?.get(other) ?? -1, 5);
    }
  });

  test('are those that come after it rather than those that came before', () => {
    const shop = historiesOf(3, Array<History>(50).fill(inOrder(0, 1, 2)));
    const [[first], [second]] = neighboursOf(coPurchases(shop, all(shop)), 1);
    expect([first, second]).toEqual([2, 0]);
  });

  test('of one basket count alike, whichever was written down first', () => {
    const shop = historiesOf(3, [[[0, 5], [1, 5], [2, 5]]]); // prettier-ignore
    const counted = coPurchases(shop, all(shop));
    const near = [0, 1, 2].flatMap((article) => neighboursOf(counted, article).map(([, nearness]) => nearness));
    expect(near).toHaveLength(6);
    expect(new Set(near).size).toBe(1);
  });

  test('are never the article itself, however often it is bought again', () => {
    const shop = historiesOf(2, [inOrder(0, 0, 0, 1, 0)]);
    const counted = coPurchases(shop, all(shop));
    expect(neighboursOf(counted, 0).map(([other]) => other)).toEqual([1]);
  });

  test('that were met once by chance are far, those that many bought together near', () => {
    const shop = historiesOf(4, [inOrder(0, 1), ...Array<History>(200).fill(inOrder(2, 3))]);
    const counted = coPurchases(shop, all(shop));
    expect(neighboursOf(counted, 0)[0][1]).toBeLessThan(0.06);
    expect(neighboursOf(counted, 2)[0][1]).toBeGreaterThan(0.6);
  });

  test('count only what is known', () => {
    const shop = historiesOf(3, [inOrder(0, 1, 2)]);
    const counted = coPurchases(shop, Int32Array.of(2));
    expect(neighboursOf(counted, 1).map(([other]) => other)).toEqual([0]);
    expect(neighboursOf(counted, 2)).toEqual([]);
    expect(neighboursOf(coPurchases(shop, Int32Array.of(0)), 0)).toEqual([]);
  });

  test('of a customer with a huge history are no more than the window lets through, and weigh less', () => {
    const many = inOrder(...Array.from({ length: 5_000 }, (_, i) => i));
    const shop = historiesOf(5_000, [many, inOrder(0, 1)]);
    const counted = coPurchases(shop, all(shop));
    // Of the early ones the huge history says nothing any more: the latest are counted.
    expect(neighboursOf(counted, 100)).toEqual([]);
    expect(neighboursOf(counted, 4_900).length).toBeLessThanOrEqual(2 * CO_PURCHASE.window);
    expect(neighboursOf(counted, 4_900)[0][1]).toBeLessThan(neighboursOf(counted, 0)[0][1]);
  });
});

describe('the scores of what goes with a past', () => {
  //                        of 0:  of 1:   of 2:
  const nearest = Int32Array.of(1, 2, 0, 2, 3, -1, -1, -1);
  const nearness = Float32Array.of(0.5, 0.25, 0.4, 0.2, 0.8, 0, 0, 0);
  const co = new CoPurchases(2, nearest, nearness);
  const past = (...articles: number[]) => articles.map((article) => ({ article, at: 0 }));
  const scoresOf = (...articles: number[]) => {
    const { articles: found, scores } = co.scores(past(...articles));
    return Array.from(found, (article, i) => [article, Number(scores[i].toFixed(4))]);
  };

  test('are sums over the distinct articles of the past, the newest most', () => {
    expect(scoresOf(0)).toEqual([[1, 0.5], [2, 0.25]]); // prettier-ignore
    // By hand: 2 is near to 1 (.2) and to 0 (.75 · .25); 0 and 1 to one another.
    expect(scoresOf(1, 0, 0, 1)).toEqual([[0, 0.4], [2, 0.3875], [1, 0.375]]); // prettier-ignore
  });

  test('are the same when they are asked for again', () => {
    expect(scoresOf(1, 0)).toEqual(scoresOf(1, 0));
  });

  test('are none for no past, and for articles without neighbours or that came later', () => {
    expect(scoresOf()).toEqual([]);
    expect(scoresOf(3, 77)).toEqual([]);
  });

  test('come best first as far as they are asked for in order, and the others after them, once each', () => {
    const { articles, scores } = co.scores(past(1, 0), 1);
    expect(articles[0]).toBe(0);
    const all = Array.from(articles, (article, i) => [article, Number(scores[i].toFixed(4))]);
    expect(all.sort(([, a], [, b]) => b - a)).toEqual(scoresOf(1, 0));
    expect([...co.scores(past(1, 0), 2).articles]).toEqual([0, 2, 1]);
  });
});
