// The bare kernels of requests: the very statements, tensors and searches of a server's work, taken
// down while this process answers the same requests over the same release, then run again with
// nothing around them: plain pg with prepared statements, ONNX Runtime's own sessions with the
// server's settings, the index. Knows nothing of what they mean.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { Client, type QueryArrayConfig, type QueryConfig } from 'pg';
import { loadConfig } from '../../src/config';
import { openStore } from '../../src/data/store/store';
import type { Batch } from '../../src/engine/engine';
import { createServer } from '../../src/api/http/server';
import { MODEL_NAMES, modelFile } from '../../src/release/format';
import { currentFolder } from '../../src/release/open';
import { openCurrent, threadsPerRun } from '../../src/serving/opened';
import { createLog } from '../../src/telemetry/log';
import type { Closing } from './cleanup';
import { cpuMsOf } from './processes';
import { withName, type BenchShop } from './shops';

/** What one request needed of the kernels, in this order. */
export type Recording = (
  | { readonly kind: 'statement'; readonly text: string; readonly values: readonly unknown[] }
  | { readonly kind: 'run'; readonly model: string; readonly inputs: Batch }
  | { readonly kind: 'search'; readonly index: string; readonly search: () => unknown }
)[];

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
    const { text, values = [] } = config;
    if (typeof text === 'string') current?.push({ kind: 'statement', text, values });
    return query.call(this, config, ...rest);
  };
  closing(() => (client.query = query));
  const run = engine.run.bind(engine);
  engine.run = (name, inputs, options) => {
    // Copied: their memory goes over to the engine.
    current?.push({ kind: 'run', model: name.split('/').at(-1) ?? name, inputs: structuredClone(inputs) });
    return run(name, inputs, options);
  };
  const { articles } = live;
  const { index } = articles.vectors;
  const search = index.search.bind(index);
  index.search = (vectors, k) => {
    current?.push({ kind: 'search', index: 'articles', search: () => search(vectors, k) });
    return search(vectors, k);
  };
  const similar = articles.similar.bind(articles);
  articles.similar = (vectors, k) => {
    current?.push({ kind: 'search', index: 'similar', search: () => similar(vectors, k) });
    return similar(vectors, k);
  };

  async function during(work: () => Promise<void>): Promise<Recording> {
    const recording: Recording = [];
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

/** What the kernels of requests cost, for a request. */
export interface KernelCosts {
  /**
   * One kernel after the other, each over all requests: its code and its data stay in the
   * processor's caches.
   */
  readonly each: ReadonlyMap<string, KernelCost>;
  /**
   * One request after the other, each in its own order: a kernel finds the caches as those before
   * it left them.
   */
  readonly inOrder: KernelCost;
}

/**
 * What the kernels of some requests cost: medians of some rounds over all of them, divided by the
 * number of requests.
 */
export async function runKernels(
  shop: BenchShop,
  recordings: readonly Recording[],
  { rounds, requests }: { readonly rounds: number; readonly requests: number },
): Promise<KernelCosts> {
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const { steps, others } = await stepsOf(shop, recordings, closers);
    const kernels = new Map(
      Array.from(new Set(steps.map(({ kernel }) => kernel)), (name) => [name, [] as KernelCost[]]),
    );
    const inOrder: KernelCost[] = [];
    const measure = async (some: readonly Step[]): Promise<KernelCost> => {
      await setTimeout(REST_MS);
      const cpu = process.cpuUsage();
      const elsewhere = others();
      const started = performance.now();
      for (const { work } of some) await work();
      const ms = performance.now() - started;
      const { user, system } = process.cpuUsage(cpu);
      const cpuMs = (user + system) / 1000 + others() - elsewhere;
      return { ms: ms / requests, cpuMs: cpuMs / requests };
    };
    for (let round = -WARM_UP; round < rounds; round++) {
      for (const [name, costs] of kernels) {
        const cost = await measure(steps.filter(({ kernel }) => kernel === name));
        if (round >= 0) costs.push(cost);
      }
      const cost = await measure(steps);
      if (round >= 0) inOrder.push(cost);
    }
    return { each: new Map([...kernels].map(([name, costs]) => [name, medianOf(costs)])), inOrder: medianOf(inOrder) };
  } finally {
    for (const close of closers) await close();
  }
}

function medianOf(costs: readonly KernelCost[]): KernelCost {
  return { ms: median(costs.map(({ ms }) => ms)), cpuMs: median(costs.map(({ cpuMs }) => cpuMs)) };
}

/** Kernels each by itself, together. */
export function sumOf(costs: ReadonlyMap<string, KernelCost>): KernelCost {
  const sum = { ms: 0, cpuMs: 0 };
  for (const { ms, cpuMs } of costs.values()) {
    sum.ms += ms;
    sum.cpuMs += cpuMs;
  }
  return sum;
}

/** One piece of work of one kernel. */
interface Step {
  readonly kernel: string;
  readonly work: () => unknown;
}

/**
 * What recordings took down as work that can be done again, and the milliseconds that other
 * processes have used for it so far.
 */
async function stepsOf(
  shop: BenchShop,
  recordings: readonly Recording[],
  closers: (() => Promise<unknown>)[],
): Promise<{ steps: Step[]; others: () => number }> {
  const client = new Client({ connectionString: withName(shop.databaseUrl, 'vitrine bench kernels') });
  client.on('error', () => undefined);
  await client.connect();
  closers.push(() => client.end());
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const pid = rows[0]?.pid ?? 0;
  const models = new Set(recordings.flat().flatMap((step) => (step.kind === 'run' ? [step.model] : [])));
  const sessions = await sessionsOf(shop, models, closers);
  const steps = recordings.flat().map((step): Step => {
    if (step.kind === 'search') return { kernel: `index of ${step.index}`, work: step.search };
    if (step.kind === 'run') {
      const session = sessions.get(step.model);
      const feed = tensors(step.inputs);
      return { kernel: step.model.replace('_', ' '), work: () => session?.run(feed) };
    }
    const { text, values } = step;
    const name = createHash('sha1').update(text).digest('hex').slice(0, 16);
    return { kernel: 'SQL', work: () => client.query({ name, text, values: [...values], rowMode: 'array' }) };
  });
  return { steps, others: () => cpuMsOf(pid) ?? 0 };
}

/** By name of the model: ONNX Runtime as the server sets it up. */
async function sessionsOf(
  shop: BenchShop,
  models: ReadonlySet<string>,
  closers: (() => Promise<unknown>)[],
): Promise<ReadonlyMap<string, InferenceSession>> {
  const folder = await currentFolder(shop.modelsDir);
  const config = loadConfig();
  const sessions = new Map<string, InferenceSession>();
  for (const model of models) {
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
    sessions.set(model, session);
  }
  return sessions;
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
