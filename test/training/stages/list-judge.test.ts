// How orders of lists are judged: by hand, at the best scale, by group, and that chance is not
// taken for a gain.
import type { Dataset } from '../../../src/dataset/dataset';
import { listJudge } from '../../../src/training/stages/list-judge';
import type { List } from '../../../src/training/stages/ranker-lists';
import { createRandom } from '../../../src/random';

const shop = { offsets: new Int32Array(1_000) } as unknown as Dataset;

/** A list of four candidates of which one was bought; `end` 0: the customer has no past. */
function listOf(bought: number, end: number, customer = 0): List {
  return {
    round: { customers: Int32Array.of(customer), ends: Int32Array.of(end) },
    place: 0,
    cold: false,
    bought: Uint8Array.from({ length: 4 }, (_, place) => (place === bought ? 1 : 0)),
    hits: bought < 4 ? 1 : 0,
  } as unknown as List;
}

const known = (count: number, bought = 1) =>
  Array.from({ length: count }, (_, customer) => listOf(bought, 3, customer));
const scores = (lists: readonly List[], of: (l: number) => number[]) => lists.map((_, l) => Float32Array.from(of(l)));

test('the NDCG of a list is 1 where what was bought stands first, less the later it stands; lists without tell nothing', () => {
  const lists = [...known(2), listOf(4, 3), listOf(2, 0)];
  const judge = listJudge(shop, lists);
  expect(judge.lists).toEqual({ known: 2, newcomers: 1 });
  expect([...lists.keys()].map((l) => judge.isNewcomer(l))).toEqual([false, false, false, true]);
  const given = scores(lists, (l) => (l === 0 ? [0, 9, 1, 2] : [3, 0, 1, 2]));
  expect(judge.ndcg(given, 'known')).toBeCloseTo((1 + 1 / Math.log2(5)) / 2, 10);
  expect(judge.ndcg(given, 'newcomers')).toBeCloseTo(1 / Math.log2(4), 10);
});

describe('what an order is worth', () => {
  const random = createRandom(5);
  const lists = [...known(60), ...Array.from({ length: 60 }, (_, l) => listOf(l % 4, 0, 100 + l)), listOf(4, 3)];
  const judge = listJudge(shop, lists);
  const given = scores(lists, (l) => [0, 1, 2, 3].map((i) => 1.2 * lists[l].bought[i] + random.normal()));

  test('is of customers with a past the likelihood by the softmax, at the scale by which all are likeliest', () => {
    const plain = (l: number, scale: number): number => {
      const all = [...given[l]].map((score) => Math.exp(scale * score));
      return Math.log(all[lists[l].bought.indexOf(1)] / all.reduce((sum, one) => sum + one, 0));
    };
    const found = judge.worth(given);
    expect(found).toHaveLength(120);
    const places = [...Array(60).keys()];
    const total = (scale: number): number => places.reduce((sum, l) => sum + plain(l, scale), 0);
    // The best of all scales, by trying them.
    const scales = Array.from({ length: 4_000 }, (_, i) => Math.exp((i - 2_000) / 480));
    const best = scales.reduce((before, one) => (total(one) > total(before) ? one : before));
    expect(places.reduce((sum, l) => sum + found[l], 0)).toBeCloseTo(total(best), 3);
    for (const l of places) expect(found[l]).toBeCloseTo(plain(l, best), 1);
  });

  test('is of newcomers the NDCG', () => {
    const found = judge.worth(given);
    for (let l = 60; l < 120; l++) {
      const above = given[l].filter((score) => score > given[l][lists[l].bought.indexOf(1)]).length;
      expect(found[l]).toBeCloseTo(1 / Math.log2(above + 2), 10);
    }
    expect(judge.mean(found, 'newcomers')).toBeCloseTo(judge.ndcg(given, 'newcomers'), 10);
  });

  test('does not depend on the unit in which scores come, nor on where they begin', () => {
    const other = given.map((list) => list.map((score) => 20 + 3 * score));
    const [once, again] = [judge.worth(given), judge.worth(other)];
    once.forEach((value, l) => expect(again[l]).toBeCloseTo(value, 3));
  });

  test('is finite where the order is always right, where it never is, and where scores are all alike', () => {
    const many = known(40);
    const alone = listJudge(shop, many);
    const orders = [
      [0, 9, 1, 2],
      [3, 0, 1, 2],
      [1, 1, 1, 1],
      [0, 1e6, 0, 0],
    ];
    const values = orders.map((one) => alone.mean(alone.worth(scores(many, () => one)), 'known'));
    expect(values.every(Number.isFinite)).toBe(true);
    expect(values[0]).toBeCloseTo(0, 5);
    expect(values[2]).toBeCloseTo(-Math.log(4), 5);
    // An order that is never right is best not listened to.
    expect(values[1]).toBeCloseTo(-Math.log(4), 1);
  });
});

test('what is worth more in every list is better, in a few lists or by chance it is not', () => {
  const many = known(200);
  const judge = listJudge(shop, many);
  const good = judge.worth(scores(many, () => [0, 9, 1, 2]));
  const bad = judge.worth(scores(many, () => [3, 2, 1, 0]));
  expect(judge.isBetter(good, bad, 'known')).toBe(true);
  expect(judge.isBetter(bad, good, 'known')).toBe(false);
  expect(judge.isBetter(good, bad, 'newcomers')).toBe(false);
  const few = listJudge(shop, known(29));
  expect(few.isBetter(good.subarray(0, 29), bad.subarray(0, 29), 'known')).toBe(false);
  const random = createRandom(3);
  const noise = () => judge.worth(scores(many, () => Array.from({ length: 4 }, () => random.next())));
  const taken = Array.from({ length: 200 }, () => judge.isBetter(noise(), noise(), 'known')).filter(Boolean).length;
  // One standard error: some 16 of 100 by chance, and not half.
  expect(taken).toBeLessThan(60);
});

test('many lists of a few customers do not make it better', () => {
  const few = Array.from({ length: 400 }, (_, l) => listOf(1, 3, l % 20));
  const judge = listJudge(shop, few);
  const good = judge.worth(scores(few, () => [0, 9, 1, 2]));
  const bad = judge.worth(scores(few, () => [3, 2, 1, 0]));
  expect(judge.isBetter(good, bad, 'known')).toBe(false);
});
