// Measures one kind of question over HTTP. First one client, compared with the bare kernels of its
// requests; then 64 clients; then the highest rate that the server sustains; then a soak test.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { currentFolder, readManifest } from '../../src/release/files';
import { openStore } from '../../src/data/store/open-store';
import { sum } from '../../src/numbers';
import { alone, createAsker, type Asker, type Question } from './asker';
import type { Closing } from './cleanup';
import {
  cpuOf,
  delayText,
  describe,
  figuresOf,
  growthOf,
  kernelFigures,
  latenciesOf,
  meanOf,
  perRequest,
  printKernels,
  totalOf,
  type Watched,
} from './figures';
import { startGenerator } from './load/generator';
import { openRecorder, runKernels, sumOf, type KernelCosts } from './kernels';
import { highestRate, percentile, rateOf, together } from './load/load';
import { machine, type Machine } from './results';
import { connectTo, withName, type BenchShop } from './shops';
import { startServer, type Subject } from './subject';
import { barsOf, drawWaterfall, medianWait } from './waterfall';

export interface Effort {
  /** Length of each load, in seconds. */
  readonly seconds: number;
  /** Maximum number of rates to try. */
  readonly rates: number;
  /** Number of different customers or articles. */
  readonly ids: number;
  /** Requests whose kernels are recorded. */
  readonly recorded: number;
  readonly traced: number;
  /** Number of rounds in each measurement of the kernels. */
  readonly rounds: number;
  readonly soakMinutes: number;
}

export const EFFORT: Effort = {
  seconds: 10,
  rates: 5,
  ids: 2_000,
  recorded: 200,
  traced: 300,
  rounds: 3,
  soakMinutes: 0,
};
export const QUICK: Effort = { seconds: 3, rates: 3, ids: 500, recorded: 60, traced: 60, rounds: 2, soakMinutes: 0 };

const CLIENTS = 64;
/**
 * Number of connections for a load at a constant rate. When all are busy, requests wait for a
 * connection.
 */
const CONNECTIONS = 256;
/** Number of requests that warm the server up, and the time that they may take. */
const WARM_UP = 1_500;
const WARM_UP_SECONDS = 20;
const IDLE_SECONDS = 5;
const SOAK_LOOK_MS = 10_000;

/** Measures, prints the figures one by one, and returns all of them. */
export async function measure(question: Question, shop: BenchShop, effort: Effort, closing: Closing) {
  const host = machine(shop.postgres);
  const control = await connectTo(shop.databaseUrl, closing);
  const { name: release } = await readManifest(await currentFolder(shop.modelsDir));
  const size = await sizesOf(shop, control);
  printPlace(host, release, size);

  const ids = await question.draw(control, effort.ids);
  const recorder = await openRecorder(shop, question.field, closing);
  const bodyOf = (id: string): string =>
    JSON.stringify({ query: question.query, variables: { [question.variable]: id } });
  const recordings = await recorder.record(ids.slice(0, effort.recorded).map(bodyOf));
  const server = await startServer(shop, control, closing);
  const generator = startGenerator();
  closing(() => generator.close());
  const asker = createAsker(question, ids, server, generator);

  await warmUp(asker);
  const idle = await server.cpu(() => sleep(IDLE_SECONDS * 1000));
  const idleCpuMs = idle.cpu && totalOf(idle.cpu) / IDLE_SECONDS;
  const traced = await traceStages(asker, effort, question.reference);
  const one = await measureOneClient(asker, effort, idleCpuMs, () =>
    runKernels(shop, recordings, { rounds: effort.rounds, requests: recordings.length }),
  );
  const many = await measureManyClients(asker, effort);
  // At least two batches, of ids that the recorder has not used yet. These recordings lack the
  // statements of the API.
  const batches = await recorder.recordBatches(ids.slice(-Math.max(effort.recorded, 2 * many.batch)), many.batch);
  const requests = batches.length * many.batch;
  const batched = await runKernels(shop, batches, { rounds: effort.rounds, requests });
  printKernels(`the kernels in batches of ${many.batch}, as under this load, for each request`, batched);
  const { perSecond, load, rates } = await tryRates(asker, question, effort);
  const soak =
    effort.soakMinutes > 0
      ? await soakAt(Math.max(1, Math.round((perSecond || question.perSecond) / 2)), effort.soakMinutes, asker, server)
      : undefined;
  const memory = server.memory();
  console.log(
    `\nmemory of the server: ${memory?.nowMiB.toFixed(0)} MiB, at its peak ${memory?.peakMiB.toFixed(0)} MiB`,
  );
  for (const fault of asker.faults) console.log(`FAULT ${fault}`);

  return {
    machine: host,
    release,
    database: size,
    ...one.headline,
    perSecond,
    rssMiB: memory?.nowMiB,
    peakRssMiB: memory?.peakMiB,
    readySeconds: server.readySeconds,
    ...traced,
    idleCpuMs,
    kernelRatioEach: one.kernelRatioEach,
    kernels: kernelFigures(one.kernels),
    batchedKernels: { batch: many.batch, ...kernelFigures(batched) },
    one: one.figures,
    clients64: many.figures,
    load,
    rates,
    soak,
    faults: asker.faults,
  };
}

export type Measured = Awaited<ReturnType<typeof measure>>;

function printPlace(host: Machine, release: string, size: Awaited<ReturnType<typeof sizesOf>>): void {
  console.log(
    `${host.processor}, ${host.cores} cores, ${host.memoryGiB} GiB, Node ${host.node}, Postgres ${host.postgres}, load before ${host.loadBefore}`,
  );
  console.log(
    `release ${release}; ${size.customers} customers, ${size.articles} articles, ${size.purchases} purchases, ${size.databaseMiB.toFixed(0)} MiB`,
  );
}

async function warmUp(asker: Asker): Promise<void> {
  asker.heed('warm-up', await asker.run({ kind: 'closed', clients: 8, seconds: WARM_UP_SECONDS, most: WARM_UP }));
  asker.heed('warm-up', await asker.run(alone(WARM_UP_SECONDS, WARM_UP / 3)));
}

/** Measures the mean time of each stage, and the time that a single request waits for its turn. */
async function traceStages(asker: Asker, effort: Effort, reference: Question['reference']) {
  const traced = await asker.run(alone(effort.seconds * 3, effort.traced), true);
  asker.heed('traced', traced);
  const bars = barsOf(traced.traces);
  console.log(`\nwhere the time goes, mean of ${traced.traces.length} requests of one client:`);
  console.log(drawWaterfall(bars, reference));
  return {
    waitMs: traced.traces.some(({ trace }) => trace.recommendations.length > 0) ? medianWait(traced.traces) : undefined,
    stages: Object.fromEntries(bars.map(({ name, ms }) => [name.trim(), ms])),
  };
}

/**
 * Measures one client, compared with the bare kernels of its requests. The load has two parts. The
 * kernels are measured before, between and after these parts, so that a disturbance of the machine
 * affects both the load and the kernels.
 */
async function measureOneClient(
  asker: Asker,
  effort: Effort,
  idleCpuMs: number | undefined,
  kernelsOnce: () => Promise<KernelCosts>,
) {
  const halves: Watched[] = [];
  const kernelRounds = [await kernelsOnce()];
  for (const part of [0, 1]) {
    const half = await asker.watch(alone(effort.seconds / 2));
    asker.heed(`one client, part ${part + 1}`, half.result);
    halves.push(half);
    kernelRounds.push(await kernelsOnce());
  }
  const one = together(halves.map(({ result }) => result));
  const cpu = cpuOf(halves.map((half) => half.cpu));
  const cpuMsPerRequest = cpu && totalOf(cpu) / one.due;
  const kernels = meanOf(kernelRounds);
  console.log(`\none client: ${describe(one)}`);
  if (cpu) {
    const parts = [`server ${(cpu.server / one.due).toFixed(2)}`];
    if (cpu.database !== undefined) parts.push(`database ${(cpu.database / one.due).toFixed(2)}`);
    else parts.push('the database is not on this machine: not counted');
    console.log(`processors: ${(totalOf(cpu) / one.due).toFixed(2)} ms a request (${parts.join(', ')})`);
  } else console.log('processors: not known on this system');
  if (idleCpuMs !== undefined) console.log(`idle: ${idleCpuMs.toFixed(1)} ms of processors a second`);
  printKernels('the bare kernels of the same requests', kernels);
  const { p50Ms, p99Ms } = latenciesOf(one);
  return {
    headline: {
      p50Ms,
      p99Ms,
      cpuMsPerRequest,
      kernelRatio: cpuMsPerRequest && cpuMsPerRequest / kernels.inOrder.cpuMs,
    },
    kernels,
    kernelRatioEach: cpuMsPerRequest && cpuMsPerRequest / sumOf(kernels.each).cpuMs,
    figures: {
      requests: one.due,
      serverCpuMs: cpu && cpu.server / one.due,
      databaseCpuMs: cpu?.database && cpu.database / one.due,
      searchesPerRequest: sum(halves.map(({ searches }) => searches)) / one.due,
    },
  };
}

/**
 * Measures many clients. The returned `batch` is the number of requests that share a run of the
 * models.
 */
async function measureManyClients(asker: Asker, effort: Effort) {
  const many = await asker.watch({ kind: 'closed', clients: CLIENTS, seconds: effort.seconds, most: Infinity });
  asker.heed(`${CLIENTS} clients`, many.result);
  const runsPerRequest = Math.max(0, ...Object.values(many.runs)) / many.result.due;
  console.log(`\n${CLIENTS} clients: ${describe(many.result)}, ${perRequest(many)}`);
  const searches = (many.searches / many.result.due).toFixed(3);
  console.log(`model runs for a request: ${runsPerRequest.toFixed(3)}, searches ${searches}${delayText(many.delayMs)}`);
  return {
    batch: Math.max(1, Math.round(runsPerRequest > 0 ? 1 / runsPerRequest : 1)),
    figures: { ...figuresOf(many), runsPerRequest },
  };
}

type Rate = ReturnType<typeof figuresOf> & { readonly asked: number; readonly held: boolean };

/**
 * Finds the highest rate that the server sustains. The returned `load` has the figures for the
 * required rate.
 */
async function tryRates(asker: Asker, { perSecond: wanted, withinMs }: Question, effort: Effort) {
  const rates: Rate[] = [];
  const perSecond = await highestRate(wanted, effort.rates, async (rate) => {
    // An earlier load may have left work behind, so this waits until a single request is answered.
    await asker.run(alone(1, 1));
    const watched = await asker.watch({
      kind: 'open',
      perSecond: rate,
      seconds: effort.seconds,
      connections: CONNECTIONS,
    });
    const { result } = watched;
    const p99Ms = percentile(result.latencies, 0.99);
    const held = result.failures === 0 && p99Ms < withinMs && rateOf(result) > 0.97 * rate;
    console.log(
      `${rate} a second: ${describe(result)}, ${perRequest(watched)}${delayText(watched.delayMs)}, ${held ? 'holds' : 'does not hold'}`,
    );
    rates.push({ ...figuresOf(watched), asked: rate, held });
    return held;
  });
  return { perSecond, load: rates.find(({ asked }) => asked === wanted), rates };
}

/**
 * Soak test: runs a load at half the sustained rate for a long time. There must be no errors, and
 * memory must not grow.
 */
async function soakAt(rate: number, minutes: number, asker: Asker, server: Subject) {
  const memory: { readonly minute: number; readonly rssMiB: number }[] = [];
  const started = performance.now();
  const look = (): void => {
    const now = server.memory()?.nowMiB;
    if (now !== undefined) memory.push({ minute: (performance.now() - started) / 60_000, rssMiB: now });
  };
  look();
  const timer = setInterval(look, SOAK_LOOK_MS);
  try {
    const result = await asker.run({ kind: 'open', perSecond: rate, seconds: minutes * 60, connections: CONNECTIONS });
    asker.heed('soak', result);
    const growth = growthOf(memory.map(({ rssMiB }) => rssMiB));
    console.log(`\nsoak of ${minutes} min at ${rate} a second: ${describe(result)}, ${result.failures} errors`);
    console.log(`memory of its last quarter is ${growth.toFixed(3)} times that of its second`);
    return { minutes, asked: rate, ...latenciesOf(result), failures: result.failures, growth, memory };
  } finally {
    clearInterval(timer);
  }
}

async function sizesOf(shop: BenchShop, control: Client) {
  const store = openStore(withName(shop.databaseUrl, 'vitrine bench'));
  try {
    const { articles, customers, purchases } = await store.counts();
    const { rows } = await control.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes');
    return { articles, customers, purchases, databaseMiB: Number(rows[0]?.bytes) / 2 ** 20 };
  } finally {
    await store.close();
  }
}
