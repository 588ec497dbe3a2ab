// The questions of each protocol: who is asked, what is known of them then, and that no answer is
// ever known before it is asked for.
import { createRandom } from '../../src/random';
import {
  cutoffOf,
  horizonOf,
  inStages,
  trainingRounds,
  roundsOf,
  thinned,
  type Protocol,
  type Round,
} from '../../src/dataset/protocols';
import { NOON, shopOf } from '../support/hand-made-shop';
import { DAY } from '../../src/time';

const random = () => createRandom(7);

/** Customers 0 and 1 have long pasts, 2 has bought twice, 3 once. */
const shop = shopOf(
  [11, 101, 0],
  [11, 102, 1],
  [11, 103, 2],
  [11, 104, 3],
  [12, 105, 0],
  [12, 104, 5],
  [12, 103, 9],
  [13, 101, 4],
  [13, 102, 8],
  [14, 101, 9],
);

/** Each question as customer: known → asked. */
const told = (rounds: readonly Round[]): string[] =>
  rounds.flatMap(({ customers, ends, answers }) =>
    Array.from(customers, (customer, i) => {
      const known = shop.article.slice(shop.offsets[customer], ends[i]);
      return `${String(customer)}: ${known.join(' ')} → ${[...answers[i]].join(' ')}`;
    }),
  );

describe('leave-one-out', () => {
  test('asks for the last article, everything before it being known', () => {
    expect(told(roundsOf(shop, { kind: 'leave-one-out', target: 'test' }, 99, random()))).toEqual([
      '0: 0 1 2 → 3',
      '1: 4 3 → 2',
    ]);
  });

  test('asks for the one before it to validate, the last being unknown', () => {
    expect(told(roundsOf(shop, { kind: 'leave-one-out', target: 'validation' }, 99, random()))).toEqual([
      '0: 0 1 → 2',
      '1: 4 → 3',
      '2: 0 → 1',
    ]);
  });

  test('does not ask who bought what they had already, since it is not ranked', () => {
    const again = shopOf([11, 101, 0], [11, 102, 1], [11, 103, 2], [11, 101, 3]);
    expect(roundsOf(again, { kind: 'leave-one-out', target: 'test' }, 99, random())[0].answers).toEqual([]);
  });

  test('counts sales of what may be learnt, and of nothing else', () => {
    const [{ moment }] = roundsOf(shop, { kind: 'leave-one-out', target: 'test' }, 99, random());
    // All but the last two of each, the first in any case.
    expect([...moment.sales.month]).toEqual([3, 1, 0, 0, 1]);
    expect(moment.timeless).toBe(true);
  });
});

describe('temporal', () => {
  const protocol: Protocol = { kind: 'temporal', cut: NOON + 8 * DAY, days: 2 };

  test('asks everybody who bought in the days after the cut, with what was known before it', () => {
    expect(told(roundsOf(shop, protocol, 99, random()))).toEqual(['1: 4 3 → 2', '2: 0 → 1', '3:  → 0']);
  });

  test('measures on a seeded sample where there are more customers than asked for', () => {
    const one = told(roundsOf(shop, protocol, 2, random()));
    expect(one).toHaveLength(2);
    expect(told(roundsOf(shop, protocol, 2, random()))).toEqual(one);
  });
});

describe('rolling', () => {
  const protocol: Protocol = { kind: 'rolling', weeks: 2, end: NOON + 14 * DAY };

  test('learns before the first week, and knows more with each', () => {
    expect(cutoffOf(protocol)).toEqual({ before: NOON });
    expect(horizonOf(protocol)).toBe(7);
    expect(told(roundsOf(shop, protocol, 99, random()))).toEqual([
      '0:  → 0 1 2 3',
      '1:  → 4 3',
      '2:  → 0',
      '1: 4 3 → 2',
      '2: 0 → 1',
      '3:  → 0',
    ]);
  });
});

describe('lessons', () => {
  test('of leave-one-out are the last articles that may be learnt', () => {
    expect(told(trainingRounds(shop, { butLast: 3 }, { butLast: 2 }, 7, 99, random()))).toEqual(['0: 0 → 1']);
  });

  test('in time start daily and never ask for what comes after the cutoff', () => {
    const [from, until] = [NOON + 2 * DAY, NOON + 9 * DAY];
    const rounds = trainingRounds(shop, { before: from }, { before: until }, 3, 99, random());
    expect(rounds.length).toBeGreaterThan(2);
    for (const { moment, customers, ends, answers } of rounds) {
      expect(moment.now).toBeGreaterThanOrEqual(from);
      expect(moment.now).toBeLessThan(until);
      customers.forEach((customer, i) => {
        const known = shop.at.slice(shop.offsets[customer], ends[i]);
        expect([...known].every((at) => at < moment.now)).toBe(true);
        const end = Math.min(moment.now + 3 * DAY, until);
        const asked = [...shop.at.keys()].filter(
          (p) => shop.customer[p] === customer && shop.at[p] >= moment.now && shop.at[p] < end,
        );
        expect(new Set(asked.map((p) => shop.article[p]))).toEqual(answers[i]);
      });
    }
  });

  test('are thinned to so many', () => {
    const rounds = trainingRounds(shop, { before: NOON }, { before: NOON + 9 * DAY }, 3, 4, random());
    expect(rounds.reduce((sum, { customers }) => sum + customers.length, 0)).toBe(4);
  });
});

test.each([
  { known: 4, newcomers: 12, most: 6, taken: 3, why: 'half are of the few with a past' },
  { known: 2, newcomers: 14, most: 8, taken: 2, why: 'the very few with a past are all asked' },
  { known: 12, newcomers: 4, most: 8, taken: 6, why: 'of many with a past their share is asked' },
  { known: 4, newcomers: 12, most: 99, taken: 4, why: 'everybody is, since there is room' },
])('of $known with a past and $newcomers newcomers $most are asked: $why', ({ known, newcomers, most, taken }) => {
  const all = known + newcomers;
  const round = {
    customers: Int32Array.from({ length: all }, (_, place) => place),
    ends: new Int32Array(all),
    answers: Array.from({ length: all }, () => new Set([0])),
  } as unknown as Round;
  const rounds = thinned([round], most, random(), (_round, place) => place >= newcomers);
  const asked = rounds.flatMap(({ customers }) => [...customers]);
  expect(asked).toHaveLength(Math.min(most, all));
  expect(asked).toEqual(asked.toSorted((a, b) => a - b));
  expect(asked.filter((customer) => customer >= newcomers)).toHaveLength(taken);
});

test('lessons of a day on which most customers are new are half of those with a past', () => {
  const crowd = shopOf([11, 101, 0], [11, 102, 2], [12, 102, 2], [13, 102, 2], [14, 102, 2]);
  for (let seed = 1; seed <= 10; seed++) {
    const until = { before: NOON + 3 * DAY };
    const rounds = trainingRounds(crowd, { before: NOON + DAY }, until, 3, 2, createRandom(seed));
    const asked = rounds.flatMap(({ customers }) => [...customers]);
    expect(asked.map((customer) => customer === 0).toSorted()).toEqual([false, true]);
  }
});

describe('stages', () => {
  const roundAt = (now: number, customers: number) =>
    ({ moment: { now }, customers: new Int32Array(customers) }) as unknown as Round;
  const told = (stages: Round[][]) => stages.map((stage) => stage.map(({ moment }) => moment.now));

  test('go forward in time, ask about as many customers each, and split no round', () => {
    const rounds = [roundAt(4, 10), roundAt(3, 10), roundAt(2, 10), roundAt(1, 10)];
    expect(told(inStages(rounds, 2))).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(told(inStages([roundAt(3, 100), roundAt(2, 1), roundAt(1, 1)], 2))).toEqual([[1, 2, 3]]);
    expect(told(inStages([roundAt(1, 5), roundAt(2, 90), roundAt(3, 5)], 4))).toEqual([[1, 2], [3]]);
  });

  test('are none without rounds', () => {
    expect(inStages([], 4)).toEqual([]);
  });
});
