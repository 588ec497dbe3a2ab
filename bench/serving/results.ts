// The result of a benchmark: its machine, a table of wanted and measured figures, a last line of
// JSON, and with `--save` a file.
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
   * Processes that wanted a processor in the minute before the benchmark. Above a few tenths the
   * machine is not quiet.
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

/** A figure and its wanted limit. `got` is undefined if it could not be measured here. */
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

/** Prints the result as the last line. With `save` it also writes bench/results/NAME-DATE.json. */
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
