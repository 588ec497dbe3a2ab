// Runs ONNX models in worker threads: ONNX Runtime's `run()` computes on the thread that calls it,
// and the one that serves requests is to stay free. Only what takes less time than handing it over
// is run there. Knows shapes and names of inputs, nothing of what models mean.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { prepareNativeLibraries } from '../config';
import { asError, VitrineError } from '../errors';
import type { Batch, Device, Values } from './batch';
import { buffersOf } from './memory';
import type { Session, SessionSettings } from './session';

export type { Batch, Device, Values };

export interface Engine {
  readonly device: Device;
  /** How many times each model ran since the engine was opened. */
  readonly runs: ReadonlyMap<string, number>;
  /**
   * Why no run can succeed any more; undefined while all is well. Whoever hears of it opens another
   * engine.
   */
  failure(): Error | undefined;
  /** Makes a model known under a name, on every thread. A name that is taken is replaced. */
  load(name: string, model: Uint8Array): Promise<void>;
  /**
   * Makes a model that is known already ready to be run on the calling thread as well. Only on the
   * CPU: elsewhere nothing happens.
   */
  loadHere(name: string, model: Uint8Array): Promise<void>;
  /**
   * Runs one batch on the thread with the least to do. Whole numbers are made as wide as the model
   * takes them.
   * @throws VitrineError INPUT_INVALID when inputs do not fit, with ONNX Runtime's own words;
   * OVERLOADED when a limit is over.
   */
  run(name: string, inputs: Batch, options?: RunOptions): Promise<Batch>;
  /**
   * Runs one batch without copying a number: inputs, and arrays of the right shapes for the
   * outputs, are lent to the thread, which gives them back when it is done. Meanwhile the arrays
   * given are empty, and so is whatever else lies in their buffers; what comes back are other
   * arrays over the same memory. A run that fails does not give it back.
   */
  lend(name: string, lent: Lent): Promise<Lent>;
  /**
   * Ends the threads; runs in flight fail with SHUTTING_DOWN. Resolves when they have ended: never,
   * if one is stuck.
   */
  close(): Promise<void>;
}

export interface RunOptions {
  /** The outputs that are wanted; all if absent. */
  readonly outputs?: readonly string[];
  /**
   * Whether the memory of the inputs goes over to the thread, which spares a copy: the caller's
   * arrays are empty from then on.
   */
  readonly handOver?: boolean;
  /**
   * Whether so little is to be done that the calling thread had better do it itself, if the model
   * was loaded there.
   */
  readonly here?: boolean;
}

/** What a run reads and what it writes. */
export interface Lent {
  readonly inputs: Batch;
  readonly outputs: Batch;
  /** Outputs that are not the model's own, but sums of another's rows. */
  readonly sums?: readonly RowSum[];
}

/**
 * Rows of an output that are summed by place: a row of `into` is the sum of those rows of `of`
 * whose place it is. All are names.
 */
export interface RowSum {
  /** An output of the model, n · width numbers in any shape. */
  readonly of: string;
  /** An input of n places, int32 in any shape, each below the rows of `into`. */
  readonly places: string;
  /** [rows, width], an output that is lent; whatever was there is gone. */
  readonly into: string;
}

export interface EngineOptions {
  /** Worker threads; each holds a copy of every model. */
  readonly workers?: number;
  /** Threads that one run spreads over. */
  readonly threadsPerRun?: number;
  readonly device?: Device;
  /** Absent: runs take as long as they take, as in training. */
  readonly limits?: RunLimits;
}

/**
 * How long a thread may go without an answer while one is awaited. What waits behind another run
 * does not count.
 */
export interface RunLimits {
  readonly runMs: number;
  /** For loading a model and for its first run, in which a device may compile it. */
  readonly firstRunMs: number;
}

/** What a worker is told, and what it answers. */
export type Request =
  | { readonly kind: 'close' }
  | { readonly kind: 'load'; readonly id: number; readonly name: string; readonly model: Uint8Array }
  | {
      readonly kind: 'run';
      readonly id: number;
      readonly name: string;
      readonly inputs: Batch;
      readonly outputs?: readonly string[];
    }
  | ({ readonly kind: 'lend'; readonly id: number; readonly name: string } & Lent);
export type Answer =
  | ({ readonly kind: 'done'; readonly id: number } & Lent)
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly code: 'INPUT_INVALID' | 'DEVICE_UNAVAILABLE';
      readonly message: string;
    };
export interface WorkerSettings extends SessionSettings {
  /** [1], shared: not 0 once the thread is to end, so that it skips what is queued. */
  readonly closing: Int32Array;
}

/**
 * Starts the threads. They end with `close()`; they do not keep the process alive when nothing is
 * in flight.
 */
export function openEngine({ workers = 1, threadsPerRun = 1, device = 'cpu', limits }: EngineOptions = {}): Engine {
  prepareNativeLibraries();
  const threads = Array.from({ length: workers }, () => new Thread({ device, threadsPerRun }, limits));
  const runs = new Map<string, number>();
  /** The models of the calling thread. */
  const here = new Map<string, Session>();
  /** Counts a run; gives the thread that is to do it. */
  const threadFor = (name: string): Thread => {
    runs.set(name, (runs.get(name) ?? 0) + 1);
    return threads.reduce((best, thread) => (thread.inFlight < best.inFlight ? thread : best));
  };
  return {
    device,
    runs,
    failure: () => threads.map((thread) => thread.failure).find((failure) => failure !== undefined),
    async load(name, model) {
      await here.get(name)?.release();
      here.delete(name);
      await Promise.all(threads.map((thread) => thread.ask((id) => ({ kind: 'load', id, name, model }))));
    },
    async loadHere(name, model) {
      if (device !== 'cpu') return;
      // ONNX Runtime is loaded by those who run something.
      const { openSession } = await import('./session.js');
      const session = await openSession(model, { device, threadsPerRun });
      await here.get(name)?.release();
      here.set(name, session);
    },
    async run(name, inputs, { outputs, handOver = false, here: wanted = false } = {}) {
      const session = wanted ? here.get(name) : undefined;
      if (session) {
        runs.set(name, (runs.get(name) ?? 0) + 1);
        return session.run(inputs, outputs).catch((thrown: unknown) => {
          throw new VitrineError('INPUT_INVALID', `run "${name}": ${asError(thrown).message}`);
        });
      }
      const asked = outputs && { outputs };
      if (handOver) refuseEmptied(name, inputs);
      const request = (id: number): Waiting['request'] => ({ kind: 'run', id, name, inputs, ...asked });
      return (await threadFor(name).ask(request, handOver ? buffersOf(inputs) : [])).outputs;
    },
    async lend(name, { inputs, outputs, sums = [] }) {
      const request = (id: number): Waiting['request'] => ({ kind: 'lend', id, name, inputs, outputs, sums });
      return threadFor(name).ask(request, buffersOf(inputs, outputs));
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.close()));
      for (const session of here.values()) await session.release();
      here.clear();
    },
  };
}

/**
 * Memory that was handed over before is gone; a thread that got it once more would never answer.
 */
function refuseEmptied(name: string, inputs: Batch): void {
  for (const [port, { data, shape }] of Object.entries(inputs)) {
    const size = shape.reduce((product, side) => product * side, 1);
    if (data.length === size) continue;
    const got = `${size} numbers of the shape [${shape.join(', ')}] in ${port}, got ${data.length}: was its memory handed over before?`;
    throw new VitrineError('INPUT_INVALID', `run "${name}": expected ${got}`);
  }
}

interface Waiting {
  readonly request: Exclude<Request, { kind: 'close' }>;
  readonly resolve: (lent: Lent) => void;
  readonly reject: (error: Error) => void;
}

/** One worker thread and the requests it has not answered yet. */
class Thread {
  private readonly worker: Worker;
  /** In the order in which they will be answered. */
  private readonly waiting = new Map<number, Waiting>();
  /** Models that have answered a run since they were loaded. */
  private readonly warm = new Set<string>();
  private alarm: NodeJS.Timeout | undefined;
  private nextId = 0;
  private ended: Error | undefined;
  failure: Error | undefined;
  private readonly exited: Promise<void>;

  private readonly closing = new Int32Array(new SharedArrayBuffer(4));

  constructor(
    settings: Omit<WorkerSettings, 'closing'>,
    private readonly limits: RunLimits | undefined,
  ) {
    const workerData: WorkerSettings = { ...settings, closing: this.closing };
    this.worker = new Worker(join(__dirname, 'worker.js'), { workerData });
    this.worker.unref();
    this.worker.on('message', (answer: Answer) => {
      const request = this.waiting.get(answer.id);
      this.waiting.delete(answer.id);
      if (request?.request.kind === 'load') this.warm.delete(request.request.name);
      else if (request && answer.kind === 'done') this.warm.add(request.request.name);
      this.setAlarm();
      if (this.waiting.size === 0 && this.closing[0] === 0) this.worker.unref();
      if (answer.kind === 'done') request?.resolve(answer);
      else request?.reject(new VitrineError(answer.code, answer.message));
    });
    this.worker.on('error', (cause) => {
      this.failure = new VitrineError('DEVICE_UNAVAILABLE', `The inference thread failed: ${cause.message}`, { cause });
      this.end(this.failure);
    });
    this.exited = new Promise((resolve) => {
      this.worker.on('exit', () => {
        this.end(new VitrineError('SHUTTING_DOWN', 'The inference thread has ended.'));
        resolve();
      });
    });
  }

  get inFlight(): number {
    return this.waiting.size;
  }

  /** `transferred` goes over to the thread. */
  ask(request: (id: number) => Waiting['request'], transferred: readonly ArrayBuffer[] = []): Promise<Lent> {
    return new Promise((resolve, reject) => {
      if (this.ended) {
        reject(this.ended);
        return;
      }
      const id = this.nextId++;
      const asked = request(id);
      this.waiting.set(id, { request: asked, resolve, reject });
      if (this.waiting.size === 1) this.setAlarm();
      this.worker.ref(); // an answer is awaited: the process stays until it is there
      this.worker.postMessage(asked, transferred);
    });
  }

  /**
   * Lets the run at hand finish, however long it takes: ending a thread inside ONNX Runtime ends
   * the whole process.
   */
  async close(): Promise<void> {
    this.end(new VitrineError('SHUTTING_DOWN', 'The inference thread is closing.'));
    Atomics.store(this.closing, 0, 1);
    this.worker.postMessage({ kind: 'close' } satisfies Request);
    this.worker.ref(); // this is waited for
    await this.exited;
  }

  /** Gives the thread as long as the next answer may take. */
  private setAlarm(): void {
    clearTimeout(this.alarm);
    const [next] = this.waiting.values();
    if (!this.limits || !next) return;
    const { kind, name } = next.request;
    const limitMs = kind !== 'load' && this.warm.has(name) ? this.limits.runMs : this.limits.firstRunMs;
    this.alarm = setTimeout(() => {
      const late = `took longer than ${limitMs / 1_000} s`;
      this.failure = new VitrineError(
        'DEVICE_UNAVAILABLE',
        `The inference thread is stuck: ${kind} "${name}" ${late}.`,
      );
      this.end(new VitrineError('OVERLOADED', `The models ${late}; send the same request again in a moment.`));
      this.worker.unref();
    }, limitMs);
  }

  private end(reason: Error): void {
    clearTimeout(this.alarm);
    this.ended ??= reason;
    for (const { reject } of this.waiting.values()) reject(this.ended);
    this.waiting.clear();
  }
}
