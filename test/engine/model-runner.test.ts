// Runners on this machine: the contract, the calling thread, time limits, and a clean end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { openModelRunner } from '../../src/engine/model-runner';
import { openTrainingEngine } from '../../src/engine/training-engine';
import { LONG, matrix, row, scaling, slow } from './models';
import { itRunsModels } from './model-runner.contract';

itRunsModels('a model runner', () => openModelRunner());
itRunsModels('a training engine of two threads', () => openTrainingEngine({ workers: 2 }));

test('inputs that are handed over are empty afterwards, and are refused when they come again', async () => {
  const runner = openModelRunner();
  await runner.load('twice', scaling(2));
  const inputs = { x: row(1, 2) };
  expect([...(await runner.run('twice', inputs, { handOver: true })).y.data]).toEqual([2, 4]);
  expect(inputs.x.data).toHaveLength(0);
  await expect(runner.run('twice', inputs, { handOver: true })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  await runner.close();
});

test('one row of a quick model runs on the calling thread: it does not wait for a long run', async () => {
  const runner = openModelRunner();
  await runner.load('slow', slow());
  await runner.load('quick', { ...scaling(2), quick: true });
  const order: string[] = [];
  const long = runner.run('slow', LONG).then(() => order.push('long'));
  await runner.run('quick', { x: row(1) });
  order.push('quick');
  await long;
  expect(order).toEqual(['quick', 'long']);
  await runner.close();
});

test('the thread that asks stays free while a long run computes', async () => {
  const runner = openModelRunner();
  await runner.load('slow', slow());
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 2);
  const started = performance.now();
  const { mean: result } = await runner.run('slow', LONG);
  const took = performance.now() - started;
  clearInterval(timer);
  expect(took).toBeGreaterThan(20); // long enough for ten ticks
  // A busy machine allows few ticks, but a blocked thread would allow none.
  expect(ticks).toBeGreaterThan(0);
  expect(result.data[0]).toBeCloseTo(1 / 1_500, 5);
  await runner.close();
});

describe('a run that takes longer than the limit', () => {
  test('fails as OVERLOADED with the runs behind it, and the runner says why it failed', async () => {
    const runner = openModelRunner({ limits: { runMs: 100, firstRunMs: 60_000 } });
    await runner.load('slow', slow());
    await runner.run('slow', matrix(2)); // a first run may take longer
    const runs = [matrix(3_000), matrix(2)].map((inputs) => runner.run('slow', inputs));
    for (const run of runs) await expect(run).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(runner.failure()).toMatchObject({
      code: 'DEVICE_UNAVAILABLE',
      message: 'The inference thread is stuck: run "slow" took longer than 0.1 s.',
    });
    await expect(runner.run('slow', matrix(2))).rejects.toMatchObject({ code: 'OVERLOADED' });
    await expect(runner.close()).resolves.toBeUndefined(); // resolves after the end of the long run
  });

  test('is allowed for the first run after each load', async () => {
    const runner = openModelRunner({ limits: { runMs: 1, firstRunMs: 60_000 } });
    for (let i = 0; i < 2; i++) {
      await runner.load('slow', slow());
      await runner.run('slow', matrix(700));
    }
    expect(runner.failure()).toBeUndefined();
    await runner.close();
  });
});

describe('closing', () => {
  test('waits for the current run, not for the runs behind it, which have failed already', async () => {
    const runner = openModelRunner();
    await runner.load('slow', slow());
    await runner.run('slow', LONG);
    const started = performance.now();
    await runner.run('slow', LONG);
    const one = performance.now() - started;
    for (let i = 0; i < 16; i++) runner.run('slow', LONG).catch(() => undefined);
    const closing = performance.now();
    await runner.close();
    expect(performance.now() - closing).toBeLessThan(5 * one);
  });

  const RUNNER = join(__dirname, '..', '..', 'src', 'engine', 'model-runner.js');
  const slowModel = Buffer.from(slow().bytes()).toString('base64');
  const PRELUDE = `
    const { openModelRunner } = require(${JSON.stringify(RUNNER)});
    const side = 1500;
    const inputs = { a: { data: new Float32Array(side * side).fill(1 / side), shape: [side, side] } };
    const runner = openModelRunner();
    const loaded = runner.load('slow', { bytes: () => Buffer.from('${slowModel}', 'base64') });`;

  test('keeps the process alive until it is done, even with a run in flight', async () => {
    const ended = await runNode(`${PRELUDE}
      loaded.then(async () => {
        const run = runner.run('slow', inputs).catch((error) => console.log(error.code));
        await runner.close();
        await run;
        console.log('closed');
      });`);
    expect(ended).toMatchObject({ code: 0, signal: null, stdout: 'SHUTTING_DOWN\nclosed\n' });
  });

  test('is not needed for a program to end: idle threads do not keep it alive', async () => {
    const ended = await runNode(`${PRELUDE}
      loaded.then(() => runner.run('slow', inputs)).then(() => console.log('done'));`);
    expect(ended).toMatchObject({ code: 0, signal: null, stdout: 'done\n' });
  });
});

interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
}

/** Runs a program in its own process, for at most ten seconds. */
async function runNode(script: string): Promise<Ended> {
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 10_000 });
  let stdout = '';
  child.stdout.on('data', (text) => (stdout += String(text)));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stdout };
}
