// The recommender of a release, end to end: models are trained on a shop, released and served.
import type { ArticleRow, Store } from '../../src/data/store/store';
import { openStore } from '../../src/data/store/open-store';
import { encodeDataset, readPurchaseLog } from '../../src/dataset/read';
import { habitsOf } from '../../src/dataset/habit-counts';
import { momentOf } from '../../src/dataset/moments';
import { unitsOfMonth } from '../../src/evaluation/baselines';
import { SOURCES } from '../../src/ranking/sources/sources';
import { openCurrent, type Opened } from '../../src/serving/opened';
import { silentReporter } from '../../src/telemetry/progress';
import { trainingConfig } from '../../src/training/config';
import { createWorld, type World } from '../support/world';
import { SERVING, difference, listOf } from './served';

let world: World;
beforeAll(async () => {
  world = await createWorld('recommender');
});
afterAll(() => world.close());

describe('the evaluation of the synthetic shop', () => {
  test('retrieval finds more of the purchases than popularity', () => {
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

  test('knows the same sales, prices, ages and peers from SQL as training counts, to the last number', async () => {
    const raw = await readPurchaseLog(store, silentReporter);
    const shop = await encodeDataset(store, raw, { before: raw.last + 1 }, silentReporter);
    const moment = opened.shop.moment();
    const { prices, ...expected } = momentOf(shop, raw.last + 1);
    expect(moment).toEqual({ ...expected, prices: expect.any(Float32Array) as Float32Array });
    prices.forEach((price, article) => {
      if (Number.isNaN(price)) expect(moment.prices[article]).toBeNaN();
      // The database adds up the prices in another order, so rounding may differ.
      else expect(moment.prices[article] / price).toBeCloseTo(1, 5);
    });
    expect(opened.shop.habits).toEqual(habitsOf(shop, shop.historyEnds({ before: raw.last + 1 })));
    // The shop has enough of everything for the comparison to be meaningful.
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
    // An article that was never sold may be ranked higher than its score implies.
    const scores = all.filter(({ neverSold }) => !neverSold).map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    for (const { score, source } of all) {
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      expect(SOURCES.map(({ name }) => name)).toContain(source);
    }
  });

  test('answers for an unknown customer, marked as a cold start', async () => {
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

  test('embeds the text of an article that has just changed, and of no article that it knows', async () => {
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
    // The text is unchanged, so its vector equals the stored vector.
    const changed = { ...article, updatedAt: new Date(article.updatedAt.getTime() + 1) };
    const again = await nearest(changed);
    expect(textRuns()).toBe(none + 1);
    expect(again.articleKey).toBe(first.articleKey);
    expect(again.score).toBeCloseTo(first.score, 4);
  });

  test('weighs looks and taste as the release has them, and taste more with a greater share of purchases', async () => {
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
    // Purchases raise the score and never lower it.
    for (const { articleId, score } of together) {
      expect(score).toBeGreaterThan(0.6 * likeness(articleId, 0.4) - 1e-4);
    }
    expect(together.some(({ articleId, score }) => Math.abs(score - 0.6 * likeness(articleId, 0.4)) < 1e-4)).toBe(true);
  });

  test('does not search again for the same similar articles until an article changes', async () => {
    const asked = (await store.articlesPage(5)).rows.map(({ id }) => ({ articleId: id, first: 6 }));
    const first = await opened.recommender.similar(asked);
    const before = opened.shop.articles.searches.similar;
    expect(await opened.recommender.similar(asked)).toEqual(first);
    expect(opened.shop.articles.searches.similar).toBe(before);
    // A longer list needs another search.
    await opened.recommender.similar(asked.map((one) => ({ ...one, first: 60 })));
    expect(opened.shop.articles.searches.similar).toBe(before + 1);

    const [{ articleId }] = asked;
    await world.database.sql(
      `UPDATE articles SET description = description || ' changed' WHERE article_id = '${articleId}'`,
    );
    expect(await opened.shop.refresh()).toBe(1);
    await opened.recommender.similar(asked);
    expect(opened.shop.articles.searches.similar).toBe(before + 2);
    // An article of another product may now be similar. Other changes do not clear the kept lists.
    const other = asked[1].articleId;
    await world.database.sql(`UPDATE articles SET product_id = 'another' WHERE article_id = '${other}'`);
    expect(await opened.shop.refresh()).toBe(1);
    await opened.recommender.similar(asked);
    expect(opened.shop.articles.searches.similar).toBe(before + 3);
    await world.database.sql(`UPDATE articles SET updated_at = now() + interval '1 s' WHERE article_id = '${other}'`);
    expect(await opened.shop.refresh()).toBe(1);
    await opened.recommender.similar(asked);
    expect(opened.shop.articles.searches.similar).toBe(before + 3);
  });

  test('keeps lists apart by all options of a request, also if the caller has the rows of the articles', async () => {
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

  test('finds similar articles by their texts, never the article itself, and null for an unknown article', async () => {
    const [article] = (await store.articlesPage(1)).rows;
    const [similar, unknown] = await opened.recommender.similar([
      { articleId: article.id, first: 12 },
      { articleId: 'no such article', first: 12 },
    ]);
    expect(unknown).toBeNull();
    if (similar === null || similar instanceof Error) throw new Error('expected a list');
    expect(similar).toHaveLength(12);
    expect(similar.map(({ articleId }) => articleId)).not.toContain(article.id);
    // Many of the similar articles are of the same type, although such a small shop has few of each
    // type. Random lists would have one in forty.
    const asked = (await store.articlesPage(40)).rows;
    const lists = await opened.recommender.similar(asked.map(({ id }) => ({ articleId: id, first: 5 })));
    const rows = await Promise.all(
      lists.map((list) => {
        if (list === null || list instanceof Error) throw new Error('expected a list');
        return store.articlesByKey(list.map(({ articleKey }) => articleKey));
      }),
    );
    const alike = rows.flatMap((some, i) => some.filter((row) => row?.category.at(-1) === asked[i].category.at(-1)));
    expect(alike.length).toBeGreaterThan(80);
  });
});
