// The bare kernels of requests: the very statements, tensors and searches of a server's work, taken down while this process answers
// the same requests over the same release, then run again with nothing around them: plain pg with prepared statements, ONNX
// Runtime's own sessions with the server's settings, the index. Knows nothing of what they mean.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { Client, type QueryArrayConfig, type QueryConfig } from 'pg';
import { loadConfig } from '../../src/config';
import { openStore } from '../../src/data/store';
import type { Batch } from '../../src/engine/engine';
import { createServer } from '../../src/graphql/server';
import { MODEL_NAMES, modelFile } from '../../src/release/format';
import { currentFolder } from '../../src/release/open';
import { openCurrent, threadsPerRun } from '../../src/serve';
import { createLog } from '../../src/telemetry';
import type { Closing } from './cleanup';
import { cpuMsOf } from './processes';
import { withName, type BenchShop } from './shops';

/** What one request needed of the kernels. */
export interface Recording {
  readonly statements: { readonly text: string; readonly values: readonly unknown[] }[];
  readonly runs: { readonly model: string; readonly inputs: Batch }[];
  readonly searches: { readonly index: string; readonly search: () => unknown }[];
}

/** Milliseconds a request: by the clock, and of the processors. */
export interface KernelCost {
  readonly ms: number;
  readonly cpuMs: number;
}

export interface Recorder {
  /** Answers one request after the other; gives what each needed. */
  record(bodies: readonly string[]): Promise<Recording[]>;
  /** Answers requests to the recommender in batches of a size; gives what each batch needed. */
  recordBatches(ids: readonly string[], size: number): Promise<Recording[]>;
}

type Query = (config: QueryConfig & Partial<QueryArrayConfig>, ...rest: unknown[]) => unknown;

/** Opens the release in this process, once for all recordings. */
export async function openRecorder(
  shop: BenchShop,
  field: 'recommendations' | 'similarArticles',
  closing: Closing,
): Promise<Recorder> {
  const config = { ...loadConfig(), modelsDir: shop.modelsDir };
  const store = openStore(withName(shop.databaseUrl, 'vitrine bench'));
  closing(() => store.close());
  const opened = await openCurrent(config, store);
  closing(() => opened.close());
  const { recommender, engine, shop: live } = opened;
  const log = createLog({ logLevel: 'error' });
  const report = (): undefined => undefined;
  const server = await createServer({ store, recommender, config, log, report, ready: () => ({ ready: true }) });
  closing(() => server.close());

  let current: Recording | undefined;
  const client = Client.prototype as unknown as { query: Query };
  const { query } = client;
  client.query = function (this: unknown, config, ...rest) {
    if (typeof config.text === 'string') current?.statements.push({ text: config.text, values: config.values ?? [] });
    return query.call(this, config, ...rest);
  };
  closing(() => (client.query = query));
  const run = engine.run.bind(engine);
  engine.run = (name, inputs, options) => {
    // Copied: their memory goes over to the engine.
    current?.runs.push({ model: name.split('/').at(-1) ?? name, inputs: structuredClone(inputs) });
    return run(name, inputs, options);
  };
  const { index } = live.vectors;
  const search = index.search.bind(index);
  index.search = (vectors, k) => {
    current?.searches.push({ index: 'articles', search: () => search(vectors, k) });
    return search(vectors, k);
  };
  const similar = live.similar.bind(live);
  live.similar = (vectors, k) => {
    current?.searches.push({ index: 'similar', search: () => similar(vectors, k) });
    return similar(vectors, k);
  };

  async function during(work: () => Promise<void>): Promise<Recording> {
    const recording: Recording = { statements: [], runs: [], searches: [] };
    current = recording;
    await work().finally(() => (current = undefined));
    return recording;
  }

  return {
    async record(bodies) {
      const recordings: Recording[] = [];
      for (const payload of bodies) {
        const recording = await during(async () => {
          const headers = { 'content-type': 'application/json' };
          const answer = await server.app.inject({ method: 'POST', url: '/graphql', payload, headers });
          if (answer.statusCode !== 200 || 'errors' in answer.json<object>())
            throw new Error(answer.body.slice(0, 500));
        });
        recordings.push(recording);
      }
      return recordings;
    },
    async recordBatches(ids, size) {
      const recordings: Recording[] = [];
      for (let from = 0; from + size <= ids.length; from += size) {
        const some = ids.slice(from, from + size);
        const recording = await during(async () => {
          if (field === 'recommendations') {
            await recommender.recommend(some.map((customerId) => ({ customerId, first: 12 })));
          } else await recommender.similar(some.map((articleId) => ({ articleId, first: 12 })));
        });
        recordings.push(recording);
      }
      return recordings;
    },
  };
}

/** Rounds that are not counted. */
const WARM_UP = 1;
/** Until ONNX Runtime's threads have stopped looking out for more work. */
const REST_MS = 60;

/**
 * What the kernels of some requests cost, by name, and together: the median of some rounds over all of them, each divided by the
 * number of requests.
 */
export async function runKernels(
  shop: BenchShop,
  recordings: readonly Recording[],
  { rounds, requests }: { readonly rounds: number; readonly requests: number },
): Promise<ReadonlyMap<string, KernelCost>> {
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const kernels = new Map([
      ...(await statementsOf(shop, recordings, closers)),
      ...(await runsOf(shop, recordings, closers)),
      ...searchesOf(recordings),
    ]);
    const costs = new Map([...kernels.keys()].map((name) => [name, [] as KernelCost[]]));
    for (let round = -WARM_UP; round < rounds; round++) {
      for (const [name, { work, others }] of kernels) {
        await setTimeout(REST_MS);
        const cpu = process.cpuUsage();
        const elsewhere = others?.() ?? 0;
        const started = performance.now();
        await work();
        const ms = performance.now() - started;
        const { user, system } = process.cpuUsage(cpu);
        const cpuMs = (user + system) / 1000 + (others?.() ?? 0) - elsewhere;
        if (round >= 0) costs.get(name)?.push({ ms: ms / requests, cpuMs: cpuMs / requests });
      }
    }
    return new Map(
      [...costs].map(([name, all]) => [
        name,
        { ms: median(all.map(({ ms }) => ms)), cpuMs: median(all.map(({ cpuMs }) => cpuMs)) },
      ]),
    );
  } finally {
    for (const close of closers) await close();
  }
}

/** All kernels together. */
export function sumOf(costs: ReadonlyMap<string, KernelCost>): KernelCost {
  const sum = { ms: 0, cpuMs: 0 };
  for (const { ms, cpuMs } of costs.values()) {
    sum.ms += ms;
    sum.cpuMs += cpuMs;
  }
  return sum;
}

interface Kernel {
  readonly work: () => Promise<void>;
  /** Milliseconds that another process has used for it so far. */
  readonly others?: () => number;
}

/** The statements of a request one after the other, prepared. */
async function statementsOf(
  shop: BenchShop,
  recordings: readonly Recording[],
  closers: (() => Promise<unknown>)[],
): Promise<[string, Kernel][]> {
  if (!recordings.some(({ statements }) => statements.length > 0)) return [];
  const client = new Client({ connectionString: withName(shop.databaseUrl, 'vitrine bench kernels') });
  client.on('error', () => undefined);
  await client.connect();
  closers.push(() => client.end());
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const pid = rows[0]?.pid ?? 0;
  const kernel: Kernel = {
    async work() {
      for (const { statements } of recordings) {
        for (const { text, values } of statements) {
          const name = createHash('sha1').update(text).digest('hex').slice(0, 16);
          await client.query({ name, text, values: [...values], rowMode: 'array' });
        }
      }
    },
    others: () => cpuMsOf(pid) ?? 0,
  };
  return [['SQL', kernel]];
}

/** Each model's runs, by ONNX Runtime as the server sets it up. */
async function runsOf(
  shop: BenchShop,
  recordings: readonly Recording[],
  closers: (() => Promise<unknown>)[],
): Promise<[string, Kernel][]> {
  const folder = await currentFolder(shop.modelsDir);
  const config = loadConfig();
  const kernels: [string, Kernel][] = [];
  for (const model of new Set(recordings.flatMap(({ runs }) => runs.map((run) => run.model)))) {
    const name = MODEL_NAMES.find((one) => one === model);
    if (!name) throw new Error(`a model outside the release, ${model}, has no file to run bare`);
    const session = await InferenceSession.create(await readFile(join(folder, modelFile(name))), {
      executionProviders: [config.device],
      intraOpNumThreads: threadsPerRun(config),
      interOpNumThreads: 1,
      logSeverityLevel: 3,
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
    closers.push(() => session.release());
    const feeds = recordings
      .flatMap(({ runs }) => runs.filter((run) => run.model === model))
      .map(({ inputs }) => tensors(inputs));
    kernels.push([
      model.replace('_', ' '),
      {
        async work() {
          for (const feed of feeds) await session.run(feed);
        },
      },
    ]);
  }
  return kernels;
}

function searchesOf(recordings: readonly Recording[]): [string, Kernel][] {
  const indexes = new Set(recordings.flatMap(({ searches }) => searches.map(({ index }) => index)));
  return Array.from(indexes, (which) => {
    const all = recordings.flatMap(({ searches }) => searches.filter(({ index }) => index === which));
    return [
      `index of ${which}`,
      {
        async work() {
          for (const { search } of all) search();
        },
      },
    ];
  });
}

function tensors(batch: Batch): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(batch).map(([name, { data, shape }]) => [
      name,
      data instanceof Float32Array ? new Tensor('float32', data, shape) : new Tensor('int32', data, shape),
    ]),
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
