import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentReporter } from '../../../src/telemetry/progress';
import { ARTICLES, BASIC, brief, MAPPING, SALES, useImports } from '../../support/imports';

const { dump, importInto, place, rejectsFile, shop, sql } = useImports();

test('bad rows are written to the rejects file with line, reason and content, and the rest is imported', async () => {
  const good = Array.from({ length: 60 }, (_, i) => `2021-03-01,ann,s${1 + (i % 3)},${i}`).join('\n');
  const bad = [
    '2021-02-30,ann,s1,1',
    'yesterday,ann,s1,1',
    '2021-03-01,,s1,1',
    `2021-03-01,${'x'.repeat(300)},s1,1`,
    '2021-03-01,ann,s1,1e99',
    '2021-03-01,ann,s1,cheap',
    '2021-03-01,ann,s9,1',
    '2021-03-01,a\0n,s1,1',
    '2021-03-01,ann',
    '2021-03-01,"ann"x,s1,1',
  ];
  const dir = await shop({
    ...BASIC,
    'transactions.csv': `${SALES}${good}\n${bad.join('\n')}\n2021-03-09T23:59:59.9Z,dee,s1,1\n`,
  });
  const result = await importInto(dir, { maxRejects: 0.2 });
  expect(brief(result.transactions)).toEqual({ inserted: 64, updated: 0, unchanged: 0, rejected: 6 });
  expect(result.transactions?.rows).toBe(71);
  const lines = (await readFile(result.rejectsFile ?? '', 'utf8')).trim().split('\n');
  expect(lines[0]).toBe('file,line,reason,raw');
  const reasons = new Map(lines.slice(1).map((line) => [Number(line.split(',')[1]), line]));
  expect([...reasons.keys()].sort((a, b) => a - b)).toEqual([62, 63, 65, 69, 70, 71]);
  expect(reasons.get(62)).toContain("there is no such time as '2021-02-30'");
  expect(reasons.get(63)).toContain('when: expected a date such as');
  expect(reasons.get(65)).toContain('at most 256 characters, got 300');
  expect(reasons.get(69)).toContain('NUL');
  expect(reasons.get(70)).toContain('expected 4 fields, got 2');
  expect(reasons.get(71)).toContain('a closing quote is followed by');
  // Fractions of a second are dropped, and rejected rows make no customer.
  expect(await sql('SELECT max(bought_at) AS last FROM purchases')).toEqual([
    { last: new Date('2021-03-09T23:59:59Z') },
  ]);
  expect(await sql('SELECT customer_id FROM customers ORDER BY 1')).toEqual([
    { customer_id: 'ann' },
    { customer_id: 'dee' },
  ]);
});

test('the first of two rows with the same id counts', async () => {
  const dir = await shop({ ...BASIC, 'articles.csv': `${BASIC['articles.csv']}s1,Another soap,,,,,\n` });
  const result = await importInto(dir, { maxRejects: 0.25 });
  expect(brief(result.articles)).toEqual({ inserted: 3, updated: 0, unchanged: 0, rejected: 1 });
  expect(await readFile(rejectsFile(), 'utf8')).toContain('articles.csv,5,s1 was already on line 2,s1');
  expect(await sql(`SELECT name FROM articles WHERE article_id = 's1'`)).toEqual([{ name: 'Soap' }]);
});

test('with more rejects than allowed nothing is imported, and the error names the rejects file', async () => {
  for (const bad of ['2021-03-01,ann,s1,much\n', '2021-03-01,ann,nothing,1\n']) {
    const rows = '2021-03-01,ann,s1,1\n'.repeat(98);
    const dir = await shop({ ...BASIC, 'transactions.csv': SALES + rows + bad + bad });
    await expect(importInto(dir)).rejects.toMatchObject({
      code: 'IMPORT_REJECTED',
      message: expect.stringMatching(/2 of 100 rows of transactions\.csv.*rejects\.csv/s) as string,
    });
    expect(await dump()).toEqual([[], [], [], []]);
    expect(await readFile(rejectsFile(), 'utf8')).toContain('transactions.csv,100,');
  }
  const dir = await shop({
    ...BASIC,
    'transactions.csv': `${SALES}${'2021-03-01,ann,s1,1\n'.repeat(99)}2021-03-01,ann,s1,much\n`,
  });
  expect((await importInto(dir)).rejected).toBe(1);
});

test('numbers, times and ids that the database cannot store are rejected with a reason', async () => {
  const mapping = {
    articles: { ...MAPPING.articles, productTypeNo: 'price_band' },
    customers: { id: 'id', age: 'age', active: 'active' },
    transactions: { ...MAPPING.transactions, salesChannelId: 'channel' },
  };
  const sale = (when: string, paid = '1', channel = '1', who = 'ann') => `${when},${who},s1,${paid},${channel}`;
  const bad: Record<string, [row: string, reason: string][]> = {
    'articles.csv': [
      [',a,,,,,', 'sku: expected an id'],
      [`${'x'.repeat(257)},a,,,,,`, 'at most 256 characters, got 257'],
      ['n\0,a,,,,,', 'sku: contains a NUL character'],
      ['n1,a\0,,,,,', 'title: contains a NUL character'],
      ['n2,a,,,b\0,,', 'brand: contains a NUL character'],
      ['n3,a,,2147483648,,,', 'price_band: expected a number up to'],
      ['n4,a,,,,,1e999', 'weight: expected a number up to'],
      ['n5,a,,,,,Infinity', 'weight: expected a number up to'],
    ],
    'customers.csv': [
      ['b1,1e10,', 'age: expected a number up to'],
      ['b2,36.5,', 'age: expected a whole number'],
      ['b3,NaN,', 'age: expected a number'],
      ['b4,,maybe', 'active: expected yes or no'],
    ],
    'transactions.csv': [
      [sale('2021-03-01', '1e-46'), "paid: expected 0 or a number beyond ±1e-45, got '1e-46'"],
      [sale('2021-03-01', '-1e-999'), "got '-1e-999'"],
      [sale('2021-03-01', '1e39'), 'paid: expected a number up to'],
      [sale('2021-03-01', 'NaN'), 'paid: expected a number'],
      [sale('2021-03-01', '-Infinity'), 'paid: expected a number'],
      [sale('2021-03-01', '1', '32768'), 'channel: expected a number up to'],
      [sale('0000-03-01'), 'there is no such time'],
      [sale('99999-03-01'), 'when: expected a date such as'],
      [sale('2021-02-31'), 'there is no such time'],
      [sale('2021-02-28T24:00:00'), 'there is no such time'],
      [sale('2021-02-28T10:00:00+99:99'), 'there is no such time'],
      [sale('9999-12-31T23:59:59-12:00'), 'there is no such time'],
      [sale('0100-01-01T00:00:00+01:00'), 'there is no such time'],
      [sale('2021-03-01', '1', '1', '\0'), 'who: contains a NUL character'],
    ],
  };
  const good: Record<string, string> = {
    'articles.csv': `${ARTICLES}s1,Soap,,2147483647,,,1e300\n`,
    'customers.csv': 'id,age,active\nann,0,yes\n',
    'transactions.csv': `when,who,what,paid,channel\n${sale('2021-03-01', '1e-45')}\n${sale('9999-12-31', '3.4e38', '32767')}\n${sale('0100-01-01', '0e-999')}\n`,
  };
  const files: Record<string, string> = { 'shop.json': JSON.stringify(mapping) };
  for (const [name, rows] of Object.entries(bad)) files[name] = good[name] + rows.map(([row]) => `${row}\n`).join('');
  const result = await importInto(await shop(files), { maxRejects: 1 });
  expect([result.articles, result.customers, result.transactions].map((file) => file && brief(file))).toEqual([
    { inserted: 1, updated: 0, unchanged: 0, rejected: bad['articles.csv'].length },
    { inserted: 1, updated: 0, unchanged: 0, rejected: bad['customers.csv'].length },
    { inserted: 3, updated: 0, unchanged: 0, rejected: bad['transactions.csv'].length },
  ]);
  const rejects = (await readFile(rejectsFile(), 'utf8')).split('\n');
  for (const [name, rows] of Object.entries(bad)) {
    const first = good[name].split('\n').length;
    for (const [i, [, reason]] of rows.entries()) {
      expect(rejects.find((line) => line.startsWith(`${name},${first + i},`))).toContain(reason);
    }
  }
});

test('any number of equal purchases is imported, and found again', async () => {
  const rows = `2021-03-01,ann,s1,1\n`.repeat(40_000);
  const dir = await shop({ ...BASIC, 'transactions.csv': `${SALES}2021-03-01,bob,s3,1\n${rows}` });
  const counts = { inserted: 40_001, updated: 0, unchanged: 0, rejected: 0 };
  expect(brief((await importInto(dir)).transactions)).toEqual(counts);
  expect(brief((await importInto(dir)).transactions)).toEqual({ ...counts, inserted: 0, unchanged: 40_001 });
});

describe('nothing is imported if rejects cannot be written, since', () => {
  const bad = () => shop({ ...BASIC, 'transactions.csv': `${SALES}${'2021-03-01,ann,s1,much\n'.repeat(9)}` });
  const unwritable = (path: string) => ({
    code: 'STORAGE_UNAVAILABLE',
    message: expect.stringContaining(path) as string,
  });

  test('the folder cannot be made', async () => {
    await writeFile(place('plain'), '');
    for (const folder of [place('plain', 'below'), place()]) {
      const rejectsFile = folder === place() ? place() : join(folder, 'rejects.csv');
      await expect(importInto(await bad(), { rejectsFile })).rejects.toMatchObject(unwritable(folder));
    }
  });

  test('the disk is full', async () => {
    const path = place('full', 'rejects.csv');
    const reporter = {
      ...silentReporter,
      progress: (label: string) => ({ ...silentReporter.progress(label), tick: () => void full() }),
    };
    // The link is made after the import has removed the rejects of an earlier one.
    const full = () => symlink('/dev/full', path).catch(() => undefined);
    const importing = importInto(await bad(), { rejectsFile: path, maxRejects: 1, reporter });
    await expect(importing).rejects.toMatchObject(unwritable(path));
    await expect(importing).rejects.toThrow('the disk is full');
    expect(await dump()).toEqual([[], [], [], []]);
  });
});
