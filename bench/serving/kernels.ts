// Measures the bare kernels of requests: SQL statements, runs of models and searches of indexes.
// This process answers the same requests over the same release and records all three. Then it
// repeats them without the rest of the server: on plain pg with prepared statements, on ONNX
// Runtime with the server's settings, and on the index.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { Client, type QueryArrayConfig, type QueryConfig } from 'pg';
import { loadConfig } from '../../src/config';
import { openStore } from '../../src/data/store/open-store';
import type { Batch } from '../../src/engine/batch';
import { createServer } from '../../src/api/server';
import { MODEL_NAMES, modelFile } from '../../src/release/format';
import { currentFolder } from '../../src/release/files';
import { openCurrent, threadsPerRun } from '../../src/serving/opened';
import { createLog } from '../../src/telemetry/log';
import type { Closing } from './cleanup';
import { cpuMsOf } from './processes';
import { withName, type BenchShop } from './shops';

/** The kernels that one request needed, in order. */
export type Recording = (
  | { readonly kind: 'statement'; readonly text: string; readonly values: readonly unknown[] }
  | { readonly kind: 'run'; readonly model: string; readonly inputs: Batch }
  | { readonly kind: 'search'; readonly index: string; readonly search: () => unknown }
)[];

/** Cost per request in ms: elapsed time, and processor time. */
export interface KernelCost {
  readonly ms: number;
  readonly cpuMs: number;
}

export interface Recorder {
  /** Answers the requests one after another. Returns a recording for each request. */
  record(bodies: readonly string[]): Promise<Recording[]>;
  /** Asks the recommender in batches of `size` ids. Returns a recording for each batch. */
  recordBatches(ids: readonly string[], size: number): Promise<Recording[]>;
}

/** Opens the release in this process. One recorder serves for all recordings. */
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
  const { recommender } = opened;
  const log = createLog({ logLevel: 'error' });
  const report = (): undefined => undefined;
  const server = await createServer({ store, recommender, config, log, report, ready: () => ({ ready: true }) });
  closing(() => server.close());

  const tape = createTape();
  listenToStatements(tape, closing);
  listenToModels(opened, tape);
  listenToIndexes(opened, tape);

  return {
    record: (bodies) =>
      tape.recordEach(bodies, async (payload) => {
        const headers = { 'content-type': 'application/json' };
        const answer = await server.app.inject({ method: 'POST', url: '/graphql', payload, headers });
        if (answer.statusCode !== 200 || 'errors' in answer.json<object>()) throw new Error(answer.body.slice(0, 500));
      }),
    recordBatches(ids, size) {
      const count = Math.floor(ids.length / size);
      const batches = Array.from({ length: count }, (_, i) => ids.slice(i * size, (i + 1) * size));
      return tape.recordEach(batches, async (batch) => {
        if (field === 'recommendations') {
          await recommender.recommend(batch.map((customerId) => ({ customerId, first: 12 })));
        } else await recommender.similar(batch.map((articleId) => ({ articleId, first: 12 })));
      });
    },
  };
}

interface Tape {
  /** Adds to the current recording, if there is one. */
  add(step: () => Recording[number]): void;
  /** Does the work for each item in turn. Returns a recording for each item. */
  recordEach<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<Recording[]>;
}

function createTape(): Tape {
  let current: Recording | undefined;
  return {
    add: (step) => void current?.push(step()),
    async recordEach(items, work) {
      const recordings: Recording[] = [];
      for (const item of items) {
        recordings.push((current = []));
        await work(item).finally(() => (current = undefined));
      }
      return recordings;
    },
  };
}

type Query = (config: QueryConfig & Partial<QueryArrayConfig>, ...rest: unknown[]) => unknown;

function listenToStatements(tape: Tape, closing: Closing): void {
  const client = Client.prototype as unknown as { query: Query };
  const { query } = client;
  client.query = function (this: unknown, config, ...rest) {
    const { text, values = [] } = config;
    if (typeof text === 'string') tape.add(() => ({ kind: 'statement', text, values }));
    return query.call(this, config, ...rest);
  };
  closing(() => (client.query = query));
}

type Opened = Awaited<ReturnType<typeof openCurrent>>;

function listenToModels({ engine }: Opened, tape: Tape): void {
  const run = engine.run.bind(engine);
  engine.run = (name, inputs, options) => {
    // The inputs are copied, since the engine takes over the memory of the originals.
    tape.add(() => ({ kind: 'run', model: name.split('/').at(-1) ?? name, inputs: structuredClone(inputs) }));
    return run(name, inputs, options);
  };
}

function listenToIndexes({ shop }: Opened, tape: Tape): void {
  const { articles } = shop;
  const { index } = articles.vectors;
  const search = index.search.bind(index);
  index.search = (vectors, k) => {
    tape.add(() => ({ kind: 'search', index: 'articles', search: () => search(vectors, k) }));
    return search(vectors, k);
  };
  const similar = articles.similar.bind(articles);
  articles.similar = (vectors, k) => {
    tape.add(() => ({ kind: 'search', index: 'similar', search: () => similar(vectors, k) }));
    return similar(vectors, k);
  };
}

/** Rounds that are not counted. */
const WARM_UP = 1;
/** Pause in ms, after which ONNX Runtime's threads no longer wait actively for more work. */
const REST_MS = 60;

/** Cost of the kernels per request, measured in two ways. */
export interface KernelCosts {
  /**
   * Cost if each kernel runs for all requests before the next kernel does, so that its code and
   * data stay in the processor's caches.
   */
  readonly each: ReadonlyMap<string, KernelCost>;
  /**
   * Cost if the kernels run in the order of the requests, so that every kernel finds the caches as
   * the other kernels left them.
   */
  readonly inOrder: KernelCost;
}

/**
 * Measures the kernels of some requests. The cost is that of the median round, divided by the
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

/** Returns the sum of the costs of kernels that were measured separately. */
export function sumOf(costs: ReadonlyMap<string, KernelCost>): KernelCost {
  const sum = { ms: 0, cpuMs: 0 };
  for (const { ms, cpuMs } of costs.values()) {
    sum.ms += ms;
    sum.cpuMs += cpuMs;
  }
  return sum;
}

/** A single run of a kernel. */
interface Step {
  readonly kernel: string;
  readonly work: () => unknown;
}

/**
 * Turns recordings into work that can be repeated. `others` returns the processor time in ms that
 * Postgres has used for this work so far.
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
  const sessions = await onnxSessionsOf(shop, models, closers);
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

/** Opens each model in ONNX Runtime with the server's settings. */
async function onnxSessionsOf(
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
