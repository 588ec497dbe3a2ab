// The body of an inference thread: sessions by name, one run at a time. The only importer of ONNX Runtime.
// Knows nothing of batching, releases or requests.
import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Answer, Batch, Lent, Request, Values, WorkerSettings } from './engine';
import { buffersOf } from './memory';

const settings = workerData as WorkerSettings;
const models = new Map<string, Model>();

interface Model {
  readonly session: InferenceSession;
  /** Inputs whose whole numbers are 64 bits wide, as models from elsewhere have them for ids of tokens. */
  readonly long: ReadonlySet<string>;
  readonly carried: readonly CarriedInput[];
}

/** An input that a run makes for the next: two tensors, of which one is read while the other is written. */
interface CarriedInput {
  readonly input: string;
  readonly output: string;
  now: Tensor | undefined;
  next: Tensor | undefined;
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
  const session = await InferenceSession.create(model, {
    executionProviders: [settings.device],
    intraOpNumThreads: settings.threadsPerRun,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // Threads that wait sleep. Awake they would keep the processors from whoever has work: other requests, or, in training, the thread
    // that prepares the next step.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  await models.get(name)?.session.release();
  const inputs = Object.entries(carried).map(([input, output]) => ({ input, output, now: undefined, next: undefined }));
  const long = session.inputMetadata.flatMap((port) => (port.isTensor && port.type === 'int64' ? [port.name] : []));
  models.set(name, { session, long: new Set(long), carried: inputs });
  return { inputs: {}, outputs: {} };
}

async function run({ name, inputs, outputs }: Extract<Request, { kind: 'run' }>): Promise<Lent> {
  const { session, long } = modelOf(name);
  const results = await session.run(toTensors(inputs, long), outputs ?? session.outputNames);
  return { inputs: {}, outputs: toBatch(results) };
}

async function lend({ name, inputs, outputs }: Extract<Request, { kind: 'lend' }>): Promise<Lent> {
  const { session, long, carried } = modelOf(name);
  const [feeds, fetches] = [toTensors(inputs, long), toTensors(outputs)];
  for (const one of carried) {
    if (one.input in inputs) keep(one, inputs[one.input]);
    if (!one.now || !one.next) throw new Error(`the carried input "${one.input}" was never given`);
    feeds[one.input] = one.now;
    fetches[one.output] = one.next;
  }
  await session.run(feeds, fetches);
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
  const before = one.now && toValues(one.input, one.now).data;
  if (before?.length === data.length) before.set(data);
  else [one.now, one.next] = [toTensor({ data: data.slice(), shape }), toTensor({ data: data.slice(), shape })];
}

function modelOf(name: string): Model {
  const model = models.get(name);
  if (model) return model;
  throw new Error('no such model is loaded');
}

function toTensors(batch: Batch, long?: ReadonlySet<string>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(batch).map(([port, values]) => [port, toTensor(values, long?.has(port) ?? false)]),
  );
}

function toBatch(results: Readonly<Record<string, Tensor>>): Batch {
  return Object.fromEntries(Object.entries(results).map(([port, tensor]) => [port, toValues(port, tensor)]));
}

function toTensor({ data, shape }: Values, long = false): Tensor {
  if (long && data instanceof Int32Array) return new Tensor('int64', BigInt64Array.from(data, BigInt), shape);
  return data instanceof Float32Array ? new Tensor('float32', data, shape) : new Tensor('int32', data, shape);
}

function toValues(port: string, tensor: Tensor): Values {
  const { data, dims } = tensor;
  if (data instanceof Float32Array || data instanceof Int32Array) return { data, shape: dims };
  throw new Error(`output ${port} is ${tensor.type}; only float32 and int32 leave the engine`);
}
