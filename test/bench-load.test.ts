// The arithmetic of the benchmarks: latencies, percentiles and rates, and the reading of metrics.
// The tests move the clock, so no test waits.

import { parse } from '../bench/serving/load/http';
import {
  highestRate,
  percentile,
  rateOf,
  runLoad,
  together,
  type Clock,
  type Load,
  type Outcome,
} from '../bench/serving/load/load';
import { growthOf, medianRatio } from '../bench/serving/figures';
import { holds } from '../bench/serving/results';
import { eventLoopDelay, modelRuns, parseMetrics } from '../bench/serving/subject';
import { barsOf, waitsOf } from '../bench/serving/waterfall';

/** A clock that moves on when nothing is left to do at the present time. */
function handClock(): Clock & { run<T>(work: Promise<T>): Promise<T> } {
  let now = 0;
  let due: { time: number; run: () => void }[] = [];
  return {
    now: () => now,
    at: (time, run) => void due.push({ time: Math.max(time, now), run }),
    async run(work) {
      let done = false;
      void work.finally(() => (done = true));
      for (;;) {
        await new Promise(setImmediate);
        if (done) return work;
        due = due.toSorted((a, b) => a.time - b.time);
        const next = due.shift();
        if (!next) throw new Error('nothing is left to be done, and the work has not ended');
        now = next.time;
        next.run();
      }
    },
  };
}

/** A server that answers after some milliseconds. During a stall it answers nothing. */
function load(load_: Load, { ms = 5, stall = [0, 0] }: { ms?: number; stall?: [from: number, until: number] }) {
  const clock = handClock();
  const sentAt: number[] = [];
  const send = (nth: number): Promise<void> => {
    sentAt[nth] = clock.now();
    const from = clock.now() >= stall[0] && clock.now() < stall[1] ? stall[1] : clock.now();
    return new Promise((resolve) => clock.at(from + ms, resolve));
  };
  return clock.run(runLoad(load_, send, clock)).then((outcome) => ({ outcome, sentAt }));
}

const open: Load = { kind: 'open', perSecond: 100, seconds: 2, connections: 4 };

test('an open load sends at its times, and a latency is the time of the server', async () => {
  const { outcome, sentAt } = await load(open, {});
  expect(outcome.due).toBe(200);
  expect(sentAt.slice(0, 3)).toEqual([0, 10, 20]);
  expect([...outcome.latencies]).toEqual(Array.from({ length: 200 }, () => 5));
  expect(rateOf(outcome)).toBeCloseTo(100, -1);
});

test('a stall of a second shows in the latencies of all requests that were due meanwhile', async () => {
  const { outcome, sentAt } = await load(open, { stall: [500, 1500] });
  // Four connections send only four requests into the stall, although a hundred were due.
  expect(sentAt.filter((at) => at >= 500 && at < 1500)).toHaveLength(4);
  expect(outcome.latencies.filter((ms) => ms > 5)).not.toHaveLength(4);
  expect(outcome.latencies.filter((ms) => ms > 100).length).toBeGreaterThanOrEqual(90);
  expect(percentile(outcome.latencies, 1)).toBeCloseTo(1005, 0);
  expect(percentile(outcome.latencies, 0.75)).toBeGreaterThan(400);
  // The server makes requests wait for a connection, so the generator is not late.
  expect(outcome.lateMs).toBe(0);
});

test('an open load that is given up sends nothing more, even if answers come later', async () => {
  const clock = handClock();
  let sent = 0;
  const send = (): Promise<void> => {
    sent += 1;
    return new Promise((resolve) => clock.at(20_000, resolve));
  };
  const outcome = await clock.run(runLoad(open, send, clock));
  expect([outcome.due, outcome.failures, sent]).toEqual([200, 200, 4]);
  await clock.run(new Promise<void>((resolve) => clock.at(30_000, resolve)));
  expect(sent).toBe(4);
});

test('a closed load hides the same stall, so rates are measured by an open load', async () => {
  const closed: Load = { kind: 'closed', clients: 1, seconds: 2, most: Infinity };
  const { outcome } = await load(closed, { stall: [500, 1500] });
  expect(outcome.latencies.filter((ms) => ms > 5)).toHaveLength(1);
  expect(percentile(outcome.latencies, 0.99)).toBe(5);
});

test('a request that is never answered counts as a failure, with all the time that it waited', async () => {
  const { outcome } = await load(open, { stall: [1500, Infinity] });
  expect(outcome.due).toBe(200);
  expect(outcome.latencies).toHaveLength(200);
  expect(outcome.failures).toBe(50);
  expect(outcome.failure).toContain('no answer');
  expect(percentile(outcome.latencies, 1)).toBeGreaterThan(10_000);
});

test('a wrong answer is a failure and no latency', async () => {
  const clock = handClock();
  const send = async (nth: number): Promise<void> => {
    await new Promise<void>((resolve) => clock.at(clock.now() + 1, resolve));
    if (nth === 3) throw new Error('expected 12 articles, got 3');
  };
  const task: Load = { kind: 'closed', clients: 2, seconds: 10, most: 8 };
  const outcome = await clock.run(runLoad(task, send, clock));
  expect(outcome).toMatchObject({ due: 8, failures: 1, failure: 'expected 12 articles, got 3' });
  expect(outcome.latencies).toHaveLength(7);
});

test('a percentile is one of the values, the nearest by rank', () => {
  const values = Float64Array.from({ length: 100 }, (_, i) => 100 - i);
  expect([0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([50, 99, 100]);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([], 0.5)).toBe(0);
  expect(values[0]).toBe(100); // the values are left as they were
});

test('joining loads loses no request', () => {
  const one = (latencies: number[], failures: number): Outcome => ({
    due: latencies.length + failures,
    latencies: Float64Array.from(latencies),
    failures,
    failure: failures > 0 ? 'lost' : undefined,
    ms: 1000,
    lateMs: latencies.length,
  });
  const both = together([one([1, 2], 0), one([3], 1)]);
  expect(both).toMatchObject({ due: 4, failures: 1, failure: 'lost', ms: 2000, lateMs: 2 });
  expect([...both.latencies]).toEqual([1, 2, 3]);
  expect(rateOf(both)).toBe(1.5);
});

describe('the highest rate', () => {
  const tried = async (limit: number, most = 5): Promise<{ best: number; rates: number[] }> => {
    const rates: number[] = [];
    const best = await highestRate(300, most, async (rate) => {
      rates.push(rate);
      return rate <= limit;
    });
    return { best, rates };
  };

  test('is searched upwards while rates hold', async () => {
    expect(await tried(400)).toEqual({ best: 375, rates: [300, 375, 469] });
  });

  test('is searched downwards until a rate holds', async () => {
    expect(await tried(200)).toEqual({ best: 192, rates: [300, 240, 192] });
  });

  test('is 0 if nothing holds, after a limited number of loads', async () => {
    expect(await tried(0)).toEqual({ best: 0, rates: [300, 240, 192, 154, 123] });
  });
});

test('an HTTP answer is taken whole, and the rest is left', () => {
  const bytes = Buffer.from(
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nContent-Length: 4\r\n\r\n{} \nHTTP/1.1',
  );
  expect(parse(bytes.subarray(0, 40))).toBeUndefined();
  expect(parse(bytes.subarray(0, -10))).toBeUndefined();
  expect(parse(bytes)).toMatchObject({ status: 200, body: Buffer.from('{} \n'), length: bytes.length - 8 });
  expect(parse(Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'))).toBeInstanceOf(Error);
});

test('runs of models are counted between two readings of the metrics, without searches', () => {
  const before = parseMetrics('# HELP x y\nvitrine_work_total{what="ranker"} 3\nvitrine_uptime_seconds 1.5\n');
  const after = parseMetrics(
    'vitrine_work_total{what="ranker"} 10\nvitrine_work_total{what="query_tower"} 7\n' +
      'vitrine_work_total{what="articles.search"} 9\nvitrine_event_loop_delay_seconds{quantile="0.99"} 0.004\n',
  );
  expect(before.get('vitrine_uptime_seconds')).toBe(1.5);
  expect(modelRuns(before, after)).toEqual({ ranker: 7, query_tower: 7 });
  expect(eventLoopDelay(after)).toBe(0.004);
  expect(eventLoopDelay(before)).toBeUndefined();
});

test('a waterfall has the mean of each stage over all requests, and the time of HTTP', () => {
  const stage = (name: string, startMs: number, ms: number) => ({ name, startMs, ms });
  const inner = [stage('read', 1, 2), stage('score', 3, 3)];
  const list = { customerId: 'ada', batch: 1, purchases: 0, candidates: 0, found: {} };
  const traces = [
    {
      ms: 10,
      trace: { totalMs: 8, stages: [stage('recommend', 1, 6)], recommendations: [{ ...list, stages: inner }] },
    },
    { ms: 6, trace: { totalMs: 4, stages: [stage('parse', 0, 2), stage('recommend', 1, 2)], recommendations: [] } },
  ];
  const bars = new Map(barsOf(traces).map(({ name, ms }) => [name, ms]));
  expect(bars.get('recommend')).toBe(4);
  expect(bars.get('parse')).toBe(1);
  expect(bars.get('  score')).toBe(1.5);
  expect(bars.get('HTTP, both ways')).toBe(2);
  expect(bars.get('all of it, at the client')).toBe(8);
  // 6 ms from the call to the answer, 5 of them at work.
  expect(waitsOf(traces)).toEqual([1]);
});

test('memory that grows in a soak differs from memory that is flat after the start', () => {
  const flat = Array.from({ length: 40 }, (_, i) => (i < 8 ? 300 + 10 * i : 400));
  const leak = Array.from({ length: 40 }, (_, i) => 300 + 10 * i);
  expect(growthOf(flat)).toBe(1);
  expect(growthOf(leak)).toBeGreaterThan(1.3);
});

test('a figure that was not measured neither holds nor fails', () => {
  const wanted = { what: 'p50', unit: 'ms', most: 7 };
  expect(holds({ ...wanted, got: 7 })).toBe(true);
  expect(holds({ ...wanted, got: 7.1 })).toBe(false);
  expect(holds({ ...wanted, got: undefined })).toBeUndefined();
  expect(holds({ what: 'rate', unit: '/s', least: 300, got: 299 })).toBe(false);
});

describe('two builds by turns', () => {
  test('are compared by the median of the ratios, which one disturbed turn does not move', () => {
    expect(
      medianRatio([
        [2, 1],
        [3, 3],
        [90, 2],
      ]),
    ).toBe(2);
  });

  test('have the mean of the middle two ratios after an even number of turns', () => {
    expect(
      medianRatio([
        [1, 1],
        [2, 1],
        [3, 1],
        [9, 1],
      ]),
    ).toBe(2.5);
  });

  test('have no ratio where a figure is not known, and none without turns', () => {
    expect(
      medianRatio([
        [1, 1],
        [undefined, 1],
      ]),
    ).toBeUndefined();
    expect(medianRatio([])).toBeUndefined();
  });
});
