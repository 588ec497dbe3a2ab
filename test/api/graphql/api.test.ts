// Every query and field over a real Postgres: the answers, and the number of statements and model
// runs.

import {
  ARTICLES,
  CUSTOMERS,
  articleId,
  customerId,
  openShop,
  PURCHASES_OF_FIRST,
  type AnsweredNode,
  type AnsweredPage,
  type GraphqlAnswer,
  type Shop,
} from '../../support/graphql-shop';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop('graphql_api');
});
afterAll(() => shop?.close());
beforeEach(() => {
  shop.statements();
  shop.recommender.recommended.length = 0;
  shop.recommender.compared.length = 0;
});

describe('customer and article', () => {
  test('are null for an unknown id, without an error', async () => {
    const answer = await shop.query('{ customer(id: "c-99") { id } article(id: "a-99") { id } }');
    expect(answer).toEqual({ data: { customer: null, article: null } });
  });

  test('asked for under many aliases take one statement for each table', async () => {
    const aliases = Array.from({ length: 20 }, (_, i) => `a${i}: article(id: "${articleId(i + 1)}") { id }`).join(' ');
    const answer = await shop.query<{ a19: unknown }>(
      `{ ${aliases} c1: customer(id: "c-01") { id } c2: customer(id: "c-02") { id } }`,
    );
    expect(answer.errors).toBeUndefined();
    expect(answer.data?.a19).toEqual({ id: 'a-20' });
    expect(shop.statements().sort()).toEqual(['articles', 'customers']);
  });
});

const EMPTY = {
  nodes: [],
  edges: [],
  pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
};

describe('pages', () => {
  const walk = async (list: 'articles' | 'customers', first: number): Promise<{ ids: string[]; pages: number }> => {
    const ids: string[] = [];
    let after: string | null = null;
    for (let pages = 1; ; pages++) {
      const { data, errors }: GraphqlAnswer = await shop.query(
        `query ($first: Int!, $after: String) {
           ${list}(first: $first, after: $after) {
             nodes { id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
        { first, after },
      );
      expect(errors).toBeUndefined();
      const { nodes, edges, pageInfo }: AnsweredPage<AnsweredNode> = data?.[list] ?? EMPTY;
      expect(edges.map((edge) => edge.node)).toEqual(nodes);
      expect(pageInfo.hasPreviousPage).toBe(pages > 1);
      expect(pageInfo.startCursor).toBe(edges[0]?.cursor ?? null);
      expect(pageInfo.endCursor).toBe(edges.at(-1)?.cursor ?? null);
      ids.push(...nodes.map((node) => node.id));
      if (!pageInfo.hasNextPage) return { ids, pages };
      after = pageInfo.endCursor;
    }
  };

  test.each<['articles' | 'customers', number, number, (key: number) => string]>([
    ['articles', 7, ARTICLES, articleId],
    ['articles', 45, ARTICLES, articleId],
    ['articles', 100, ARTICLES, articleId],
    ['customers', 1, CUSTOMERS, customerId],
    ['customers', 5, CUSTOMERS, customerId],
  ])('of %s by %d reach the end without gaps or duplicates', async (list, first, count, idOf) => {
    const { ids, pages } = await walk(list, first);
    expect(ids).toEqual(Array.from({ length: count }, (_, i) => idOf(i + 1)));
    expect(pages).toBe(Math.ceil(count / first));
  });

  test('go on from the cursor of any edge', async () => {
    const { data } = await shop.query('{ articles(first: 3) { edges { cursor } } }');
    const after = data?.articles.edges[1].cursor;
    const next = await shop.query(`{ articles(first: 2, after: "${after}") { nodes { id } } }`);
    expect(next.data?.articles.nodes).toEqual([{ id: 'a-03' }, { id: 'a-04' }]);
  });

  test('have 20 items by default', async () => {
    const { data } = await shop.query('{ articles { nodes { id } } customers { nodes { id } } }');
    expect(data?.articles.nodes).toHaveLength(20);
    expect(data?.customers.nodes).toHaveLength(20);
  });

  test('past the end are empty', async () => {
    const last = await shop.query('{ articles(first: 100) { pageInfo { endCursor } } }');
    const after = last.data?.articles.pageInfo.endCursor;
    const { data } = await shop.query(
      `{ articles(after: "${after}") { nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
    );
    const pageInfo = { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null };
    expect(data?.articles).toEqual({ nodes: [], pageInfo });
  });
});

describe('purchases', () => {
  const PURCHASES = `query ($id: ID!, $first: Int! = 20, $after: String) {
    customer(id: $id) { purchases(first: $first, after: $after) {
      nodes { boughtAt price quantity state orderId salesChannelId article { id } } edges { cursor } pageInfo { hasNextPage endCursor } } } }`;

  const ONE = { quantity: 1, state: 'BOUGHT', orderId: null };

  test('come newest first, with article, time, place and price', async () => {
    const { data } = await shop.query(PURCHASES, { id: 'c-01', first: 2 });
    expect(data?.customer.purchases.nodes).toEqual([
      { boughtAt: '2020-10-01T00:00:00.000Z', price: 0.25, ...ONE, salesChannelId: 2, article: { id: 'a-30' } },
      { boughtAt: '2020-09-30T00:00:00.000Z', price: 0.25, ...ONE, salesChannelId: 2, article: { id: 'a-29' } },
    ]);
  });

  test('have their quantity, their order and what became of them', async () => {
    const rows = [
      "('2020-09-03Z', 2, 'returned', 'o1')",
      "('2020-09-04Z', -2, 'returned', NULL)",
      "('2020-09-05Z', 7, 'cancelled', 'o2')",
    ];
    await shop.sql(
      `INSERT INTO purchases (customer_key, article_key, bought_at, quantity, state, order_id)
       SELECT 25, 4, at::timestamptz, quantity, state::purchase_state, order_id
       FROM (VALUES ${rows.join(', ')}) AS rows(at, quantity, state, order_id)`,
    );
    const { data } = await shop.query(PURCHASES, { id: 'c-25' });
    expect(data?.customer.purchases.nodes).toMatchObject([
      { quantity: 7, state: 'CANCELLED', orderId: 'o2' },
      { quantity: -2, state: 'RETURNED', orderId: null },
      { quantity: 2, state: 'RETURNED', orderId: 'o1' },
    ]);
    await shop.sql('DELETE FROM purchases WHERE customer_key = 25');
  });

  test('have null for unknown values', async () => {
    const { data } = await shop.query(PURCHASES, { id: 'c-02' });
    expect(data?.customer.purchases.nodes).toEqual([
      { boughtAt: '2020-09-22T00:00:00.000Z', price: null, ...ONE, salesChannelId: 1, article: { id: 'a-02' } },
    ]);
  });

  test.each([1, 4, 10, 31])(
    'by %d reach the end without gaps or duplicates, the same article twice included',
    async (first) => {
      const seen: string[] = [];
      const cursors = new Set<string>();
      for (let after: string | null = null, more = true; more;) {
        const { data }: GraphqlAnswer = await shop.query(PURCHASES, { id: 'c-01', first, after });
        const { nodes, edges, pageInfo }: AnsweredNode['purchases'] = data?.customer.purchases ?? EMPTY;
        seen.push(...nodes.map((node) => node.article.id));
        for (const edge of edges) cursors.add(edge.cursor);
        after = pageInfo.endCursor;
        more = pageInfo.hasNextPage;
      }
      const expected = Array.from({ length: 30 }, (_, i) => articleId(30 - i));
      expected.splice(10, 0, 'a-20');
      expect(seen).toEqual(expected);
      expect(cursors.size).toBe(PURCHASES_OF_FIRST);
    },
  );

  test('of many customers take one statement, and their articles another', async () => {
    const { data, errors } = await shop.query(
      '{ customers(first: 25) { nodes { purchases(first: 5) { nodes { article { name } } } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data?.customers.nodes.map((node) => node.purchases.nodes.length)).toEqual([
      5,
      ...Array.from({ length: 23 }, () => 1),
      0,
    ]);
    expect(shop.statements()).toEqual(['customers', 'purchases', 'articles']);
  });
});

describe('recommendations', () => {
  test('have article, rank, score, source and cold start', async () => {
    const { data } = await shop.query(
      '{ recommendations(customerId: "c-05", first: 2) { rank score source coldStart article { id name } } }',
    );
    expect(data?.recommendations).toEqual([
      { rank: 1, score: 0.5, source: 'OWN_PURCHASES', coldStart: false, article: { id: 'a-05', name: 'Article 5' } },
      { rank: 2, score: 1 / 3, source: 'TWO_TOWER', coldStart: false, article: { id: 'a-01', name: 'Article 1' } },
    ]);
  });

  test('are twelve by default, the same for the field and the query', async () => {
    const { data } = await shop.query(
      '{ recommendations(customerId: "c-05") { rank article { id } } customer(id: "c-05") { recommendations { rank article { id } } } }',
    );
    expect(data?.recommendations).toHaveLength(12);
    expect(data?.customer.recommendations).toEqual(data?.recommendations);
  });

  test('of an unknown customer are a list that is marked as a cold start', async () => {
    const { data, errors } = await shop.query(
      '{ recommendations(customerId: "nobody", first: 3) { coldStart source } }',
    );
    expect(errors).toBeUndefined();
    expect(data?.recommendations).toHaveLength(3);
    for (const { coldStart } of data?.recommendations ?? []) expect(coldStart).toBe(true);
  });

  test('of a page of customers take one read of each table and one run of the models', async () => {
    const { data, errors } = await shop.query(
      '{ customers(first: 20) { nodes { recommendations(first: 12) { article { name } } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data?.customers.nodes.map((node) => node.recommendations.length)).toEqual(Array(20).fill(12));
    expect(shop.statements()).toEqual(['customers', 'articles']);
    const [batch, ...more] = shop.recommender.recommended;
    expect(more).toEqual([]);
    expect(batch.map((request) => [request.customerId, request.customer?.age, request.first])).toEqual(
      Array.from({ length: 20 }, (_, i) => [customerId(i + 1), 21 + i, 12]),
    );
  });

  test('of several lengths share one run, and equal ones are computed once', async () => {
    const { data } = await shop.query<Record<'a' | 'b' | 'c', unknown[]>>(
      `{ a: recommendations(customerId: "c-05", first: 3) { rank } b: recommendations(customerId: "c-05", first: 5) { rank }
         c: recommendations(customerId: "c-05", first: 3) { score } }`,
    );
    expect([data?.a.length, data?.b.length, data?.c.length]).toEqual([3, 5, 3]);
    expect(shop.recommender.recommended.map((batch) => batch.map((request) => request.first))).toEqual([[3, 5]]);
  });

  test('are not remembered from one query to the next', async () => {
    await shop.query('{ recommendations(customerId: "c-05") { rank } }');
    await shop.query('{ recommendations(customerId: "c-05") { rank } }');
    expect(shop.recommender.recommended).toHaveLength(2);
  });

  test('leave out deleted articles and close up the ranks', async () => {
    await shop.sql(`DELETE FROM articles WHERE article_id = 'a-44'`);
    const { data, errors } = await shop.query(
      `{ recommendations(customerId: "c-05", first: 45) { rank article { id } }
         similarArticles(articleId: "a-42", first: 3) { rank article { id } } }`,
    );
    await shop.sql(`INSERT INTO articles (key, article_id, prod_name) VALUES (44, 'a-44', 'Article 44')`);
    expect(errors).toBeUndefined();
    expect(data?.recommendations.map((item) => item.rank)).toEqual(Array.from({ length: 44 }, (_, i) => i + 1));
    expect(data?.recommendations.at(-1)).toEqual({ rank: 44, article: { id: 'a-45' } });
    expect(data?.similarArticles).toEqual([
      { rank: 1, article: { id: 'a-43' } },
      { rank: 2, article: { id: 'a-45' } },
    ]);
  });

  test('that fail for one customer do not fail for the others', async () => {
    const { data, errors } = await shop.query<{ a: AnsweredNode; b: null }>(
      `{ a: customer(id: "c-23") { recommendations { rank } } b: customer(id: "c-24") { recommendations { rank } } }`,
    );
    expect(data?.a.recommendations).toHaveLength(12);
    expect(data?.b).toBeNull();
    expect(errors?.map((error) => error.path)).toEqual([['b', 'recommendations']]);
  });
});

describe('similar articles', () => {
  test('have article, rank and score, the same for the query and the field', async () => {
    const { data } = await shop.query(
      `{ similarArticles(articleId: "a-03", first: 2) { rank score article { id } }
         article(id: "a-03") { similar(first: 2) { rank score article { id } } } }`,
    );
    expect(data?.similarArticles).toEqual([
      { rank: 1, score: 1, article: { id: 'a-04' } },
      { rank: 2, score: 0.98, article: { id: 'a-05' } },
    ]);
    expect(data?.article.similar).toEqual(data?.similarArticles);
  });

  test('are twelve by default', async () => {
    const { data } = await shop.query('{ similarArticles(articleId: "a-03") { rank } }');
    expect(data?.similarArticles).toHaveLength(12);
  });

  test('of an unknown article are null', async () => {
    expect(await shop.query('{ similarArticles(articleId: "a-99") { rank } }')).toEqual({
      data: { similarArticles: null },
    });
  });

  test('of a page of articles take one search and one more read', async () => {
    const { data, errors } = await shop.query(
      '{ articles(first: 10) { nodes { similar(first: 5) { article { name } } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data?.articles.nodes).toHaveLength(10);
    expect(shop.statements()).toEqual(['articles', 'articles']);
    expect(shop.recommender.compared).toHaveLength(1);
    expect(shop.recommender.compared[0].map((request) => request.article?.name)).toEqual(
      Array.from({ length: 10 }, (_, i) => `Article ${i + 1}`),
    );
  });
});

test('an operation is logged at debug level with its name, its time and its stages', async () => {
  shop.log.length = 0;
  await shop.query('query Shelf { customers(first: 2) { nodes { recommendations { article { name } } } } }');
  const [{ level, operation, ms, errors, stages }, ...more] = shop.log;
  expect(more).toEqual([]);
  expect({ level, operation, errors }).toEqual({ level: 20, operation: 'Shelf', errors: 0 });
  expect(ms).toBeGreaterThan(0);
  expect(Object.keys(stages ?? {})).toEqual(['customers', 'recommend', 'articles']);
});
