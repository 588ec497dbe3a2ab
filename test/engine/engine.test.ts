// The engine: models on worker threads. Answers come to whom they belong, errors hurt nobody else,
// the thread that asks stays free, and closing is clean.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { openEngine, type Batch, type Engine, type Values } from '../../src/engine/engine';
import { BufferPool } from '../../src/engine/memory';
import { VitrineError } from '../../src/errors';
import { encodeOnnx } from '../../src/graph/onnx';
import { add, gather, matmul, mean, mul } from '../../src/graph/operators';
import { constant, input } from '../../src/graph/tensor';
import { createRandom } from '../../src/random';

const row = (...values: number[]): Values => ({ data: Float32Array.from(values), shape: [1, values.length] });

/** y = factor · x and sum = x + x, both [n, m]. */
function scaling(factor: number): Uint8Array {
  const x = input('x', ['n', 'm']);
  return encodeOnnx({
    name: 'scaling',
    outputs: { y: mul(x, constant(factor)), sum: add(x, x) },
    embeddings: 'inline',
  }).bytes;
}

/** The mean of (a · a) · a for a square matrix: takes as long as its side is long. */
function slow(): Uint8Array {
  const a = input('a', ['n', 'n']);
  return encodeOnnx({ name: 'slow', outputs: { mean: mean(matmul(matmul(a, a), a)) }, embeddings: 'inline' }).bytes;
}

const matrix = (side: number): Batch => ({
  a: { data: new Float32Array(side * side).fill(1 / side), shape: [side, side] },
});
/** A tenth of a second or so; the test of the free thread makes sure that it is long enough. */
const LONG = matrix(1_500);

test('arrays whose memory went over to the engine are refused when they come again', async () => {
  const engine = openEngine();
  await engine.load('twice', scaling(2));
  const inputs = { x: row(1, 2) };
  expect([...(await engine.run('twice', inputs, { handOver: true })).y.data]).toEqual([2, 4]);
  await expect(engine.run('twice', inputs, { handOver: true })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  await engine.close();
});

describe('a run on the calling thread', () => {
  let engine: Engine;
  const here = { here: true };
  beforeEach(async () => {
    engine = openEngine();
    await engine.load('scaled', scaling(2));
  });
  afterEach(() => engine.close());

  test('answers as the other threads do, and is counted', async () => {
    await engine.loadHere('scaled', scaling(2));
    const [there, own] = [
      await engine.run('scaled', { x: row(1, 2) }),
      await engine.run('scaled', { x: row(1, 2) }, here),
    ];
    expect(own).toEqual(there);
    expect(engine.runs.get('scaled')).toBe(2);
  });

  test('is done by another thread where the model was not loaded for it, or has been replaced since', async () => {
    expect([...(await engine.run('scaled', { x: row(1) }, here)).y.data]).toEqual([2]);
    await engine.loadHere('scaled', scaling(2));
    await engine.load('scaled', scaling(3));
    expect([...(await engine.run('scaled', { x: row(1) }, here)).y.data]).toEqual([3]);
  });

  test('that does not fit fails as it does elsewhere', async () => {
    await engine.loadHere('scaled', scaling(2));
    const wrong = { z: row(1) };
    const failure = await engine.run('scaled', wrong).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ code: 'INPUT_INVALID' });
    await expect(engine.run('scaled', wrong, here)).rejects.toEqual(failure);
  });
});

describe.each([1, 2])('an engine with %i worker(s)', (workers) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = openEngine({ workers });
    await engine.load('twice', scaling(2));
    await engine.load('thrice', scaling(3));
    await engine.load('slow', slow());
  });
  afterAll(() => engine.close());

  test('answers many runs at once, each with its own result', async () => {
    const random = createRandom(5);
    const asked = Array.from({ length: 60 }, (_, i) => ({
      model: i % 2 === 0 ? 'twice' : 'thrice',
      values: Array.from({ length: 1 + random.int(50) }, () => random.int(1_000)),
    }));
    const answers = await Promise.all(asked.map(({ model, values }) => engine.run(model, { x: row(...values) })));
    answers.forEach(({ y }, i) => {
      const { model, values } = asked[i];
      expect([...y.data]).toEqual(values.map((value) => value * (model === 'twice' ? 2 : 3)));
      expect(y.shape).toEqual([1, values.length]);
    });
  });

  test('gives all outputs, or those that are asked for', async () => {
    expect(Object.keys(await engine.run('twice', { x: row(1) })).sort()).toEqual(['sum', 'y']);
    expect(Object.keys(await engine.run('twice', { x: row(1) }, { outputs: ['sum'] }))).toEqual(['sum']);
  });

  test('takes batches of any size, an empty one too', async () => {
    const { y } = await engine.run('twice', { x: { data: new Float32Array(0), shape: [0, 4] } });
    expect(y).toEqual({ data: new Float32Array(0), shape: [0, 4] });
  });

  test('leaves the inputs to who gave them, unless they are handed over', async () => {
    const x = row(1, 2, 3);
    await engine.run('twice', { x });
    expect([...x.data]).toEqual([1, 2, 3]);
    const { y } = await engine.run('twice', { x }, { handOver: true });
    expect([...y.data]).toEqual([2, 4, 6]);
    expect(x.data).toHaveLength(0);
  });

  test.each([
    ['an input is missing', 'twice', {}],
    ['an input has another rank', 'twice', { x: { data: Float32Array.of(1), shape: [1] } }],
    ['an input is of another type', 'twice', { x: { data: Int32Array.of(1), shape: [1, 1] } }],
    ['the numbers do not fill the shape', 'twice', { x: { data: Float32Array.of(1), shape: [2, 2] } }],
    ['no such model is loaded', 'nowhere', { x: row(1) }],
  ])('fails a run with the name of its model when %s, and does the next', async (_why, model, inputs) => {
    const bad = engine.run(model, inputs);
    const good = engine.run('twice', { x: row(21) });
    await expect(bad).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(bad).rejects.toThrow(`"${model}"`);
    expect([...(await good).y.data]).toEqual([42]);
  });

  test('refuses a model that is none, and keeps the one that had the name', async () => {
    const garbage = engine.load('twice', Uint8Array.of(1, 2, 3));
    await expect(garbage).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(garbage).rejects.toThrow('"twice"');
    expect([...(await engine.run('twice', { x: row(1) })).y.data]).toEqual([2]);
  });

  test('replaces a model whose name is loaded again: earlier runs have the old one, later runs the new', async () => {
    await engine.load('changing', scaling(5));
    const before = Array.from({ length: 4 }, () => engine.run('changing', { x: row(1) }));
    const loading = engine.load('changing', scaling(7));
    const old = await Promise.all(before);
    await loading;
    const after = await Promise.all(Array.from({ length: 4 }, () => engine.run('changing', { x: row(1) })));
    expect(old.map(({ y }) => y.data[0])).toEqual([5, 5, 5, 5]);
    expect(after.map(({ y }) => y.data[0])).toEqual([7, 7, 7, 7]);
  });

  test('writes into memory that it is lent and gives all of it back', async () => {
    const pool = new BufferPool();
    const x = pool.take({ x: { kind: 'float32', shape: [1, 2] } });
    x.x.data.set([3, 4]);
    const outputs = pool.take({
      y: { kind: 'float32', shape: [1, 2] },
      sum: { kind: 'float32', shape: [1, 2] },
    });
    const lending = engine.lend('thrice', { inputs: x, outputs });
    expect([x.x.data.length, outputs.y.data.length]).toEqual([0, 0]); // not ours while it is lent
    const back = await lending;
    expect([...back.inputs.x.data]).toEqual([3, 4]);
    expect([...back.outputs.y.data, ...back.outputs.sum.data]).toEqual([9, 12, 6, 8]);
    expect(back.outputs.y.data.buffer).toBe(back.outputs.sum.data.buffer);
  });

  test('takes what it gave back once more', async () => {
    const back = await engine.lend('twice', { inputs: { x: row(1, 2) }, outputs: { y: row(0, 0), sum: row(0, 0) } });
    back.inputs.x.data.set([5, 6]);
    expect([...(await engine.lend('twice', back)).outputs.y.data]).toEqual([10, 12]);
  });

  test('sums rows of a result by place, into memory that it is lent as well', async () => {
    const at = input('at', ['n'], 'int32');
    const gathered = encodeOnnx({
      name: 'gathered',
      outputs: { y: gather(input('x', ['k', 'm']), at) },
      embeddings: 'inline',
    });
    await engine.load('gathered', gathered.bytes);
    const inputs = {
      x: { data: Float32Array.of(1, 2, 30, 40, 500, 600), shape: [3, 2] },
      at: { data: Int32Array.of(2, 0, 2, 2), shape: [4] },
    };
    const outputs = new BufferPool().take({
      y: { kind: 'float32', shape: [4, 2] },
      total: { kind: 'float32', shape: [3, 2] },
    });
    outputs.total.data.fill(7); // what was there before
    const back = await engine.lend('gathered', { inputs, outputs, sums: [{ of: 'y', places: 'at', into: 'total' }] });
    expect([...back.outputs.y.data]).toEqual([500, 600, 1, 2, 500, 600, 500, 600]);
    expect([...back.outputs.total.data]).toEqual([1, 2, 0, 0, 1500, 1800]);
  });

  test('says which sum cannot be made, and does the next run', async () => {
    const lent = {
      inputs: { x: row(1, 2) },
      outputs: { y: row(0, 0), sum: row(0, 0), total: row(0, 0) },
      sums: [{ of: 'y', places: 'nowhere', into: 'total' }],
    };
    await expect(engine.lend('thrice', lent)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('nowhere') as string,
    });
    expect([...(await engine.run('twice', { x: row(21) })).y.data]).toEqual([42]);
  });

  test('refuses memory that the results do not fit into, and does the next run', async () => {
    const lent = { inputs: { x: row(1, 2) }, outputs: { y: row(0, 0, 0) } };
    await expect(engine.lend('twice', lent)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect([...(await engine.run('twice', { x: row(21) })).y.data]).toEqual([42]);
  });

  test('counts the runs of each model', async () => {
    const before = new Map(engine.runs);
    await Promise.all([1, 2, 3].map((value) => engine.run('thrice', { x: row(value) })));
    expect((engine.runs.get('thrice') ?? 0) - (before.get('thrice') ?? 0)).toBe(3);
    expect(engine.runs.get('twice')).toBe(before.get('twice'));
  });

  test('leaves the thread that asks free while a long run computes', async () => {
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 2);
    const started = performance.now();
    const { mean: result } = await engine.run('slow', LONG);
    const took = performance.now() - started;
    clearInterval(timer);
    expect(took).toBeGreaterThan(20); // long enough for ten
    // Were the thread taken there would be none; how many there are is a matter of how busy the
    // machine is.
    expect(ticks).toBeGreaterThan(0);
    expect(result.data[0]).toBeCloseTo(1 / 1_500, 5);
  });
});

test('two workers compute at the same time: a short run does not wait for a long one', async () => {
  const engine = openEngine({ workers: 2 });
  await engine.load('slow', slow());
  await engine.load('twice', scaling(2));
  const order: string[] = [];
  const long = engine.run('slow', LONG).then(() => order.push('long'));
  await engine.run('twice', { x: row(1) });
  order.push('short');
  await long;
  expect(order).toEqual(['short', 'long']);
  await engine.close();
});

describe('a run that takes longer than the limit', () => {
  const limits = { runMs: 100, firstRunMs: 60_000 };

  test('fails with those behind it as OVERLOADED, the engine says that it failed, and closing waits for its end', async () => {
    const engine = openEngine({ limits });
    await engine.load('slow', slow());
    await engine.run('slow', matrix(2)); // a first run may take longer
    const runs = [matrix(3_000), matrix(2)].map((inputs) => engine.run('slow', inputs));
    for (const run of runs) await expect(run).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(engine.failure()).toMatchObject({
      code: 'DEVICE_UNAVAILABLE',
      message: 'The inference thread is stuck: run "slow" took longer than 0.1 s.',
    });
    await expect(engine.run('slow', matrix(2))).rejects.toMatchObject({ code: 'OVERLOADED' });
    await expect(engine.close()).resolves.toBeUndefined();
  });

  test('may be the first one of a model, as often as it is loaded', async () => {
    const engine = openEngine({ limits: { runMs: 1, firstRunMs: 60_000 } });
    for (let i = 0; i < 2; i++) {
      await engine.load('slow', slow());
      await engine.run('slow', matrix(700));
    }
    expect(engine.failure()).toBeUndefined();
    await engine.close();
  });
});

describe('closing', () => {
  test('fails the runs in flight as shutting down, and those that come later, and the process lives on', async () => {
    const engine = openEngine({ workers: 2 });
    await engine.load('slow', slow());
    const inFlight = Array.from({ length: 6 }, () => engine.run('slow', LONG));
    const failures = Promise.all(inFlight.map((run) => run.then(String, (thrown: unknown) => thrown)));
    await engine.close();
    for (const failure of await failures) {
      expect(failure).toBeInstanceOf(VitrineError);
      expect(failure).toMatchObject({ code: 'SHUTTING_DOWN' });
    }
    await expect(engine.run('slow', LONG)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await expect(engine.load('slow', slow())).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });

  test('waits for the run at hand, not for those behind it, which have failed already', async () => {
    const engine = openEngine();
    await engine.load('slow', slow());
    await engine.run('slow', LONG);
    const started = performance.now();
    await engine.run('slow', LONG);
    const one = performance.now() - started;
    for (let i = 0; i < 16; i++) engine.run('slow', LONG).catch(() => undefined);
    const closing = performance.now();
    await engine.close();
    expect(performance.now() - closing).toBeLessThan(5 * one);
  });

  test('twice is closing once', async () => {
    const engine = openEngine();
    await Promise.all([engine.close(), engine.close()]);
    await expect(engine.close()).resolves.toBeUndefined();
  });

  const ENGINE = join(__dirname, '..', '..', 'src', 'engine', 'engine.js');
  const slowModel = Buffer.from(slow()).toString('base64');
  const PRELUDE = `
    const { openEngine } = require(${JSON.stringify(ENGINE)});
    const side = 1500;
    const inputs = { a: { data: new Float32Array(side * side).fill(1 / side), shape: [side, side] } };
    const engine = openEngine();
    const loaded = engine.load('slow', Buffer.from('${slowModel}', 'base64'));`;

  test('is waited for: what a program does after it is done, also with a run in flight', async () => {
    const ended = await runNode(`${PRELUDE}
      loaded.then(async () => {
        const run = engine.run('slow', inputs).catch((error) => console.log(error.code));
        await engine.close();
        await run;
        console.log('closed');
      });`);
    expect(ended).toMatchObject({ code: 0, signal: null, stdout: 'SHUTTING_DOWN\nclosed\n' });
  });

  test('is not needed for a program to end: idle threads do not hold it', async () => {
    const ended = await runNode(`${PRELUDE}
      loaded.then(() => engine.run('slow', inputs)).then(() => console.log('done'));`);
    expect(ended).toMatchObject({ code: 0, signal: null, stdout: 'done\n' });
  });
});

interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
}

/** A program in a process of its own; killed if it has not ended after ten seconds. */
async function runNode(script: string): Promise<Ended> {
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 10_000 });
  let stdout = '';
  child.stdout.on('data', (text) => (stdout += String(text)));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stdout };
}

describe('a pool of memory', () => {
  const forms = { a: { kind: 'float32', shape: [3] }, b: { kind: 'int32', shape: [2, 5] } } as const;

  test('lays the arrays of a batch into one buffer, each with its kind and shape, none over another', () => {
    const { a, b } = new BufferPool().take(forms);
    a.data.fill(1);
    b.data.fill(2);
    expect(a).toEqual({ data: Float32Array.of(1, 1, 1), shape: [3] });
    expect(b).toEqual({ data: new Int32Array(10).fill(2), shape: [2, 5] });
    expect(a.data.buffer).toBe(b.data.buffer);
  });

  test('gives what it was given back, if it is large enough', () => {
    const pool = new BufferPool();
    const first = pool.take(forms);
    const { buffer } = first.a.data;
    expect(pool.take(forms).a.data.buffer).not.toBe(buffer); // still out
    pool.give(first);
    expect(pool.take(forms).b.data.buffer).toBe(buffer);
    pool.give(first);
    const large = pool.take({ a: { kind: 'float32', shape: [1_000] } });
    expect(large.a.data.buffer).not.toBe(buffer);
    expect(large.a.data).toHaveLength(1_000);
  });
});
