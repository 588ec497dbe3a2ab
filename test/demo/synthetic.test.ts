import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { customerId } from '../../src/demo/synthetic/customers';
import { generateShop } from '../../src/demo/synthetic/generate';
import { plantWorld } from '../../src/demo/synthetic/world';
import { replantShop } from '../../src/demo/synthetic/oracle';
import type { SyntheticOptions } from '../../src/demo/synthetic/options';
import { createRandom } from '../../src/random';
import { silentReporter } from '../../src/telemetry/progress';
import { sha256 } from '../../src/bytes';

const SEED = 5;
const SMALL: Partial<SyntheticOptions> = {
  customers: 1_500,
  articles: 600,
  transactions: 30_000,
  days: 200,
  seed: SEED,
};
const planted = replantShop(SMALL);
let dir: string;

interface Bought {
  day: number;
  customer: number;
  article: number;
}
let purchases: Bought[];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vitrine-synthetic-'));
  await generateShop(join(dir, 'one'), SMALL, silentReporter);
  purchases = (await rowsOf('one', 'transactions_train.csv')).map(([date, customer, article]) => ({
    day: planted.dayOf(Date.parse(date) / 1_000),
    customer: planted.customerIndex(customer) ?? -1,
    article: planted.articleIndex(article) ?? -1,
  }));
});
afterAll(() => rm(dir, { recursive: true }));

async function rowsOf(shop: string, file: string): Promise<string[][]> {
  const text = await readFile(join(dir, shop, file), 'utf8');
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
}

async function digests(shop: string): Promise<string[]> {
  const names = (await readdir(join(dir, shop))).sort();
  const hash = async (name: string) => sha256(await readFile(join(dir, shop, name)));
  return Promise.all(names.map(async (name) => `${name} ${await hash(name)}`));
}

test('the same options give the same bytes, and another seed gives others', async () => {
  await generateShop(join(dir, 'same'), SMALL, silentReporter);
  await generateShop(join(dir, 'other'), { ...SMALL, seed: 6 }, silentReporter);
  const [one, same, other] = [await digests('one'), await digests('same'), await digests('other')];
  expect(same).toEqual(one);
  expect(one.map((line) => line.split(' ')[0])).toEqual([
    'articles.csv',
    'customers.csv',
    'synthetic.json',
    'transactions_train.csv',
  ]);
  for (const line of other) expect(one).not.toContain(line);
});

test('the files have as many rows as the options say, in the order of days', async () => {
  expect(purchases).toHaveLength(30_000);
  expect(await rowsOf('one', 'articles.csv')).toHaveLength(600);
  expect(await rowsOf('one', 'customers.csv')).toHaveLength(1_500);
  const days = purchases.map(({ day }) => day);
  expect(days).toEqual([...days].sort((a, b) => a - b));
  expect(days[0]).toBe(0);
  expect(days.at(-1)).toBe(199);
});

test('every id leads to its customer or article, and other ids to none', async () => {
  const customers = await rowsOf('one', 'customers.csv');
  customers.forEach(([id], index) => expect(planted.customerIndex(id)).toBe(index));
  const articles = await rowsOf('one', 'articles.csv');
  articles.forEach(([id], index) => {
    expect(id).toMatch(/^0\d{9}$/);
    expect(planted.articleIndex(id)).toBe(index);
    expect(planted.world.catalogue.articles[index].id).toBe(id);
  });
  expect(new Set(articles.map(([id]) => id)).size).toBe(600);
  for (const id of ['', 'nobody', customerId(SEED, 3).replace(/.$/, 'x'), customerId(9, 3)]) {
    expect(planted.customerIndex(id)).toBeUndefined();
  }
});

test('articles of a product share its code and name and differ in colour', async () => {
  const products = new Map<string, string[][]>();
  for (const row of await rowsOf('one', 'articles.csv')) {
    expect(row[0].slice(1, 7)).toBe(row[1]);
    products.set(row[1], [...(products.get(row[1]) ?? []), row]);
  }
  const several = [...products.values()].filter((rows) => rows.length > 1);
  expect(several.length).toBeGreaterThan(products.size / 4);
  for (const rows of several) {
    expect(new Set(rows.map((row) => row[2])).size).toBe(1);
    expect(new Set(rows.map((row) => row[9])).size).toBe(rows.length);
  }
});

// No history, one old purchase, purchases on the same day, and more purchases than are remembered.
const HISTORIES = [
  { articles: [], days: [] },
  { articles: [3], days: [10] },
  { articles: [0, 17, 17], days: [150, 150, 150] },
  { articles: Array.from({ length: 30 }, (_, i) => (i * 7) % 50), days: Array.from({ length: 30 }, (_, i) => 150 - i) },
];

test.each(HISTORIES.map((history) => [history.articles.length, history] as const))(
  'samples after %i purchases have the frequencies of the formula',
  (_, history) => {
    const { world } = planted;
    const probabilities = world.probabilities(12, 150, history);
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);

    const random = createRandom(1, 'frequencies');
    const draws = 50_000;
    const counts = new Float64Array(probabilities.length);
    for (let i = 0; i < draws; i++) counts[world.sample(12, 150, history, random)]++;
    // Pearson's chi-squared over articles that are expected at least five times. The rest is one
    // cell.
    let [chi, cells, restSeen, restExpected] = [0, 0, 0, 0];
    probabilities.forEach((p, article) => {
      if (p === 0) expect(counts[article]).toBe(0);
      if (p * draws >= 5) {
        chi += (counts[article] - p * draws) ** 2 / (p * draws);
        cells++;
      } else [restSeen, restExpected] = [restSeen + counts[article], restExpected + p * draws];
    });
    if (restExpected >= 5) {
      chi += (restSeen - restExpected) ** 2 / restExpected;
      cells++;
    }
    // The mean is cells − 1 and the variance twice that. The bound is four standard deviations.
    expect(chi).toBeLessThan(cells - 1 + 4 * Math.sqrt(2 * (cells - 1)));
  },
);

test('the order of purchases within a day does not change the probabilities', () => {
  const one = planted.world.probabilities(4, 150, { articles: [5, 9, 30], days: [149, 149, 140] });
  const other = planted.world.probabilities(4, 150, { articles: [9, 5, 30], days: [149, 149, 140] });
  one.forEach((p, i) => expect(p).toBeCloseTo(other[i], 12));
});

test('a purchase makes itself and its partners likelier than before', () => {
  const { world } = planted;
  const before = world.probabilities(4, 150, { articles: [], days: [] });
  const article = before.indexOf(Math.max(...before));
  const after = world.probabilities(4, 150, { articles: [article], days: [148] });
  const partner = world.catalogue.partners[article * 3];
  expect(after[article]).toBeGreaterThan(before[article]);
  if (before[partner] > 0) expect(after[partner]).toBeGreaterThan(before[partner]);
});

test('popularity and activity have long tails, and some articles and customers have no purchases', () => {
  const tally = (values: number[]) => {
    const counts = new Map<number, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    return [...counts.values()].sort((a, b) => b - a);
  };
  const byArticle = tally(purchases.map(({ article }) => article));
  const byCustomer = tally(purchases.map(({ customer }) => customer));
  const share = (counts: number[], part: number) =>
    counts.slice(0, Math.round(counts.length * part)).reduce((sum, n) => sum + n, 0) / purchases.length;
  expect(share(byArticle, 0.1)).toBeGreaterThan(0.35);
  expect(share(byCustomer, 0.1)).toBeGreaterThan(0.35);
  expect(byCustomer.filter((n) => n <= 3).length / byCustomer.length).toBeGreaterThan(0.15);
  expect(byArticle.length).toBeLessThan(600);
  expect(byCustomer.length).toBeLessThan(1_500);
});

test('customers buy the same article again, and some customers are new in the last week', () => {
  const had = new Set<string>();
  const firstDay = new Map<number, number>();
  let repeats = 0;
  for (const { day, customer, article } of purchases) {
    if (had.has(`${customer} ${article}`)) repeats++;
    had.add(`${customer} ${article}`);
    if (!firstDay.has(customer)) firstDay.set(customer, day);
  }
  expect(repeats / purchases.length).toBeGreaterThan(0.05);
  // In such a small catalogue some repeats are chance.
  expect(repeats / purchases.length).toBeLessThan(0.7);
  expect([...firstDay.values()].filter((day) => day >= 193).length).toBeGreaterThan(10);
  const fresh = purchases.filter(({ article }) => planted.world.catalogue.articles[article].product.launch >= 26);
  expect(fresh.length).toBeGreaterThan(10);
});

test('no article is sold outside its life cycle', () => {
  const none = { articles: [], days: [] };
  for (const { day, customer, article } of purchases.slice(-2_000)) {
    expect(planted.world.probabilities(customer, day, none)[article]).toBeGreaterThan(0);
  }
});

test('the smallest shops can be made, and an error lists all faults of impossible options', async () => {
  for (const options of [
    { customers: 1, articles: 1, transactions: 1, days: 1 },
    { customers: 3, articles: 30, transactions: 500, days: 2 },
    { customers: 50, articles: 20, transactions: 0, days: 9 },
  ]) {
    await generateShop(join(dir, 'tiny'), options, silentReporter);
    expect(await rowsOf('tiny', 'transactions_train.csv')).toHaveLength(options.transactions);
  }
  expect(() => plantWorld({ customers: 0, articles: 1.5, endDate: '2020-02-31' })).toThrow(
    /customers.*articles.*endDate/,
  );
});
