// The result of a benchmark: a description of the machine, a table of required and measured
// figures, a last line of JSON, and a file if `--save` is given.
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../src/config';

export interface Machine {
  readonly processor: string;
  /** Processors that this process may use. */
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly postgres: string;
  /**
   * Load average of the minute before the benchmark: the number of processes that wanted a
   * processor. If it is above a few tenths, the machine was busy.
   */
  readonly loadBefore: number;
}

export function machine(postgres: string): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    postgres,
    loadBefore: round(loadavg()[0] ?? 0),
  };
}

/** A figure and its required limit. `got` is undefined if it could not be measured here. */
export interface Wanted {
  readonly what: string;
  readonly got: number | undefined;
  readonly unit: string;
  readonly most?: number;
  readonly least?: number;
}

export function holds({ got, most = Infinity, least = -Infinity }: Wanted): boolean | undefined {
  return got === undefined ? undefined : got <= most && got >= least;
}

export function wantedTable(all: readonly Wanted[]): string {
  return all
    .map((one) => {
      const limit = one.most === undefined ? `at least ${String(one.least)}` : `at most ${one.most}`;
      const got = one.got === undefined ? 'unknown' : String(round(one.got));
      const verdict = { true: 'yes', false: 'NO', undefined: '–' }[String(holds(one))] ?? '';
      return `${one.what.padEnd(52)} ${got.padStart(9)} ${one.unit.padEnd(5)} wanted ${limit.padEnd(15)} ${verdict}`;
    })
    .join('\n');
}

/**
 * Prints the result as the last line. With `save`, also writes it to bench/results/NAME-DATE.json.
 */
export async function finish(name: string, save: boolean, result: Readonly<Record<string, unknown>>): Promise<void> {
  const rounded = JSON.stringify({ benchmark: name, date: today(), ...result }, (_key, value: unknown) =>
    typeof value === 'number' ? round(value) : value,
  );
  if (save) {
    const folder = join(PROJECT_ROOT, 'bench', 'results');
    await mkdir(folder, { recursive: true });
    const file = join(folder, `${name}-${today()}.json`);
    await writeFile(file, `${JSON.stringify(JSON.parse(rounded), null, 2)}\n`);
    console.log(`saved as bench/results/${name}-${today()}.json`);
  }
  console.log(rounded);
}

export function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value * 10) / 10 : Math.round(value * 1000) / 1000;
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}
