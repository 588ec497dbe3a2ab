// Runs ONNX models by name. Serving needs nothing else of an engine, so the interface could also
// hide a remote engine. The runner decides where a model runs. The runner in this file uses worker
// threads.
import { asError, VitrineError } from '../errors';
import { buffersOf, type Batch } from './batch';
import type { Task } from './messages';
import type { OnnxSession, SessionSettings } from './onnx-session';
import { WorkerThreads, type ThreadOptions } from './worker-threads';

export type { RunLimits } from './worker-threads';

export interface ModelRunner {
  /** How many times each model ran since the runner was opened. */
  readonly runs: ReadonlyMap<string, number>;
  /**
   * The reason why every further run would fail, or undefined while all is well. After a failure,
   * open another runner.
   */
  failure(): Error | undefined;
  /** Makes a model ready under a name, and replaces the model that had this name. */
  load(name: string, model: ModelSource): Promise<void>;
  /**
   * Runs one batch. Int32 inputs are widened to int64 where the model wants that.
   * @throws VitrineError INPUT_INVALID when inputs do not fit, with ONNX Runtime's own words;
   * OVERLOADED when a run exceeds its time limit
   */
  run(name: string, inputs: Batch, options?: RunOptions): Promise<Batch>;
  /**
   * Ends the runner. Runs in flight fail with SHUTTING_DOWN. If a thread is stuck, the promise
   * never resolves.
   */
  close(): Promise<void>;
}

/** A model to load. A runner on another machine may already have the file. */
export interface ModelSource {
  /** The path within the release. Omitted for a model that is in no release. */
  readonly file?: string;
  bytes(): Uint8Array;
  /** Whether running one row takes less time than sending the row to another thread and back. */
  readonly quick?: boolean;
}

/** A model that is in no file. */
export function inMemory(bytes: Uint8Array): ModelSource {
  return { bytes: () => bytes };
}

export interface RunOptions {
  /** The outputs to return. Default: all. */
  readonly outputs?: readonly string[];
  /**
   * Hands over the inputs' memory, which saves a copy. The caller's arrays may be empty afterwards.
   */
  readonly handOver?: boolean;
}

/**
 * Opens a runner on this machine. `close()` ends its threads. Idle threads do not keep the process
 * alive.
 */
export function openModelRunner(options: ThreadOptions = {}): ModelRunner {
  return runnerOn(new WorkerThreads(options), options);
}

/** Makes a runner over threads that were started with these options. */
export function runnerOn(
  threads: WorkerThreads,
  { device = 'cpu', threadsPerRun = 1 }: Pick<ThreadOptions, 'device' | 'threadsPerRun'>,
): ModelRunner {
  const own = new OwnModels({ device, threadsPerRun });
  return {
    runs: threads.runs,
    failure: () => threads.failure(),
    async load(name, model) {
      await own.drop(name);
      const bytes = model.bytes();
      await threads.load(name, bytes);
      if (model.quick && device === 'cpu') await own.load(name, bytes);
    },
    async run(name, inputs, { outputs, handOver = false } = {}) {
      const session = isOneRow(inputs) ? own.get(name) : undefined;
      if (session) {
        threads.count(name);
        return session.run(inputs, outputs).catch((thrown: unknown) => {
          throw new VitrineError('INPUT_INVALID', `run "${name}": ${asError(thrown).message}`);
        });
      }
      if (handOver) refuseEmptied(name, inputs);
      const task = (id: number): Task => ({ kind: 'run', id, name, inputs, ...(outputs && { outputs }) });
      return (await threads.ask(name, task, handOver ? buffersOf(inputs) : [])).outputs;
    },
    async close() {
      await threads.close();
      await own.close();
    },
  };
}

/** Models that run on the calling thread. */
class OwnModels {
  private readonly sessions = new Map<string, OnnxSession>();

  constructor(private readonly settings: SessionSettings) {}

  get(name: string): OnnxSession | undefined {
    return this.sessions.get(name);
  }

  async load(name: string, model: Uint8Array): Promise<void> {
    // Imported late, so that a process that runs no model does not load ONNX Runtime.
    const { openSession } = await import('./onnx-session.js');
    const session = await openSession(model, this.settings);
    await this.drop(name);
    this.sessions.set(name, session);
  }

  async drop(name: string): Promise<void> {
    const session = this.sessions.get(name);
    this.sessions.delete(name);
    await session?.release();
  }

  async close(): Promise<void> {
    for (const name of [...this.sessions.keys()]) await this.drop(name);
  }
}

function isOneRow(inputs: Batch): boolean {
  return Object.values(inputs).every(({ shape }) => shape[0] === 1);
}

/**
 * Throws if the memory of an input was already handed over: a thread that got such an empty array
 * would never answer.
 */
function refuseEmptied(name: string, inputs: Batch): void {
  for (const [port, { data, shape }] of Object.entries(inputs)) {
    const size = shape.reduce((product, side) => product * side, 1);
    if (data.length === size) continue;
    const got = `${size} numbers of the shape [${shape.join(', ')}] in ${port}, got ${data.length}: was its memory handed over before?`;
    throw new VitrineError('INPUT_INVALID', `run "${name}": expected ${got}`);
  }
}
