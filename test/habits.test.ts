// What histories say of articles: how often they are bought again, and that nothing of it is lost in a file or in another order.
import { CoPurchases } from '../src/features/co-purchase';
import { habitsOf, reorderedHabits, repeatRates, type Habits } from '../src/features/habits';
import { createRandom } from '../src/random';
import { readHabits, writeHabits } from '../src/release/habits-file';

/** Lines [customer, article, time], by customer and time; at most ten customers and articles. */
function historiesOf(...lines: [number, number, number][]) {
  const offsets = Int32Array.from({ length: 11 }, (_, c) => lines.filter(([customer]) => customer < c).length);
  return {
    customers: 10,
    offsets,
    article: Int32Array.from(lines, ([, article]) => article),
    at: Float64Array.from(lines, ([, , at]) => at),
    catalogue: { size: 10 },
  };
}

describe('the rate at which an article is bought again', () => {
  test('counts customers who came back for it, each once, over its buyers', () => {
    const shop = historiesOf([0, 1, 5], [0, 1, 6], [0, 1, 9], [1, 1, 5], [1, 2, 6], [2, 1, 1], [2, 2, 1]);
    const rates = repeatRates(shop, shop.offsets.slice(1));
    expect([rates[1], rates[2], rates[3]]).toEqual([Math.fround(1 / 23), 0, 0]);
  });

  test('does not count two bought at one time, nor what is not known yet', () => {
    const shop = historiesOf([0, 1, 5], [0, 1, 5], [1, 2, 5], [1, 2, 7]);
    expect(repeatRates(shop, shop.offsets.slice(1))[1]).toBe(0);
    const known = shop.offsets.slice(1);
    known[1] = 3;
    expect(repeatRates(shop, known)[2]).toBe(0);
  });

  test('is that of a plain count over random histories', () => {
    const random = createRandom(4);
    const lines = Array.from({ length: 400 }, (): [number, number, number] => [
      random.int(10),
      random.int(10),
      random.int(6),
    ]);
    lines.sort((a, b) => a[0] - b[0] || a[2] - b[2]);
    const shop = historiesOf(...lines);
    const rates = repeatRates(shop, shop.offsets.slice(1));
    for (let article = 0; article < 10; article++) {
      const times = new Map<number, Set<number>>();
      for (const [customer, one, at] of lines) {
        if (one === article) times.set(customer, (times.get(customer) ?? new Set()).add(at));
      }
      const again = [...times.values()].filter(({ size }) => size > 1).length;
      expect(rates[article]).toBeCloseTo(again / (times.size + 20), 6);
    }
  });
});

describe('habits', () => {
  const habits: Habits = {
    coPurchases: new CoPurchases(2, Int32Array.of(1, 2, 0, -1, 0, 1), Float32Array.of(0.5, 0.25, 0.75, 0, 1, 0.125)),
    repeatRates: Float32Array.of(0.1, 0.2, 0.3),
  };

  test('are the same when they were written and read', () => {
    const read = readHabits(writeHabits(habits), 3);
    expect(read).toEqual(habits);
    const counted = historiesOf([0, 1, 5], [0, 2, 6], [1, 1, 1], [1, 2, 3]);
    const other = habitsOf(counted, counted.offsets.slice(1));
    expect(readHabits(writeHabits(other), 10)).toEqual(other);
  });

  test.each([
    ['is empty', () => new Uint8Array(0), 3],
    ['is something else', () => Buffer.from('{"width": 2, "articles": 3}'), 3],
    ['was cut', () => writeHabits(habits).subarray(0, -4), 3],
    ['is of another shop', () => writeHabits(habits), 4],
    [
      'names a neighbour that is no article',
      () => {
        const bytes = Buffer.from(writeHabits(habits));
        bytes.writeInt32LE(3, 16);
        return bytes;
      },
      3,
    ],
  ])('are not read from a file that %s', (_what, make, rows) => {
    expect(() => readHabits(make(), rows)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
  });

  test('follow the articles into another catalogue; those of articles that have gone are forgotten', () => {
    // Row 0 is article 3 now, row 1 is gone, row 2 is article 0; articles 1 and 2 are new.
    const { coPurchases, repeatRates: rates } = reorderedHabits(habits, [3, -1, 0], 4);
    expect([...rates]).toEqual([0.3, 0, 0, 0.1].map(Math.fround));
    expect([...coPurchases.neighbours]).toEqual([3, -1, -1, -1, -1, -1, 0, -1]);
    expect([...coPurchases.nearness]).toEqual([1, 0, 0, 0, 0, 0, 0.25, 0]);
  });
});
