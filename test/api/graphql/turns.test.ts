// Statements of all requests take turns. A reader that waits learns at once of a database that is
// silent, and does not wait for ever for one that is slow.

import { createTurns } from '../../../src/api/graphql/operation/turns';
import { VitrineError } from '../../../src/errors';

/** Work that ends when the test says so. */
function held() {
  const ends: { resolve: () => void; reject: (reason: Error) => void }[] = [];
  const work = () => new Promise<void>((resolve, reject) => ends.push({ resolve, reject }));
  return { ends, work };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('at most two of five run at once, first come, first served', async () => {
  const turns = createTurns(2, 60_000);
  const { ends, work } = held();
  const begun: number[] = [];
  const all = Array.from({ length: 5 }, (_, i) =>
    turns.run(() => {
      begun.push(i);
      return work();
    }),
  );
  for (let ended = 0; ended < 5; ended++) {
    await turn();
    expect(begun).toEqual([0, 1, 2, 3, 4].slice(0, ended + 2));
    ends[ended].resolve();
  }
  await Promise.all(all);
});

test('when the database stops answering, all waiting work starts at once; afterwards the limit applies again', async () => {
  const turns = createTurns(2, 60_000);
  const { ends, work } = held();
  const all = Array.from({ length: 5 }, () => turns.run(work));
  const failed = Promise.allSettled(all);
  await turn();
  ends[0].reject(new VitrineError('DATABASE_UNAVAILABLE', 'silent'));
  await turn();
  expect(ends).toHaveLength(5);
  for (const { resolve } of ends) resolve();
  expect((await failed).filter(({ status }) => status === 'rejected')).toHaveLength(1);
  const later = held();
  const more = Array.from({ length: 3 }, () => turns.run(later.work));
  await turn();
  expect(later.ends).toHaveLength(2);
  for (let ended = 0; ended < 3; ended++) {
    later.ends[ended].resolve();
    await turn();
  }
  await Promise.all(more);
});

test('work that waits too long for its turn fails as OVERLOADED and never runs', async () => {
  const turns = createTurns(1, 20);
  const { ends, work } = held();
  const first = turns.run(work);
  await expect(turns.run(work)).rejects.toMatchObject({ code: 'OVERLOADED' });
  ends[0].resolve();
  await first;
  await turn();
  expect(ends).toHaveLength(1);
});
