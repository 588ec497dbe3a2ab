// A server over a release: changes in the store, new releases, releases that cannot be opened, and
// the cost of a query.
import { cp, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from '../../src/api/server';
import type { Store } from '../../src/data/store/store';
import { openStore } from '../../src/data/store/open-store';
import { VitrineError } from '../../src/errors';
import { makeCurrent } from '../../src/release/release-store';
import { createHost, type Host } from '../../src/serving/host';
import { openCurrent } from '../../src/serving/opened';
import { createWorld, type World } from '../support/world';
import { SERVING, difference, query, renameManifest, serverOf, silentLog } from './served';

let world: World;
beforeAll(async () => {
  world = await createWorld('host');
});
afterAll(() => world.close());

describe('the server over a release', () => {
  let store: Store;
  let host: Host;
  let server: Server;
  beforeAll(async () => {
    store = openStore(world.database.url);
    host = createHost({ modelsDir: world.modelsDir, ...SERVING, explore: 12 }, store, silentLog);
    await host.start();
    server = await serverOf(store, host);
  });
  afterAll(async () => {
    await server.close();
    await host.close();
    await store.close();
  });

  test('a customer inserted with plain SQL gets recommendations at once, by what they bought', async () => {
    await world.database.sql(`INSERT INTO customers (customer_id, age) VALUES ('plain-sql-customer', 33)`);
    expect((await recommendationsOf('plain-sql-customer')).coldStart).toBe(true);
    await world.database.sql(
      `INSERT INTO purchases (customer_key, article_key, bought_at, price)
       SELECT c.key, a.key, now(), 0.02 FROM customers c, (SELECT key FROM articles ORDER BY key LIMIT 3) a
       WHERE c.customer_id = 'plain-sql-customer'`,
    );
    const { coldStart, articles } = await recommendationsOf('plain-sql-customer');
    expect(coldStart).toBe(false);
    expect(articles).toHaveLength(12);
  });

  test('an article inserted with plain SQL and its twin are similar to each other within two seconds', async () => {
    const [twin] = await world.database.sql<{ article_id: string }>(
      `SELECT article_id FROM articles ORDER BY key LIMIT 1`,
    );
    await world.database.sql(
      `INSERT INTO articles (article_id, name, category, colour, description, attributes)
       SELECT 'plain-sql-article', name, category, colour, description, attributes
       FROM articles WHERE article_id = '${twin.article_id}'`,
    );
    const started = performance.now();
    const ofNew = await similarTo('plain-sql-article');
    expect(ofNew[0]).toBe(twin.article_id);
    while (!(await similarTo(twin.article_id)).includes('plain-sql-article')) {
      if (performance.now() - started > 2_000) throw new Error('not found within two seconds');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  test('each twelfth place is for an article that nobody has bought yet', async () => {
    const data = (await query(
      server,
      '{ recommendations(customerId: "plain-sql-customer", first: 24) { neverSold score article { id } } }',
    )) as { recommendations: { neverSold: boolean; score: number; article: { id: string } }[] };
    const { recommendations } = data;
    expect(recommendations).toHaveLength(24);
    const rows = await world.database.sql<{ article_id: string }>(
      'SELECT DISTINCT article_id FROM purchases JOIN articles ON key = article_key',
    );
    const sold = new Set(rows.map((row) => row.article_id));
    expect(recommendations.map(({ neverSold }) => neverSold)).toEqual(
      recommendations.map(({ article }) => !sold.has(article.id)),
    );
    for (const place of [12, 24]) expect(recommendations[place - 1].neverSold).toBe(true);
    expect(recommendations[11].score).toBeLessThan(recommendations[0].score);

    // After a customer has bought the article, their list no longer says that it was never sold.
    const [{ article }] = recommendations.filter(({ neverSold }) => neverSold);
    await world.database.sql(
      `INSERT INTO purchases (customer_key, article_key, bought_at, price)
       SELECT c.key, a.key, now(), 0.02 FROM customers c, articles a
       WHERE c.customer_id = 'plain-sql-customer' AND a.article_id = '${article.id}'`,
    );
    const after = (await query(
      server,
      '{ recommendations(customerId: "plain-sql-customer", first: 24) { source neverSold article { id } } }',
    )) as { recommendations: { source: string; neverSold: boolean; article: { id: string } }[] };
    const bought = after.recommendations.find((one) => one.article.id === article.id);
    expect(bought).toMatchObject({ source: 'OWN_PURCHASES', neverSold: false });
  });

  test('an article that is deleted is not shown any more', async () => {
    await world.database.sql(`DELETE FROM articles WHERE article_id = 'plain-sql-article'`);
    const [twin] = await world.database.sql<{ article_id: string }>(
      `SELECT article_id FROM articles ORDER BY key LIMIT 1`,
    );
    expect(await similarTo(twin.article_id)).not.toContain('plain-sql-article');
  });

  test('a new release takes over while requests run, and none fails', async () => {
    const name = world.trained.manifest.name;
    const copy = '2099-01-01T00-00-00';
    await cp(join(world.modelsDir, name), join(world.modelsDir, copy), { recursive: true });
    await renameManifest(join(world.modelsDir, copy), copy);
    await makeCurrent(world.modelsDir, copy);
    const [customer] = (await store.customersPage(1)).rows;
    const deadline = performance.now() + 10_000;
    while (host.release() !== copy) {
      expect((await recommendationsOf(customer.id)).articles).toHaveLength(12);
      if (performance.now() > deadline) throw new Error('the server has not moved to the new release');
    }
    expect((await recommendationsOf(customer.id)).articles).toHaveLength(12);
    await makeCurrent(world.modelsDir, name);
  });

  async function recommendationsOf(customer: string): Promise<{ coldStart: boolean; articles: string[] }> {
    const data = (await query(
      server,
      `{ recommendations(customerId: "${customer}", first: 12) { coldStart article { id } } }`,
    )) as { recommendations: { coldStart: boolean; article: { id: string } }[] };
    return {
      coldStart: data.recommendations[0].coldStart,
      articles: data.recommendations.map(({ article }) => article.id),
    };
  }

  async function similarTo(article: string): Promise<string[]> {
    const data = (await query(
      server,
      `{ similarArticles(articleId: "${article}", first: 12) { article { id } } }`,
    )) as { similarArticles: { article: { id: string } }[] };
    return data.similarArticles.map((one) => one.article.id);
  }
});

describe('a server whose current release cannot be opened', () => {
  const copy = '2099-02-02T00-00-00';
  const model = join(copy, 'ranker', '1', 'model.onnx');
  let store: Store;
  let host: Host;
  /**
   * Number of attempts to open a release. Each attempt first pings the database, which is counted
   * here.
   */
  let tries = 0;
  const until = async (holds: () => boolean): Promise<void> => {
    const deadline = performance.now() + 20_000;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error('expected it to come true within 20 seconds');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  /** Waits for at least this many looks of the host. */
  const looks = (count: number) => new Promise((resolve) => setTimeout(resolve, 20 * count));
  beforeAll(async () => {
    store = openStore(world.database.url);
    const counting: Store = { ...store, ping: () => ((tries += 1), store.ping()) };
    host = createHost({ modelsDir: world.modelsDir, ...SERVING }, counting, silentLog, { followMs: 10 });
    await host.start();
    await cp(join(world.modelsDir, world.trained.manifest.name), join(world.modelsDir, copy), { recursive: true });
    await renameManifest(join(world.modelsDir, copy), copy);
    const content = await readFile(join(world.modelsDir, model));
    await writeFile(join(world.modelsDir, `${copy}.kept`), content);
    await writeFile(join(world.modelsDir, model), content.subarray(0, content.length / 2));
    tries = 0;
    await makeCurrent(world.modelsDir, copy);
    await until(() => tries > 0 && host.unserved()?.reason.includes('cannot be opened') === true);
  });
  afterAll(async () => {
    await host.close();
    await store.close();
    await makeCurrent(world.modelsDir, world.trained.manifest.name);
  });

  test('keeps serving the previous release, reports the one it cannot open, and does not retry while nothing changes', async () => {
    expect(host.release()).toBe(world.trained.manifest.name);
    expect(host.problem()).toBeUndefined();
    expect(host.unserved()).toEqual({ release: copy, reason: 'it cannot be opened; see the log' });
    const server = await createServer({
      store,
      recommender: host.recommender,
      config: { host: '127.0.0.1', port: 0, introspection: true, corsOrigins: [] },
      log: silentLog,
      report: () => undefined,
      ready: () => ({ ready: true, release: host.release(), wanted: copy, reason: host.unserved()?.reason ?? '' }),
      counters: host,
    });
    const ready = await server.app.inject({ url: '/health/ready' });
    const told = { status: 'ready', release: world.trained.manifest.name, wanted: copy };
    expect([ready.statusCode, ready.json()]).toMatchObject([200, told]);
    const metrics = (await server.app.inject({ url: '/metrics' })).body;
    expect(metrics).toContain(`vitrine_release_wanted_info{release="${copy}"} 1`);
    expect(metrics).toContain('vitrine_release_stale 1');
    await server.close();
    await looks(20);
    expect(tries).toBe(1);
  });

  test('tries again when the same release is made current again', async () => {
    await makeCurrent(world.modelsDir, copy);
    await until(() => tries === 2);
    await looks(20);
    expect(tries).toBe(2);
    expect(host.release()).toBe(world.trained.manifest.name);
  });

  test('serves it once its file is restored, even with its old time', async () => {
    const file = join(world.modelsDir, model);
    const { atime, mtime } = await stat(file);
    await writeFile(file, await readFile(join(world.modelsDir, `${copy}.kept`)));
    await utimes(file, atime, mtime);
    await until(() => host.release() === copy);
    expect(host.unserved()).toBeUndefined();
  });

  test('does not show the content of `current` if it is not a release name', async () => {
    await writeFile(join(world.modelsDir, 'current'), '../secret"\nplace');
    await until(() => host.unserved()?.reason.includes('cannot be opened') === true);
    expect(host.unserved()?.release).toBe('not a name');
    expect(host.release()).toBe(copy);
  });
});

describe('what one query costs', () => {
  let store: Store;
  let host: Host;
  let server: Server;
  const statements: string[] = [];
  beforeAll(async () => {
    store = openStore(world.database.url, { onQuery: (table) => statements.push(table) });
    // The pause between two looks at the store is long, since the statements of a look would be
    // counted too.
    host = createHost({ modelsDir: world.modelsDir, ...SERVING }, store, silentLog, { followMs: 3_600_000 });
    await host.start();
    server = await serverOf(store, host);
  });
  afterAll(async () => {
    await server.close();
    await host.close();
    await store.close();
  });

  test('customers(first: 20) with 12 recommendations each needs one read of each table, one run of each model, and a search for every four', async () => {
    statements.length = 0;
    const before = new Map(host.work());
    const data = (await query(
      server,
      '{ customers(first: 20) { nodes { recommendations(first: 12) { article { name } } } } }',
    )) as { customers: { nodes: { recommendations: { article: { name: string } }[] }[] } };
    expect(data.customers.nodes).toHaveLength(20);
    for (const { recommendations } of data.customers.nodes) expect(recommendations).toHaveLength(12);
    expect(statements.sort()).toEqual(['articles', 'customers', 'purchases']);
    const work = Object.fromEntries(difference(before, host.work()));
    expect(work).toEqual({ query_tower: 1, 'articles.search': 5, ranker: 1 });
  });
});

test('a folder without a release is refused', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'vitrine-empty-'));
  const store = openStore(world.database.url);
  await expect(openCurrent({ modelsDir: empty, ...SERVING }, store)).rejects.toThrow(VitrineError);
  await store.close();
  await rm(empty, { recursive: true });
});
