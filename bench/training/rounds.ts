// Compares the times of several pieces of work on a machine with other users. The pieces of work
// alternate, round after round, so that a disturbance affects all of them. The results are medians
// over the rounds.
import { setTimeout } from 'node:timers/promises';

/** Cost per step in ms: elapsed time, and the processor time of all processors together. */
export interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

/**
 * Number of first rounds that are not counted: during these, code is compiled and memory is
 * allocated.
 */
const WARM_UP = 3;
/** Pause in ms, after which ONNX Runtime's threads no longer wait actively for more work. */
const REST = 60;

/** Returns the median cost of each piece of work, divided by `steps`. */
export async function interleaved<Name extends string>(
  rounds: number,
  steps: number,
  works: Readonly<Record<Name, () => Promise<unknown>>>,
): Promise<Record<Name, Cost>> {
  const entries = Object.entries<() => Promise<unknown>>(works);
  const taken = new Map(entries.map(([name]) => [name, { wall: [] as number[], cpu: [] as number[] }]));
  for (let round = -WARM_UP; round < rounds; round++) {
    // The order changes from round to round.
    for (const [name, work] of round % 2 === 0 ? entries : entries.toReversed()) {
      await setTimeout(REST);
      const cpu = process.cpuUsage();
      const started = performance.now();
      await work();
      const wall = performance.now() - started;
      const { user, system } = process.cpuUsage(cpu);
      if (round < 0) continue;
      taken.get(name)?.wall.push(wall / steps);
      taken.get(name)?.cpu.push((user + system) / 1000 / steps);
    }
  }
  return Object.fromEntries(
    [...taken].map(([name, { wall, cpu }]): [string, Cost] => [name, { wall: median(wall), cpu: median(cpu) }]),
  ) as Record<Name, Cost>;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
