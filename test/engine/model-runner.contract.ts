// The contract of ModelRunner: tests that every runner must pass, on any device or machine.
import { inMemory, type ModelRunner } from '../../src/engine/model-runner';
import { createRandom } from '../../src/random';
import { LONG, row, scaling, slow } from './models';

export function itRunsModels(what: string, open: () => ModelRunner): void {
  describe(what, () => {
    let runner: ModelRunner;
    beforeAll(async () => {
      runner = open();
      await runner.load('twice', scaling(2));
      await runner.load('thrice', scaling(3));
    });
    afterAll(() => runner.close());

    answers(() => runner);
    refuses(() => runner);
    replaces(() => runner);
    mayRunQuickModelsElsewhere(() => runner);
    closes(open);
  });
}

function answers(runner: () => ModelRunner): void {
  test('answers many runs at once, each with its own result', async () => {
    const random = createRandom(5);
    const asked = Array.from({ length: 60 }, (_, i) => ({
      model: i % 2 === 0 ? 'twice' : 'thrice',
      values: Array.from({ length: 1 + random.int(50) }, () => random.int(1_000)),
    }));
    const answers = await Promise.all(asked.map(({ model, values }) => runner().run(model, { x: row(...values) })));
    answers.forEach(({ y }, i) => {
      const { model, values } = asked[i];
      expect([...y.data]).toEqual(values.map((value) => value * (model === 'twice' ? 2 : 3)));
      expect(y.shape).toEqual([1, values.length]);
    });
  });

  test('gives all outputs, or those that are asked for', async () => {
    expect(Object.keys(await runner().run('twice', { x: row(1) })).sort()).toEqual(['sum', 'y']);
    expect(Object.keys(await runner().run('twice', { x: row(1) }, { outputs: ['sum'] }))).toEqual(['sum']);
  });

  test('takes batches of any size, even an empty one', async () => {
    const { y } = await runner().run('twice', { x: { data: new Float32Array(0), shape: [0, 4] } });
    expect(y).toEqual({ data: new Float32Array(0), shape: [0, 4] });
  });

  test('does not change the inputs', async () => {
    const x = row(1, 2, 3);
    await runner().run('twice', { x });
    expect([...x.data]).toEqual([1, 2, 3]);
  });

  test('answers the same when the inputs are handed over', async () => {
    const { y } = await runner().run('twice', { x: row(1, 2, 3) }, { handOver: true });
    expect([...y.data]).toEqual([2, 4, 6]);
  });
}

function refuses(runner: () => ModelRunner): void {
  test.each([
    ['an input is missing', 'twice', {}],
    ['an input has another rank', 'twice', { x: { data: Float32Array.of(1), shape: [1] } }],
    ['an input is of another type', 'twice', { x: { data: Int32Array.of(1), shape: [1, 1] } }],
    ['the numbers do not fill the shape', 'twice', { x: { data: Float32Array.of(1), shape: [2, 2] } }],
    ['no such model is loaded', 'nowhere', { x: row(1) }],
  ])('names the model when %s, and does the next run', async (_why, model, inputs) => {
    const bad = runner().run(model, inputs);
    const good = runner().run('twice', { x: row(21) });
    await expect(bad).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(bad).rejects.toThrow(`"${model}"`);
    expect([...(await good).y.data]).toEqual([42]);
  });

  test('refuses bytes that are no model, and keeps the model that had the name', async () => {
    const garbage = runner().load('twice', inMemory(Uint8Array.of(1, 2, 3)));
    await expect(garbage).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(garbage).rejects.toThrow('"twice"');
    expect([...(await runner().run('twice', { x: row(1) })).y.data]).toEqual([2]);
  });
}

function replaces(runner: () => ModelRunner): void {
  test('replaces a model: earlier runs use the old one, later runs the new one', async () => {
    await runner().load('changing', scaling(5));
    const before = Array.from({ length: 4 }, () => runner().run('changing', { x: row(1) }));
    const loading = runner().load('changing', scaling(7));
    const old = await Promise.all(before);
    await loading;
    const after = await Promise.all(Array.from({ length: 4 }, () => runner().run('changing', { x: row(1) })));
    expect(old.map(({ y }) => y.data[0])).toEqual([5, 5, 5, 5]);
    expect(after.map(({ y }) => y.data[0])).toEqual([7, 7, 7, 7]);
  });
}

function mayRunQuickModelsElsewhere(runner: () => ModelRunner): void {
  test('answers the same for a quick model, which it may run elsewhere', async () => {
    await runner().load('quick', { ...scaling(2), quick: true });
    for (const x of [row(1, 2), { data: Float32Array.of(1, 2), shape: [2, 1] }]) {
      expect(await runner().run('quick', { x })).toEqual(await runner().run('twice', { x }));
    }
    await runner().load('quick', scaling(3));
    expect([...(await runner().run('quick', { x: row(1) })).y.data]).toEqual([3]);
  });

  test('fails for a quick model as for another', async () => {
    await runner().load('twice', { ...scaling(2), quick: true });
    const quick = await runner()
      .run('twice', { z: row(1) })
      .catch((thrown: unknown) => thrown);
    await runner().load('twice', scaling(2));
    const other = await runner()
      .run('twice', { z: row(1) })
      .catch((thrown: unknown) => thrown);
    expect(quick).toMatchObject({ code: 'INPUT_INVALID' });
    expect(other).toEqual(quick);
  });

  test('counts the runs of each model, quick ones too', async () => {
    await runner().load('counted', { ...scaling(3), quick: true });
    const before = new Map(runner().runs);
    const tall = { data: Float32Array.of(1, 2), shape: [2, 1] };
    await Promise.all([row(1), row(2), tall].map((x) => runner().run('counted', { x })));
    expect((runner().runs.get('counted') ?? 0) - (before.get('counted') ?? 0)).toBe(3);
    expect(runner().runs.get('twice')).toBe(before.get('twice'));
  });
}

function closes(open: () => ModelRunner): void {
  test('fails every run as shutting down once it is closed, and can be closed again', async () => {
    const closing = open();
    await closing.load('slow', slow());
    const inFlight = Array.from({ length: 6 }, () => closing.run('slow', LONG));
    const failures = Promise.all(inFlight.map((run) => run.then(String, (thrown: unknown) => thrown)));
    await Promise.all([closing.close(), closing.close()]);
    for (const failure of await failures) expect(failure).toMatchObject({ code: 'SHUTTING_DOWN' });
    await expect(closing.run('slow', LONG)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await expect(closing.load('slow', slow())).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await expect(closing.close()).resolves.toBeUndefined();
  });
}
