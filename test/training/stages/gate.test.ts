// How far layers are heard: on lists of four candidates whose scores are drawn, so that it is known
// what would be best.
import type { Dataset } from '../../../src/dataset/dataset';
import { createRandom } from '../../../src/random';
import { openGate, unheard } from '../../../src/training/stages/gate';
import { listJudge } from '../../../src/training/stages/list-judge';
import type { List } from '../../../src/training/stages/ranker-lists';

const shop = { offsets: new Int32Array(2_000) } as unknown as Dataset;
const lists = Array.from({ length: 800 }, (_, customer) => {
  const bought = customer % 4;
  return {
    round: { customers: Int32Array.of(customer), ends: Int32Array.of(customer < 400 ? 3 : 0) },
    place: 0,
    cold: false,
    bought: Uint8Array.from({ length: 4 }, (_, place) => (place === bought ? 1 : 0)),
    hits: 1,
  } as unknown as List;
});
const judge = listJudge(shop, lists);
const random = createRandom('gates');
const drawn = (of: (list: List, candidate: number) => number) =>
  lists.map((list) => Float32Array.from({ length: 4 }, (_, i) => of(list, i)));
const shut = unheard(
  judge,
  drawn(({ bought }, i) => bought[i] + random.normal()),
);
const alone = shut.scores;
/** What layers add: so much of the truth and so much noise. */
const layersOf = ({ truth, noise }: { truth: number; noise: number }) =>
  lists.map((list, l) => alone[l].map((_, i) => truth * list.bought[i] + noise * random.normal()));

test('layers that say more of the right are heard by half, and by customers with a past alone', () => {
  const added = layersOf({ truth: 1, noise: 0.2 });
  const heard = openGate(judge, shut, added);
  expect(heard.gate).toBe(0.5);
  expect(judge.mean(heard.worth, 'known')).toBeGreaterThan(judge.mean(shut.worth, 'known'));
  const half = alone.map((list, l) => list.map((score, i) => score + 0.5 * added[l][i]));
  expect(heard.scores).toEqual(half.map((list, l) => (l < 400 ? list : alone[l])));
});

test('layers that say nothing are not heard', () => {
  expect(openGate(judge, shut, layersOf({ truth: 0, noise: 1 }))).toBe(shut);
});

test('layers that say too much of the right are heard by a quarter, which is better than by half', () => {
  const added = layersOf({ truth: 2.5, noise: 3.5 });
  const heard = openGate(judge, shut, added);
  expect(heard.gate).toBe(0.25);
  const half = alone.map((list, l) => list.map((score, i) => score + 0.5 * added[l][i]));
  expect(judge.mean(heard.worth, 'known')).toBeGreaterThan(judge.mean(judge.worth(half), 'known'));
});
