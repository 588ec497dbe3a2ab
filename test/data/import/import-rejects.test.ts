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
  for (const bad of ['2021-13-01,ann,s1,1\n', '2021-03-01,ann,,1\n']) {
    const rows = '2021-03-01,ann,s1,1\n'.repeat(989);
    const dir = await shop({ ...BASIC, 'transactions.csv': SALES + rows + bad.repeat(11) });
    await expect(importInto(dir)).rejects.toMatchObject({
      code: 'IMPORT_REJECTED',
      message: expect.stringMatching(
        /11 of 1000 rows of transactions\.csv were rejected:\n {2}11 × .*rejects\.csv/s,
      ) as string,
    });
    expect(await dump()).toEqual([[], [], [], []]);
    expect(await readFile(rejectsFile(), 'utf8')).toContain('transactions.csv,1001,');
  }
  const dir = await shop({
    ...BASIC,
    'transactions.csv': `${SALES}${'2021-03-01,ann,s1,1\n'.repeat(29)}${'2021-13-01,ann,s1,1\n'.repeat(10)}`,
  });
  // Ten rows may be rejected of a small file, whatever their share.
  expect((await importInto(dir)).rejected).toBe(10);
});

test('values that the database cannot store reject the row if it needs them, and are unknown otherwise', async () => {
  const mapping = {
    articles: { ...MAPPING.articles, price: 'price_band' },
    customers: { id: 'id', age: 'age', active: 'active' },
    transactions: { ...MAPPING.transactions, salesChannelId: 'channel' },
  };
  const sale = (when: string, paid = '1', channel = '1', who = 'ann') => `${when},${who},s1,${paid},${channel}\n`;
  const needed: Record<string, string[]> = {
    'articles.csv': [',a,,,,,\n', `${'x'.repeat(257)},a,,,,,\n`, 'n\0,a,,,,,\n'],
    'customers.csv': [',1,\n'],
    'transactions.csv': [
      ...['0000-03-01', '99999-03-01', '2021-02-31', '2021-02-28T24:00:00', '2021-02-28T10:00:00+99:99'].map((when) =>
        sale(when),
      ),
      sale('2021-03-01', '1', '1', '\0'),
    ],
  };
  const optional: Record<string, string[]> = {
    'articles.csv': ['n1,a\0,,,,,\n', 'n2,a,,,b\0,,\n', 'n3,a,,dear,,,\n', 'n4,a,,,,,1e999\n', 'n5,a,,,,,Infinity\n'],
    'customers.csv': ['b1,1e10,\n', 'b2,36.5,\n', 'b3,much,\n', 'b4,,maybe\n'],
    'transactions.csv': ['-1e-999', '1e999', '-Infinity']
      .map((paid) => sale('2021-03-01', paid))
      .concat(sale('2021-03-01', '1', '32768')),
  };
  const good: Record<string, string> = {
    'articles.csv': `${ARTICLES}s1,Soap,,2147483647,,,1e300\n`,
    'customers.csv': 'id,age,active\nann,0,yes\n',
    'transactions.csv': `when,who,what,paid,channel\n${sale('2021-03-01', '1e-45').repeat(20)}`,
  };
  const files: Record<string, string> = { 'shop.json': JSON.stringify(mapping) };
  for (const [name, rows] of Object.entries(good)) files[name] = rows + [...optional[name], ...needed[name]].join('');
  const result = await importInto(await shop(files), { maxRejects: 1 });
  for (const [section, first] of [
    ['articles', 1],
    ['customers', 1],
    ['transactions', 20],
  ] as const) {
    const name = `${section}.csv`;
    expect([name, brief(result[section])]).toEqual([
      name,
      { inserted: first + optional[name].length, updated: 0, unchanged: 0, rejected: needed[name].length },
    ]);
    const unread = Object.values(result[section]?.unread ?? {}).reduce((sum, count) => sum + count, 0);
    expect([name, unread]).toEqual([name, optional[name].length]);
  }
  const rejects = (await readFile(rejectsFile(), 'utf8')).trim().split('\n').slice(1);
  expect(rejects).toHaveLength(Object.values(needed).flat().length);
});

test('any number of equal purchases is imported, and found again', async () => {
  const rows = `2021-03-01,ann,s1,1\n`.repeat(40_000);
  const dir = await shop({ ...BASIC, 'transactions.csv': `${SALES}2021-03-01,bob,s3,1\n${rows}` });
  const counts = { inserted: 40_001, updated: 0, unchanged: 0, rejected: 0 };
  expect(brief((await importInto(dir)).transactions)).toEqual(counts);
  expect(brief((await importInto(dir)).transactions)).toEqual({ ...counts, inserted: 0, unchanged: 40_001 });
});

describe('nothing is imported if rejects cannot be written, since', () => {
  const bad = () => shop({ ...BASIC, 'transactions.csv': `${SALES}${'2021-13-01,ann,s1,1\n'.repeat(9)}` });
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
