// The training engine: lent memory, sums of rows, two steps at a time.
import { BufferPool } from '../../src/engine/batch';
import { inMemory } from '../../src/engine/model-runner';
import { openTrainingEngine, type TrainingEngine } from '../../src/engine/training-engine';
import { encodeOnnx } from '../../src/graph/onnx';
import { gather } from '../../src/graph/shapes';
import { input } from '../../src/graph/tensor';
import { LONG, row, scaling, slow } from './models';

describe.each([1, 2])('a training engine of %i thread(s)', (workers) => {
  let engine: TrainingEngine;
  beforeAll(async () => {
    engine = openTrainingEngine({ workers });
    await engine.load('twice', scaling(2));
    await engine.load('thrice', scaling(3));
  });
  afterAll(() => engine.close());

  test('writes into lent memory and gives all of it back', async () => {
    const pool = new BufferPool();
    const x = pool.take({ x: { kind: 'float32', shape: [1, 2] } });
    x.x.data.set([3, 4]);
    const outputs = pool.take({
      y: { kind: 'float32', shape: [1, 2] },
      sum: { kind: 'float32', shape: [1, 2] },
    });
    const lending = engine.lend('thrice', { inputs: x, outputs });
    expect([x.x.data.length, outputs.y.data.length]).toEqual([0, 0]); // empty while lent
    const back = await lending;
    expect([...back.inputs.x.data]).toEqual([3, 4]);
    expect([...back.outputs.y.data, ...back.outputs.sum.data]).toEqual([9, 12, 6, 8]);
    expect(back.outputs.y.data.buffer).toBe(back.outputs.sum.data.buffer);
  });

  test('can be lent the returned memory again', async () => {
    const back = await engine.lend('twice', { inputs: { x: row(1, 2) }, outputs: { y: row(0, 0), sum: row(0, 0) } });
    back.inputs.x.data.set([5, 6]);
    expect([...(await engine.lend('twice', back)).outputs.y.data]).toEqual([10, 12]);
  });

  test('sums rows of an output by place, into lent memory', async () => {
    const at = input('at', ['n'], 'int32');
    const outputs = { y: gather(input('x', ['k', 'm']), at) };
    await engine.load('gathered', inMemory(encodeOnnx({ name: 'gathered', outputs, embeddings: 'inline' }).bytes));
    const inputs = {
      x: { data: Float32Array.of(1, 2, 30, 40, 500, 600), shape: [3, 2] },
      at: { data: Int32Array.of(2, 0, 2, 2), shape: [4] },
    };
    const lent = new BufferPool().take({
      y: { kind: 'float32', shape: [4, 2] },
      total: { kind: 'float32', shape: [3, 2] },
    });
    lent.total.data.fill(7); // must be cleared first
    const sums = [{ of: 'y', places: 'at', into: 'total' }];
    const back = await engine.lend('gathered', { inputs, outputs: lent, sums });
    expect([...back.outputs.y.data]).toEqual([500, 600, 1, 2, 500, 600, 500, 600]);
    expect([...back.outputs.total.data]).toEqual([1, 2, 0, 0, 1500, 1800]);
  });

  test('names the array that a sum lacks, and does the next run', async () => {
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

  test('refuses memory that the outputs do not fit into, and does the next run', async () => {
    const lent = { inputs: { x: row(1, 2) }, outputs: { y: row(0, 0, 0) } };
    await expect(engine.lend('twice', lent)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect([...(await engine.run('twice', { x: row(21) })).y.data]).toEqual([42]);
  });
});

test('two threads compute at the same time: a short run does not wait for a long one', async () => {
  const engine = openTrainingEngine({ workers: 2 });
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

describe('a pool of memory', () => {
  const forms = { a: { kind: 'float32', shape: [3] }, b: { kind: 'int32', shape: [2, 5] } } as const;

  test('puts the arrays of a batch into one buffer, each with its type and shape, without overlap', () => {
    const { a, b } = new BufferPool().take(forms);
    a.data.fill(1);
    b.data.fill(2);
    expect(a).toEqual({ data: Float32Array.of(1, 1, 1), shape: [3] });
    expect(b).toEqual({ data: new Int32Array(10).fill(2), shape: [2, 5] });
    expect(a.data.buffer).toBe(b.data.buffer);
  });

  test('uses a returned buffer again if it is large enough', () => {
    const pool = new BufferPool();
    const first = pool.take(forms);
    const { buffer } = first.a.data;
    expect(pool.take(forms).a.data.buffer).not.toBe(buffer); // not returned yet
    pool.give(first);
    expect(pool.take(forms).b.data.buffer).toBe(buffer);
    pool.give(first);
    const large = pool.take({ a: { kind: 'float32', shape: [1_000] } });
    expect(large.a.data.buffer).not.toBe(buffer);
    expect(large.a.data).toHaveLength(1_000);
  });
});
