// Options for columns that say things in their own way: states as dates, amounts in cents, times
// of day, ids in other letters, and columns that two files have.

import { useImports } from '../../support/imports';

const { importInto, shop, sql } = useImports();

interface Bought {
  who: string;
  what: string;
  at: Date;
  price: number;
  state: string;
}
const bought = () =>
  sql<Bought>(
    `SELECT customer_id AS who, article_id AS what, bought_at AS at, purchases.price, purchases.state FROM purchases
     JOIN customers c ON c.key = customer_key JOIN articles a ON a.key = article_key ORDER BY bought_at, article_id`,
  );
const BASE = { file: 'lines.csv', date: 'when', customer: 'who', article: 'what' };
const described = (transactions: object, files: Record<string, string>, more: object = {}) =>
  shop({ 'shop.json': JSON.stringify({ transactions: { ...BASE, ...transactions }, ...more }), ...files });

test('any value in a column of dates means cancelled, and the first column that says so counts', async () => {
  const state = [
    { column: 'status', returned: ['refunded'] },
    { column: 'cancelled_at', cancelled: true },
  ];
  const csv = `when,who,what,status,cancelled_at
2024-01-01,ann,a,paid,
2024-01-02,ann,b,paid,2024-01-03
2024-01-03,ann,c,refunded,2024-01-03
2024-01-04,ann,d,paid,NULL
2024-01-05,ann,e,paid,0000-00-00 00:00:00
`;
  await importInto(await described({ state }, { 'lines.csv': csv }));
  expect((await bought()).map(({ what, state: is }) => `${what} ${is}`)).toEqual([
    'a bought', 'b cancelled', 'c returned', 'c returned', 'd bought', 'e bought',
  ]); // prettier-ignore
});

test('amounts in cents are divided, those of pieces and totals, and those of articles', async () => {
  const dir = await described(
    { price: { column: 'total_cents', of: 'total', divideBy: 100 }, quantity: 'n' },
    { 'lines.csv': 'when,who,what,total_cents,n\n2024-01-01,ann,a,3998,2\n', 'goods.csv': 'id,p,l\na,1999,2499\n' },
    {
      articles: {
        file: 'goods.csv',
        id: 'id',
        price: { column: 'p', divideBy: 100 },
        listPrice: { column: 'l', divideBy: 100 },
      },
    },
  );
  await importInto(dir);
  expect((await bought())[0].price).toBeCloseTo(19.99);
  const [article] = await sql<{ price: number; list_price: number }>('SELECT * FROM articles');
  expect(article).toMatchObject({ price: 19.99, list_price: 24.99 });
  const wrong = await described({ price: { column: 'n', divideBy: 0 } }, { 'lines.csv': 'when,who,what,n\n' });
  await expect(importInto(wrong)).rejects.toThrow(/transactions.price/);
});

test('the time of day comes from a column of its own, and a wrong one rejects the row', async () => {
  const csv = 'when,at,who,what\n01.07.2024,1405,ann,a\n02.07.2024,,ann,b\n03.07.2024,noon,ann,c\n';
  const dir = await described(
    { date: { column: 'when', time: 'at' }, dateFormat: 'DD.MM.YYYY', zone: 'Europe/Berlin' },
    { 'lines.csv': csv },
  );
  const { transactions } = await importInto(dir, { maxRejects: 1 });
  expect(transactions).toMatchObject({ inserted: 2, rejected: 1 });
  expect((await bought()).map(({ at }) => at.toISOString())).toEqual([
    '2024-07-01T12:05:00.000Z',
    '2024-07-02T00:00:00.000Z',
  ]);
  const missing = await described({ date: { column: 'when', time: 'hour' } }, { 'lines.csv': csv });
  await expect(importInto(missing)).rejects.toThrow("no column 'hour' (for date)");
});

test('ids that differ in case join in one case', async () => {
  const files = { 'lines.csv': 'when,who,what\n2024-01-01,ann,sku-1 \n', 'goods.csv': 'id,name\nSKU-1,Cup\n' };
  const articles = { articles: { file: 'goods.csv', id: 'id', name: 'name' } };
  await expect(importInto(await described({}, files, articles))).rejects.toThrow('"case": "lower"');
  const dir = await described({ ids: { what: { case: 'upper' } } }, files, articles);
  expect((await importInto(dir)).bareArticles).toBe(0);
});

const JOINED = {
  'lines.csv': 'order,what,status\n1,a,shipped\n2,b,shipped\n',
  'orders.csv': 'order,when,who,status\n1,2024-01-01,ann,cancelled\n2,2024-01-02,bob,done\n',
};
const join = (columns?: object) => ({ join: { file: 'orders.csv', on: 'order', ...(columns && { columns }) } });

test('a column that both files have is read under another name', async () => {
  const state = { column: 'order_status', cancelled: ['cancelled'] };
  const columns = { when: 'when', who: 'who', status: 'order_status' };
  await importInto(await described({ ...join(columns), state }, JOINED));
  expect((await bought()).map(({ what, state: is }) => `${what} ${is}`)).toEqual(['a cancelled', 'b bought']);
});

test('a joined column whose name is taken is an error if it is named, and is told if it is not', async () => {
  const state = { column: 'status', cancelled: ['cancelled'] };
  await expect(importInto(await described({ ...join(['when', 'who', 'status']), state }, JOINED))).rejects.toThrow(
    `join of orders.csv: the rows have a column 'status' already. Give it another name: "columns": { "status": "status_2" }`,
  );
  const { warnings } = await importInto(await described({ ...join(), state }, JOINED));
  expect(warnings.join('\n')).toContain("orders.csv has a column 'status' as well, which is not read.");
});

test('properties in several files become columns of articles', async () => {
  const pivot = { by: 'id', key: 'k', value: 'v', columns: ['name', 'colour'] };
  const dir = await shop({
    'shop.json': JSON.stringify({
      articles: { file: 'p*.csv', form: { pivot }, id: 'id', name: 'name', colour: 'colour' },
    }),
    'p1.csv': 'id,k,v\n1,name,Cup\n2,colour,red\n',
    'p2.csv': 'id,k,v\n1,colour,blue\n2,name,Bowl\n2,weight,5\n',
  });
  expect((await importInto(dir)).articles).toMatchObject({ inserted: 2, rejected: 0 });
  expect(await sql('SELECT article_id AS id, name, colour FROM articles ORDER BY 1')).toEqual([
    { id: '1', name: 'Cup', colour: 'blue' },
    { id: '2', name: 'Bowl', colour: 'red' },
  ]);
});
