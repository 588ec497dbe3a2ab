// The order of measuring one kind of question over HTTP: one client beside the bare kernels of its
// requests, 64 clients, the highest constant rate that holds, a soak. Knows neither the query nor
// what is wanted of it.
import type { Client } from 'pg';
import { currentFolder, readManifest } from '../../src/release/files';
import { openStore } from '../../src/data/store/open-store';
import type { Closing } from './cleanup';
import { startGenerator, type Result, type Task } from './generator';
import { openRecorder, runKernels, sumOf, type KernelCost, type KernelCosts } from './kernels';
import { highestRate, percentile, rateOf, together, type Load } from './load';
import type { CpuUse } from './processes';
import { machine } from './results';
import { withName, connectTo, type BenchShop } from './shops';
import { eventLoopDelay, indexSearches, modelRuns, startServer, type Subject } from './subject';
import { barsOf, drawWaterfall, medianWait } from './waterfall';

/** What is asked of the server, and of whom. */
export interface Question {
  readonly query: string;
  readonly variable: 'customerId' | 'articleId';
  readonly field: 'recommendations' | 'similarArticles';
  readonly items: number;
  draw(client: Client, count: number): Promise<string[]>;
  /** Requests a second that are wanted, with 99 of 100 answered within `withinMs`. */
  readonly perSecond: number;
  readonly withinMs: number;
  readonly reference: { readonly name: string; readonly ms: number };
}

export interface Effort {
  /** Of each load. */
  readonly seconds: number;
  /** Rates that are tried at most. */
  readonly rates: number;
  /** Different customers or articles. */
  readonly ids: number;
  /** Requests whose kernels are taken down. */
  readonly recorded: number;
  readonly traced: number;
  /** Rounds of the kernels on either side of the load that they are compared with. */
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
 * Connections of a constant rate: as many may wait at once before requests wait for a connection.
 */
const CONNECTIONS = 256;
/** Requests until code is compiled and pages are read, and the most seconds that they may take. */
const WARM_UP = 1_500;
const WARM_UP_SECONDS = 20;
const IDLE_SECONDS = 5;
const SOAK_LOOK_MS = 10_000;

/** Measures, prints what comes out on the way, and gives the figures. */
export async function measure(question: Question, shop: BenchShop, effort: Effort, closing: Closing) {
  const host = machine(shop.postgres);
  const control = await connectTo(shop.databaseUrl, closing);
  const { name: release } = await readManifest(await currentFolder(shop.modelsDir));
  const size = await sizesOf(shop, control);
  console.log(
    `${host.processor}, ${host.cores} cores, ${host.memoryGiB} GiB, Node ${host.node}, Postgres ${host.postgres}, load before ${host.loadBefore}`,
  );
  console.log(
    `release ${release}; ${size.customers} customers, ${size.articles} articles, ${size.purchases} purchases, ${size.databaseMiB.toFixed(0)} MiB`,
  );

  const ids = await question.draw(control, effort.ids);
  const recorder = await openRecorder(shop, question.field, closing);
  const { query, variable, field, items } = question;
  const bodyOf = (id: string): string => JSON.stringify({ query, variables: { [variable]: id } });
  const recordings = await recorder.record(ids.slice(0, effort.recorded).map(bodyOf));
  const kernelsOnce = (): ReturnType<typeof runKernels> =>
    runKernels(shop, recordings, { rounds: effort.rounds, requests: recordings.length });

  const server = await startServer(shop, control, closing);
  const generator = startGenerator();
  closing(() => generator.close());
  let from = 0;
  const run = async (load: Load, traced = false): Promise<Result> => {
    const task: Task = { port: server.port, query, variable, ids, from, field, items, traced, load };
    const result = await generator.run(task);
    from += result.due;
    return result;
  };
  const faults: string[] = [];
  const heed = (name: string, { failures, failure }: Result): void => {
    if (failures > 0) faults.push(`${name}: ${failures} failed, the first: ${failure}`);
  };
  const alone = (seconds: number, most = Infinity): Load => ({ kind: 'closed', clients: 1, seconds, most });

  heed('warm-up', await run({ kind: 'closed', clients: 8, seconds: WARM_UP_SECONDS, most: WARM_UP }));
  heed('warm-up', await run(alone(WARM_UP_SECONDS, WARM_UP / 3)));

  const idle = await server.cpu(() => sleep(IDLE_SECONDS * 1000));
  const idleCpuMs = idle.cpu && totalOf(idle.cpu) / IDLE_SECONDS;

  const traced = await run(alone(effort.seconds * 3, effort.traced), true);
  heed('traced', traced);
  const bars = barsOf(traced.traces);
  console.log(`\nwhere the time goes, mean of ${traced.traces.length} requests of one client:`);
  console.log(drawWaterfall(bars, question.reference));

  // The kernels before, between and after: what disturbs one disturbs all.
  const halves: Watched[] = [];
  const kernelRounds = [await kernelsOnce()];
  for (const part of [0, 1]) {
    const half = await watched(server, () => run(alone(effort.seconds / 2)));
    heed(`one client, part ${part + 1}`, half.result);
    halves.push(half);
    kernelRounds.push(await kernelsOnce());
  }
  const one = together(halves.map(({ result }) => result));
  const cpu = cpuOf(halves.map((half) => half.cpu));
  const cpuMsPerRequest = cpu && totalOf(cpu) / one.due;
  const kernels = meanOf(kernelRounds);
  const kernelRatio = cpuMsPerRequest && cpuMsPerRequest / kernels.inOrder.cpuMs;
  console.log(`\none client: ${describe(one)}`);
  if (cpu) {
    const parts = [`server ${(cpu.server / one.due).toFixed(2)}`];
    if (cpu.database !== undefined) parts.push(`database ${(cpu.database / one.due).toFixed(2)}`);
    else parts.push('the database is not on this machine: not counted');
    console.log(`processors: ${(totalOf(cpu) / one.due).toFixed(2)} ms a request (${parts.join(', ')})`);
  } else console.log('processors: not known on this system');
  if (idleCpuMs !== undefined) console.log(`idle: ${idleCpuMs.toFixed(1)} ms of processors a second`);
  printKernels('the bare kernels of the same requests', kernels);

  const many = await watched(server, () =>
    run({ kind: 'closed', clients: CLIENTS, seconds: effort.seconds, most: Infinity }),
  );
  heed(`${CLIENTS} clients`, many.result);
  const runsPerRequest = Math.max(0, ...Object.values(many.runs)) / many.result.due;
  const batch = Math.max(1, Math.round(runsPerRequest > 0 ? 1 / runsPerRequest : 1));
  console.log(`\n${CLIENTS} clients: ${describe(many.result)}, ${perRequest(many)}`);
  const searches = (many.searches / many.result.due).toFixed(3);
  console.log(`model runs for a request: ${runsPerRequest.toFixed(3)}, searches ${searches}${delayText(many.delayMs)}`);

  // With few recordings, at least two batches; their statements are those of the recommender alone.
  // Others than before, of whom nothing is kept.
  const batches = await recorder.recordBatches(ids.slice(-Math.max(effort.recorded, 2 * batch)), batch);
  const batched = await runKernels(shop, batches, { rounds: effort.rounds, requests: batches.length * batch });
  printKernels(`the kernels in batches of ${batch}, as under this load, for each request`, batched);

  /**
   * What an earlier load left undone is not the next one's: waits until a lone request is answered.
   */
  const settled = (): Promise<Result> => run(alone(1, 1));
  const tried: Record<string, unknown>[] = [];
  let load: Figures | undefined;
  const perSecond = await highestRate(question.perSecond, effort.rates, async (rate) => {
    await settled();
    const watch = await watched(server, () =>
      run({ kind: 'open', perSecond: rate, seconds: effort.seconds, connections: CONNECTIONS }),
    );
    const { result } = watch;
    const p99Ms = percentile(result.latencies, 0.99);
    const held = result.failures === 0 && p99Ms < question.withinMs && rateOf(result) > 0.97 * rate;
    console.log(
      `${rate} a second: ${describe(result)}, ${perRequest(watch)}${delayText(watch.delayMs)}, ${held ? 'holds' : 'does not hold'}`,
    );
    const figures = { ...figuresOf(watch), asked: rate, held };
    tried.push(figures);
    if (rate === question.perSecond) load = figures;
    return held;
  });

  const soak =
    effort.soakMinutes > 0 ? await soakAt(Math.max(1, Math.round((perSecond || question.perSecond) / 2))) : undefined;
  const memory = server.memory();
  console.log(
    `\nmemory of the server: ${memory?.nowMiB.toFixed(0)} MiB, at its peak ${memory?.peakMiB.toFixed(0)} MiB`,
  );
  for (const fault of faults) console.log(`FAULT ${fault}`);

  return {
    machine: host,
    release,
    database: size,
    p50Ms: percentile(one.latencies, 0.5),
    p99Ms: percentile(one.latencies, 0.99),
    perSecond,
    cpuMsPerRequest,
    kernelRatio,
    rssMiB: memory?.nowMiB,
    peakRssMiB: memory?.peakMiB,
    readySeconds: server.readySeconds,
    waitMs: traced.traces.some(({ trace }) => trace.recommendations.length > 0) ? medianWait(traced.traces) : undefined,
    idleCpuMs,
    stages: Object.fromEntries(bars.map(({ name, ms }) => [name.trim(), ms])),
    kernelRatioEach: cpuMsPerRequest && cpuMsPerRequest / sumOf(kernels.each).cpuMs,
    kernels: kernelFigures(kernels),
    batchedKernels: { batch, ...kernelFigures(batched) },
    one: {
      requests: one.due,
      serverCpuMs: cpu && cpu.server / one.due,
      databaseCpuMs: cpu?.database && cpu.database / one.due,
      searchesPerRequest: halves.reduce((sum, { searches }) => sum + searches, 0) / one.due,
    },
    clients64: { ...figuresOf(many), runsPerRequest },
    load,
    rates: tried,
    soak,
    faults,
  };

  /** Half the load for a long time: no error, and memory as it was. */
  async function soakAt(rate: number) {
    const memory_: { readonly minute: number; readonly rssMiB: number }[] = [];
    const started = performance.now();
    const look = (): void => {
      const now = server.memory()?.nowMiB;
      if (now !== undefined) memory_.push({ minute: (performance.now() - started) / 60_000, rssMiB: now });
    };
    look();
    const timer = setInterval(look, SOAK_LOOK_MS);
    try {
      const result = await run({
        kind: 'open',
        perSecond: rate,
        seconds: effort.soakMinutes * 60,
        connections: CONNECTIONS,
      });
      heed('soak', result);
      const growth = growthOf(memory_.map(({ rssMiB }) => rssMiB));
      console.log(
        `\nsoak of ${effort.soakMinutes} min at ${rate} a second: ${describe(result)}, ${result.failures} errors`,
      );
      console.log(`memory of its last quarter is ${growth.toFixed(3)} times that of its second`);
      return {
        minutes: effort.soakMinutes,
        asked: rate,
        ...latenciesOf(result),
        failures: result.failures,
        growth,
        memory: memory_,
      };
    } finally {
      clearInterval(timer);
    }
  }
}

export type Measured = Awaited<ReturnType<typeof measure>>;

interface Watched {
  readonly result: Result;
  readonly cpu: CpuUse | undefined;
  readonly runs: Readonly<Record<string, number>>;
  /** Of all indexes, each for some requests. */
  readonly searches: number;
  /** Of the event loop, at the 99th percentile. */
  readonly delayMs: number | undefined;
}

type Figures = ReturnType<typeof figuresOf> & { readonly asked: number; readonly held: boolean };

async function watched(server: Subject, work: () => Promise<Result>): Promise<Watched> {
  const before = await server.metrics(); // The delay is that since the last reading.
  const { result, cpu } = await server.cpu(work);
  const after = await server.metrics();
  const delay = eventLoopDelay(after);
  return {
    result,
    cpu,
    runs: modelRuns(before, after),
    searches: indexSearches(before, after),
    delayMs: delay === undefined ? undefined : delay * 1000,
  };
}

function figuresOf({ result, cpu, runs, searches, delayMs }: Watched) {
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

function latenciesOf({ latencies }: Pick<Result, 'latencies'>) {
  return { p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99), maxMs: percentile(latencies, 1) };
}

function describe(result: Pick<Result, 'due' | 'latencies' | 'failures' | 'ms'>): string {
  const { p50Ms, p99Ms, maxMs } = latenciesOf(result);
  const times = `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, longest ${maxMs.toFixed(1)} ms`;
  return `${result.due} requests, ${rateOf(result).toFixed(0)} a second, ${times}`;
}

function perRequest({ result, cpu }: Watched): string {
  const own = `the generator ${(result.cpuMs / result.due).toFixed(2)}`;
  return cpu ? `processors ${(totalOf(cpu) / result.due).toFixed(2)} ms a request (and ${own})` : own;
}

function delayText(delayMs: number | undefined): string {
  return delayMs === undefined ? '' : `, delay of the event loop p99 ${delayMs.toFixed(1)} ms`;
}

function kernelFigures({ each, inOrder }: KernelCosts) {
  return { ...Object.fromEntries(each), sum: sumOf(each), inOrder };
}

function printKernels(title: string, { each, inOrder }: KernelCosts): void {
  const together = [['their sum', sumOf(each)] as const, ['in a request’s order', inOrder] as const];
  const lines = [...each, ...together].map(
    ([name, { ms, cpuMs }]) =>
      `  ${name.padEnd(20)} ${ms.toFixed(2).padStart(6)} ms, processors ${cpuMs.toFixed(2).padStart(6)} ms`,
  );
  console.log(`${title}:\n${lines.join('\n')}`);
}

function cpuOf(parts: readonly (CpuUse | undefined)[]): CpuUse | undefined {
  const known = parts.filter((part) => part !== undefined);
  if (known.length < parts.length) return undefined;
  return {
    server: known.reduce((sum, { server }) => sum + server, 0),
    database: known.every(({ database }) => database !== undefined)
      ? known.reduce((sum, { database = 0 }) => sum + database, 0)
      : undefined,
  };
}

function totalOf({ server, database = 0 }: CpuUse): number {
  return server + database;
}

function meanOf(rounds: readonly KernelCosts[]): KernelCosts {
  const mean = (of: (round: KernelCosts) => KernelCost | undefined): KernelCost => {
    const costs = rounds.map((round) => of(round) ?? { ms: 0, cpuMs: 0 });
    return {
      ms: costs.reduce((sum, { ms }) => sum + ms, 0) / rounds.length,
      cpuMs: costs.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / rounds.length,
    };
  };
  const names = [...(rounds[0]?.each.keys() ?? [])];
  return {
    each: new Map(names.map((name) => [name, mean(({ each }) => each.get(name))])),
    inOrder: mean(({ inOrder }) => inOrder),
  };
}

/**
 * The last quarter of a row of measurements beside its second: 1 is flat. The first quarter is
 * warming up.
 */
export function growthOf(values: readonly number[]): number {
  const quarter = Math.max(1, Math.floor(values.length / 4));
  const second = percentile(values.slice(quarter, 2 * quarter), 0.5) || percentile(values, 0.5);
  return second > 0 ? percentile(values.slice(-quarter), 0.5) / second : 1;
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

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
