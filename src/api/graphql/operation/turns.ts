// Lets a limited number of statements run at once, over all requests. The others wait in line here
// and not in the pool of connections, so that they can give up when their client has gone.

export interface Turns {
  /** Begins `work` in its turn, which is at once while fewer than the limit are running. */
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
        // The next one takes the place of this one.
        const next = line.shift();
        if (next) next();
        else running--;
      }
    },
  };
}
