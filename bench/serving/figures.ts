// Figures about a load, as numbers for the result and as text for the terminal.
import { sum } from '../../src/numbers';
import type { Result } from './load/generator';
import { sumOf, type KernelCost, type KernelCosts } from './kernels';
import { percentile, rateOf } from './load/load';
import type { CpuUse } from './processes';

/** A load, and what the server did during it. */
export interface Watched {
  readonly result: Result;
  readonly cpu: CpuUse | undefined;
  /** Number of runs of each model. */
  readonly runs: Readonly<Record<string, number>>;
  /** Number of searches of all indexes. One search may serve several requests. */
  readonly searches: number;
  /** Delay of the event loop: the 99th percentile in ms. */
  readonly delayMs: number | undefined;
}

export function figuresOf({ result, cpu, runs, searches, delayMs }: Watched) {
  return {
    ...latenciesOf(result),
    perSecond: rateOf(result),
    failures: result.failures,
    cpuMsPerRequest: cpu && totalOf(cpu) / result.due,
    runs,
    searchesPerRequest: searches / result.due,
    eventLoopDelayP99Ms: delayMs,
    generatorCpuMsPerRequest: result.cpuMs / result.due,
    generatorLateMs: result.lateMs,
  };
}

export function latenciesOf({ latencies }: Pick<Result, 'latencies'>) {
  return { p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99), maxMs: percentile(latencies, 1) };
}

export function describe(result: Pick<Result, 'due' | 'latencies' | 'failures' | 'ms'>): string {
  const { p50Ms, p99Ms, maxMs } = latenciesOf(result);
  const times = `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, longest ${maxMs.toFixed(1)} ms`;
  return `${result.due} requests, ${rateOf(result).toFixed(0)} a second, ${times}`;
}

export function perRequest({ result, cpu }: Watched): string {
  const own = `the generator ${(result.cpuMs / result.due).toFixed(2)}`;
  return cpu ? `processors ${(totalOf(cpu) / result.due).toFixed(2)} ms a request (and ${own})` : own;
}

export function delayText(delayMs: number | undefined): string {
  return delayMs === undefined ? '' : `, delay of the event loop p99 ${delayMs.toFixed(1)} ms`;
}

export function kernelFigures({ each, inOrder }: KernelCosts) {
  return { ...Object.fromEntries(each), sum: sumOf(each), inOrder };
}

export function printKernels(title: string, { each, inOrder }: KernelCosts): void {
  const totals = [['their sum', sumOf(each)] as const, ['in a request’s order', inOrder] as const];
  const lines = [...each, ...totals].map(
    ([name, { ms, cpuMs }]) =>
      `  ${name.padEnd(20)} ${ms.toFixed(2).padStart(6)} ms, processors ${cpuMs.toFixed(2).padStart(6)} ms`,
  );
  console.log(`${title}:\n${lines.join('\n')}`);
}

/**
 * Adds up the processor time of several periods. Returns undefined if that of any period is
 * unknown.
 */
export function cpuOf(parts: readonly (CpuUse | undefined)[]): CpuUse | undefined {
  const known = parts.filter((part) => part !== undefined);
  if (known.length < parts.length) return undefined;
  return {
    server: sum(known.map(({ server }) => server)),
    database: known.every(({ database }) => database !== undefined)
      ? sum(known.map(({ database = 0 }) => database))
      : undefined,
  };
}

export function totalOf({ server, database = 0 }: CpuUse): number {
  return server + database;
}

/** Returns the mean cost of each kernel over several measurements. */
export function meanOf(rounds: readonly KernelCosts[]): KernelCosts {
  const mean = (of: (round: KernelCosts) => KernelCost | undefined): KernelCost => {
    const costs = rounds.map((round) => of(round) ?? { ms: 0, cpuMs: 0 });
    return {
      ms: sum(costs.map(({ ms }) => ms)) / rounds.length,
      cpuMs: sum(costs.map(({ cpuMs }) => cpuMs)) / rounds.length,
    };
  };
  const names = [...(rounds[0]?.each.keys() ?? [])];
  return {
    each: new Map(names.map((name) => [name, mean(({ each }) => each.get(name))])),
    inOrder: mean(({ inOrder }) => inOrder),
  };
}

/**
 * Returns the median of a series' last quarter divided by that of its second quarter, so 1 means no
 * growth. The first quarter is left out as warm-up.
 */
export function growthOf(values: readonly number[]): number {
  const quarter = Math.max(1, Math.floor(values.length / 4));
  const second = percentile(values.slice(quarter, 2 * quarter), 0.5) || percentile(values, 0.5);
  return second > 0 ? percentile(values.slice(-quarter), 0.5) / second : 1;
}

/**
 * Returns the median of a / b over pairs of figures, so that a single disturbed pair has no effect.
 * Returns undefined if there are no pairs or a figure is unknown.
 */
export function medianRatio(pairs: readonly (readonly [a: number | undefined, b: number | undefined])[]) {
  const ratios = pairs.map(([a, b]) => (a === undefined || b === undefined ? Number.NaN : a / b)).sort((x, y) => x - y);
  if (ratios.length === 0 || ratios.some(Number.isNaN)) return undefined;
  const half = ratios.length >> 1;
  return ratios.length % 2 === 1 ? ratios[half] : (ratios[half - 1] + ratios[half]) / 2;
}
