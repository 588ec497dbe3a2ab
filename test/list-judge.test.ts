// How orders of lists are judged: the gain of a list by hand, the groups, and that chance is not taken for a gain.
import type { Shop } from '../src/features/dataset';
import { listJudge } from '../src/training/list-judge';
import type { List } from '../src/training/ranker-lists';
import { createRandom } from '../src/random';

const shop = { offsets: new Int32Array(1_000) } as unknown as Shop;

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

test('a list is worth 1 where what was bought stands first, less the later it stands; lists without tell nothing', () => {
  const lists = [...known(2), listOf(4, 3)];
  const judge = listJudge(shop, lists);
  expect(judge.lists).toBe(2);
  const gains = judge.gains(scores(lists, (l) => (l === 0 ? [0, 9, 1, 2] : [3, 0, 1, 2])));
  expect(gains[0]).toBe(1);
  expect(gains[1]).toBeCloseTo(1 / Math.log2(5), 10);
});

test('customers with a past and newcomers are told apart', () => {
  const lists = [listOf(0, 3), listOf(0, 0)];
  const judge = listJudge(shop, lists);
  const gains = judge.gains(scores(lists, (l) => (l === 0 ? [1, 0, 0, 0] : [0, 1, 1, 1])));
  expect([judge.mean(gains, 'known'), judge.mean(gains, 'newcomers')]).toEqual([1, 1 / Math.log2(5)]);
  expect(judge.mean(gains)).toBeCloseTo((1 + 1 / Math.log2(5)) / 2, 10);
});

test('a gain in every list is better, in a few lists or by chance it is not', () => {
  const many = known(200);
  const judge = listJudge(shop, many);
  const good = judge.gains(scores(many, () => [0, 9, 1, 2]));
  const bad = judge.gains(scores(many, () => [3, 2, 1, 0]));
  expect(judge.isBetter(good, bad, 'known')).toBe(true);
  expect(judge.isBetter(bad, good, 'known')).toBe(false);
  expect(judge.isBetter(good, bad, 'newcomers')).toBe(false);
  const few = listJudge(shop, known(29));
  expect(few.isBetter(good.subarray(0, 29), bad.subarray(0, 29), 'all')).toBe(false);
  const random = createRandom(3);
  const noise = () => judge.gains(scores(many, () => Array.from({ length: 4 }, () => random.next())));
  const taken = Array.from({ length: 200 }, () => judge.isBetter(noise(), noise(), 'all')).filter(Boolean).length;
  // One standard error: some 16 of 100 by chance, and not half.
  expect(taken).toBeLessThan(60);
});

test('many lists of a few customers do not make a gain', () => {
  const few = Array.from({ length: 400 }, (_, l) => listOf(1, 3, l % 20));
  const judge = listJudge(shop, few);
  const good = judge.gains(scores(few, () => [0, 9, 1, 2]));
  const bad = judge.gains(scores(few, () => [3, 2, 1, 0]));
  expect(judge.isBetter(good, bad, 'all')).toBe(false);
});
