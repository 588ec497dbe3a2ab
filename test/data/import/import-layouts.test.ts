import { ARTICLES, BASIC, brief, MAPPING, SALES, useImports } from '../../support/imports';

const { importInto, shop, sql } = useImports();

interface Bought {
  who: string;
  what: string;
  quantity: number;
  state: string;
}
const bought = () =>
  sql<Bought>(
    `SELECT customer_id AS who, article_id AS what, quantity, state FROM purchases
     JOIN customers c ON c.key = customer_key JOIN articles a ON a.key = article_key
     ORDER BY customer_id, article_id, bought_at, purchases.line`,
  );
const TRANSACTIONS = { date: 'when', customer: 'who', article: 'what' };
const orders = (transactions: object, csv: string, files: object = {}) =>
  shop({
    'shop.json': JSON.stringify({ transactions: { ...TRANSACTIONS, ...transactions } }),
    'transactions.csv': csv,
    ...files,
  });

test('one file of goods and orders fills both, without customers where there are none', async () => {
  const dir = await shop({
    'shop.json': JSON.stringify({
      articles: { file: 'retail.csv', id: 'StockCode', name: 'Description' },
      transactions: {
        file: 'retail.csv',
        date: 'InvoiceDate',
        customer: 'CustomerID',
        article: 'StockCode',
        quantity: 'Quantity',
        price: 'UnitPrice',
        orderId: 'InvoiceNo',
      },
    }),
    'retail.csv': `InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID
1,0a,RED MUG,6,12/1/2010 8:26,2.55,17850
1,0b,VASE,1,12/1/2010 8:26,3.39,17850
2,0a,RED MUG AGAIN,1,12/13/2010 9:00,2.55,
C3,0a,RED MUG,-6,12/14/2010 9:00,2.55,17850
`,
  });
  const result = await importInto(dir);
  expect(result.articles).toMatchObject({ inserted: 2, rejected: 0, repeated: 2 });
  expect(result.transactions).toMatchObject({ inserted: 3, guests: 1, returns: 1, rejected: 0 });
  expect(await sql('SELECT article_id, name FROM articles ORDER BY 1')).toEqual([
    { article_id: '0a', name: 'RED MUG' },
    { article_id: '0b', name: 'VASE' },
  ]);
  expect(await bought()).toEqual([
    { who: '17850', what: '0a', quantity: 6, state: 'returned' },
    { who: '17850', what: '0a', quantity: -6, state: 'returned' },
    { who: '17850', what: '0b', quantity: 1, state: 'bought' },
  ]);
  const before = await sql('SELECT * FROM purchases ORDER BY 1, 2, 3');
  expect(brief((await importInto(dir)).transactions)).toMatchObject({ inserted: 0, updated: 0, unchanged: 3 });
  expect(await sql('SELECT * FROM purchases ORDER BY 1, 2, 3')).toEqual(before);
});

test('returns take back what was bought last, whatever the order in which they arrive', async () => {
  const lines = [
    '2024-01-01,ann,a,2',
    '2024-01-02,ann,a,-2',
    '2024-01-03,ann,a,1',
    '2024-01-04,ann,a,1',
    '2024-01-05,ann,a,-1',
  ];
  for (const order of [lines, [...lines].reverse()]) {
    await sql('TRUNCATE articles, customers, purchases RESTART IDENTITY CASCADE');
    for (const line of order) await importInto(await orders({ quantity: 'qty' }, `when,who,what,qty\n${line}\n`));
    expect((await bought()).map(({ quantity, state }) => [quantity, state])).toEqual([
      [2, 'returned'],
      [-2, 'returned'],
      [1, 'bought'],
      [1, 'returned'],
      [-1, 'returned'],
    ]);
  }
});

test('words of a column tell purchases that were cancelled or came back', async () => {
  const state = { column: 'status', returned: ['refunded'], cancelled: ['canceled'] };
  const csv = 'when,who,what,status\n2024-01-01,ann,a,paid\n2024-01-02,ann,a,refunded\n2024-01-03,ann,a,canceled\n';
  const dir = await orders({ state }, csv);
  await importInto(dir);
  const states = async () => (await bought()).map((one) => one.state);
  expect(await states()).toEqual(['bought', 'returned', 'returned', 'cancelled']);
  expect(brief((await importInto(dir)).transactions)).toMatchObject({ inserted: 0, updated: 0 });
  await importInto(await orders({ state }, csv.replace('paid', 'canceled')));
  expect(await states()).toEqual(['cancelled', 'returned', 'returned', 'cancelled']);
});

test('files are joined, rows that do not count are left out, and unread kinds of events are named', async () => {
  const files = {
    'orders.csv': 'order,customer,at,status\n1,k1,2024-05-01 10:00:00,delivered\n2,k2,2024-05-02 10:00:00,canceled\n',
    'people.csv': 'customer,person\nk1,ann\nk2,bob\n',
  };
  const csv = 'order,sku,event\n1,a,sale\n1,b,view\n2,a,sale\n';
  const described = {
    date: 'at',
    customer: 'person',
    article: 'sku',
    orderId: 'order',
    join: [
      { file: 'orders.csv', on: 'order' },
      { file: 'people.csv', on: 'customer' },
    ],
    where: [{ column: 'status', notIn: ['canceled'] }],
  };
  const all = await importInto(await orders(described, csv, files));
  expect(all.transactions).toMatchObject({ rows: 2, filtered: 1, inserted: 2 });
  expect(all.warnings.join('\n')).toContain(
    "the column 'event' may tell purchases from other rows ('sale' 1, 'view' 1)",
  );
  await sql('TRUNCATE purchases CASCADE');
  const where = [...described.where, { column: 'event', in: ['sale'] }];
  const some = await importInto(await orders({ ...described, where }, csv, files));
  expect(some.warnings.join('\n')).not.toContain("'event'");
  expect(await bought()).toEqual([{ who: 'ann', what: 'a', quantity: 1, state: 'bought' }]);
});

test('variants take what only the first row of their product has', async () => {
  const dir = await shop({
    'shop.json': JSON.stringify({
      articles: {
        id: 'SKU',
        name: 'Title',
        productId: 'Handle',
        description: 'Body',
        fillDown: { by: 'Handle', columns: ['Title', 'Body'] },
        where: { column: 'SKU', notIn: [''] },
        attributes: { Tags: { kind: 'category', separator: 'list' }, Vegan: 'flag', Care: 'text' },
      },
    }),
    'articles.csv': `Handle,Title,Body,SKU,Tags,Vegan,Care
mug,Mug,<p>A <b>mug</b>&nbsp;to hold.</p>,'001,"['home', 'red']",yes,Rinse
mug,,,'002,,,
mug,,,,,,
vase,Vase,,003,"[""x""]",no,
`,
  });
  expect((await importInto(dir)).articles).toMatchObject({ inserted: 3, filtered: 1, rejected: 0 });
  expect(
    await sql('SELECT article_id AS id, name, product_id, description, attributes FROM articles ORDER BY 1'),
  ).toEqual([
    {
      id: '001',
      name: 'Mug',
      product_id: 'mug',
      description: 'A mug to hold.',
      attributes: { Tags: ['home', 'red'], Vegan: true, Care: 'Rinse' },
    },
    { id: '002', name: 'Mug', product_id: 'mug', description: 'A mug to hold.', attributes: {} },
    { id: '003', name: 'Vase', product_id: 'vase', description: null, attributes: { Tags: ['x'], Vegan: false } },
  ]);
});

test('articles that only purchases know are learnt from, not listed, until the catalogue has them', async () => {
  const dir = await shop({ ...BASIC, 'transactions.csv': `${BASIC['transactions.csv']}2021-03-03,ann,s9,1\n` });
  expect(await importInto(dir)).toMatchObject({ bareArticles: 1, rejected: 0 });
  const listed = () => sql<{ id: string }>('SELECT article_id AS id FROM articles WHERE listed ORDER BY 1');
  expect((await listed()).map(({ id }) => id)).toEqual(['s1', 's2', 's3']);
  // A nightly import replaces the catalogue: what it lacks is no longer listed.
  const nightly = await shop({
    'shop.json': JSON.stringify({ articles: MAPPING.articles }),
    'articles.csv': `${ARTICLES}s1,Soap,,,,,\ns9,Comb,,,,,\n`,
  });
  expect(await importInto(nightly, { replace: true })).toMatchObject({ unlisted: 2, transactions: null });
  expect((await listed()).map(({ id }) => id)).toEqual(['s1', 's9']);
  expect(await importInto(nightly, { replace: true })).toMatchObject({ unlisted: 0 });
});

test('with days and no times, another price is another purchase; an order id tells them apart in any case', async () => {
  const price = { price: 'paid' };
  await importInto(await orders(price, `${SALES}2024-01-01,ann,a,20.96\n`));
  await importInto(await orders(price, `${SALES}2024-01-01,ann,a,21.96\n`));
  expect(await bought()).toHaveLength(2);
  await sql('TRUNCATE purchases CASCADE');
  const ordered = { orderId: 'receipt' };
  const csv = 'when,who,what,receipt\n2024-01-01,ann,a,';
  for (const receipt of ['r1', 'r2', 'r1']) await importInto(await orders(ordered, `${csv}${receipt}\n`));
  expect(await bought()).toHaveLength(2);
});

test('ids that would join in another form are refused with the form', async () => {
  const dir = await shop({
    ...BASIC,
    'articles.csv': `${ARTICLES}00100,Soap,,,,,\n00107,Oil,,,,,\n`,
    'transactions.csv': `${SALES}2021-03-01,ann,100,1\n2021-03-01,bob,107,1\n`,
  });
  await expect(importInto(dir)).rejects.toThrow(/Only 0 of 2 articles .* leading zeros .*'100' and '00100' are one/);
  const padded = { ...MAPPING, transactions: { ...MAPPING.transactions, ids: { what: { pad: 5 } } } };
  const right = await shop({
    'shop.json': JSON.stringify(padded),
    'articles.csv': `${ARTICLES}00100,Soap,,,,,\n00107,Oil,,,,,\n`,
    'transactions.csv': `${SALES}2021-03-01,ann,100,1\n2021-03-01,bob,107,1\n`,
  });
  expect(await importInto(right)).toMatchObject({ bareArticles: 0, warnings: [] });
});

test('dates that can be read in two ways are refused with both, and purchases of the future too', async () => {
  await expect(importInto(await orders({}, 'when,who,what\n01/02/2024,ann,a\n03/04/2024,ann,a\n'))).rejects.toThrow(
    /2024-0[12]-0[12] by the format .* and 2024-0[12]-0[12] by .*"dateFormat"/,
  );
  await expect(importInto(await orders({}, 'when,who,what\n2131-01-02,ann,a\n'))).rejects.toThrow(
    'all 1 purchases are dated in the future (first 2131-01-02',
  );
});

test('a cell may hold several articles, and columns may have any name', async () => {
  await importInto(
    await shop({
      'shop.json': JSON.stringify({
        articles: { id: 'id', categorical: ['__proto__'], numeric: ['constructor'] },
        transactions: { ...TRANSACTIONS, article: { column: 'what', separator: ';' } },
      }),
      'articles.csv': 'id,__proto__,constructor\na,x,1\nb,,\n',
      'transactions.csv': 'when,who,what\n2024-01-01,ann,a;b;a\n',
    }),
  );
  expect((await bought()).map(({ what }) => what)).toEqual(['a', 'a', 'b']);
  expect(await sql(`SELECT attributes::text AS text FROM articles WHERE article_id = 'a'`)).toEqual([
    { text: '{"__proto__": ["x"], "constructor": 1}' },
  ]);
});
