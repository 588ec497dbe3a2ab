// Exports of well-known programs and data sets: what inspect makes of them without help.

import { describeShop, PURCHASE_ROWS, tally, tallyOf, type PurchaseRow } from '../../support/cases';
import { useImports } from '../../support/imports';
import { DATA_SET_LAYOUTS } from './data-set-layouts';
import { lines, type Line } from './order-lines';
import { PROGRAM_LAYOUTS } from './program-layouts';

const { importInto, shop, sql } = useImports();
const LAYOUTS = { ...PROGRAM_LAYOUTS, ...DATA_SET_LAYOUTS };

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
    exact: 86_400,
    warnings: [/times in Time are not read/],
  },
  etsy: { who: ({ person }) => `buyer${person}`, what: ({ good }) => `ET-${good}`, exact: 86_400 },
  amazon: { who: MAIL, what: ({ good }) => `AZ-${good}`, cancelled: true },
  retailrocket: {
    who: ({ person }) => `${257_000 + person}`,
    what: ({ good }) => `${355_000 + good}`,
    pieces: ONE,
    names: false,
    warnings: [/category_tree.csv is not used/, /item_properties_part1.csv is not used/],
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
    warnings: [/unit_price_cents seems to be in hundredths/],
  },
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

test.each(['woocommerce', 'shopware', 'square', 'etsy', 'amazon', 'magento', 'spanish', 'chinese', 'segment'])(
  'prices of the layout %s are those of one piece',
  async (name) => {
    const dir = await shop(LAYOUTS[name]());
    await describeShop(dir);
    await importInto(dir);
    const rows = await sql<PurchaseRow>(PURCHASE_ROWS);
    const { what } = EXPECTED[name];
    const price = new Map(lines.map((line) => [what(line), line.price]));
    for (const row of rows) expect(row.price).toBeCloseTo(price.get(row.what) ?? Number.NaN, 1);
  },
);

test.each([
  ['instacart', /order_products__prior.csv looks like purchases, but has no column of dates/],
  ['dunnhumby', /transaction_data.csv looks like purchases.* no dates that are known: DAY \(1, 2, 3\)/],
])('the layout %s has no dates: its goods come in, and what is missing is said', async (name, warning) => {
  const dir = await shop(LAYOUTS[name]());
  const found = await describeShop(dir);
  expect(found.json.transactions).toBeUndefined();
  expect(found.warnings).toContainEqual(expect.stringMatching(warning));
  expect((await importInto(dir)).articles).toMatchObject({ inserted: 24, rejected: 0 });
});

test('customers of a database dump have their city and age, and not their names', async () => {
  const dir = await shop(LAYOUTS['database dump']());
  await describeShop(dir);
  await importInto(dir);
  const [first] = await sql<{ age: number; attributes: unknown }>(`SELECT * FROM customers WHERE customer_id = '1'`);
  expect([first.age, first.attributes]).toEqual([20, { city: ['Rome'] }]);
});
