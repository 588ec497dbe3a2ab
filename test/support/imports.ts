// Imports of hand-made shops into a database that belongs to the test file.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { importShop, type ImportOptions, type ImportResult } from '../../src/data/import/import';
import { silentReporter } from '../../src/telemetry/progress';
import { createTestDatabase, type TestDatabase } from './database';

export const ARTICLES = 'sku,title,text,price_band,brand,tags,weight\n';
export const SALES = 'when,who,what,paid\n';
/** A custom layout of a shop's files, which its shop.json describes. */
export const MAPPING = {
  articles: {
    id: 'sku',
    name: 'title',
    description: 'text',
    categorical: ['brand'],
    multiValued: { tags: '|' },
    numeric: ['weight'],
  },
  transactions: { date: 'when', customer: 'who', article: 'what', price: 'paid' },
};
export const BASIC = {
  'shop.json': JSON.stringify(MAPPING),
  'articles.csv': `${ARTICLES}s1,Soap,"Smells, good",low,acme,bath|hand | bath,0.2\ns2,Oil,,,,,\ns3,Brush,Soft,high,other,bath,1e1\n`,
  'transactions.csv': `${SALES}2021-03-01,ann,s1,2.5\n2021-03-01,ann,s1,2.5\n2021-03-02T10:30:00+02:00,bob,s3,\n`,
};

export const brief = (file: ImportResult['articles']) =>
  file && {
    inserted: file.inserted,
    updated: file.updated,
    unchanged: file.unchanged,
    rejected: file.rejected,
  };

/**
 * Sets up a database and a folder. To be called once per test file. The database is empty before
 * each test.
 */
export function useImports() {
  let folder: string;
  let shops = 0;
  let database: TestDatabase;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vitrine-import-'));
    database = await createTestDatabase('import');
  });
  afterAll(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => database.sql('TRUNCATE articles, customers, purchases, facts RESTART IDENTITY CASCADE'));

  const place = (...names: string[]): string => join(folder, ...names);
  const rejectsFile = (): string => place('rejects.csv');
  return {
    /** A path within the folder of this test file. */
    place,
    rejectsFile,
    database: (): TestDatabase => database,
    sql: <Row extends object = Record<string, unknown>>(text: string) => database.sql<Row>(text),
    /** Writes the files of a shop into a new folder. */
    async shop(files: Record<string, string | Buffer>): Promise<string> {
      const dir = place(String(++shops));
      await mkdir(dir);
      for (const [name, content] of Object.entries(files)) {
        await mkdir(dirname(join(dir, name)), { recursive: true });
        await writeFile(join(dir, name), content);
      }
      return dir;
    },
    importInto: (dir: string, options: Partial<ImportOptions> = {}): Promise<ImportResult> =>
      importShop(dir, {
        databaseUrl: database.url,
        rejectsFile: rejectsFile(),
        reporter: silentReporter,
        ...options,
      }),
    /** Everything that an import writes, except the times of change. */
    dump: async (): Promise<unknown[]> => [
      await database.sql('SELECT a.*, NULL AS updated_at FROM articles AS a ORDER BY article_id'),
      await database.sql('SELECT * FROM customers ORDER BY customer_id'),
      await database.sql('SELECT * FROM purchases ORDER BY customer_key, bought_at, article_key, line'),
      await database.sql('SELECT * FROM facts ORDER BY name'),
    ],
  };
}
