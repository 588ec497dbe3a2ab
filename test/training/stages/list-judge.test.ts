// The judge of held-out lists: values worked by hand, the best scale, both groups, and no gain by
// chance.
import type { Dataset } from '../../../src/dataset/dataset';
import { listJudge } from '../../../src/training/stages/list-judge';
import type { List } from '../../../src/training/stages/ranker-lists';
import { createRandom } from '../../../src/random';

const shop = { offsets: new Int32Array(1_000) } as unknown as Dataset;

/** A list of four candidates with one purchase. `end` 0 makes a cold customer. */
function listOf(bought: number, end: number, customer = 0): List {
  return {
    round: { customers: Int32Array.of(customer), ends: Int32Array.of(end) },
    place: 0,
    historyHidden: false,
    bought: Uint8Array.from({ length: 4 }, (_, place) => (place === bought ? 1 : 0)),
    hits: bought < 4 ? 1 : 0,
  } as unknown as List;
}

const returning = (count: number, bought = 1) =>
  Array.from({ length: count }, (_, customer) => listOf(bought, 3, customer));
const scores = (lists: readonly List[], of: (l: number) => number[]) => lists.map((_, l) => Float32Array.from(of(l)));

test('the NDCG is 1 if the purchase is first and less if it is later; lists without one do not count', () => {
  const lists = [...returning(2), listOf(4, 3), listOf(2, 0)];
  const judge = listJudge(shop, lists);
  expect(judge.lists).toEqual({ returning: 2, cold: 1 });
  expect([...lists.keys()].map((l) => judge.isOfColdCustomer(l))).toEqual([false, false, false, true]);
  const given = scores(lists, (l) => (l === 0 ? [0, 9, 1, 2] : [3, 0, 1, 2]));
  expect(judge.ndcg(given, 'returning')).toBeCloseTo((1 + 1 / Math.log2(5)) / 2, 10);
  expect(judge.ndcg(given, 'cold')).toBeCloseTo(1 / Math.log2(4), 10);
});

describe('the worth of a list', () => {
  const random = createRandom(5);
  const lists = [...returning(60), ...Array.from({ length: 60 }, (_, l) => listOf(l % 4, 0, 100 + l)), listOf(4, 3)];
  const judge = listJudge(shop, lists);
  const given = scores(lists, (l) => [0, 1, 2, 3].map((i) => 1.2 * lists[l].bought[i] + random.normal()));

  test('is the likelihood by the softmax for returning customers, at the scale that is best for all lists', () => {
    const plain = (l: number, scale: number): number => {
      const all = [...given[l]].map((score) => Math.exp(scale * score));
      return Math.log(all[lists[l].bought.indexOf(1)] / all.reduce((sum, one) => sum + one, 0));
    };
    const found = judge.worth(given);
    expect(found).toHaveLength(120);
    const places = [...Array(60).keys()];
    const total = (scale: number): number => places.reduce((sum, l) => sum + plain(l, scale), 0);
    // The best scale is found by trying many scales.
    const scales = Array.from({ length: 4_000 }, (_, i) => Math.exp((i - 2_000) / 480));
    const best = scales.reduce((before, one) => (total(one) > total(before) ? one : before));
    expect(places.reduce((sum, l) => sum + found[l], 0)).toBeCloseTo(total(best), 3);
    for (const l of places) expect(found[l]).toBeCloseTo(plain(l, best), 1);
  });

  test('is the NDCG for cold customers', () => {
    const found = judge.worth(given);
    for (let l = 60; l < 120; l++) {
      const above = given[l].filter((score) => score > given[l][lists[l].bought.indexOf(1)]).length;
      expect(found[l]).toBeCloseTo(1 / Math.log2(above + 2), 10);
    }
    expect(judge.mean(found, 'cold')).toBeCloseTo(judge.ndcg(given, 'cold'), 10);
  });

  test('does not depend on the unit of the scores, nor on their zero', () => {
    const other = given.map((list) => list.map((score) => 20 + 3 * score));
    const [once, again] = [judge.worth(given), judge.worth(other)];
    once.forEach((value, l) => expect(again[l]).toBeCloseTo(value, 3));
  });

  test('is finite for an order that is always right, for one that never is, and for equal scores', () => {
    const many = returning(40);
    const alone = listJudge(shop, many);
    const orders = [
      [0, 9, 1, 2],
      [3, 0, 1, 2],
      [1, 1, 1, 1],
      [0, 1e6, 0, 0],
    ];
    const values = orders.map((one) => alone.mean(alone.worth(scores(many, () => one)), 'returning'));
    expect(values.every(Number.isFinite)).toBe(true);
    expect(values[0]).toBeCloseTo(0, 5);
    expect(values[2]).toBeCloseTo(-Math.log(4), 5);
    // An order that is never right is best ignored, so its best scale is the smallest.
    expect(values[1]).toBeCloseTo(-Math.log(4), 1);
  });
});

test('scores are better if they are worth more in every list, but not in few lists or by chance', () => {
  const many = returning(200);
  const judge = listJudge(shop, many);
  const good = judge.worth(scores(many, () => [0, 9, 1, 2]));
  const bad = judge.worth(scores(many, () => [3, 2, 1, 0]));
  expect(judge.isBetter(good, bad, 'returning')).toBe(true);
  expect(judge.isBetter(bad, good, 'returning')).toBe(false);
  expect(judge.isBetter(good, bad, 'cold')).toBe(false);
  const few = listJudge(shop, returning(29));
  expect(few.isBetter(good.subarray(0, 29), bad.subarray(0, 29), 'returning')).toBe(false);
  const random = createRandom(3);
  const noise = () => judge.worth(scores(many, () => Array.from({ length: 4 }, () => random.next())));
  const taken = Array.from({ length: 200 }, () => judge.isBetter(noise(), noise(), 'returning')).filter(Boolean).length;
  // About 16 of 100 differences exceed one standard error by chance.
  expect(taken).toBeLessThan(60);
});

test('many lists of few customers are not enough to be better', () => {
  const few = Array.from({ length: 400 }, (_, l) => listOf(1, 3, l % 20));
  const judge = listJudge(shop, few);
  const good = judge.worth(scores(few, () => [0, 9, 1, 2]));
  const bad = judge.worth(scores(few, () => [3, 2, 1, 0]));
  expect(judge.isBetter(good, bad, 'returning')).toBe(false);
});
