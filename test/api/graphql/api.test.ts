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
  test('have the columns of their rows', async () => {
    await shop.sql(`UPDATE articles SET product_id = 'p1', brand = 'Acme', price = 19.95, list_price = 25, currency = 'EUR',
      availability = 'preorder', url = 'https://shop.example/a-08', image = 'https://cdn.example/a-08.jpg',
      published_at = '2020-01-02T03:04:05Z', hidden = true WHERE article_id = 'a-08'`);
    const fields = `id name description productId category brand colour price listPrice currency availability hidden url
      image publishedAt`;
    const answer = await shop.query(
      `{ customer(id: "c-03") { id age } a: article(id: "a-07") { ${fields} } b: article(id: "a-08") { ${fields} } }`,
    );
    const same = { category: ['Men', 'Trousers'], colour: 'Dark Blue' };
    expect(answer).toEqual({
      data: {
        customer: { id: 'c-03', age: 23 },
        a: {
          ...{ ...same, id: 'a-07', name: 'Article 7', description: 'The 7th.', productId: null, brand: null },
          // What is paid, and the currency of the shop.
          ...{ price: 7, listPrice: null, currency: 'SEK', availability: 'IN_STOCK', hidden: false, url: null },
          ...{ image: '/images/a-07', publishedAt: null },
        },
        b: {
          ...{ ...same, id: 'a-08', name: 'Article 8', description: 'The 8th.', productId: 'p1', brand: 'Acme' },
          ...{ price: 19.95, listPrice: 25, currency: 'EUR', availability: 'PREORDER', hidden: true },
          ...{ url: 'https://shop.example/a-08', image: 'https://cdn.example/a-08.jpg' },
          publishedAt: '2020-01-02T03:04:05.000Z',
        },
      },
    });
    await shop.sql(`UPDATE articles SET hidden = false, price = NULL, currency = NULL WHERE article_id = 'a-08'`);
  });

  test('show the former fields by the attributes of their names', async () => {
    const answer = await shop.query(
      `{ customer(id: "c-03") { fn active clubMemberStatus fashionNewsFrequency postalCode }
         article(id: "a-07") { productCode productTypeNo productTypeName colourGroupName departmentNo indexCode }
         other: article(id: "a-08") { productCode } }`,
    );
    expect(answer).toEqual({
      data: {
        customer: { fn: true, active: null, clubMemberStatus: 'ACTIVE', fashionNewsFrequency: null, postalCode: 'x1' },
        article: {
          ...{ productCode: null, productTypeNo: 272, productTypeName: 'Trousers', colourGroupName: null },
          ...{ departmentNo: null, indexCode: null },
        },
        other: { productCode: 'p1' },
      },
    });
  });

  test('are null for an unknown id, without an error', async () => {
    const answer = await shop.query('{ customer(id: "c-99") { id } article(id: "a-99") { id } }');
    expect(answer).toEqual({ data: { customer: null, article: null } });
  });

  test('show their other columns as attributes by kind, sorted by name', async () => {
    const answer = await shop.query('{ article(id: "a-02") { attributes { name values number flag text } } }');
    const none = { values: [], number: null, flag: null, text: null };
    expect(answer.data?.article.attributes).toEqual([
      { ...none, name: 'care', text: 'By hand' },
      { ...none, name: 'material', values: ['wool', 'silk'] },
      { ...none, name: 'vegan', flag: false },
      { ...none, name: 'weight', number: 1.5 },
    ]);
  });

  test('show single attributes by name, and leave out those that they do not have', async () => {
    const answer = await shop.query<Record<string, unknown>>(
      `{ article(id: "a-02") { attribute(name: "weight") { number } none: attribute(name: "size") { name }
           property: attribute(name: "constructor") { name }
           attributes(names: ["weight", "size", "care"]) { name } }
         customer(id: "c-01") { attribute(name: "fn") { flag } attributes(names: []) { name } } }`,
    );
    expect(answer.data).toEqual({
      article: {
        ...{ attribute: { number: 1.5 }, none: null, property: null },
        attributes: [{ name: 'weight' }, { name: 'care' }],
      },
      customer: { attribute: { flag: true }, attributes: [] },
    });
    const many = Array.from({ length: 101 }, (_, i) => `"a${i}"`).join(' ');
    const refused = await shop.query(`{ article(id: "a-02") { attributes(names: [${many}]) { name } } }`);
    expect(refused.errors?.[0].extensions.code).toBe('LIMIT_EXCEEDED');
  });

  test('are in no list while they may not be shown, but can be looked up', async () => {
    const listsOf = async () => {
      const { data, errors } = await shop.query<Record<string, { article: { id: string } }[]>>(
        `{ recommendations(customerId: "c-09", first: 5) { rank article { id } }
           trending(first: 45) { rank article { id } } searchArticles(text: "article 9", first: 4) { rank article { id } }
           similarArticles(articleId: "a-08", first: 3) { rank article { id } } }`,
      );
      expect(errors).toBeUndefined();
      return Object.values(data ?? {});
    };
    for (const list of await listsOf()) expect(list.map(({ article }) => article.id)).toContain('a-09');
    for (const change of ['hidden = true', 'listed = false', "availability = 'out_of_stock'"]) {
      await shop.sql(`UPDATE articles SET ${change} WHERE article_id = 'a-09'`);
      for (const list of await listsOf()) {
        expect(list.map(({ article }) => article.id)).not.toContain('a-09');
        expect(list.map((one) => (one as unknown as { rank: number }).rank)).toEqual(list.map((_, i) => i + 1));
      }
      const { data } = await shop.query(
        '{ article(id: "a-09") { id } articles(first: 45) { nodes { id } } customer(id: "c-09") { purchases { nodes { article { id } } } } }',
      );
      expect(data?.article.id).toBe('a-09');
      expect(data?.articles.nodes).toHaveLength(45);
      expect(data?.customer.purchases.nodes.map(({ article }) => article.id)).toEqual(['a-09']);
      await shop.sql(`UPDATE articles SET hidden = false, listed = true, availability = 'in_stock'`);
    }
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
