// The body of an inference thread: sessions by name, one run at a time. Knows nothing of batching,
// releases or requests.
import { parentPort, workerData } from 'node:worker_threads';
import type { Answer, Batch, Lent, Request, Values, WorkerSettings } from './engine';
import { buffersOf } from './memory';
import { sumRows } from './row-sums';
import { openSession, type Session } from './session';

const settings = workerData as WorkerSettings;
const models = new Map<string, Session>();

// Requests are answered in the order in which they came: a run that follows a load finds the model.
let last: Promise<void> = Promise.resolve();
parentPort?.on('message', (request: Request) => {
  last = last.then(() => answer(request));
});

async function answer(request: Request): Promise<void> {
  if (request.kind === 'close') {
    for (const session of models.values()) await session.release();
    parentPort?.close();
    return;
  }
  if (Atomics.load(settings.closing, 0) !== 0) return; // nobody waits for it any more
  try {
    const { inputs, outputs } = await done(request);
    // Nothing is copied: this thread is done with the memory.
    parentPort?.postMessage(
      { kind: 'done', id: request.id, inputs, outputs } satisfies Answer,
      buffersOf(inputs, outputs),
    );
  } catch (thrown) {
    const code = request.kind === 'load' && settings.device !== 'cpu' ? 'DEVICE_UNAVAILABLE' : 'INPUT_INVALID';
    const message = `${request.kind} "${request.name}": ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    parentPort?.postMessage({ kind: 'failed', id: request.id, code, message } satisfies Answer);
  }
}

function done(request: Exclude<Request, { kind: 'close' }>): Promise<Lent> {
  switch (request.kind) {
    case 'load':
      return load(request);
    case 'run':
      return run(request);
    case 'lend':
      return lend(request);
    default:
      return request satisfies never;
  }
}

async function load({ name, model }: Extract<Request, { kind: 'load' }>): Promise<Lent> {
  const session = await openSession(model, settings);
  await models.get(name)?.release();
  models.set(name, session);
  return { inputs: {}, outputs: {} };
}

async function run({ name, inputs, outputs }: Extract<Request, { kind: 'run' }>): Promise<Lent> {
  return { inputs: {}, outputs: await modelOf(name).run(inputs, outputs) };
}

async function lend({ name, inputs, outputs, sums = [] }: Extract<Request, { kind: 'lend' }>): Promise<Lent> {
  const session = modelOf(name);
  const summed = new Set(sums.map(({ into }) => into));
  const own = Object.fromEntries(Object.entries(outputs).filter(([port]) => !summed.has(port)));
  await session.fill(session.tensors(inputs), session.tensors(own));
  for (const { of, places, into } of sums) {
    sumRows(named(outputs, into), named(outputs, of), named(inputs, places));
  }
  return { inputs, outputs };
}

function named(batch: Batch, port: string): Values {
  const values = batch[port] as Values | undefined;
  if (values) return values;
  throw new Error(`nothing is called ${port}, of which a sum is to be made`);
}

function modelOf(name: string): Session {
  const model = models.get(name);
  if (model) return model;
  throw new Error('no such model is loaded');
}
