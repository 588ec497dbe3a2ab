// The main job, end to end: a shop is learnt from, released and served; what it answers, and what
// that costs.
import { cp, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type ArticleRow, type Store } from '../../src/data/store/store';
import { openEngine } from '../../src/engine/engine';
import { VitrineError } from '../../src/errors';
import { createServer, type Server } from '../../src/api/http/server';
import { SOURCES } from '../../src/ranking/sources/sources';
import { encodeDataset, readPurchaseLog } from '../../src/dataset/dataset';
import { habitsOf } from '../../src/dataset/habit-counts';
import type { Recommendation, RecommendationTrace, SimilarArticle } from '../../src/serving/types';
import { makeCurrent } from '../../src/release/release-store';
import type { Manifest } from '../../src/release/format';
import { openRelease } from '../../src/release/open';
import { readTrained } from '../../src/release/weights';
import { createHost, type Host } from '../../src/serving/host';
import { openCurrent, type Opened } from '../../src/serving/opened';
import { silentReporter } from '../../src/telemetry/progress';
import { createLog } from '../../src/telemetry/log';
import { unitsOfMonth } from '../../src/evaluation/baselines';
import { trainingConfig } from '../../src/training/config';
import { momentOf } from '../../src/dataset/moments';
import { createWorld, type World } from '../support/world';

const silentLog = createLog({ logLevel: 'silent' });
const SERVING = { device: 'cpu', threads: 1, explore: 24 } as const;

let world: World;
beforeAll(async () => {
  world = await createWorld('shop');
});
afterAll(() => world.close());

describe('the evaluation of the synthetic shop', () => {
  test('retrieval finds more of what was bought than popularity', () => {
    const models = world.trained.evaluation?.models;
    expect(models?.retrieval['recall@100']).toBeGreaterThan((models?.popularity['recall@100'] ?? 1) * 1.15);
  });

  test('both stages rank at least twice as well as popularity', () => {
    const models = world.trained.evaluation?.models;
    expect(models?.['two-stage']['map@12']).toBeGreaterThan((models?.popularity['map@12'] ?? 1) * 2);
  });

  test('no model beats the oracle, who knows the planted tastes', () => {
    const models = world.trained.evaluation?.models ?? {};
    const oracle = models.oracle['map@12'];
    for (const metrics of Object.values(models)) expect(metrics['map@12']).toBeLessThanOrEqual(oracle);
  });
});

describe('the recommender of a release', () => {
  let opened: Opened;
  let store: Store;
  let customers: string[];
  const statements: string[] = [];
  beforeAll(async () => {
    store = openStore(world.database.url, { onQuery: (table) => statements.push(table) });
    opened = await openCurrent({ modelsDir: world.modelsDir, ...SERVING }, store);
    customers = (await store.customersPage(20)).rows.map(({ id }) => id);
  });
  afterAll(async () => {
    await opened.close();
    await store.close();
  });

  test('knows of sales, prices, ages and peers from SQL what training counts, to the last number', async () => {
    const raw = await readPurchaseLog(store, silentReporter);
    const shop = await encodeDataset(store, raw, { before: raw.last + 1 }, silentReporter);
    const moment = opened.shop.moment();
    const { prices, ...expected } = momentOf(shop, raw.last + 1);
    expect(moment).toEqual({ ...expected, prices: expect.any(Float32Array) as Float32Array });
    prices.forEach((price, article) => {
      if (Number.isNaN(price)) expect(moment.prices[article]).toBeNaN();
      // The database adds up in another order.
      else expect(moment.prices[article] / price).toBeCloseTo(1, 5);
    });
    expect(opened.shop.habits).toEqual(habitsOf(shop, shop.historyEnds({ before: raw.last + 1 })));
    // There is something of everything in it.
    expect(moment.peers.filter(({ articles }) => articles.length > 0).length).toBeGreaterThan(5);
    for (const list of [moment.arrivals, moment.trending]) expect(list.length).toBeGreaterThan(10);
    expect(moment.ofProduct.some((others) => others > 0)).toBe(true);
    const month = unitsOfMonth(shop, raw.last + 1);
    expect(moment.sales.month.some((buyers, article) => buyers < month[article])).toBe(true);
    expect(prices.some((price) => price > 0)).toBe(true);
  });

  test('shows articles of several sources', async () => {
    const lists = await opened.recommender.recommend(customers.map((customerId) => ({ customerId, first: 100 })));
    const shown = new Set(lists.flatMap((list) => listOf(list).map(({ source }) => source)));
    expect(shown.size).toBeGreaterThanOrEqual(4);
  });

  test('answers many customers at once as it answers each alone', async () => {
    const together = await opened.recommender.recommend(customers.map((customerId) => ({ customerId, first: 12 })));
    for (const [i, customerId] of customers.slice(0, 6).entries()) {
      const [alone] = await opened.recommender.recommend([{ customerId, first: 12 }]);
      const [a, b] = [listOf(together[i]), listOf(alone)];
      expect(a.map(({ articleId }) => articleId)).toEqual(b.map(({ articleId }) => articleId));
      a.forEach(({ score }, place) => {
        expect(score).toBeCloseTo(b[place].score, 5);
      });
    }
  });

  test('ranks distinct articles from 1, best first, with a score between 0 and 1 and the source that found each', async () => {
    const [list] = await opened.recommender.recommend([{ customerId: customers[0], first: 50 }]);
    const all = listOf(list);
    expect(all.map(({ rank }) => rank)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(new Set(all.map(({ articleKey }) => articleKey)).size).toBe(50);
    // What never sold may stand above its score.
    const scores = all.filter(({ neverSold }) => !neverSold).map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    for (const { score, source } of all) {
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      expect(SOURCES).toContain(source);
    }
  });

  test('gives a customer that nobody knows an answer, marked as a cold start', async () => {
    const [list] = await opened.recommender.recommend([{ customerId: 'nobody', first: 12 }]);
    expect(listOf(list)).toHaveLength(12);
    expect(listOf(list).every(({ coldStart }) => coldStart)).toBe(true);
  });

  test('runs each model once for a batch, and reads customers with their purchases in one statement', async () => {
    statements.length = 0;
    const before = new Map(opened.engine.runs);
    await opened.recommender.recommend(customers.map((customerId) => ({ customerId, first: 12 })));
    expect(statements).toEqual(['customers']);
    const runs = difference(before, opened.engine.runs).map(([model, count]) => [model.split('/')[1], count]);
    expect(Object.fromEntries(runs)).toEqual({ query_tower: 1, ranker: 1 });
  });

  test('reads the text of no article that it knows, to find similar ones, and that of one that has just changed', async () => {
    const [article] = (await store.articlesPage(1)).rows;
    const textRuns = (): number => [...opened.engine.runs].find(([model]) => model.endsWith('/text_encoder'))?.[1] ?? 0;
    const none = textRuns();
    const nearest = async (row?: ArticleRow) => {
      const [list] = await opened.recommender.similar([
        { articleId: article.id, first: 5, ...(row && { article: row }) },
      ]);
      if (!list || list instanceof Error) throw new Error('no list');
      return list[0];
    };
    const first = await nearest();
    expect(textRuns()).toBe(none);
    // The same words once more: the vector that is read is the one that was taken.
    const changed = { ...article, updatedAt: new Date(article.updatedAt.getTime() + 1) };
    const again = await nearest(changed);
    expect(textRuns()).toBe(none + 1);
    expect(again.articleKey).toBe(first.articleKey);
    expect(again.score).toBeCloseTo(first.score, 4);
  });

  test('weighs looks and taste in what is similar as the release has them, and the taste more for what is bought with an article', async () => {
    const [{ id }] = (await store.articlesPage(1)).rows;
    const own = opened.shop.articles.textVectorOf(opened.shop.articles.articleOf(id) ?? -1);
    const parts = opened.shop.articles.textParts;
    if (!own || !parts) throw new Error('expected a vector of two parts');
    expect(parts).toEqual({ from: trainingConfig('tiny', 1).text.looks.dim, share: 0.5 });
    const likeness = (article: string, taste: number): number => {
      const other = opened.shop.articles.textVectorOf(opened.shop.articles.articleOf(article) ?? -1);
      return own.reduce(
        (sum, value, d) => sum + 2 * value * (other?.[d] ?? 0) * (d < parts.from ? 1 - taste : taste),
        0,
      );
    };
    const request = { articleId: id, first: 12, perProduct: 100 };
    const [alike, together] = await opened.recommender.similar([
      { ...request, coPurchase: 0 },
      { ...request, coPurchase: 0.4 },
    ]);
    if (!Array.isArray(alike) || !Array.isArray(together)) throw new Error('expected lists');
    expect(alike).toHaveLength(12);
    for (const { articleId, score } of alike) expect(score).toBeCloseTo(likeness(articleId, 0.15), 4);
    // Besides there is what is known of purchases, which is never against an article.
    for (const { articleId, score } of together) {
      expect(score).toBeGreaterThan(0.6 * likeness(articleId, 0.4) - 1e-4);
    }
    expect(together.some(({ articleId, score }) => Math.abs(score - 0.6 * likeness(articleId, 0.4)) < 1e-4)).toBe(true);
  });

  test('does not search again for what it found similar lately, until an article changes', async () => {
    const asked = (await store.articlesPage(5)).rows.map(({ id }) => ({ articleId: id, first: 6 }));
    const first = await opened.recommender.similar(asked);
    const before = opened.shop.articles.searches.similar;
    expect(await opened.recommender.similar(asked)).toEqual(first);
    expect(opened.shop.articles.searches.similar).toBe(before);
    // A longer list needs a farther search.
    await opened.recommender.similar(asked.map((one) => ({ ...one, first: 60 })));
    expect(opened.shop.articles.searches.similar).toBe(before + 1);

    const [{ articleId }] = asked;
    await world.database.sql(
      `UPDATE articles SET detail_desc = detail_desc || ' changed' WHERE article_id = '${articleId}'`,
    );
    expect(await opened.shop.refresh()).toBe(1);
    await opened.recommender.similar(asked);
    expect(opened.shop.articles.searches.similar).toBe(before + 2);
    // What is no longer of the same product may be similar too; what was changed otherwise stays
    // where it is.
    const other = asked[1].articleId;
    await world.database.sql(`UPDATE articles SET product_code = 'another' WHERE article_id = '${other}'`);
    expect(await opened.shop.refresh()).toBe(1);
    await opened.recommender.similar(asked);
    expect(opened.shop.articles.searches.similar).toBe(before + 3);
    await world.database.sql(`UPDATE articles SET updated_at = now() + interval '1 s' WHERE article_id = '${other}'`);
    expect(await opened.shop.refresh()).toBe(1);
    await opened.recommender.similar(asked);
    expect(opened.shop.articles.searches.similar).toBe(before + 3);
  });

  test('keeps lists apart by all that they were asked for with, also of articles whose rows the caller has', async () => {
    const [article] = (await store.articlesPage(1)).rows;
    const one = { articleId: article.id, article, first: 6 };
    const ways = [{}, { first: 3 }, { coPurchase: 1 }, { perProduct: 100 }].map((way) => ({ ...one, ...way }));
    const before = opened.shop.articles.searches.similar;
    const lists = await opened.recommender.similar(ways);
    expect(opened.shop.articles.searches.similar).toBe(before + 1);
    expect(await opened.recommender.similar([...ways].reverse())).toEqual(lists.reverse());
    expect(opened.shop.articles.searches.similar).toBe(before + 1);
    expect(new Set(lists.map((list) => JSON.stringify(list))).size).toBeGreaterThan(2);
    expect(await opened.recommender.similar([{ ...one, article: null }])).toEqual([null]);
  });

  test('finds similar articles by their texts, never the article itself, and null for one that is not there', async () => {
    const [article] = (await store.articlesPage(1)).rows;
    const [similar, unknown] = await opened.recommender.similar([
      { articleId: article.id, first: 12 },
      { articleId: 'no such article', first: 12 },
    ]);
    expect(unknown).toBeNull();
    if (similar === null || similar instanceof Error) throw new Error('expected a list');
    expect(similar).toHaveLength(12);
    expect(similar.map(({ articleId }) => articleId)).not.toContain(article.id);
    // Much of what is alike is of the same type, of which a shop so small has few; at random it
    // would be one in forty.
    const asked = (await store.articlesPage(40)).rows;
    const lists = await opened.recommender.similar(asked.map(({ id }) => ({ articleId: id, first: 5 })));
    const rows = await Promise.all(
      lists.map((list) => {
        if (list === null || list instanceof Error) throw new Error('expected a list');
        return store.articlesByKey(list.map(({ articleKey }) => articleKey));
      }),
    );
    const alike = rows.flatMap((some, i) => some.filter((row) => row?.productTypeName === asked[i].productTypeName));
    expect(alike.length).toBeGreaterThan(80);
  });
});

describe('what the shop window asks of a release', () => {
  let opened: Opened;
  let store: Store;
  let articles: ArticleRow[];
  beforeAll(async () => {
    store = openStore(world.database.url);
    opened = await openCurrent({ modelsDir: world.modelsDir, ...SERVING }, store);
    articles = (await store.articlesPage(500)).rows;
  });
  afterAll(async () => {
    await opened.close();
    await store.close();
  });
  const rowsOf = async (list: readonly { articleKey: number }[]): Promise<ArticleRow[]> =>
    (await store.articlesByKey(list.map(({ articleKey }) => articleKey))).filter((row) => row !== null);

  test('words find articles that have them, in one search for many', async () => {
    const before = opened.shop.articles.searches.similar;
    const texts = [...new Set(articles.map((row) => `${row.colourGroupName ?? ''} ${row.productTypeName ?? ''}`))];
    const asked = texts.slice(0, 20);
    const lists = await opened.recommender.search(asked.map((text) => ({ text, first: 3 })));
    expect(opened.shop.articles.searches.similar).toBe(before + 1);
    let hits = 0;
    for (const [i, list] of lists.entries()) {
      const rows = await rowsOf(listOf(list));
      hits += rows.filter(({ productTypeName }) => asked[i].includes(productTypeName ?? '?')).length;
    }
    expect(hits).toBeGreaterThan(30);
  });

  test('words in another ending, mistyped or begun find what is meant', async () => {
    const counts = new Map<string, number>();
    for (const { productTypeName } of articles) {
      if (/^\p{L}{5,}$/u.test(productTypeName ?? '')) {
        counts.set(productTypeName ?? '', (counts.get(productTypeName ?? '') ?? 0) + 1);
      }
    }
    const [[type]] = [...counts].sort(([, a], [, b]) => b - a);
    const word = type.toLowerCase();
    const swapped = `${word.slice(0, 2)}${word[3]}${word[2]}${word.slice(4)}`;
    const asked = [word, swapped, `${word.slice(0, -1)}x`, word.slice(0, -1), `${word}n`];
    const lists = await opened.recommender.search(asked.map((text) => ({ text, first: 12 })));
    for (const [i, list] of lists.entries()) {
      const hits = (await rowsOf(listOf(list))).filter(({ productTypeName }) => productTypeName === type).length;
      expect([asked[i], hits >= 9]).toEqual([asked[i], true]);
    }
  });

  test('what sells comes by how many customers bought it in the last week', async () => {
    const [list] = await opened.recommender.trending([{ first: 12 }]);
    const sold = listOf(list).map(({ buyersLastWeek }) => buyersLastWeek);
    expect(sold).toHaveLength(12);
    expect(sold).toEqual([...sold].sort((a, b) => b - a));
    const [{ count }] = await world.database.sql<{ count: number }>(
      `SELECT count(DISTINCT customer_key)::int AS count FROM purchases WHERE article_key = $1
         AND bought_at > (SELECT max(bought_at) FROM purchases) - interval '7 days'`,
      [listOf(list)[0].articleKey],
    );
    expect(sold[0]).toBe(count);
  });

  test('a recommendation names an earlier purchase of the customer, a variant of it or bought with it', async () => {
    const customers = (await store.customersPage(60)).rows;
    const lists = await opened.recommender.recommend(customers.map(({ id }) => ({ customerId: id, first: 50 })));
    const pasts = await store.latestPurchases(
      customers.map(({ key }) => key),
      100,
    );
    const byKey = new Map(articles.map((row) => [row.key, row]));
    const reasons = { VARIANTS: 0, CO_PURCHASE: 0 };
    lists.forEach((list, c) => {
      for (const { source, sources, because, articleKey } of listOf(list)) {
        expect(sources).toContain(source);
        if (source !== 'VARIANTS' && source !== 'CO_PURCHASE') {
          expect(because).toBeNull();
          continue;
        }
        reasons[source] += 1;
        expect(pasts[c].map((purchase) => purchase.articleKey)).toContain(because);
        expect(because).not.toBe(articleKey);
        if (source === 'VARIANTS') {
          expect(byKey.get(because ?? 0)?.productCode).toBe(byKey.get(articleKey)?.productCode);
        }
      }
    });
    expect(reasons.VARIANTS).toBeGreaterThan(5);
    expect(reasons.CO_PURCHASE).toBeGreaterThan(5);
  });

  test('what a customer has had is left out where that is asked for, and as much comes up', async () => {
    const customers = (await store.customersPage(20)).rows;
    const requests = customers.map(({ id }) => ({ customerId: id, first: 12 }));
    const lists = await opened.recommender.recommend([
      ...requests,
      ...requests.map((request) => ({ ...request, excludePurchased: true })),
    ]);
    const pasts = await store.latestPurchases(
      customers.map(({ key }) => key),
      100,
    );
    const again = (list: Recommendation[] | Error, c: number): number =>
      listOf(list).filter(({ articleKey }) => pasts[c].some((purchase) => purchase.articleKey === articleKey)).length;
    const count = (some: typeof lists): number => some.reduce((sum, list, c) => sum + again(list, c), 0);
    expect(count(lists.slice(0, 20))).toBeGreaterThan(20);
    expect(count(lists.slice(20))).toBe(0);
    for (const list of lists) expect(listOf(list)).toHaveLength(12);
  });

  test('of one product at most two are similar, unless more are asked for', async () => {
    const countOf = (rows: readonly ArticleRow[], code: string | null): number =>
      rows.filter(({ productCode }) => productCode === code).length;
    const many = articles.find(({ productCode }) => countOf(articles, productCode) >= 5);
    if (!many) throw new Error('expected a product in five colours');
    const request = { articleId: many.id, first: 30 };
    const [two, one, all] = await opened.recommender.similar([
      request,
      { ...request, perProduct: 1 },
      { ...request, perProduct: 100 },
    ]);
    const most = async (list: SimilarArticle[] | null | Error): Promise<number> => {
      if (list === null || list instanceof Error) throw new Error('expected a list');
      expect(list).toHaveLength(30);
      const rows = await rowsOf(list);
      return Math.max(...rows.map(({ productCode }) => countOf(rows, productCode)));
    };
    expect(await most(two)).toBe(2);
    expect(await most(one)).toBe(1);
    expect(await most(all)).toBeGreaterThan(2);
  });

  test('the more purchases count, the more of what is bought together is similar', async () => {
    const { coPurchases } = opened.shop.habits;
    const own = opened.shop.articles.catalogue.ids.findIndex(
      (_, i) => coPurchases.neighbours[(i + 1) * coPurchases.width - 1] >= 0,
    );
    const neighbours = new Set(
      Array.from(coPurchases.neighbours.subarray(own * coPurchases.width, (own + 1) * coPurchases.width), (n) =>
        n < 0 ? 'none' : opened.shop.articles.catalogue.ids[n],
      ),
    );
    const articleId = opened.shop.articles.catalogue.ids[own];
    const lists = await opened.recommender.similar(
      [0, 0.5, 1].map((coPurchase) => ({ articleId, first: 12, coPurchase })),
    );
    const shares = lists.map((list) => {
      if (list === null || list instanceof Error) throw new Error('expected a list');
      expect(list.map(({ score }) => score)).toEqual(list.map(({ score }) => score).sort((a, b) => b - a));
      return list.filter((one) => neighbours.has(one.articleId)).length;
    });
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares[2]).toBeGreaterThan(shares[0]);
  });

  test('facts of articles are those of the catalogue and of the last weeks', async () => {
    const { sales } = opened.shop.moment();
    const facts = await opened.recommender.facts([...articles.map(({ key }) => key), 999_999]);
    expect(facts.at(-1)).toBeNull();
    articles.forEach((row, i) => {
      const one = facts[i];
      if (one === null || one instanceof Error) throw new Error('expected facts');
      const others = articles.filter(({ key, productCode }) => key !== row.key && productCode === row.productCode);
      expect([...one.variants].sort((a, b) => a - b)).toEqual(others.map(({ key }) => key));
      if (sales.month[opened.shop.articles.catalogue.indexOf(row.key) ?? -1] > 0) expect(one.price).toBeGreaterThan(0);
      else expect(one.price).toBeNull();
    });
  });

  test('a trace tells the candidates by source and the time of each stage', async () => {
    const traces: RecommendationTrace[] = [];
    const [{ id: customerId }] = (await store.customersPage(1)).rows;
    await opened.recommender.recommend([
      { customerId, first: 12, trace: (trace) => traces.push(trace) },
      { customerId: 'nobody', first: 12 },
    ]);
    const [trace, ...others] = traces;
    expect(others).toEqual([]);
    expect(trace.batch).toBe(2);
    expect(trace.stages.map(({ name }) => name)).toEqual(['read', 'retrieve', 'filter', 'score', 'arrange', 'present']);
    expect([...trace.found.keys()]).toEqual([...SOURCES]);
    const found = [...trace.found.values()].reduce((sum, count) => sum + count, 0);
    expect(trace.candidates).toBeGreaterThan(12);
    expect(found).toBeGreaterThanOrEqual(trace.candidates);
  });
});

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

  test('an article inserted with plain SQL is similar to its like, and its like to it, within two seconds', async () => {
    const [twin] = await world.database.sql<{ article_id: string }>(
      `SELECT article_id FROM articles ORDER BY key LIMIT 1`,
    );
    await world.database.sql(
      `INSERT INTO articles (article_id, prod_name, product_type_name, product_group_name, colour_group_name,
         perceived_colour_master_name, graphical_appearance_name, department_name, index_group_name, detail_desc)
       SELECT 'plain-sql-article', prod_name, product_type_name, product_group_name, colour_group_name,
         perceived_colour_master_name, graphical_appearance_name, department_name, index_group_name, detail_desc
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

    // Who buys it is not told any more that nobody has.
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

describe('a server whose wanted release cannot be opened', () => {
  const copy = '2099-02-02T00-00-00';
  const model = join(copy, 'ranker', '1', 'model.onnx');
  let store: Store;
  let host: Host;
  /** Tries to open a release: each asks the database first. */
  let tries = 0;
  const until = async (holds: () => boolean): Promise<void> => {
    const deadline = performance.now() + 20_000;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error('it does not come true');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  /** So many looks of the host, and some more. */
  const looks = (count: number) => new Promise((resolve) => setTimeout(resolve, 20 * count));
  beforeAll(async () => {
    store = openStore(world.database.url);
    const counting: Store = { ...store, ping: () => ((tries += 1), store.ping()) };
    host = createHost({ modelsDir: world.modelsDir, ...SERVING }, counting, silentLog, 10);
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

  test('serves the one before, says which is wanted, and does not try again while nothing changes', async () => {
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

  test('tries again when somebody names it again', async () => {
    await makeCurrent(world.modelsDir, copy);
    await until(() => tries === 2);
    await looks(20);
    expect(tries).toBe(2);
    expect(host.release()).toBe(world.trained.manifest.name);
  });

  test('serves it when its file is restored, also with the time that it had', async () => {
    const file = join(world.modelsDir, model);
    const { atime, mtime } = await stat(file);
    await writeFile(file, await readFile(join(world.modelsDir, `${copy}.kept`)));
    await utimes(file, atime, mtime);
    await until(() => host.release() === copy);
    expect(host.unserved()).toBeUndefined();
  });

  test('does not take what stands in `current` for a name where it is none', async () => {
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
    // Does not look at the store by itself meanwhile, which would be counted too.
    host = createHost({ modelsDir: world.modelsDir, ...SERVING }, store, silentLog, 3_600_000);
    await host.start();
    server = await serverOf(store, host);
  });
  afterAll(async () => {
    await server.close();
    await host.close();
    await store.close();
  });

  test('customers(first: 20) with 12 recommendations each: one read a table, one run a model, a search for every four', async () => {
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

describe('a release that is not whole', () => {
  let folder: string;
  const open = async (): Promise<unknown> => {
    const engine = openEngine();
    try {
      return await openRelease(folder, engine);
    } finally {
      await engine.close();
    }
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vitrine-release-'));
    await cp(join(world.modelsDir, world.trained.manifest.name), folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('opens when nothing was changed', async () => {
    await expect(open()).resolves.toBeDefined();
  });

  test('brings its report, and opens without one as well: not every release is measured', async () => {
    const report = await readFile(join(folder, 'report.html'), 'utf8');
    await expect(open()).resolves.toMatchObject({ report });
    await rm(join(folder, 'report.html'));
    await editManifest(folder, (manifest) => {
      delete (manifest.files as Record<string, string>)['report.html'];
    });
    await expect(open()).resolves.toMatchObject({ report: undefined });
  });

  test.each([
    'ranker/1/model.onnx',
    'articles.faiss',
    'encoder.json',
    'articles.ids',
    'ranker/config.pbtxt',
    'habits.bin',
    'report.html',
  ])('names the file when %s was damaged', async (file) => {
    const content = await readFile(join(folder, file));
    content[content.length >> 1] ^= 0xff;
    await writeFile(join(folder, file), content);
    await expect(open()).rejects.toThrow(`file ${file} does not fit: its SHA-256 is`);
  });

  test('names the file when one is missing', async () => {
    await rm(join(folder, 'query_tower/1/model.onnx'));
    await expect(open()).rejects.toThrow('lacks query_tower/1/model.onnx');
  });

  test('refuses another encoder than the models were trained with', async () => {
    await editManifest(folder, (manifest) => {
      manifest.encoder = 'another';
    });
    await expect(open()).rejects.toThrow('the models were trained with another');
  });

  test('refuses a ranker that reads other features than are made, to be served and to go on from', async () => {
    await editManifest(folder, (manifest) => {
      const { ranker } = manifest.models as Manifest['models'];
      for (const { name, shape } of ranker.inputs) if (name === 'pair') shape[2] = 7;
    });
    const refused = {
      code: 'RELEASE_INVALID',
      message: expect.stringContaining('reads 7 features of a pair') as string,
    };
    await expect(open()).rejects.toMatchObject(refused);
    await expect(readTrained(folder)).rejects.toMatchObject(refused);
  });

  test('refuses an index of another width than the manifest says', async () => {
    await editManifest(folder, (manifest) => {
      manifest.dims = { articles: 7, similar: 7 };
    });
    await expect(open()).rejects.toThrow(/file articles.faiss does not fit: its vectors have 32 numbers/);
  });

  test('says so when there is no manifest at all', async () => {
    await rm(join(folder, 'manifest.json'));
    await expect(open()).rejects.toMatchObject({ code: 'RELEASE_MISSING' });
  });
});

/** What was counted since, without what was not done. */
function difference(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): [string, number][] {
  return [...after].flatMap(([what, count]) =>
    count === before.get(what) ? [] : [[what, count - (before.get(what) ?? 0)]],
  );
}

function serverOf(store: Store, host: Host): Promise<Server> {
  return createServer({
    store,
    recommender: host.recommender,
    config: { host: '127.0.0.1', port: 0, introspection: true, corsOrigins: [] },
    log: silentLog,
    report: () => host.report(),
    ready: () => ({ ready: true }),
  });
}

/** The data of an answer without errors. */
async function query(server: Server, text: string): Promise<unknown> {
  const response = await server.app.inject({ method: 'POST', url: '/graphql', payload: { query: text } });
  const answer = response.json<{ data: unknown; errors?: unknown }>();
  expect(answer.errors).toBeUndefined();
  return answer.data;
}

function listOf<Item>(list: Item[] | Error): Item[] {
  if (list instanceof Error) throw list;
  return list;
}

async function editManifest(folder: string, edit: (manifest: Record<string, unknown>) => void): Promise<void> {
  const file = join(folder, 'manifest.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  edit(manifest);
  await writeFile(file, JSON.stringify(manifest));
}

async function renameManifest(folder: string, name: string): Promise<void> {
  await editManifest(folder, (manifest) => {
    manifest.name = name;
  });
}

test('a folder without any release is told as such', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'vitrine-empty-'));
  const store = openStore(world.database.url);
  await expect(openCurrent({ modelsDir: empty, ...SERVING }, store)).rejects.toThrow(VitrineError);
  await store.close();
  await rm(empty, { recursive: true });
});
