// Exports of well-known programs and data sets: what inspect makes of them without help.

import { describeShop, PURCHASE_ROWS, tally, tallyOf, type PurchaseRow } from '../../support/cases';
import { useImports } from '../../support/imports';
import { DATA_SET_LAYOUTS } from './data-set-layouts';
import { lines, type Line } from './order-lines';
import { NESTED_LAYOUTS } from './nested-layouts';
import { PROGRAM_LAYOUTS } from './program-layouts';

const { importInto, shop, sql } = useImports();
const LAYOUTS = { ...PROGRAM_LAYOUTS, ...DATA_SET_LAYOUTS, ...NESTED_LAYOUTS };

interface Expected {
  readonly who: (line: Line) => string;
  readonly what: (line: Line) => string;
  readonly pieces?: (line: Line) => number;
  /** How exactly the file tells the moment, in seconds. */
  readonly exact?: number;
  readonly cancelled?: boolean;
  /** False if the file has no goods that can be named. */
  readonly names?: boolean;
  readonly warnings?: readonly RegExp[];
}

const MAIL = ({ person }: Line): string => `person${person}@example.test`;
const pad = (n: number): string => String(n).padStart(2, '0');
const ONE = (): number => 1;

const EXPECTED: Readonly<Record<string, Expected>> = {
  woocommerce: { who: MAIL, what: ({ good }) => `SKU-${good}`, exact: 60, cancelled: true },
  magento: { who: ({ person }) => `${person + 1}`, what: ({ good }) => `MB-${good}`, cancelled: true },
  shopware: {
    who: ({ person }) => `${20_000 + person}`,
    what: ({ good }) => `SW${10_000 + good}`,
    exact: 60,
    cancelled: true,
  },
  prestashop: { who: ({ person }) => `${person + 1}`, what: ({ good }) => `${good + 40}` },
  square: {
    who: ({ person }) => `C${person}XYZ`,
    what: ({ good }) => `SQ${good}`,
  },
  etsy: { who: ({ person }) => `buyer${person}`, what: ({ good }) => `ET-${good}`, exact: 86_400 },
  amazon: { who: MAIL, what: ({ good }) => `AZ-${good}`, cancelled: true },
  retailrocket: {
    who: ({ person }) => `${257_000 + person}`,
    what: ({ good }) => `${355_000 + good}`,
    pieces: ONE,
    names: false,
    warnings: [/category_tree.csv is not used/],
  },
  tafeng: {
    who: ({ person }) => `0110${pad(person)}4`,
    what: ({ good }) => `4710085120${pad(good)}8`,
    pieces: ({ n }) => (n % 5 === 0 ? 3 : 1),
    exact: 86_400,
    names: false,
  },
  chinese: { who: ({ person }) => `${800 + person}`, what: ({ good }) => `A${100 + good}` },
  spanish: { who: ({ person }) => `CL${person}`, what: ({ good }) => `P-${good}`, exact: 60 },
  movielens: {
    who: ({ person }) => `${person + 1}`,
    what: ({ good }) => `${good + 1}`,
    pieces: ONE,
    warnings: [/ratings.csv has ratings/],
  },
  'amazon reviews': {
    who: ({ person }) => `A2SUAM${person}`,
    what: ({ good }) => `00001${3000 + good}`,
    pieces: ONE,
    warnings: [/reviews.jsonl has ratings/],
  },
  segment: { who: ({ person }) => `u${person}`, what: ({ good }) => `sg${good}` },
  taobao: {
    who: ({ person }) => `${person + 100}`,
    what: ({ good }) => `${good + 2_268_000}`,
    pieces: ONE,
    names: false,
  },
  rees46: {
    who: ({ person }) => `${541_312_000 + person}`,
    what: ({ good }) => `${3_900_000 + good}`,
    pieces: ONE,
    names: false,
  },
  'database dump': {
    who: ({ person }) => `${person + 1}`,
    what: ({ good }) => `${good + 1}`,
    cancelled: true,
  },
  'shopify orders in JSON': {
    who: ({ person }) => `${9000 + person}`,
    what: ({ good }) => `SH-${good}`,
    cancelled: true,
  },
  'woocommerce orders in JSON': {
    who: ({ person }) => `${1 + person}`,
    what: ({ good }) => `${90 + good}`,
    cancelled: true,
  },
  'commerce cloud': { who: ({ person }) => `ab${person}`, what: ({ good }) => `7015${good}M`, cancelled: true },
  'matomo visits': { who: ({ person }) => `v${person}`, what: ({ good }) => `MT${good}` },
  'tables of a web shop': {
    who: ({ person }) => `${person + 1}`,
    what: ({ good }) => `${good + 1}`,
    cancelled: true,
  },
  'key and value': {
    who: ({ person }) => `${500 + person}`,
    what: ({ good }) => `${3000 + good}`,
    pieces: ONE,
  },
  'wordpress tables': { who: ({ person }) => `${1 + person}`, what: ({ good }) => `${10 + good}`, cancelled: true },
  'ids in other letters': { who: ({ person }) => `k${person}`, what: ({ good }) => `SKU-${good}A` },
  'oracle dates': { who: ({ person }) => `K${person}`, what: ({ good }) => `I${good}`, exact: 86_400, names: false },
};

test.each(Object.entries(EXPECTED))('an export of the layout %s comes in as it is', async (name, expected) => {
  const { who, what, pieces = (line: Line) => line.pieces, exact = 1, warnings = [] } = expected;
  const dir = await shop(LAYOUTS[name]());
  const found = await describeShop(dir);
  expect(found.fault).toBeUndefined();
  expect(found.questions).toEqual([]);
  expect(found.warnings).toHaveLength(warnings.length);
  for (const warning of warnings) expect(found.warnings).toContainEqual(expect.stringMatching(warning));
  await importInto(dir);
  const rows = await sql<PurchaseRow>(PURCHASE_ROWS);
  // Events of Taobao are a few seconds after one another.
  const round = (second: number): number => Math.floor(second / exact) * exact;
  const late = name === 'taobao' ? 2 : 0;
  const expectedRows = (cancelled: boolean) =>
    tally(
      lines
        .filter(({ order }) => (expected.cancelled === true && order % 9 === 4) === cancelled)
        .map((line) => [who(line), what(line), round(line.second + late), pieces(line)]),
    );
  expect(tallyOf(rows.filter(({ state }) => state === 'bought'))).toEqual(expectedRows(false));
  expect(tallyOf(rows.filter(({ state }) => state === 'cancelled'))).toEqual(expectedRows(true));
  if (expected.names === false) return;
  expect(await sql('SELECT 1 FROM articles WHERE name IS NOT NULL')).toHaveLength(24);
});

test.each([
  'woocommerce',
  'shopware',
  'square',
  'etsy',
  'amazon',
  'magento',
  'spanish',
  'chinese',
  'segment',
  'database dump',
  'shopify orders in JSON',
  'woocommerce orders in JSON',
  'commerce cloud',
  'matomo visits',
  'tables of a web shop',
  'wordpress tables',
])('prices of the layout %s are those of one piece', async (name) => {
  const dir = await shop(LAYOUTS[name]());
  await describeShop(dir);
  await importInto(dir);
  const rows = await sql<PurchaseRow>(PURCHASE_ROWS);
  const { what } = EXPECTED[name];
  const price = new Map(lines.map((line) => [what(line), line.price]));
  for (const row of rows) expect(row.price).toBeCloseTo(price.get(row.what) ?? Number.NaN, 1);
});

test.each([
  ['instacart', /No file has dates. order_number counts the orders of each customer/, '2018-01-02T00:00:00.000Z'],
  ['dunnhumby', /DAY counts days, and no file says from which day/, '2018-01-02T16:31:00.000Z'],
])('the layout %s has no dates: what counts days or orders tells the order', async (name, warning, first) => {
  const dir = await shop(LAYOUTS[name]());
  const found = await describeShop(dir);
  expect(found.warnings).toContainEqual(expect.stringMatching(warning));
  const { articles, transactions } = await importInto(dir);
  expect(articles).toMatchObject({ inserted: 24, rejected: 0 });
  expect(transactions).toMatchObject({ rows: 240, rejected: 0 });
  const [{ at }] = await sql<{ at: Date }>('SELECT min(bought_at) AS at FROM purchases');
  expect(at.toISOString()).toBe(first);
});

test('tables that explain ids are joined to the articles', async () => {
  const dir = await shop(LAYOUTS['tables of a web shop']());
  await describeShop(dir);
  await importInto(dir);
  const [first] = await sql<{ category: string[]; price: number }>(`SELECT * FROM articles WHERE article_id = '2'`);
  expect([first.category, first.price]).toEqual([['Bowl'], 6]);
});

test('of the values of a property the latest one counts', async () => {
  const dir = await shop(LAYOUTS['key and value']());
  await describeShop(dir);
  await importInto(dir);
  const [row] = await sql<{ attributes: unknown; availability: string }>(
    `SELECT * FROM articles WHERE article_id = '3002'`,
  );
  expect([row.attributes, row.availability]).toEqual([{ categoryid: ['12'] }, 'out_of_stock']);
});

test('customers of a database dump have their city and age, and not their names', async () => {
  const dir = await shop(LAYOUTS['database dump']());
  await describeShop(dir);
  await importInto(dir);
  const [first] = await sql<{ age: number; attributes: unknown }>(`SELECT * FROM customers WHERE customer_id = '1'`);
  expect([first.age, first.attributes]).toEqual([20, { city: ['Rome'] }]);
});
