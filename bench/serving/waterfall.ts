// Shows how a request spends its time: the mean of each stage over many traced requests, as bars on
// a common time line. Below these bars is one for the published time of a reference system.
import type { Trace, TraceStage } from '../../src/api/graphql/operation/trace';
import { percentile } from './load/load';

export interface Bar {
  readonly name: string;
  readonly startMs: number;
  readonly ms: number;
}

/** Indentation of the stages within `recommend`. */
const INSIDE = '  ';
const WIDTH = 48;

/**
 * Returns a bar for the mean of each stage. The last two bars are the time that the server cannot
 * measure and the total time.
 */
export function barsOf(traces: readonly { readonly ms: number; readonly trace: Trace }[]): Bar[] {
  const stages = traces.flatMap(({ trace }) => [
    ...trace.stages,
    ...trace.recommendations.flatMap((one) => one.stages.map((stage) => ({ ...stage, name: INSIDE + stage.name }))),
  ]);
  const names = [...new Set(stages.map(({ name }) => name))];
  const bars = names.map((name): Bar => {
    const own = stages.filter((stage) => stage.name === name);
    const mean = (of: (stage: TraceStage) => number): number =>
      own.reduce((sum, stage) => sum + of(stage), 0) / own.length;
    // A stage that only some requests have counts as 0 for the others.
    return { name, startMs: mean(({ startMs }) => startMs), ms: (mean(({ ms }) => ms) * own.length) / traces.length };
  });
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / traces.length;
  const total = mean(traces.map(({ trace }) => trace.totalMs));
  const whole = mean(traces.map(({ ms }) => ms));
  return [
    ...bars.sort((a, b) => a.startMs - b.startMs || b.ms - a.ms),
    { name: 'HTTP, both ways', startMs: total, ms: whole - total },
    { name: 'all of it, at the client', startMs: 0, ms: whole },
  ];
}

/**
 * Returns the time in ms that each request waited in the recommender: from the call to its first
 * stage, and from its last stage to the answer.
 */
export function waitsOf(traces: readonly { readonly trace: Trace }[]): number[] {
  return traces.flatMap(({ trace }) => {
    const asked = trace.stages.find(({ name }) => name === 'recommend');
    const stages = trace.recommendations[0]?.stages ?? [];
    if (!asked || stages.length === 0) return [];
    const first = Math.min(...stages.map(({ startMs }) => startMs));
    const last = Math.max(...stages.map(({ startMs, ms }) => startMs + ms));
    return [Math.max(0, asked.ms - (last - first))];
  });
}

/**
 * Draws the bars for a terminal. The bar of the reference is cut off where it would be too wide.
 */
export function drawWaterfall(bars: readonly Bar[], reference: { readonly name: string; readonly ms: number }): string {
  const end = Math.max(...bars.map(({ startMs, ms }) => startMs + ms));
  const scale = WIDTH / end;
  const lines = bars.map(({ name, startMs, ms }) => {
    const from = Math.min(WIDTH - 1, Math.floor(startMs * scale));
    const length = Math.max(1, Math.min(WIDTH - from, Math.round(ms * scale)));
    return `${name.padEnd(26)} ${ms.toFixed(2).padStart(8)} ms  ${' '.repeat(from)}${'█'.repeat(length)}`;
  });
  const times = reference.ms / end;
  return [
    ...lines,
    `${reference.name.padEnd(26)} ${reference.ms.toFixed(0).padStart(5)}    ms  ${'█'.repeat(WIDTH)}… ${times.toFixed(0)} times as far`,
  ].join('\n');
}

export function medianWait(traces: readonly { readonly trace: Trace }[]): number {
  return percentile(waitsOf(traces), 0.5);
}
