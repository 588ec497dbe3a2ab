// The worker threads that run models. ONNX Runtime computes on the thread that calls it, and the
// thread that serves requests must stay free.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { prepareNativeLibraries } from '../config';
import { VitrineError } from '../errors';
import type { Device } from './batch';
import type { Answer, Lent, Request, Task, WorkerSettings } from './messages';

export interface ThreadOptions {
  /** Number of worker threads. Each thread holds a copy of every model. */
  readonly workers?: number;
  /** Number of threads that one run spreads over. */
  readonly threadsPerRun?: number;
  readonly device?: Device;
  /** If omitted, a run may take any time, as in training. */
  readonly limits?: RunLimits | undefined;
}

/** Maximum time that a thread may take for one request, in ms. Time in the queue does not count. */
export interface RunLimits {
  readonly runMs: number;
  /**
   * The limit for loading a model and for its first run, in which a device may compile the model.
   */
  readonly firstRunMs: number;
}

/** Several worker threads with the same models. */
export class WorkerThreads {
  /** How many times each model was asked to run. */
  readonly runs = new Map<string, number>();
  private readonly threads: readonly Thread[];

  /** Starts the threads. Idle threads do not keep the process alive. */
  constructor({ workers = 1, threadsPerRun = 1, device = 'cpu', limits }: ThreadOptions) {
    prepareNativeLibraries();
    this.threads = Array.from({ length: workers }, () => new Thread({ device, threadsPerRun }, limits));
  }

  failure(): Error | undefined {
    return this.threads.map((thread) => thread.failure).find((failure) => failure !== undefined);
  }

  async load(name: string, model: Uint8Array): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.ask((id) => ({ kind: 'load', id, name, model }))));
  }

  /**
   * Sends a task to the thread with the fewest requests, which takes over the `transferred` memory.
   */
  ask(name: string, task: (id: number) => Task, transferred: readonly ArrayBuffer[]): Promise<Lent> {
    this.count(name);
    const idlest = this.threads.reduce((best, thread) => (thread.inFlight < best.inFlight ? thread : best));
    return idlest.ask(task, transferred);
  }

  count(name: string): void {
    this.runs.set(name, (this.runs.get(name) ?? 0) + 1);
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }
}

interface Waiting {
  readonly task: Task;
  readonly resolve: (lent: Lent) => void;
  readonly reject: (error: Error) => void;
}

/** One worker thread and the requests that it has not answered yet. */
class Thread {
  private readonly worker: Worker;
  /** Requests by id, in the order in which they will be answered. */
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
      this.hear(answer);
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

  /** Sends a task to the thread, which takes over the `transferred` memory. */
  ask(task: (id: number) => Task, transferred: readonly ArrayBuffer[] = []): Promise<Lent> {
    return new Promise((resolve, reject) => {
      if (this.ended) {
        reject(this.ended);
        return;
      }
      const id = this.nextId++;
      const asked = task(id);
      this.waiting.set(id, { task: asked, resolve, reject });
      if (this.waiting.size === 1) this.setAlarm();
      this.worker.ref(); // keeps the process alive until the answer comes
      this.worker.postMessage(asked, transferred);
    });
  }

  /**
   * Ends the thread after its current run. Ending a thread inside ONNX Runtime would end the whole
   * process.
   */
  async close(): Promise<void> {
    this.end(new VitrineError('SHUTTING_DOWN', 'The inference thread is closing.'));
    Atomics.store(this.closing, 0, 1);
    this.worker.postMessage({ kind: 'close' } satisfies Request);
    this.worker.ref(); // keeps the process alive until the thread has ended
    await this.exited;
  }

  private hear(answer: Answer): void {
    const request = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if (request?.task.kind === 'load') this.warm.delete(request.task.name);
    else if (request && answer.kind === 'done') this.warm.add(request.task.name);
    this.setAlarm();
    if (this.waiting.size === 0 && this.closing[0] === 0) this.worker.unref();
    if (answer.kind === 'done') request?.resolve(answer);
    else request?.reject(new VitrineError(answer.code, answer.message));
  }

  /** Starts the timer for the time limit of the next answer. */
  private setAlarm(): void {
    clearTimeout(this.alarm);
    const [next] = this.waiting.values();
    if (!this.limits || !next) return;
    const { kind, name } = next.task;
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
