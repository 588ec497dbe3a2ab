// Imports a synthetic shop and measures the time, the rows per second, the memory of Node and the
// size of the database. Then imports the same files again, which must change nothing. By default
// the shop has a twentieth of H&M's size, with `--quick` a two-hundredth, and with `--full` the
// full size. `--dir DIR` uses existing files instead. `--save` writes into results/. The last line
// is JSON.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FULL_SHOP } from '../src/demo/synthetic/options';
import type { ImportResult } from '../src/data/import/import';
import { withCleanup } from './serving/cleanup';
import { memoryOf } from './serving/processes';
import { finish, machine, wantedTable } from './serving/results';
import { emptyShop, sizes, vitrine } from './serving/shops';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    full: { type: 'boolean' },
    dir: { type: 'string' },
    save: { type: 'boolean' },
  },
});
const { quick = false, full = false, save = false } = flags;

void withCleanup(async (closing) => {
  const shop = await emptyShop(closing);
  const host = machine(shop.postgres);
  let { dir } = flags;
  let generateSeconds: number | undefined;
  if (dir === undefined) {
    dir = await mkdtemp(join(tmpdir(), 'vitrine-bench-shop-'));
    const made = dir;
    closing(() => rm(made, { recursive: true, force: true }));
    const part = full ? 1 : quick ? 200 : 20;
    const { customers, articles, transactions, days } = FULL_SHOP;
    const options = {
      customers: Math.round(customers / part),
      articles: Math.round(articles / Math.sqrt(part)),
      transactions: Math.round(transactions / part),
      days,
    };
    const started = performance.now();
    await vitrine(shop, ['generate', dir, ...sizes(options)], closing);
    generateSeconds = (performance.now() - started) / 1000;
  }
  const files = dir;
  let rssMiB = 0;
  const once = async (): Promise<ImportResult> => {
    let look: NodeJS.Timeout | undefined;
    const output = await vitrine(shop, ['import', files, '--json'], closing, (pid) => {
      look = setInterval(() => (rssMiB = Math.max(rssMiB, memoryOf(pid)?.peakMiB ?? 0)), 200);
    }).finally(() => {
      clearInterval(look);
    });
    return JSON.parse(output) as ImportResult;
  };
  const first = await once();
  const second = await once();
  const changed = [second.articles, second.customers, second.transactions].reduce(
    (sum, file) => sum + (file ? file.inserted + file.updated : 0),
    0,
  );
  const rows = first.transactions?.rows ?? 0;
  console.log(`${rows} transactions in ${first.seconds} s; again in ${second.seconds} s`);
  const wanted = [
    { what: 'rows that the second import changed', got: changed, unit: '', most: 0 },
    { what: 'memory of Node at its peak', got: rssMiB, unit: 'MiB', most: 2048 },
    ...(full ? [{ what: 'the whole import', got: first.seconds, unit: 's', most: 720 }] : []),
    ...(full && generateSeconds !== undefined
      ? [{ what: 'generate', got: generateSeconds, unit: 's', most: 600 }]
      : []),
  ];
  console.log(`\n${wantedTable(wanted)}`);
  await finish('import', save, {
    quick,
    machine: host,
    rows,
    perSecond: rows / first.seconds,
    seconds: first.seconds,
    againSeconds: second.seconds,
    generateSeconds,
    rssMiB,
    databaseMiB: (first.databaseBytes ?? Number.NaN) / 2 ** 20,
  });
});
