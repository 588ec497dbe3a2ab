// The purchases that returns cover, against a slow reference, in every order of arrival.
import { coverReturns } from '../../../src/data/store/returns';
import { Prisma } from '../../../src/data/store/prisma/client';
import { createRandom } from '../../../src/random';
import { createTestDatabase, type TestDatabase } from '../../support/database';

interface Row {
  readonly day: number;
  readonly line: number;
  readonly quantity: number;
  readonly cancelled: boolean;
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase('returns');
  await database.sql(`INSERT INTO articles (article_id) VALUES ('a1'), ('a2')`);
  await database.sql(`INSERT INTO customers (customer_id) VALUES ('ada'), ('bo')`);
});
afterAll(() => database.close());
beforeEach(() => database.sql('DELETE FROM purchases'));

const insert = (rows: readonly Row[], state = 'bought') =>
  database.sql(
    `INSERT INTO purchases (customer_key, article_key, bought_at, line, quantity, state)
     SELECT 1, 1, '2020-01-01Z'::timestamptz + day * interval '1 day', line, quantity,
       (CASE WHEN cancelled THEN 'cancelled' ELSE $2 END)::purchase_state
     FROM json_to_recordset($1) AS r(day int, line int, quantity int, cancelled boolean)`,
    [JSON.stringify(rows), state],
  );
const cover = async () => {
  const { text, values } = coverReturns(Prisma.sql`SELECT ${1}::bigint AS customer_key, ${1}::bigint AS article_key`);
  await database.sql(text, values);
};
const states = async () =>
  (await database.sql<{ state: string }>('SELECT state FROM purchases ORDER BY bought_at, quantity DESC, line')).map(
    ({ state }) => state,
  );

const inOrder = (rows: readonly Row[]): Row[] =>
  [...rows].sort((a, b) => a.day - b.day || b.quantity - a.quantity || a.line - b.line);

/** A stack of pieces: each return takes pieces from its top. */
function reference(rows: readonly Row[]): string[] {
  const left = new Map<Row, number>();
  const stack: Row[] = [];
  for (const row of inOrder(rows)) {
    if (row.cancelled) continue;
    if (row.quantity > 0) {
      stack.push(row);
      left.set(row, row.quantity);
      continue;
    }
    for (let pieces = -row.quantity; pieces > 0 && stack.length > 0; pieces--) {
      const top = stack[stack.length - 1];
      left.set(top, (left.get(top) ?? 0) - 1);
      if (left.get(top) === 0) stack.pop();
    }
  }
  return inOrder(rows).map((row) =>
    row.cancelled ? 'cancelled' : row.quantity < 0 || left.get(row) === 0 ? 'returned' : 'bought',
  );
}

test('random purchases and returns get the states of a stack, whatever the order of arrival', async () => {
  const { next, int } = createRandom(21);
  let returned = 0;
  for (let shop = 0; shop < 60; shop++) {
    const rows = Array.from({ length: 1 + int(9) }, (_, line): Row => {
      const quantity = 1 + int(3);
      const cancelled = next() < 0.1;
      return { day: int(5), line, quantity: next() < 0.4 ? -quantity : quantity, cancelled };
    });
    const half = int(rows.length);
    const shuffled = rows.map((row) => ({ row, place: next() })).sort((a, b) => a.place - b.place);
    await insert(shuffled.slice(0, half).map(({ row }) => row));
    await cover();
    await insert(shuffled.slice(half).map(({ row }) => row));
    await cover();
    const wanted = reference(rows);
    // Without any return nothing is changed, and everything stays bought.
    expect(await states()).toEqual(wanted);
    returned += wanted.filter((state, i) => state === 'returned' && inOrder(rows)[i].quantity > 0).length;
    await cover();
    expect(await states()).toEqual(wanted);
    await database.sql('DELETE FROM purchases');
  }
  expect(returned).toBeGreaterThan(20);
});

test('purchases that the shop itself marks as returned stay so, if there is no row of a return', async () => {
  await insert([{ day: 1, line: 1, quantity: 1, cancelled: false }], 'returned');
  await cover();
  expect(await states()).toEqual(['returned']);
});

test('other customers and articles are not touched', async () => {
  await database.sql(
    `INSERT INTO purchases (customer_key, article_key, bought_at, line, quantity)
     VALUES (2, 1, '2020-01-01Z', 1, 1), (2, 1, '2020-01-02Z', 1, -1), (1, 2, '2020-01-01Z', 1, 1), (1, 2, '2020-01-02Z', 1, -1)`,
  );
  await cover();
  expect(new Set(await states())).toEqual(new Set(['bought']));
});
