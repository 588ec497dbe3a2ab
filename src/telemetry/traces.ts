// Measures the time of each stage of a request.

/** The stages of one request or of one batch of requests. */
export interface StageTimer {
  /** Runs `work` and adds its time to `stage`, even if it fails. */
  measure<T>(stage: string, work: () => Promise<T>): Promise<T>;
  measureSync<T>(stage: string, work: () => T): T;
  /** Milliseconds of each stage, in the order of first use. */
  readonly spans: ReadonlyMap<string, number>;
  /** The first start of each stage, by the timer's clock. */
  readonly begun: ReadonlyMap<string, number>;
}

export function createStageTimer(now: () => number = () => performance.now()): StageTimer {
  const spans = new Map<string, number>();
  const begun = new Map<string, number>();
  const begin = (stage: string): number => {
    const time = now();
    if (!begun.has(stage)) begun.set(stage, time);
    return time;
  };
  const add = (stage: string, started: number): void => {
    spans.set(stage, (spans.get(stage) ?? 0) + (now() - started));
  };
  return {
    spans,
    begun,
    async measure(stage, work) {
      const started = begin(stage);
      try {
        return await work();
      } finally {
        add(stage, started);
      }
    },
    measureSync(stage, work) {
      const started = begin(stage);
      try {
        return work();
      } finally {
        add(stage, started);
      }
    },
  };
}
