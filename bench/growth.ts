// The cost of a larger catalogue. There are shops of 10,000, 105,542 and 1,000,000 articles, each
// with its own server. One client asks all servers the same questions in alternation. Releases are
// trained only briefly, since quality is not measured. Training for the larger shops starts from
// the release of the smallest shop. `--quick` uses shops of 1,000 and 20,000 articles. `--save`
// writes into results/. The last line is JSON.
import { cp } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { withCleanup, type Closing } from './serving/cleanup';
import { drawArticles, drawCustomers } from './serving/draws';
import { startGenerator, type Result } from './serving/load/generator';
import { percentile, together } from './serving/load/load';
import { finish, machine, wantedTable } from './serving/results';
import { connectTo, emptyShop, fillShop, type BenchShop } from './serving/shops';
import { startServer, type Subject } from './serving/subject';

const SIZES = [10_000, 105_542, 1_000_000];
const QUICK_SIZES = [1_000, 20_000];
/**
 * Each server gets some of the questions in every turn, so that a disturbance of the machine
 * affects all servers alike.
 */
const TURNS = 5;
const REQUESTS_A_TURN = 400;
const SECONDS = 60;
/**
 * There are enough articles that none is asked for twice, since its similar articles would be
 * cached.
 */
const ARTICLES = (TURNS + 1) * REQUESTS_A_TURN;

const QUESTIONS = [
  {
    name: 'recommendations',
    query: `query R($id: ID!) { recommendations(customerId: $id, first: 12) { rank score article { id name category colour } } }`,
    field: 'recommendations',
  },
  {
    name: 'similar articles',
    query: `query S($id: ID!) { similarArticles(articleId: $id, first: 12) { rank score article { id name category colour } } }`,
    field: 'similarArticles',
  },
] as const;

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean' }, save: { type: 'boolean' } } });
const { quick = false, save = false } = flags;

void withCleanup(async (closing) => {
  const started = performance.now();
  const sizes: Size[] = [];
  for (const articles of quick ? QUICK_SIZES : SIZES) {
    const size = await prepare(articles, sizes[0]?.shop, closing);
    sizes.push(size);
    const { preparedSeconds, server } = size;
    console.log(
      `${articles} articles: made and trained in ${preparedSeconds.toFixed(0)} s, ready in ${server.readySeconds.toFixed(1)} s`,
    );
  }
  const generator = startGenerator();
  closing(() => generator.close());
  const ask = async ({ server, ids, results }: Size, turn: number): Promise<void> => {
    for (const { name, query, field } of QUESTIONS) {
      const what = { port: server.port, query, variable: 'id', ids: ids[name], field, items: 12, traced: false };
      const load = { kind: 'closed', clients: 1, seconds: SECONDS, most: REQUESTS_A_TURN } as const;
      const result = await generator.run({ ...what, from: turn * REQUESTS_A_TURN, load });
      if (result.failures > 0) throw new Error(`${name}: ${result.failures} failed, the first: ${result.failure}`);
      // The first turn warms the servers up and is not counted.
      if (turn > 0) results[name].push(result);
    }
  };
  for (let turn = 0; turn <= TURNS; turn++) {
    for (const size of turn % 2 === 0 ? sizes : sizes.toReversed()) await ask(size, turn);
  }

  const figures = sizes.map(({ articles, preparedSeconds, server, results }) => ({
    articles,
    preparedSeconds,
    readySeconds: server.readySeconds,
    rssMiB: server.memory()?.nowMiB,
    p50Ms: Object.fromEntries(
      QUESTIONS.map(({ name }) => [name, percentile(together(results[name]).latencies, 0.5)]),
    ) as Record<QuestionName, number>,
  }));
  for (const { articles, p50Ms, rssMiB } of figures) {
    const texts = QUESTIONS.map(({ name }) => `${name} p50 ${p50Ms[name].toFixed(2)} ms`);
    console.log(`${articles} articles: ${texts.join(', ')}; ${rssMiB?.toFixed(0)} MiB`);
  }
  const [smallest, largest] = [figures[0], figures[figures.length - 1]];
  const ratios = Object.fromEntries(QUESTIONS.map(({ name }) => [name, largest.p50Ms[name] / smallest.p50Ms[name]]));
  console.log(
    `\n${wantedTable(Object.entries(ratios).map(([name, got]) => ({ what: `${name}: p50, largest beside smallest`, got, unit: 'times', most: 2 })))}`,
  );
  await finish('growth', save, {
    quick,
    machine: machine(sizes[0].shop.postgres),
    p50Ms: largest.p50Ms.recommendations,
    rssMiB: largest.rssMiB,
    growth: ratios.recommendations,
    ratios,
    sizes: figures,
    seconds: (performance.now() - started) / 1000,
  });
});

type QuestionName = (typeof QUESTIONS)[number]['name'];

interface Size {
  readonly articles: number;
  readonly shop: BenchShop;
  readonly server: Subject;
  readonly preparedSeconds: number;
  readonly ids: Readonly<Record<QuestionName, string[]>>;
  /** Results of each question, one for each turn. */
  readonly results: Readonly<Record<QuestionName, Result[]>>;
}

async function prepare(articles: number, first: BenchShop | undefined, closing: Closing): Promise<Size> {
  const started = performance.now();
  const shop = await emptyShop(closing, { embedded: quick });
  // Starts from the first release: training a million articles from scratch takes a quarter of an
  // hour and does not change the cost of requests.
  if (first) await cp(first.modelsDir, shop.modelsDir, { recursive: true });
  const people = { customers: 5_000, transactions: 100_000, days: 365 };
  await fillShop(shop, { ...people, articles }, closing, first ? ['--warm-start'] : []);
  const preparedSeconds = (performance.now() - started) / 1000;
  const control = await connectTo(shop.databaseUrl, closing);
  const ids = {
    recommendations: await drawCustomers(control, 500),
    'similar articles': await drawArticles(control, ARTICLES),
  };
  const server = await startServer(shop, control, closing);
  return { articles, shop, server, preparedSeconds, ids, results: { recommendations: [], 'similar articles': [] } };
}
