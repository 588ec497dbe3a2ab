// Lets a limited number of statements run at once, over all requests. The others wait in line here
// and not in the pool of connections, so that they can give up when their client has gone.

import { VitrineError } from '../../../errors';

export interface Turns {
  /**
   * Begins `work` in its turn, which is at once while fewer than the limit are running.
   * @throws VitrineError OVERLOADED if its turn does not come in time
   */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** @param waitMs the longest wait for a turn, in milliseconds */
export function createTurns(most: number, waitMs: number): Turns {
  /** Begins the work of those who wait, first come, first served. */
  const line = new Set<() => void>();
  let running = 0;

  const wait = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const begin = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        line.delete(begin);
        reject(new VitrineError('OVERLOADED', 'the database has no connection free; try again in a moment'));
      }, waitMs);
      line.add(begin);
    });

  /** Requests that a silent database lets wait find out together, by one ping, and not in turns. */
  const beginAll = (): void => {
    running += line.size;
    for (const begin of line) begin();
    line.clear();
  };

  return {
    async run(work) {
      if (running < most) running++;
      else await wait();
      try {
        return await work();
      } catch (thrown) {
        if (thrown instanceof VitrineError && thrown.code === 'DATABASE_UNAVAILABLE') beginAll();
        throw thrown;
      } finally {
        // The next one takes the place of this one, unless there are too many already.
        const [next] = running > most ? [] : line;
        if (next) {
          line.delete(next);
          next();
        } else running--;
      }
    },
  };
}
