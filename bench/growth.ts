// What a larger catalogue costs: shops of 10,000, 105,542 and 1,000,000 articles, each with a release of its own, and the same requests of one
// client to each, over HTTP. The releases are trained briefly: cost is measured, not quality. `--quick`: 1,000 and 20,000 articles. `--save` into
// results/. The last line is JSON. Knows nothing of how a request is answered.
import { parseArgs } from 'node:util';
import { withCleanup, type Closing } from './serving/cleanup';
import { drawArticles, drawCustomers } from './serving/draws';
import { startGenerator } from './serving/generator';
import { percentile } from './serving/load';
import { finish, machine, wantedTable } from './serving/results';
import { connectTo, emptyShop, fillShop } from './serving/shops';
import { startServer } from './serving/subject';

const SIZES = [10_000, 105_542, 1_000_000];
const QUICK_SIZES = [1_000, 20_000];
const REQUESTS = 2_000;
const SECONDS = 60;

const QUESTIONS = [
  {
    name: 'recommendations',
    query: `query R($id: ID!) { recommendations(customerId: $id, first: 12) { rank score article { id name productTypeName colourGroupName } } }`,
    field: 'recommendations',
    draw: drawCustomers,
  },
  {
    name: 'similar articles',
    query: `query S($id: ID!) { similarArticles(articleId: $id, first: 12) { rank score article { id name productTypeName colourGroupName } } }`,
    field: 'similarArticles',
    draw: drawArticles,
  },
] as const;

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean' }, save: { type: 'boolean' } } });
const { quick = false, save = false } = flags;

void withCleanup(async (closing) => {
  const started = performance.now();
  const sizes: Awaited<ReturnType<typeof measureSize>>[] = [];
  for (const articles of quick ? QUICK_SIZES : SIZES) {
    const measured = await inTurn(closing, (own) => measureSize(articles, own));
    sizes.push(measured);
    const texts = QUESTIONS.map(({ name }) => `${name} p50 ${measured.p50Ms[name].toFixed(2)} ms`);
    console.log(
      `${articles} articles: ${texts.join(', ')}; ready in ${measured.readySeconds.toFixed(1)} s, ${measured.rssMiB?.toFixed(0)} MiB; ` +
        `made and trained in ${measured.preparedSeconds.toFixed(0)} s`,
    );
  }
  const [smallest, largest] = [sizes[0], sizes[sizes.length - 1]];
  const ratios = Object.fromEntries(QUESTIONS.map(({ name }) => [name, largest.p50Ms[name] / smallest.p50Ms[name]]));
  console.log(
    `\n${wantedTable(Object.entries(ratios).map(([name, got]) => ({ what: `${name}: p50, largest beside smallest`, got, unit: 'times', most: 2 })))}`,
  );
  const { p50Ms, rssMiB, host } = largest;
  const growth = ratios.recommendations;
  await finish('growth', save, {
    quick,
    machine: host,
    p50Ms: p50Ms.recommendations,
    rssMiB,
    growth,
    ratios,
    sizes: sizes.map(({ host: _host, ...size }) => size),
    seconds: (performance.now() - started) / 1000,
  });
});

async function measureSize(articles: number, closing: Closing) {
  const started = performance.now();
  const shop = await emptyShop(closing, { embedded: quick });
  await fillShop(
    shop,
    { customers: 5_000, articles, transactions: Math.max(100_000, 2 * articles), days: 365 },
    closing,
  );
  const preparedSeconds = (performance.now() - started) / 1000;
  const control = await connectTo(shop.databaseUrl, closing);
  const server = await startServer(shop, control, closing);
  const generator = startGenerator();
  closing(() => generator.close());
  const p50Ms: Record<string, number> = {};
  for (const { name, query, field, draw } of QUESTIONS) {
    const ids = await draw(control, 500);
    const task = {
      port: server.port,
      query,
      variable: 'id',
      ids,
      from: 0,
      field,
      items: 12,
      traced: false,
    };
    const load = { kind: 'closed', clients: 1, seconds: SECONDS, most: REQUESTS } as const;
    await generator.run({ ...task, load: { ...load, most: REQUESTS / 4 } });
    const { latencies, failures, failure } = await generator.run({ ...task, load });
    if (failures > 0) throw new Error(`${name}: ${failures} requests failed, the first: ${failure}`);
    p50Ms[name] = percentile(latencies, 0.5);
  }
  const { readySeconds } = server;
  return {
    articles,
    p50Ms,
    readySeconds,
    preparedSeconds,
    rssMiB: server.memory()?.nowMiB,
    host: machine(shop.postgres),
  };
}

/** Some work whose things are closed at its end, not at the end of all. */
async function inTurn<T>(closing: Closing, work: (closing: Closing) => Promise<T>): Promise<T> {
  const opened: (() => unknown)[] = [];
  const closeAll = async (): Promise<void> => {
    for (let close = opened.pop(); close; close = opened.pop()) await close();
  };
  closing(closeAll);
  const result = await work((close) => opened.push(close));
  await closeAll();
  return result;
}
