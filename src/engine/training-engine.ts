// Runs the steps of training. A step moves gigabytes a second, so its arrays are lent to a thread
// and nothing is copied. Training runs on this machine's processors alone.
import { buffersOf } from './batch';
import type { Lent, Task } from './messages';
import { runnerOn, type ModelRunner } from './model-runner';
import { WorkerThreads, type ThreadOptions } from './worker-threads';

export type { Lent, RowSum } from './messages';

export interface TrainingEngine extends ModelRunner {
  /**
   * Runs one batch without a copy. Inputs, and arrays of the right shapes for the outputs, are lent
   * to the thread, which gives them back when it is done. Until then the caller's arrays are empty,
   * with all else in their buffers. The arrays that come back are new ones over the same memory. A
   * run that fails does not give the memory back.
   */
  lend(name: string, lent: Lent): Promise<Lent>;
}

/** Its threads end with `close()`. */
export function openTrainingEngine(options: Pick<ThreadOptions, 'workers' | 'threadsPerRun'> = {}): TrainingEngine {
  const threads = new WorkerThreads(options);
  return {
    ...runnerOn(threads, options),
    lend(name, { inputs, outputs, sums = [] }) {
      const task = (id: number): Task => ({ kind: 'lend', id, name, inputs, outputs, sums });
      return threads.ask(name, task, buffersOf(inputs, outputs));
    },
  };
}
