// Measures the time and the rate of `vitrine precompute --anew`, which makes lists for all
// customers. The shop and the release are those of the environment; `--quick` makes a small
// synthetic shop instead. `--save` writes into results/. The last line is JSON.
import { parseArgs } from 'node:util';
import type { Precomputed } from '../src/serving/precompute';
import { withCleanup } from './serving/cleanup';
import { memoryOf } from './serving/processes';
import { finish, machine, wantedTable } from './serving/results';
import { emptyShop, fillShop, shopOfEnvironment, vitrine } from './serving/shops';

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean' }, save: { type: 'boolean' } } });
const { quick = false, save = false } = flags;

void withCleanup(async (closing) => {
  const shop = quick ? await emptyShop(closing, { embedded: true }) : await shopOfEnvironment(closing);
  if (quick) await fillShop(shop, { customers: 4_000, articles: 1_500, transactions: 40_000, days: 180 }, closing);
  let rssMiB = 0;
  let look: NodeJS.Timeout | undefined;
  const output = await vitrine(shop, ['precompute', '--anew', '--json'], closing, (pid) => {
    look = setInterval(() => (rssMiB = Math.max(rssMiB, memoryOf(pid)?.peakMiB ?? 0)), 200);
  }).finally(() => {
    clearInterval(look);
  });
  const { release, customers, seconds, perSecond } = JSON.parse(output) as Precomputed;
  console.log(`\n${wantedTable([{ what: `lists of ${customers} customers`, got: seconds, unit: 's', most: 1800 }])}`);
  await finish('precompute', save, {
    quick,
    machine: machine(shop.postgres),
    release,
    customers,
    perSecond,
    rssMiB,
    seconds,
  });
});
