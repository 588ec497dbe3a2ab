// Limits how many statements of all requests run at the same time. The other statements wait here
// and not in the connection pool, so that a statement whose client has gone can be dropped.

export interface Turns {
  /**
   * Begins `work` at once if fewer pieces of work than the limit are running; otherwise `work`
   * waits its turn.
   */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function createTurns(most: number): Turns {
  const line: (() => void)[] = [];
  let running = 0;
  return {
    async run(work) {
      if (running < most) running++;
      else await new Promise<void>((begin) => line.push(begin));
      try {
        return await work();
      } finally {
        // The next piece of work in line starts in the slot that has become free.
        const next = line.shift();
        if (next) next();
        else running--;
      }
    },
  };
}
