// The body of an inference thread: sessions by name, one run at a time. The only importer of ONNX Runtime.
// Knows nothing of batching, releases or requests.
import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Answer, Batch, Request, Values, WorkerSettings } from './engine';

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
    const outputs = request.kind === 'load' ? await load(request) : await run(request);
    parentPort?.postMessage({ kind: 'done', id: request.id, outputs } satisfies Answer);
  } catch (thrown) {
    const code = request.kind === 'load' && settings.device !== 'cpu' ? 'DEVICE_UNAVAILABLE' : 'INPUT_INVALID';
    const message = `${request.kind} "${request.name}": ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    parentPort?.postMessage({ kind: 'failed', id: request.id, code, message } satisfies Answer);
  }
}

async function load({ name, model }: Extract<Request, { kind: 'load' }>): Promise<Batch> {
  const session = await InferenceSession.create(model, {
    executionProviders: [settings.device],
    intraOpNumThreads: settings.threadsPerRun,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  await sessions.get(name)?.release();
  sessions.set(name, session);
  return {};
}

async function run({ name, inputs, outputs }: Extract<Request, { kind: 'run' }>): Promise<Batch> {
  const session = sessions.get(name);
  if (!session) throw new Error('no such model is loaded');
  const long = new Set(
    session.inputMetadata.flatMap((port) => (port.isTensor && port.type === 'int64' ? [port.name] : [])),
  );
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([port, values]) => [port, toTensor(values, long.has(port))]),
  );
  const results = await session.run(feeds, outputs ?? session.outputNames);
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
