// Tells clients that send the header `vitrine-trace: 1` how an answer was made. Their answer has
// `extensions.trace`: the stages of the request with their times, and the number of candidates from
// each source for each list of recommendations. Other requests bear no cost for tracing.

import type { ApolloServerPlugin } from '@apollo/server';
import type { Context } from '../context';

/** The header that asks for a trace. Pages of other origins cannot send it without permission. */
export const TRACE_HEADER = 'vitrine-trace';

export interface TraceStage {
  readonly name: string;
  /** Start of the stage, in ms after the request arrived. */
  readonly startMs: number;
  readonly ms: number;
}

/** The content of `extensions.trace`. Its form may change, so programs must not depend on it. */
export interface Trace {
  readonly totalMs: number;
  /** Ordered by start. Stages can overlap: one stage may wait for another. */
  readonly stages: readonly TraceStage[];
  readonly recommendations: readonly {
    readonly customerId: string;
    /** Number of requests, of all clients, that shared the run of the models. */
    readonly batch: number;
    readonly purchases: number;
    readonly candidates: number;
    /**
     * Number of candidates by source. A candidate found by several sources counts for each of them.
     */
    readonly found: Readonly<Record<string, number>>;
    readonly stages: readonly TraceStage[];
  }[];
}

export const traceRequests: ApolloServerPlugin<Context> = {
  async requestDidStart({ contextValue }) {
    if (!contextValue.traces) return;
    const started = performance.now();
    const own: { name: string; begun: number; ms: number }[] = [];
    const time = (name: string) => {
      const begun = performance.now();
      return () => void own.push({ name, begun, ms: performance.now() - begun });
    };
    return {
      async parsingDidStart() {
        const end = time('parse');
        return async () => end();
      },
      async validationDidStart() {
        const end = time('validate');
        return async () => end();
      },
      async executionDidStart() {
        const end = time('execute');
        return { executionDidEnd: async () => end() };
      },
      async willSendResponse({ response }) {
        if (response.body.kind !== 'single') return;
        const result = response.body.singleResult;
        const trace = traceOf(contextValue, started, own);
        result.extensions = { ...result.extensions, trace };
      },
    };
  },
};

function traceOf(
  { timer, traces = [] }: Context,
  started: number,
  own: readonly { name: string; begun: number; ms: number }[],
): Trace {
  const loaded = Array.from(timer.spans, ([name, ms]) => ({ name, begun: timer.begun.get(name) ?? started, ms }));
  const from = ({ name, begun, ms }: { name: string; begun: number; ms: number }): TraceStage => ({
    name,
    startMs: round(Math.max(0, begun - started)),
    ms: round(ms),
  });
  return {
    totalMs: round(performance.now() - started),
    stages: [...own, ...loaded].sort((a, b) => a.begun - b.begun).map(from),
    recommendations: traces.map(({ customerId, batch, purchases, candidates, found, stages }) => ({
      customerId,
      batch,
      purchases,
      candidates,
      found: Object.fromEntries(found),
      stages: stages.map(from),
    })),
  };
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
