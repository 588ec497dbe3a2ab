import { brief, SALES, useImports } from '../../support/imports';

const { importInto, shop, sql } = useImports();

const purchases = () =>
  sql<{ price: number | null; quantity: number; state: string }>(
    'SELECT price, quantity, state FROM purchases ORDER BY bought_at, quantity DESC, price',
  );
const sales = (lines: readonly string[], columns: object = {}, header = SALES) =>
  shop({
    'shop.json': JSON.stringify({
      transactions: { date: 'when', customer: 'who', article: 'what', price: 'paid', ...columns },
    }),
    'transactions.csv': header + lines.map((line) => `${line}\n`).join(''),
  });
const counted = async (dir: string) => brief((await importInto(dir)).transactions);

test('a file with some of the purchases of one moment finds those that are the same, and changes no other', async () => {
  const lines = ['2024-01-01T10:00Z,ann,a,5', '2024-01-01T10:00Z,ann,a,7', '2024-01-01T10:00Z,ann,a,9'];
  await importInto(await sales(lines));
  expect(await counted(await sales([lines[2]]))).toMatchObject({ inserted: 0, updated: 0, unchanged: 1 });
  expect(await counted(await sales([lines[2], '2024-01-01T10:00Z,ann,a,6']))).toMatchObject({
    inserted: 0,
    updated: 1,
    unchanged: 1,
  });
  expect((await purchases()).map(({ price }) => price)).toEqual([6, 7, 9]);
});

test('of equal purchases, as many as the store lacks are added', async () => {
  const line = '2024-01-01,ann,a,5';
  await importInto(await sales([line, line]));
  expect(await counted(await sales([line, line, line]))).toMatchObject({ inserted: 1, updated: 0, unchanged: 2 });
  expect(await counted(await sales([line]))).toMatchObject({ inserted: 0, updated: 0, unchanged: 1 });
  expect(await purchases()).toHaveLength(3);
});

test('a return that only its price tells is added to the purchase of the same day, and found again', async () => {
  await importInto(await sales(['2024-01-01,ann,a,5', '2024-01-01,bob,a,5']));
  const back = await sales(['2024-01-01,ann,a,-5']);
  expect(await counted(back)).toMatchObject({ inserted: 1, updated: 0, unchanged: 0 });
  expect(await counted(back)).toMatchObject({ inserted: 0, updated: 0, unchanged: 1 });
  // Without returns of its own, a file finds the purchase and not the return.
  expect(await counted(await sales(['2024-01-01,ann,a,5']))).toMatchObject({ inserted: 0, updated: 0, unchanged: 1 });
  expect(await purchases()).toEqual([
    { price: 5, quantity: 1, state: 'bought' },
    { price: 5, quantity: 1, state: 'returned' },
    { price: 5, quantity: -1, state: 'returned' },
  ]);
});

test('purchases that differ in a mapped column are updated, whatever else is equal', async () => {
  const columns = { quantity: 'pieces', state: { column: 'status', cancelled: ['void'] } };
  const header = 'when,who,what,paid,pieces,status\n';
  await importInto(await sales(['2024-01-01,ann,a,5,1,ok', '2024-01-01,ann,a,5,1,ok'], columns, header));
  const changed = await sales(['2024-01-01,ann,a,5,1,void', '2024-01-01,ann,a,5,3,ok'], columns, header);
  expect(await counted(changed)).toMatchObject({ inserted: 0, updated: 2, unchanged: 0 });
  expect(await counted(changed)).toMatchObject({ inserted: 0, updated: 0, unchanged: 2 });
  expect(await purchases()).toEqual([
    { price: 5, quantity: 3, state: 'bought' },
    { price: 5, quantity: 1, state: 'cancelled' },
  ]);
});

test('null words that look like prices stay unknown', async () => {
  const dir = await sales(['2024-01-01,ann,a,0', '2024-01-02,ann,a,007.50'], { nulls: ['0'] });
  await importInto(dir);
  expect((await purchases()).map(({ price }) => price)).toEqual([null, 7.5]);
});
