// The body of a worker thread. It holds ONNX models by name and answers one request at a time.
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { buffersOf, type Batch, type Values } from './batch';
import type { Answer, Lent, Request, Task, WorkerSettings } from './messages';
import { openSession, type OnnxSession } from './onnx-session';
import { sumRows } from './row-sums';

if (parentPort) serve(parentPort, workerData as WorkerSettings);

/**
 * Answers requests in the order in which they came, so a run that was sent after a load finds the
 * loaded model.
 */
function serve(port: MessagePort, settings: WorkerSettings): void {
  const models = new Map<string, OnnxSession>();
  let last: Promise<void> = Promise.resolve();
  port.on('message', (request: Request) => {
    last = last.then(() => (request.kind === 'close' ? close(port, models) : answer(port, request, models, settings)));
  });
}

async function close(port: MessagePort, models: Models): Promise<void> {
  for (const session of models.values()) await session.release();
  port.close();
}

type Models = Map<string, OnnxSession>;

async function answer(port: MessagePort, task: Task, models: Models, settings: WorkerSettings): Promise<void> {
  if (Atomics.load(settings.closing, 0) !== 0) return; // no caller waits for the answer any longer
  try {
    const { inputs, outputs } = await done(task, models, settings);
    // The memory is handed back without a copy.
    port.postMessage({ kind: 'done', id: task.id, inputs, outputs } satisfies Answer, buffersOf(inputs, outputs));
  } catch (thrown) {
    const code = task.kind === 'load' && settings.device !== 'cpu' ? 'DEVICE_UNAVAILABLE' : 'INPUT_INVALID';
    const message = `${task.kind} "${task.name}": ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    port.postMessage({ kind: 'failed', id: task.id, code, message } satisfies Answer);
  }
}

async function done(task: Task, models: Models, settings: WorkerSettings): Promise<Lent> {
  switch (task.kind) {
    case 'load': {
      const session = await openSession(task.model, settings);
      await models.get(task.name)?.release();
      models.set(task.name, session);
      return { inputs: {}, outputs: {} };
    }
    case 'run':
      return { inputs: {}, outputs: await modelOf(models, task.name).run(task.inputs, task.outputs) };
    case 'lend':
      return fill(modelOf(models, task.name), task);
    default:
      return task satisfies never;
  }
}

async function fill(session: OnnxSession, { inputs, outputs, sums = [] }: Lent): Promise<Lent> {
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
  throw new Error(`a sum needs ${port}, and no array has that name`);
}

function modelOf(models: Models, name: string): OnnxSession {
  const model = models.get(name);
  if (model) return model;
  throw new Error('no such model is loaded');
}
