// The body of an inference thread: sessions by name, one run at a time. The only importer of ONNX Runtime.
// Knows nothing of batching, releases or requests.
import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Answer, Batch, Lent, Request, Values, WorkerSettings } from './engine';
import { buffersOf } from './memory';

const settings = workerData as WorkerSettings;
const sessions = new Map<string, InferenceSession>();

// Requests are answered in the order in which they came: a run that follows a load finds the model.
let last: Promise<void> = Promise.resolve();
parentPort?.on('message', (request: Request) => {
  last = last.then(() => answer(request));
});

async function answer(request: Request): Promise<void> {
  if (request.kind === 'close') {
    for (const session of sessions.values()) await session.release();
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
  const session = await InferenceSession.create(model, {
    executionProviders: [settings.device],
    intraOpNumThreads: settings.threadsPerRun,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: settings.spinning ? '1' : '0' } } },
  });
  await sessions.get(name)?.release();
  sessions.set(name, session);
  return { inputs: {}, outputs: {} };
}

async function run({ name, inputs, outputs }: Extract<Request, { kind: 'run' }>): Promise<Lent> {
  const session = sessionOf(name);
  const results = await session.run(toTensors(inputs, session), outputs ?? session.outputNames);
  return { inputs: {}, outputs: toBatch(results) };
}

async function lend({ name, inputs, outputs }: Extract<Request, { kind: 'lend' }>): Promise<Lent> {
  const session = sessionOf(name);
  await session.run(toTensors(inputs, session), toTensors(outputs));
  return { inputs, outputs };
}

function sessionOf(name: string): InferenceSession {
  const session = sessions.get(name);
  if (session) return session;
  throw new Error('no such model is loaded');
}

/** Whole numbers become 64 bits wide where the model asks for them. */
function toTensors(batch: Batch, session?: InferenceSession): Record<string, Tensor> {
  const long = new Set(
    session?.inputMetadata.flatMap((port) => (port.isTensor && port.type === 'int64' ? [port.name] : [])),
  );
  return Object.fromEntries(Object.entries(batch).map(([port, values]) => [port, toTensor(values, long.has(port))]));
}

function toBatch(results: Readonly<Record<string, Tensor>>): Batch {
  return Object.fromEntries(Object.entries(results).map(([port, tensor]) => [port, toValues(port, tensor)]));
}

/** `long`: the model takes int64, as models from elsewhere do for ids of tokens. */
function toTensor({ data, shape }: Values, long: boolean): Tensor {
  if (long && data instanceof Int32Array) return new Tensor('int64', BigInt64Array.from(data, BigInt), shape);
  return data instanceof Float32Array ? new Tensor('float32', data, shape) : new Tensor('int32', data, shape);
}

function toValues(port: string, tensor: Tensor): Values {
  const { data, dims } = tensor;
  if (data instanceof Float32Array || data instanceof Int32Array) return { data, shape: dims };
  throw new Error(`output ${port} is ${tensor.type}; only float32 and int32 leave the engine`);
}
