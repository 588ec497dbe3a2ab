// The recommender's answers to a shop window: searches, trending articles, reasons, similar
// articles, facts and traces.
import type { ArticleRow, Store } from '../../src/data/store/store';
import { openStore } from '../../src/data/store/open-store';
import { SOURCES } from '../../src/ranking/sources/sources';
import { openCurrent, type Opened } from '../../src/serving/opened';
import type { Recommendation, RecommendationTrace, SimilarArticle } from '../../src/serving/types';
import { createWorld, type World } from '../support/world';
import { SERVING, listOf } from './served';

let world: World;
beforeAll(async () => {
  world = await createWorld('answers');
});
afterAll(() => world.close());

describe('the answers to a shop window', () => {
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

  test('words find articles that have them, with one search for many requests', async () => {
    const before = opened.shop.articles.searches.similar;
    const texts = [...new Set(articles.map((row) => `${row.colour ?? ''} ${typeOf(row)}`))];
    const asked = texts.slice(0, 20);
    const lists = await opened.recommender.search(asked.map((text) => ({ text, first: 3 })));
    expect(opened.shop.articles.searches.similar).toBe(before + 1);
    let hits = 0;
    for (const [i, list] of lists.entries()) {
      const rows = await rowsOf(listOf(list));
      hits += rows.filter((row) => asked[i].includes(typeOf(row))).length;
    }
    expect(hits).toBeGreaterThan(30);
  });

  test('words with another ending, mistyped or unfinished find the same articles', async () => {
    const counts = new Map<string, number>();
    for (const type of articles.map(typeOf)) {
      if (/^\p{L}{5,}$/u.test(type)) counts.set(type, (counts.get(type) ?? 0) + 1);
    }
    const [[type]] = [...counts].sort(([, a], [, b]) => b - a);
    const word = type.toLowerCase();
    const swapped = `${word.slice(0, 2)}${word[3]}${word[2]}${word.slice(4)}`;
    const asked = [word, swapped, `${word.slice(0, -1)}x`, word.slice(0, -1), `${word}n`];
    const lists = await opened.recommender.search(asked.map((text) => ({ text, first: 12 })));
    for (const [i, list] of lists.entries()) {
      const hits = (await rowsOf(listOf(list))).filter((row) => typeOf(row) === type).length;
      expect([asked[i], hits >= 9]).toEqual([asked[i], true]);
    }
  });

  test('trending articles are ordered by their customers of the last week', async () => {
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

  test('a recommendation names the purchase that it is a variant of, or is bought with', async () => {
    const customers = (await store.customersPage(60)).rows;
    const lists = await opened.recommender.recommend(customers.map(({ id }) => ({ customerId: id, first: 50 })));
    const histories = await store.latestPurchases(
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
        expect(histories[c].map((purchase) => purchase.articleKey)).toContain(because);
        expect(because).not.toBe(articleKey);
        if (source === 'VARIANTS') {
          expect(byKey.get(because ?? 0)?.productId).toBe(byKey.get(articleKey)?.productId);
        }
      }
    });
    expect(reasons.VARIANTS).toBeGreaterThan(5);
    expect(reasons.CO_PURCHASE).toBeGreaterThan(5);
  });

  test('purchases are left out if a request asks for it, and the list is as long', async () => {
    const customers = (await store.customersPage(20)).rows;
    const requests = customers.map(({ id }) => ({ customerId: id, first: 12 }));
    const lists = await opened.recommender.recommend([
      ...requests,
      ...requests.map((request) => ({ ...request, excludePurchased: true })),
    ]);
    const histories = await store.latestPurchases(
      customers.map(({ key }) => key),
      100,
    );
    const again = (list: Recommendation[] | Error, c: number): number =>
      listOf(list).filter(({ articleKey }) => histories[c].some((purchase) => purchase.articleKey === articleKey))
        .length;
    const count = (some: typeof lists): number => some.reduce((sum, list, c) => sum + again(list, c), 0);
    expect(count(lists.slice(0, 20))).toBeGreaterThan(20);
    expect(count(lists.slice(20))).toBe(0);
    for (const list of lists) expect(listOf(list)).toHaveLength(12);
  });

  test('similar articles have at most two of one product, unless a request asks for more', async () => {
    const countOf = (rows: readonly ArticleRow[], code: string | null): number =>
      rows.filter(({ productId }) => productId === code).length;
    const many = articles.find(({ productId }) => countOf(articles, productId) >= 5);
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
      return Math.max(...rows.map(({ productId }) => countOf(rows, productId)));
    };
    expect(await most(two)).toBe(2);
    expect(await most(one)).toBe(1);
    expect(await most(all)).toBeGreaterThan(2);
  });

  test('the more purchases count, the more similar articles are bought together with the article', async () => {
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
      const others = articles.filter(({ key, productId }) => key !== row.key && productId === row.productId);
      expect([...one.variants].sort((a, b) => a - b)).toEqual(others.map(({ key }) => key));
      if (sales.month[opened.shop.articles.catalogue.indexOf(row.key) ?? -1] > 0) expect(one.price).toBeGreaterThan(0);
      else expect(one.price).toBeNull();
    });
  });

  test('facts have the currency that the shop’s description names', async () => {
    const [{ key }] = articles;
    expect(await opened.recommender.facts([key])).toMatchObject([{ currency: null }]);
    const mapping = await store.fact('mapping');
    await store.setFact('mapping', { ...(mapping as object), currency: 'SEK' });
    const later = await openCurrent({ modelsDir: world.modelsDir, ...SERVING }, store);
    expect(await later.recommender.facts([key])).toMatchObject([{ currency: 'SEK' }]);
    await later.close();
    await store.setFact('mapping', mapping);
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
    expect([...trace.found.keys()]).toEqual(SOURCES.map(({ name }) => name));
    const found = [...trace.found.values()].reduce((sum, count) => sum + count, 0);
    expect(trace.candidates).toBeGreaterThan(12);
    expect(found).toBeGreaterThanOrEqual(trace.candidates);
  });
});

/** The narrowest category. */
function typeOf({ category }: ArticleRow): string {
  return category.at(-1) ?? '';
}
