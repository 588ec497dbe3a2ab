// The columns of articles and customers: those of any shop, the shop's own as attributes, and the
// former fields. Articles that may not be shown stand in no list.

import { openShop, type Shop } from '../../support/graphql-shop';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop('graphql_columns');
});
afterAll(() => shop?.close());

describe('customers and articles', () => {
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
});
