// Lets a number of statements of all requests run at once and the others wait in line, where the
// pool of connections would let them wait too. Here they still see whether somebody waits for them.

export interface Turns {
  /** Begins `work` when it is its turn: at once, as long as fewer than the most are running. */
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
