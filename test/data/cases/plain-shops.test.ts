// Small shops with columns id, name … and when, who, what, paid, whose files are written in many
// ways. `inspect` describes them without help, and the import brings in what is in the files.

import { mkdir } from 'node:fs/promises';
import {
  caseTest,
  copyCase,
  describeShop,
  PURCHASE_ROWS,
  rawRows,
  tally,
  tallyOf,
  type PurchaseRow,
} from '../../support/cases';
import { useImports } from '../../support/imports';

const { importInto, place, sql } = useImports();

const iso = (text: string): number => Date.parse(text.replace(' ', 'T') + (/Z$/.test(text) ? '' : 'Z')) / 1_000;
const seconds = (text: string): number => Math.floor(iso(text));
const parts =
  (pattern: RegExp, order: string) =>
  (text: string): number => {
    const found = pattern.exec(text)?.slice(1).map(Number) ?? [];
    const at = (letter: string): number => found[order.indexOf(letter)] ?? 0;
    return Date.UTC(at('Y'), at('M') - 1, at('D'), at('h'), at('m'), at('s')) / 1_000;
  };
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

interface Reading {
  readonly second: (text: string) => number;
  readonly articles?: number;
  readonly separator?: string;
  readonly skip?: number;
  readonly cells?: (text: string) => string[];
  readonly price?: (text: string) => number;
}

const plain: Reading = { second: seconds };
const SHOPS: Readonly<Record<string, Reading>> = {
  '22-basket-in-one-row': { second: seconds, cells: (text) => text.split(';') },
  '30-german-excel': {
    second: parts(/(\d+)\.(\d+)\.(\d+) (\d+):(\d+)/, 'DMYhm'),
    separator: ';',
    price: (text) => Number(text.replace(',', '.')),
  },
  '36-sep-line': { second: seconds, skip: 1 },
  '38b-thousands': { second: seconds, price: (text) => Number(text.replace(',', '')) },
  '50-date-ampm': {
    second: (text) =>
      seconds(text.replace(/ [AP]M$/, '')) +
      (/ 12:.*AM$/.test(text) ? -43_200 : 0) +
      (/PM$/.test(text) && !/ 12:/.test(text) ? 43_200 : 0),
  },
  '50-date-compact': { second: parts(/(\d{4})(\d\d)(\d\d)/, 'YMD') },
  '50-date-epoch-ms': { second: (text) => Math.floor(Number(text) / 1_000) },
  '50-date-epoch-s': { second: Number },
  '50-date-eu-dot': { second: parts(/(\d+)\.(\d+)\.(\d+) (\d+):(\d+):(\d+)/, 'DMYhms') },
  '50-date-iso-us': plain,
  '50-date-named': {
    second: (text) =>
      Date.UTC(Number(text.slice(7)), MONTHS.indexOf(text.slice(3, 6)), Number(text.slice(0, 2))) / 1_000,
  },
  '50-date-pg-tz-short': { second: (text) => seconds(text.replace('+00', 'Z')) },
  '50-date-us-slash': { second: parts(/(\d+)\/(\d+)\/(\d+) (\d+):(\d+)/, 'MDYhm') },
  '76-duplicates-40k': plain,
  '89-leading-zeros': { second: seconds, cells: (text) => [text.padStart(5, '0')] },
  '93-first-reason-wrong-file': { second: seconds, articles: 200, price: (text) => Number(text.replace('€', '')) },
  '93b-one-bad-row-of-60': { second: seconds, articles: 59 },
  '97a-price-erased/1': plain,
  '97b-overlapping-day/1-morning': plain,
};

let shops = 0;
async function copied(name: string): Promise<string> {
  const dir = place(`case-${++shops}`);
  await mkdir(dir);
  await copyCase(name, dir);
  return dir;
}
async function inspected(name: string) {
  const dir = await copied(name);
  return { dir, found: await describeShop(dir) };
}

for (const [name, reading] of Object.entries(SHOPS)) {
  caseTest(name)(`${name} comes in as it is in its files`, async () => {
    const { dir, found } = await inspected(name);
    expect(found.fault).toBeUndefined();
    expect(found.questions).toEqual([]);
    const result = await importInto(dir);
    const raw = await rawRows(`${dir}/transactions.csv`, reading);
    const { second, cells = (text: string) => [text], price = Number } = reading;
    const expected = raw.flatMap((row) => cells(row.what).map((what) => [row.who, what, second(row.when), 1] as const));
    const bought = await sql<PurchaseRow>(PURCHASE_ROWS);
    expect(tallyOf(bought)).toEqual(tally(expected));
    if (reading.cells === undefined || name.startsWith('89')) {
      const prices = bought.reduce((sum, row) => sum + (row.price ?? 0) * row.pieces, 0);
      expect(prices / raw.reduce((sum, row) => sum + price(row.paid), 0)).toBeCloseTo(1, 6);
    }
    const goods = await sql<{ name: string; brand: string; colour: string; listed: boolean }>(
      'SELECT * FROM articles WHERE listed',
    );
    const rawGoods = await rawRows(`${dir}/articles.csv`, reading);
    expect(goods.length).toBe(reading.articles ?? rawGoods.length);
    expect(new Set(goods.map((good) => good.name))).toEqual(
      new Set(rawGoods.filter(({ id }) => id !== '').map((row) => row['name'])),
    );
    expect(goods.every(({ brand, colour }) => brand !== '' && colour !== '')).toBe(true);
    expect(result.bareArticles).toBe(0);
  });
}

caseTest('42g-jsonl')('42g-jsonl: JSON lines are read, numbers and all', async () => {
  const { dir, found } = await inspected('42g-jsonl');
  expect(found.fault).toBeUndefined();
  expect((await importInto(dir)).transactions).toMatchObject({ inserted: 800, rejected: 0, guests: 0 });
});

caseTest('33d-latin1-merges-two-goods')('33d: two goods that differ in an umlaut stay two', async () => {
  const { dir } = await inspected('33d-latin1-merges-two-goods');
  await importInto(dir);
  const raw = await rawRows(`${dir}/transactions.csv`, { encoding: 'latin1' });
  const count = (what: string): number => raw.filter((row) => row.what === what).length;
  const bought = await sql<PurchaseRow>(PURCHASE_ROWS);
  for (const what of ['TASSE-grün', 'TASSE-grö']) {
    const known = await sql<{ article_id: string }>(`SELECT article_id FROM articles WHERE article_id = '${what}'`);
    expect(bought.filter((row) => row.what === what).length).toBe(count(what));
    expect(known.length).toBeLessThanOrEqual(1);
  }
  const goods = await rawRows(`${dir}/articles.csv`, { encoding: 'latin1' });
  expect((await sql('SELECT 1 FROM articles WHERE listed')).length).toBe(new Set(goods.map(({ id }) => id)).size);
});

caseTest('39z-null-text-only')('39z: NULL is nobody and nothing', async () => {
  const { dir } = await inspected('39z-null-text-only');
  const raw = await rawRows(`${dir}/transactions.csv`);
  const guests = raw.filter(({ who }) => who === 'NULL').length;
  expect((await importInto(dir)).transactions).toMatchObject({ guests, inserted: raw.length - guests });
  expect(guests).toBeGreaterThan(100);
  expect(await sql(`SELECT 1 FROM customers WHERE customer_id = 'NULL'`)).toEqual([]);
  expect(await sql(`SELECT 1 FROM articles WHERE 'NULL' IN (name, colour, brand)`)).toEqual([]);
});

caseTest('83-all-future')('83: a shop of the future is refused, and the reason said', async () => {
  const { dir } = await inspected('83-all-future');
  await expect(importInto(dir)).rejects.toThrow(/all 800 purchases are dated in the future \(first 2031-01-01/);
});

for (const name of ['87-proto-column', '90-chinese', '91-html-boilerplate', '95-python-lists']) {
  caseTest(name)(`${name}: columns called d, u and i are understood by their values`, async () => {
    const { dir, found } = await inspected(name);
    expect(found.fault).toBeUndefined();
    await importInto(dir);
    const raw = await rawRows(`${dir}/transactions.csv`);
    expect(tallyOf(await sql<PurchaseRow>(PURCHASE_ROWS))).toEqual(
      tally(raw.map(({ d, u, i }) => [u, i, seconds(d), 1])),
    );
    expect(await sql('SELECT 1 FROM articles WHERE listed AND name IS NOT NULL')).toHaveLength(60);
  });
}

caseTest('91-html-boilerplate')('91: descriptions come without tags', async () => {
  const { dir } = await inspected('91-html-boilerplate');
  await importInto(dir);
  expect(await sql(`SELECT 1 FROM articles WHERE description ~ '<|&nbsp;|style=' OR description IS NULL`)).toEqual([]);
});

caseTest('95-python-lists')('95: lists of Python become categories', async () => {
  const { dir } = await inspected('95-python-lists');
  await importInto(dir);
  const [first] = await sql<{ attributes: unknown }>(`SELECT attributes FROM articles WHERE article_id = '00100'`);
  expect(first.attributes).toEqual({ tags: ['home', 'Mug', 'red'], props: ['kind:Mug', 'colour:red'] });
});

caseTest('87-proto-column')('87: columns may be called __proto__ and constructor', async () => {
  const { dir } = await inspected('87-proto-column');
  await importInto(dir);
  const [first] = await sql<{ text: string }>(
    `SELECT attributes::text AS text FROM articles WHERE article_id = '00100'`,
  );
  expect(JSON.parse(first.text.replace('__proto__', 'proto'))).toEqual({
    proto: ['Nordhus'],
    constructor: ['red'],
    toString: ['Mug'],
  });
});

caseTest('92-returns')('92: what everybody sent back counts for nobody', async () => {
  const { dir } = await inspected('92-returns');
  const raw = await rawRows(`${dir}/transactions.csv`);
  expect((await importInto(dir)).transactions).toMatchObject({ returns: raw.filter(({ qty }) => qty === '-1').length });
  const left = await sql<PurchaseRow>(`${PURCHASE_ROWS} WHERE state = 'bought'`);
  const net = new Map<string, number>();
  for (const { what, qty } of raw) net.set(what, (net.get(what) ?? 0) + Number(qty));
  const counted = new Map<string, number>();
  for (const { what, pieces } of left) counted.set(what, (counted.get(what) ?? 0) + pieces);
  expect(counted).toEqual(new Map([...net].filter(([, pieces]) => pieces > 0)));
});

caseTest('98-quantity')('98: 500 pieces are 500', async () => {
  const { dir } = await inspected('98-quantity');
  const raw = await rawRows(`${dir}/transactions.csv`);
  await importInto(dir);
  expect(tallyOf(await sql<PurchaseRow>(PURCHASE_ROWS))).toEqual(
    tally(raw.map(({ who, what, when, qty }) => [who, what, seconds(when), Number(qty)])),
  );
});

caseTest('97a-price-erased')('97a: prices stay if a later description has none', async () => {
  const dir = await copied('97a-price-erased');
  await describeShop(`${dir}/1`);
  await importInto(`${dir}/1`);
  const before = await sql('SELECT * FROM purchases ORDER BY 1, 2, 3, 4');
  const { json } = await describeShop(`${dir}/2`);
  expect(json.transactions?.price).toBe('paid');
  await importInto(`${dir}/2`);
  expect(await sql('SELECT * FROM purchases ORDER BY 1, 2, 3, 4')).toEqual(before);
});

caseTest('97b-overlapping-day')('97b: the same good bought again on the same day is two', async () => {
  const dir = await copied('97b-overlapping-day');
  for (const part of ['1-morning', '2-afternoon']) {
    await describeShop(`${dir}/${part}`);
    await importInto(`${dir}/${part}`);
  }
  const bought = await sql<PurchaseRow>(PURCHASE_ROWS);
  expect(bought.map(({ price }) => price?.toFixed(2)).sort()).toEqual(['20.96', '21.96']);
});
