// Runs a benchmark of one question: reads its flags, measures, and prints the result.
import { parseArgs } from 'node:util';
import { withCleanup } from './cleanup';
import type { Question } from './asker';
import { EFFORT, measure, QUICK, type Measured } from './measure';
import { finish, wantedTable, type Wanted } from './results';
import { emptyShop, fillShop, shopOfEnvironment } from './shops';

/** The shop of `--quick`. */
export const SMALL = { customers: 2_000, articles: 1_500, transactions: 40_000, days: 180 };

export function benchmark(
  name: string,
  question: Question,
  wanted: (measured: Measured) => readonly Wanted[],
): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      seconds: { type: 'string' },
      soak: { type: 'string' },
      save: { type: 'boolean' },
    },
  });
  const { quick = false, save = false } = flags;
  const effort = { ...(quick ? QUICK : EFFORT) };
  const seconds = number('seconds', flags.seconds, 120) ?? effort.seconds;
  const soakMinutes = number('soak', flags.soak, 240) ?? 0;
  return withCleanup(async (closing) => {
    const started = performance.now();
    const shop = quick ? await emptyShop(closing, { embedded: true }) : await shopOfEnvironment(closing);
    if (quick) await fillShop(shop, SMALL, closing);
    const measured = await measure(question, shop, { ...effort, seconds, soakMinutes }, closing);
    const all = [
      ...wanted(measured),
      ...(measured.soak
        ? [
            { what: 'errors of the soak', got: measured.soak.failures, unit: '', most: 0 },
            {
              what: 'memory at the end of the soak beside its beginning',
              got: measured.soak.growth,
              unit: 'times',
              most: 1.05,
            },
          ]
        : []),
    ];
    console.log(`\n${wantedTable(all)}`);
    if (measured.faults.length > 0) process.exitCode = 1;
    await finish(name, save, { quick, ...measured, seconds: (performance.now() - started) / 1000 });
  });
}

/**
 * Returns the number given with a flag. It must be above 0 and at most `most`. Undefined if the
 * flag was not given.
 */
export function number(flag: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (value > 0 && value <= most) return value;
  throw new Error(`--${flag}: expected a number above 0, at most ${most}, got ${text}`);
}
