// Batching across requests: which batches leave, when, and what happens at the limits. The test
// decides when the asynchronous batch function ends.

import { setImmediate as turn } from 'node:timers/promises';
import { VitrineError } from '../../src/errors';
import { gather, type BatchingOptions } from '../../src/serving/batching';
import { Lifetime } from '../../src/serving/lifetime';

interface Call {
  readonly items: readonly number[];
  finish(results?: (string | Error)[]): void;
  fail(error: Error): void;
}

/**
 * Makes a batch function that records its calls and answers only on command: item `n` gets the
 * answer `#n`.
 */
function gathering(options: Partial<BatchingOptions> = {}) {
  const calls: Call[] = [];
  const batching = gather<number, string>(
    (items) =>
      new Promise((resolve, reject) => {
        const finish = (results: (string | Error)[] = items.map((item) => `#${item}`)) => resolve(results);
        calls.push({ items, finish, fail: reject });
      }),
    { name: 'questions', ...options },
  );
  return { batching, calls, sent: () => calls.map((call) => call.items) };
}

describe('batching across requests', () => {
  test('an idle server sends at once: within one turn of the event loop', async () => {
    const { batching, calls, sent } = gathering();
    const answer = batching.run([1]);
    await turn();
    expect(sent()).toEqual([[1]]);
    calls[0].finish();
    expect(await answer).toEqual(['#1']);
  });

  test('requests of several callers in one turn share a batch, and each gets its own answers in its own order', async () => {
    const { batching, calls, sent } = gathering();
    const answers = Promise.all([batching.run([3, 1]), batching.run([2]), batching.run([1])]);
    await turn();
    expect(sent()).toEqual([[3, 1, 2, 1]]);
    calls[0].finish();
    expect(await answers).toEqual([['#3', '#1'], ['#2'], ['#1']]);
  });

  test('under load items gather for as long as the batch in flight takes', async () => {
    const { batching, calls, sent } = gathering();
    const first = batching.run([1]);
    await turn();
    const later = [batching.run([2])];
    await turn();
    later.push(batching.run([3]));
    await turn();
    later.push(batching.run([4]));
    await turn();
    expect(sent()).toEqual([[1]]);
    calls[0].finish();
    expect(await first).toEqual(['#1']);
    expect(sent()).toEqual([[1], [2, 3, 4]]);
    calls[1].finish();
    expect(await Promise.all(later)).toEqual([['#2'], ['#3'], ['#4']]);
  });

  test('two batches run at once if two are allowed, and no third', async () => {
    const { batching, calls, sent } = gathering({ maxInFlight: 2 });
    const answers = [batching.run([1])];
    await turn();
    answers.push(batching.run([2]));
    await turn();
    answers.push(batching.run([3]));
    await turn();
    expect(sent()).toEqual([[1], [2]]);
    expect(batching.stats()).toMatchObject({ inFlight: 2, queued: 1 });
    calls[1].finish();
    await answers[1];
    expect(sent()).toEqual([[1], [2], [3]]);
    calls[0].finish();
    calls[2].finish();
    expect(await Promise.all(answers)).toEqual([['#1'], ['#2'], ['#3']]);
  });

  test('a batch holds no more than its limit; the rest follow in order', async () => {
    const { batching, calls, sent } = gathering({ maxBatchSize: 2 });
    const answer = batching.run([1, 2, 3, 4, 5]);
    await turn();
    expect(sent()).toEqual([[1, 2]]);
    for (let i = 0; i < 3; i++) {
      calls[i].finish();
      await turn();
    }
    expect(sent()).toEqual([[1, 2], [3, 4], [5]]);
    expect(await answer).toEqual(['#1', '#2', '#3', '#4', '#5']);
  });

  test('one item fails alone', async () => {
    const { batching, calls } = gathering();
    const answer = batching.run([1, 2, 3]);
    await turn();
    calls[0].finish(['#1', new Error('no 2'), '#3']);
    expect(await answer).toEqual(['#1', new Error('no 2'), '#3']);
  });

  test('a batch that fails as a whole fails its items, and the next one runs', async () => {
    const { batching, calls, sent } = gathering();
    const lost = batching.run([1, 2]);
    await turn();
    const next = batching.run([3]);
    calls[0].fail(new Error('the models are gone'));
    const error = new Error('the models are gone');
    expect(await lost).toEqual([error, error]);
    await turn();
    expect(sent()).toEqual([[1, 2], [3]]);
    calls[1].finish();
    expect(await next).toEqual(['#3']);
  });

  test('a batch function that returns too few results fails the items instead of mixing them up', async () => {
    const { batching, calls } = gathering();
    const answer = batching.run([1, 2]);
    await turn();
    calls[0].finish(['#1']);
    for (const result of await answer) expect(result).toBeInstanceOf(TypeError);
  });

  test('a full queue refuses further items at once with OVERLOADED, and takes items again when it has room', async () => {
    const { batching, calls } = gathering({ maxQueue: 2 });
    const running = batching.run([1]);
    await turn();
    const waiting = batching.run([2, 3]);
    const [refused] = await batching.run([4]);
    expect(refused).toBeInstanceOf(VitrineError);
    expect(refused).toMatchObject({ code: 'OVERLOADED' });
    expect(String(refused)).toContain('2 questions');
    calls[0].finish();
    await running;
    const accepted = batching.run([5]);
    calls[1].finish();
    await waiting;
    calls[2].finish();
    expect(await accepted).toEqual(['#5']);
    expect(batching.stats()).toMatchObject({ refused: 1, queued: 0 });
  });

  describe('items whose lifetime is over', () => {
    const asking = () => {
      const calls: (readonly { readonly of: string }[])[] = [];
      const ends: (() => void)[] = [];
      const batching = gather<{ readonly of: string; readonly lifetime: Lifetime }, string>(
        async (items) => {
          calls.push(items);
          await new Promise<void>((resolve) => ends.push(resolve));
          return items.map((item) => `#${item.of}`);
        },
        { name: 'questions', maxBatchSize: 3, maxQueue: 4 },
      );
      const client = (of: string) => {
        const lifetime = new Lifetime();
        const ask = (count: number) => batching.run(Array.from({ length: count }, () => ({ of, lifetime })));
        return { ask, leave: () => lifetime.end(new Error(`${of} has gone`)) };
      };
      const sent = () => calls.map((items) => items.map((item) => item.of));
      return { batching, client, ends, sent };
    };

    test('leave their places in a batch to others, and are answered with the reason', async () => {
      const { client, ends, sent } = asking();
      const [a, b, c] = [client('a'), client('b'), client('c')];
      const running = a.ask(1);
      await turn();
      const answers = [b.ask(1), c.ask(1), b.ask(1), c.ask(1)];
      b.leave();
      a.leave();
      ends[0]();
      expect(await running).toEqual(['#a']);
      ends[1]();
      const gone = [new Error('b has gone')];
      expect(await Promise.all(answers)).toEqual([gone, ['#c'], gone, ['#c']]);
      expect(sent()).toEqual([['a'], ['c', 'c']]);
    });

    test('take no room in the queue, and no batch is sent if all its items have expired', async () => {
      const { batching, client, ends, sent } = asking();
      const [a, b, c] = [client('a'), client('b'), client('c')];
      const running = a.ask(1);
      await turn();
      const lost = b.ask(4);
      b.leave();
      const next = c.ask(1);
      c.leave();
      expect((await lost).map(String)).toEqual(Array.from({ length: 4 }, () => 'Error: b has gone'));
      ends[0]();
      await running;
      expect((await next).map(String)).toEqual(['Error: c has gone']);
      expect(sent()).toEqual([['a']]);
      expect(batching.stats()).toEqual({ batches: 1, items: 1, refused: 0, queued: 0, inFlight: 0 });
      const last = a.ask(0);
      expect(await last).toEqual([]);
    });
  });

  test('the counters tell calls and items apart', async () => {
    const { batching, calls } = gathering();
    const answers = [batching.run([1, 2])];
    await turn();
    answers.push(batching.run([3]), batching.run([4]));
    calls[0].finish();
    await answers[0];
    calls[1].finish();
    await Promise.all(answers);
    await turn();
    expect(batching.stats()).toEqual({ batches: 2, items: 4, refused: 0, queued: 0, inFlight: 0 });
  });

  test('a request for nothing sends no batch', async () => {
    const { batching, sent } = gathering();
    expect(await batching.run([])).toEqual([]);
    await turn();
    expect(sent()).toEqual([]);
  });

  test('the caller can choose the scheduler', async () => {
    const pending: (() => void)[] = [];
    const { batching, calls, sent } = gathering({ soon: (run) => pending.push(run) });
    const answer = batching.run([1]);
    await turn();
    expect(sent()).toEqual([]);
    pending[0]();
    calls[0].finish();
    expect(await answer).toEqual(['#1']);
  });

  test('a thousand callers under load need few batches, and every answer is right', async () => {
    let calls = 0;
    const batching = gather<number, number>(
      async (items) => {
        calls++;
        await turn();
        return items.map((item) => item * 2);
      },
      { name: 'numbers', maxBatchSize: 100 },
    );
    const numbers = Array.from({ length: 1000 }, (_, i) => i);
    const answers = await Promise.all(numbers.map((number) => batching.run([number])));
    expect(answers.flat()).toEqual(numbers.map((number) => number * 2));
    expect(calls).toBe(10);
  });

  test.each([
    ['maxBatchSize', 0],
    ['maxInFlight', 1.5],
    ['maxQueue', -1],
  ])('%s: %d is refused', (limit, value) => {
    expect(() => gathering({ [limit]: value })).toThrow(`${limit}: expected a whole number from 1, got ${value}`);
  });
});
