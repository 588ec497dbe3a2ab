// Compares this build with another one: `npm run bench -- compare --other PATH`, where PATH is the
// other build's dist/src/main.js. Both builds serve the same release over the same database and are
// asked the same questions in alternation. Prints two ratios between the builds, for 1 client and
// for 64: that of the processor time per request, and that of the median latency. `--turns N` sets
// the number of turns (default 10). `--keyed` compares this build with keys and tokens of customers
// with itself without. `--quick` makes a small shop; otherwise the shop of the
// environment is used. `--save` writes into results/. The last line is JSON.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createAsker, RECOMMENDATIONS, type Asker } from './serving/asker';
import { number, SMALL } from './serving/benchmark';
import { withCleanup } from './serving/cleanup';
import { drawCustomers } from './serving/draws';
import { latenciesOf, medianRatio, totalOf } from './serving/figures';
import { startGenerator } from './serving/load/generator';
import type { Load } from './serving/load/load';
import { finish, machine, wantedTable } from './serving/results';
import { connectTo, emptyShop, fillShop, PROGRAM, shopOfEnvironment } from './serving/shops';
import { startServer, type Keyed } from './serving/subject';
import { makeKeys } from './serving/keys';

const { values: flags } = parseArgs({
  options: {
    other: { type: 'string' },
    turns: { type: 'string' },
    keyed: { type: 'boolean' },
    quick: { type: 'boolean' },
    save: { type: 'boolean' },
  },
});
const { quick = false, save = false, keyed = false } = flags;

/** Requests in one turn, by number of clients. */
const REQUESTS = { 1: 500, 64: 1_280 } as const;
const WARM_UP = 1_500;
const IDS = 2_000;
const SECONDS = 120;

void withCleanup(async (closing) => {
  const other = keyed ? PROGRAM : otherProgram(flags.other);
  const turns = number('turns', flags.turns, 1_000) ?? 10;
  const shop = quick ? await emptyShop(closing, { embedded: true }) : await shopOfEnvironment(closing);
  if (quick) await fillShop(shop, SMALL, closing);
  const control = await connectTo(shop.databaseUrl, closing);
  const host = machine(shop.postgres);
  const ids = await drawCustomers(control, IDS);
  const generator = startGenerator();
  closing(() => generator.close());
  const start = async (program: string, keys?: Keyed): Promise<Asker> => {
    const server = await startServer(shop, control, closing, { program, ...(keys ? { keyed: keys } : {}) });
    return createAsker(RECOMMENDATIONS, ids, server, generator);
  };
  const [ours, others] = [
    await start(PROGRAM, keyed ? await makeKeys(shop.databaseUrl, ids, closing) : undefined),
    await start(other),
  ];

  const figures: Record<string, Ratios> = {};
  for (const [clients, most] of Object.entries(REQUESTS)) {
    const load: Load = { kind: 'closed', clients: Number(clients), seconds: SECONDS, most };
    for (const asker of [ours, others]) await once(asker, { ...load, most: WARM_UP });
    const pairs: Pair[] = [];
    for (let turn = 0; turn < turns; turn++) pairs.push(await takeTurn(ours, others, load, turn % 2 === 0));
    figures[`clients${clients}`] = ratiosOf(pairs);
    console.log(describe(Number(clients), pairs));
  }
  const { clients1: one, clients64: many } = figures;
  console.log(
    `\n${wantedTable([
      { what: '1 client: processors a request, this / other', got: one.cpu, unit: '', most: 1.03 },
      { what: '1 client: p50, this / other', got: one.p50, unit: '', most: 1.1 },
      { what: '64 clients: processors a request, this / other', got: many.cpu, unit: '', most: 1.03 },
      { what: '64 clients: p50, this / other', got: many.p50, unit: '', most: 1.1 },
    ])}`,
  );
  await finish(keyed ? 'keys' : 'compare', save, { quick, machine: host, turns, ...figures });
});

function otherProgram(path: string | undefined): string {
  if (path === undefined)
    throw new Error('--other: expected the path of another build’s dist/src/main.js, got nothing');
  if (existsSync(resolve(path))) return resolve(path);
  throw new Error(`--other: expected the path of another build’s dist/src/main.js, got ${path}, which does not exist`);
}

/** Measurements of one build in one turn, in ms. */
interface Taken {
  /** Processor time of server and database per request. Undefined if it cannot be measured here. */
  readonly cpu: number | undefined;
  readonly p50: number;
}

interface Pair {
  readonly ours: Taken;
  readonly others: Taken;
}

/**
 * Asks both builds one after the other. The order alternates, so that a disturbance of the machine
 * affects both builds alike.
 */
async function takeTurn(ours: Asker, others: Asker, load: Load, oursFirst: boolean): Promise<Pair> {
  if (oursFirst) return { ours: await once(ours, load), others: await once(others, load) };
  const second = await once(others, load);
  return { ours: await once(ours, load), others: second };
}

async function once(asker: Asker, load: Load): Promise<Taken> {
  const { result, cpu } = await asker.watch(load);
  if (result.failures > 0) throw new Error(`${result.failures} requests failed, the first: ${result.failure}`);
  return { cpu: cpu && totalOf(cpu) / result.due, p50: latenciesOf(result).p50Ms };
}

interface Ratios {
  readonly cpu: number | undefined;
  readonly p50: number | undefined;
}

function ratiosOf(pairs: readonly Pair[]): Ratios {
  const of = (figure: keyof Taken): number | undefined =>
    medianRatio(pairs.map(({ ours, others }) => [ours[figure], others[figure]]));
  return { cpu: of('cpu'), p50: of('p50') };
}

function describe(clients: number, pairs: readonly Pair[]): string {
  const { cpu, p50 } = ratiosOf(pairs);
  const each = pairs.map(({ ours, others }) => ((ours.cpu ?? ours.p50) / (others.cpu ?? others.p50)).toFixed(2));
  return `${clients} clients, this / other: processors ${cpu?.toFixed(3) ?? 'unknown'}, p50 ${p50?.toFixed(3)}; turns ${each.join(' ')}`;
}
