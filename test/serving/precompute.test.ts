import { openCurrent, type Opened } from '../../src/serving/opened';
import { precompute, type PrecomputeOptions } from '../../src/serving/precompute';
import { silentReporter } from '../../src/telemetry/progress';
import { createWorld, WORLD, type World } from '../support/world';

let world: World;
let opened: Opened;
/** Returns the same list for all customers, for tests that check the order of a run. */
let quick: Opened['recommender'];

beforeAll(async () => {
  world = await createWorld('precompute');
  opened = await openCurrent({ modelsDir: world.modelsDir, device: 'cpu', threads: 1, explore: 24 }, world.store);
  const [list] = await opened.recommender.recommend([{ customerId: 'nobody', first: 5 }]);
  quick = { ...opened.recommender, recommend: (requests) => Promise.resolve(requests.map(() => list)) };
});
afterAll(async () => {
  await opened.close();
  await world.close();
});

const run = (options: Partial<PrecomputeOptions> = {}) =>
  precompute({
    store: world.store,
    recommender: opened.recommender,
    refresh: () => opened.shop.refresh(),
    release: opened.name,
    first: 5,
    reporter: silentReporter,
    ...options,
  });
const rows = (where = 'true') =>
  world.database.sql(`SELECT * FROM recommendations WHERE ${where} ORDER BY customer_id, rank`);

test('every customer gets the list that is served, by the shop’s ids, cold customers too', async () => {
  const done = await run();
  expect(done).toMatchObject({ customers: WORLD.customers, resumedAfter: 0, release: opened.name });
  const all = await rows();
  expect(all).toHaveLength(5 * WORLD.customers);
  const ids = [...new Set(all.map((row) => String(row.customer_id)))];
  for (const customerId of [ids[0], ids[700]]) {
    const [list] = await opened.recommender.recommend([{ customerId, first: 5 }]);
    if (list instanceof Error) throw list;
    const kept = all.filter((row) => row.customer_id === customerId);
    expect(kept.map((row) => [row.rank, row.article_id])).toEqual(list.map(({ rank, articleId }) => [rank, articleId]));
    kept.forEach((row, i) => {
      expect(row.score).toBeCloseTo(list[i].score, 4);
    });
  }
});

test('a run that was ended goes on after its saved lists, and the next run starts from the beginning', async () => {
  const asked: string[] = [];
  const ending = new AbortController();
  let kept = 0;
  await expect(
    run({
      recommender: quick,
      signal: ending.signal,
      store: {
        ...world.store,
        saveLists: async (lists, release) => {
          await world.store.saveLists(lists, release);
          kept += lists.length;
          if (kept > 300) ending.abort();
        },
      },
    }),
  ).rejects.toThrow(/abort/i);
  const note = (await world.store.fact('precompute')) as { customers: number };
  const done = await run({
    recommender: {
      recommend: (requests) => {
        asked.push(...requests.map(({ customerId }) => customerId));
        return quick.recommend(requests);
      },
    },
  });
  expect(note.customers).toBeGreaterThan(0);
  expect(note.customers).toBeLessThanOrEqual(kept);
  expect(done).toMatchObject({ customers: WORLD.customers, resumedAfter: note.customers });
  expect(asked).toHaveLength(WORLD.customers - note.customers);
  expect(await run({ recommender: quick })).toMatchObject({ resumedAfter: 0, customers: WORLD.customers });
});

test('a run starts from the beginning after one of another release or length, or if asked to', async () => {
  const note = { release: opened.name, first: 5, afterKey: 600, customers: 600 };
  for (const [fact, options] of [
    [{ ...note, release: 'another' }, {}],
    [{ ...note, first: 6 }, {}],
    [note, { anew: true }],
  ] as const) {
    await world.store.setFact('precompute', fact);
    expect(await run({ recommender: quick, ...options })).toMatchObject({
      resumedAfter: 0,
      customers: WORLD.customers,
    });
  }
});

test('a run keeps another run’s progress record until just before it saves its first lists', async () => {
  const note = { release: opened.name, first: 5, afterKey: 600, customers: 600 };
  await world.store.setFact('precompute', note);
  const ended = new AbortController();
  ended.abort();
  await expect(run({ first: 6, signal: ended.signal })).rejects.toThrow(/abort/i);
  expect(await world.store.fact('precompute')).toEqual(note);
  const saveLists = async () => {
    // A run that is killed at this moment leaves this note.
    expect(await world.store.fact('precompute')).toEqual({ ...note, afterKey: 0, customers: 0 });
    throw new Error('no place');
  };
  await expect(run({ anew: true, store: { ...world.store, saveLists } })).rejects.toThrow('no place');
  await world.store.setFact('precompute', undefined);
});

test('two runs at once are refused', async () => {
  const second: Promise<unknown>[] = [];
  const refused = (): Promise<void> => expect(run()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  await run({
    recommender: {
      recommend: async (requests) => {
        if (second.length === 0) second.push(refused());
        await second[0];
        return quick.recommend(requests);
      },
    },
  });
  expect(second).toHaveLength(1);
  expect(await run({ recommender: quick })).toMatchObject({ customers: WORLD.customers });
});

test('a run takes over changes in the shop once a minute', async () => {
  let [now, refreshed] = [0, 0];
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
  try {
    await run({
      refresh: async () => void (refreshed += 1),
      recommender: {
        recommend: (requests) => {
          now += 20_000;
          return quick.recommend(requests);
        },
      },
    });
  } finally {
    clock.mockRestore();
  }
  const minutes = Math.floor((WORLD.customers / 128) * 20_000) / 60_000;
  expect(refreshed).toBeGreaterThan(0);
  expect(refreshed).toBeLessThanOrEqual(minutes);
});

test('a recommender that fails ends the run with its error, and the saved lists stay', async () => {
  const before = await rows();
  await expect(
    run({ recommender: { recommend: (requests) => Promise.resolve(requests.map(() => new Error('no model'))) } }),
  ).rejects.toThrow('no model');
  expect(await rows()).toEqual(before);
});

test('lists go with their customer, and an article that is gone leaves its place empty', async () => {
  await run();
  const [first] = await rows();
  await world.database.sql('DELETE FROM articles WHERE article_id = $1', [first.article_id]);
  expect((await rows(`customer_id = '${String(first.customer_id)}'`)).map((row) => row.rank)).toEqual([2, 3, 4, 5]);
  await world.database.sql('DELETE FROM customers WHERE customer_id = $1', [first.customer_id]);
  expect(await rows(`customer_id = '${String(first.customer_id)}'`)).toEqual([]);
});
