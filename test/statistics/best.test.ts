// The best few of many are the first of all in order.

import { bestOf } from '../../src/statistics/best';
import { createRandom } from '../../src/random';

test('the best few are the same as after sorting everything, for any number and with ties', () => {
  const random = createRandom(71);
  for (let round = 0; round < 200; round++) {
    const scores = Float64Array.from({ length: random.int(400) }, () => random.int(1 + random.int(50)));
    const order = (a: number, b: number): number => scores[b] - scores[a] || a - b;
    const limit = random.int(60);
    expect([...bestOf([...scores.keys()], limit, order)]).toEqual([...scores.keys()].sort(order).slice(0, limit));
    expect([...bestOf([...scores.keys()], Infinity, order)]).toEqual([...scores.keys()].sort(order));
  }
});
