// The server under test: `vitrine serve` in a separate process, on a free port of the loopback
// address. This file reads the server's memory, processor time and counters at /metrics.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { endProcess, type Closing } from './cleanup';
import { cpuDuring, memoryOf, type CpuUse } from './processes';
import { environmentOf, PROGRAM, type BenchShop } from './shops';

/** What a server with keys asks for. */
export interface Keyed {
  /** Settings of the server. */
  readonly settings: Readonly<Record<string, string>>;
  /** Headers of an admin. */
  readonly admin: Readonly<Record<string, string>>;
  /** Lines of headers with the key and the token of a customer. */
  readonly headersOf: (customer: string) => string;
}

export interface Subject {
  /** Lines of headers for a customer's request; undefined if the server is open. */
  readonly headersOf: ((customer: string) => string) | undefined;
  readonly port: number;
  readonly pid: number;
  /** Time from the start of the process until the server was ready. */
  readonly readySeconds: number;
  /** Memory of the server. Undefined if it cannot be read on this system. */
  memory(): { readonly nowMiB: number; readonly peakMiB: number } | undefined;
  metrics(): Promise<ReadonlyMap<string, number>>;
  /** Measures the processor time of the server and of its connections during some work. */
  cpu<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly cpu: CpuUse | undefined }>;
}

/**
 * Time that the server may take to get ready. Reading a catalogue of a million articles takes some
 * minutes.
 */
const READY_MS = 15 * 60_000;

/**
 * Starts the server and waits until it can answer.
 * @param control a connection to the same database
 * @param program main.js of the build to start
 * @param keyed the keys that it asks for. Default: it is open
 */
export async function startServer(
  shop: BenchShop,
  control: Client,
  closing: Closing,
  { program = PROGRAM, keyed }: { readonly program?: string; readonly keyed?: Keyed } = {},
): Promise<Subject> {
  const application = `vitrine under test ${randomBytes(4).toString('hex')}`;
  const started = performance.now();
  const child = spawn(process.execPath, [program, 'serve', '--port', '0'], {
    env: { ...environmentOf(shop, application), VITRINE_OPEN: 'true', ...keyed?.settings },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  closing(() => endProcess(child));
  const pid = child.pid ?? 0;
  let late: NodeJS.Timeout | undefined;
  const port = await new Promise<number>((resolve, reject) => {
    let said = '';
    late = setTimeout(() => reject(new Error(`the server was not ready within ${READY_MS} ms: ${said}`)), READY_MS);
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
      const address = /Serving http:\/\/[^:/]+:(\d+)/.exec(said);
      if (address) resolve(Number(address[1]));
    });
    child.on('exit', (status) => reject(new Error(`the server ended with ${String(status)}: ${said}`)));
    child.on('error', reject);
  }).finally(() => {
    clearTimeout(late);
  });
  const ready = await fetch(`http://127.0.0.1:${port}/health/ready`);
  if (ready.status !== 200) throw new Error(`the server is not ready: ${await ready.text()}`);
  return {
    port,
    pid,
    readySeconds: (performance.now() - started) / 1000,
    memory: () => memoryOf(pid),
    metrics: async () =>
      parseMetrics(await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers: keyed?.admin ?? {} })).text()),
    headersOf: keyed?.headersOf,
    cpu: (work) => cpuDuring({ pid, application, control }, work),
  };
}

/** Parses the text of /metrics. Returns the value of each metric by its name with labels. */
export function parseMetrics(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

/**
 * Returns the number of runs of each model between two readings of the metrics. Searches of indexes
 * do not count as runs.
 */
export function modelRuns(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Readonly<Record<string, number>> {
  const runs = [...after].flatMap(([name, count]): [string, number][] => {
    const model = /^vitrine_work_total\{what="([^".]+)"\}$/.exec(name)?.[1];
    return model === undefined ? [] : [[model, count - (before.get(name) ?? 0)]];
  });
  return Object.fromEntries(runs.filter(([, count]) => count > 0));
}

/** Returns the number of searches of all indexes between two readings of the metrics. */
export function indexSearches(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  const total = (metrics: ReadonlyMap<string, number>): number =>
    [...metrics].reduce(
      (sum, [name, count]) => (/^vitrine_work_total\{what="\w+\.search"\}$/.test(name) ? sum + count : sum),
      0,
    );
  return total(after) - total(before);
}

/**
 * Returns the 99th percentile of the delay in seconds, or undefined if the server does not report
 * it.
 */
export function eventLoopDelay(metrics: ReadonlyMap<string, number>): number | undefined {
  return metrics.get('vitrine_event_loop_delay_seconds{quantile="0.99"}');
}
