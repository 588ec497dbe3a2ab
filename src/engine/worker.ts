// The body of an inference thread: sessions by name, one run at a time. Knows nothing of batching, releases or requests.
import { parentPort, workerData } from 'node:worker_threads';
import type { Answer, Batch, Lent, Request, Values, WorkerSettings } from './engine';
import { buffersOf } from './memory';
import { openSession, toTensor, toValues, type Session, type Tensors } from './session';

const settings = workerData as WorkerSettings;
const models = new Map<string, Model>();

interface Model {
  readonly session: Session;
  readonly carried: readonly CarriedInput[];
}

/** An input that a run makes for the next: two tensors, of which one is read while the other is written. */
interface CarriedInput {
  readonly input: string;
  readonly output: string;
  now: Tensors[string] | undefined;
  next: Tensors[string] | undefined;
}

// Requests are answered in the order in which they came: a run that follows a load finds the model.
let last: Promise<void> = Promise.resolve();
parentPort?.on('message', (request: Request) => {
  last = last.then(() => answer(request));
});

async function answer(request: Request): Promise<void> {
  if (request.kind === 'close') {
    for (const { session } of models.values()) await session.release();
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
    case 'unload':
      return unload(request);
    case 'run':
      return run(request);
    case 'lend':
      return lend(request);
    case 'carried':
      return Promise.resolve({ inputs: {}, outputs: carriedBy(modelOf(request.name)) });
    default:
      return request satisfies never;
  }
}

async function load({ name, model, carried }: Extract<Request, { kind: 'load' }>): Promise<Lent> {
  const session = await openSession(model, settings);
  await models.get(name)?.session.release();
  const inputs = Object.entries(carried).map(([input, output]) => ({ input, output, now: undefined, next: undefined }));
  models.set(name, { session, carried: inputs });
  return { inputs: {}, outputs: {} };
}

/** Forgets a model, if it is there. */
async function unload({ name }: Extract<Request, { kind: 'unload' }>): Promise<Lent> {
  await models.get(name)?.session.release();
  models.delete(name);
  return { inputs: {}, outputs: {} };
}

async function run({ name, inputs, outputs }: Extract<Request, { kind: 'run' }>): Promise<Lent> {
  return { inputs: {}, outputs: await modelOf(name).session.run(inputs, outputs) };
}

async function lend({ name, inputs, outputs }: Extract<Request, { kind: 'lend' }>): Promise<Lent> {
  const { session, carried } = modelOf(name);
  const [feeds, fetches] = [session.tensors(inputs), session.tensors(outputs)];
  for (const one of carried) {
    if (one.input in inputs) keep(one, inputs[one.input]);
    if (!one.now || !one.next) throw new Error(`the carried input "${one.input}" was never given`);
    feeds[one.input] = one.now;
    fetches[one.output] = one.next;
  }
  await session.fill(feeds, fetches);
  for (const one of carried) [one.now, one.next] = [one.next, one.now];
  return { inputs, outputs };
}

function carriedBy({ carried }: Model): Batch {
  return Object.fromEntries(
    carried.map(({ input, now }): [string, Values] => {
      if (!now) throw new Error(`the carried input "${input}" was never given`);
      const { data, shape } = toValues(input, now);
      return [input, { data: data.slice(), shape }];
    }),
  );
}

/** What is given goes back: what is kept is a copy, in the memory of the one before where it fits. */
function keep(one: CarriedInput, { data, shape }: Values): void {
  const before = one.now && toValues(one.input, one.now);
  if (before && String(before.shape) === String(shape)) before.data.set(data);
  else [one.now, one.next] = [toTensor({ data: data.slice(), shape }), toTensor({ data: data.slice(), shape })];
}

function modelOf(name: string): Model {
  const model = models.get(name);
  if (model) return model;
  throw new Error('no such model is loaded');
}
