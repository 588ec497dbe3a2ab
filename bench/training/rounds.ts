// Times several pieces of work against one another on a machine that others use too: by turns,
// round after round, so that what disturbs one disturbs all, and by medians. Knows nothing of the
// work.
import { setTimeout } from 'node:timers/promises';

/** Milliseconds a step: by the clock, and of all processors together. */
export interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

/** Rounds that are not counted: code is compiled, memory is found. */
const WARM_UP = 3;
/** Milliseconds until ONNX Runtime's threads have stopped looking out for more work. */
const REST = 60;

/** The median cost of each of the works, each of so many steps. */
export async function interleaved<Name extends string>(
  rounds: number,
  steps: number,
  works: Readonly<Record<Name, () => Promise<unknown>>>,
): Promise<Record<Name, Cost>> {
  const entries = Object.entries<() => Promise<unknown>>(works);
  const taken = new Map(entries.map(([name]) => [name, { wall: [] as number[], cpu: [] as number[] }]));
  for (let round = -WARM_UP; round < rounds; round++) {
    // Now in this order, now in that.
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
