// Runs the steps of training. Training moves gigabytes per second, so the arrays of a step are lent
// to a thread and nothing is copied. Training runs only on the processors of this machine.
import { buffersOf } from './batch';
import type { Lent, Task } from './messages';
import { runnerOn, type ModelRunner } from './model-runner';
import { WorkerThreads, type ThreadOptions } from './worker-threads';

export type { Lent, RowSum } from './messages';

export interface TrainingEngine extends ModelRunner {
  /**
   * Runs one batch without a copy. Inputs, and arrays of the right shapes for the outputs, are lent
   * to the thread, which gives them back after the run. Until then the caller's arrays are empty,
   * and so are all other arrays in the same buffers. The arrays that come back are new ones over
   * the same memory. A run that fails does not give the memory back.
   */
  lend(name: string, lent: Lent): Promise<Lent>;
}

/** Opens an engine. `close()` ends its threads. */
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
