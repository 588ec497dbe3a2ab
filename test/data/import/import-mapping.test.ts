import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { ARTICLES, BASIC, MAPPING, useImports } from '../../support/imports';

const { dump, importInto, place, shop, sql } = useImports();

test('the mapping may be outside the folder', async () => {
  const { 'shop.json': mapping, ...files } = BASIC;
  const path = place('mine.json');
  await writeFile(path, mapping);
  expect((await importInto(await shop(files), { mapping: path })).articles?.inserted).toBe(3);
});

test('one error lists all faults of a mapping', async () => {
  const faulty = {
    articles: { name: 7, shade: 'c', multiValued: { tags: '' } },
    purchases: {},
    transactions: { date: 'when' },
  };
  const failure = importInto(await shop({ ...BASIC, 'shop.json': JSON.stringify(faulty) }));
  await expect(failure).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  const { message } = await failure.then(
    () => new Error(),
    (thrown: unknown) => thrown as Error,
  );
  for (const part of [
    'articles.id',
    'articles.name',
    'shade',
    'multiValued.tags',
    'purchases',
    'transactions.customer',
    'transactions.article',
  ]) {
    expect(message).toContain(part);
  }
  const proto = '{ "articles": { "id": "sku", "attributes": { "__proto__": "category" } } }';
  await expect(importInto(await shop({ ...BASIC, 'shop.json': proto }))).rejects.toThrow(
    '"categorical": ["__proto__"]',
  );
  await expect(importInto(await shop({ ...BASIC, 'shop.json': '{' }))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});

test('one error lists all missing columns and files, with those that are there', async () => {
  const wrong = {
    articles: { id: 'id', name: 'title' },
    transactions: { date: 'day', customer: 'who', article: 'what' },
  };
  await expect(importInto(await shop({ ...BASIC, 'shop.json': JSON.stringify(wrong) }))).rejects.toThrow(
    /articles\.csv has no column 'id' \(for id\); its columns are sku, title.*\n.*transactions\.csv has no column 'day'/,
  );
  await expect(importInto(await shop({ 'articles.csv': BASIC['articles.csv'] }))).rejects.toThrow(
    /H&M's layout.*shop\.json[^]*prod_name/,
  );
  await expect(importInto(await shop({ ...BASIC, 'articles.csv': '' }))).rejects.toThrow('articles.csv is empty');
  await expect(importInto(await shop({ ...BASIC, 'articles.csv.gz': '' }))).rejects.toThrow(
    'both articles.csv and articles.csv.gz',
  );
  await expect(importInto(place('nowhere'))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});

test('a mapping with characters that the database cannot store is refused', async () => {
  for (const odd of ['\0', '\ud800']) {
    const mapping = { ...MAPPING, articles: { id: 'sku', multiValued: { tags: odd } } };
    await expect(importInto(await shop({ ...BASIC, 'shop.json': JSON.stringify(mapping) }))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('articles.multiValued.tags') as string,
    });
  }
});

describe('a file that is said to be UTF-8 and is not imports nothing, and the message tells the place', () => {
  const latin1 = (text: string) => Buffer.from(text, 'latin1');
  const FILES = {
    ...BASIC,
    'shop.json': JSON.stringify({ ...MAPPING, customers: { id: 'id', age: 'age' } }),
    'customers.csv': 'id,age\nann,36\n',
  };
  const { 'customers.csv': customers, ...without } = FILES;
  /** The files, with a section that names its encoding. */
  const utf8 = (section: string, files: Record<string, string> = FILES) => {
    const json = JSON.parse(files['shop.json']) as Record<string, object>;
    return {
      ...files,
      'shop.json': JSON.stringify({ ...json, [section]: { ...json[section], form: { encoding: 'utf-8' } } }),
    };
  };

  test.each<[string, Record<string, string | Buffer>, RegExp]>([
    [
      'articles whose ids differ in that byte alone',
      { ...utf8('articles'), 'articles.csv': latin1(`${ARTICLES}grö,a,,,,,\ngrü,b,,,,,\n`) },
      /articles\.csv, line 2: .*0xF6/,
    ],
    [
      'customers',
      { ...utf8('customers', without), 'customers.csv.gz': gzipSync(latin1(`${customers}bö,1\n`)) },
      /customers\.csv\.gz, line 3: .*0xF6/,
    ],
    [
      'transactions',
      { ...utf8('transactions'), 'transactions.csv': latin1(`${BASIC['transactions.csv']}2021-03-01,bö,s1,1\n`) },
      /transactions\.csv, line 5: .*0xF6/,
    ],
    [
      'the mapping',
      { ...FILES, 'shop.json': latin1('{\n "articles": { "id": "größe" }\n}') },
      /shop\.json, line 2: .*0xF6/,
    ],
  ])('%s', async (_what, files, message) => {
    await expect(importInto(await shop(files))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(message) as string,
    });
    expect(await dump()).toEqual([[], [], [], []]);
  });

  test('files in other encodings are read right, and different ids stay different', async () => {
    const articles = latin1(`${ARTICLES}gr\xf6,a,,,,,\ngr\xfc,b,,,,,\n`);
    await importInto(
      await shop({ 'shop.json': JSON.stringify({ articles: MAPPING.articles }), 'articles.csv': articles }),
    );
    expect(await sql('SELECT article_id FROM articles ORDER BY key')).toEqual([
      { article_id: 'grö' },
      { article_id: 'grü' },
    ]);
  });

  test('a mapping may begin with a byte order mark', async () => {
    const result = await importInto(await shop({ ...BASIC, 'shop.json': `\ufeff${BASIC['shop.json']}` }));
    expect(result.articles?.inserted).toBe(3);
  });
});
