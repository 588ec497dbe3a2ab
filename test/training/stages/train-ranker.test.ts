// The gate of the deep part, on lists of four candidates. Their scores are drawn, so the best gate
// is known.
import type { Dataset } from '../../../src/dataset/dataset';
import { createRandom } from '../../../src/random';
import { closedGate, openGate } from '../../../src/training/stages/train-ranker';
import { listJudge } from '../../../src/training/stages/list-judge';
import type { List } from '../../../src/training/stages/ranker-lists';

const shop = { offsets: new Int32Array(2_000) } as unknown as Dataset;
const lists = Array.from({ length: 800 }, (_, customer) => {
  const bought = customer % 4;
  return {
    round: { customers: Int32Array.of(customer), ends: Int32Array.of(customer < 400 ? 3 : 0) },
    place: 0,
    historyHidden: false,
    bought: Uint8Array.from({ length: 4 }, (_, place) => (place === bought ? 1 : 0)),
    hits: 1,
  } as unknown as List;
});
const judge = listJudge(shop, lists);
const random = createRandom('gates');
const drawn = (of: (list: List, candidate: number) => number) =>
  lists.map((list) => Float32Array.from({ length: 4 }, (_, i) => of(list, i)));
const shut = closedGate(
  judge,
  drawn(({ bought }, i) => bought[i] + random.normal()),
);
const linear = shut.scores;
/** The scores of a deep part, with these amounts of truth and noise. */
const deepPartOf = ({ truth, noise }: { truth: number; noise: number }) =>
  lists.map((list, l) => linear[l].map((_, i) => truth * list.bought[i] + noise * random.normal()));

test('a good deep part opens the gate by half, for returning customers only', () => {
  const added = deepPartOf({ truth: 1, noise: 0.2 });
  const gated = openGate(judge, shut, added);
  expect(gated.gate).toBe(0.5);
  expect(judge.mean(gated.worth, 'returning')).toBeGreaterThan(judge.mean(shut.worth, 'returning'));
  const half = linear.map((list, l) => list.map((score, i) => score + 0.5 * added[l][i]));
  expect(gated.scores).toEqual(half.map((list, l) => (l < 400 ? list : linear[l])));
});

test('a deep part of noise leaves the gate closed', () => {
  expect(openGate(judge, shut, deepPartOf({ truth: 0, noise: 1 }))).toBe(shut);
});

test('a deep part that exaggerates opens the gate by a quarter, which is better than half', () => {
  const added = deepPartOf({ truth: 2.5, noise: 3.5 });
  const gated = openGate(judge, shut, added);
  expect(gated.gate).toBe(0.25);
  const half = linear.map((list, l) => list.map((score, i) => score + 0.5 * added[l][i]));
  expect(judge.mean(gated.worth, 'returning')).toBeGreaterThan(judge.mean(judge.worth(half), 'returning'));
});
