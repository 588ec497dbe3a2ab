// The articles of the store.

import { inOrder, page, pages, rowsAfter, selectList } from './sql/batches';
import { columnsOf, FIELDS } from './fields';
import { shapeOf, type Form } from './sql/packed';
import { Prisma } from './prisma/client';
import type { Statements } from './sql/statements';
import type { ArticleRow } from './rows';
import type { ArticleVersion, Store } from './store';

type ArticleStore = Pick<
  Store,
  'articlesById' | 'articlesByKey' | 'articlesPage' | 'articleVersions' | 'articlesState' | 'streamArticles'
>;

export function storeArticles({ rowsOf, manyRowsOf }: Pick<Statements, 'rowsOf' | 'manyRowsOf'>): ArticleStore {
  return {
    articlesById: (ids) =>
      inOrder(
        ids,
        (row) => row.id,
        (some) => rowsOf(ARTICLE, Prisma.sql`${SELECT_ARTICLES} WHERE article_id = ANY(${some})`),
      ),
    articlesByKey: (keys) =>
      inOrder(
        keys,
        (row) => row.key,
        (some) => rowsOf(ARTICLE, Prisma.sql`${SELECT_ARTICLES} WHERE key = ANY(${some}::bigint[])`),
      ),
    articlesPage: (first, afterKey = 0) =>
      page(first, (take) => rowsOf(ARTICLE, rowsAfter(SELECT_ARTICLES, afterKey, take))),
    articleVersions: (withinSeconds) =>
      withinSeconds === undefined
        ? manyRowsOf(VERSION, SELECT_VERSIONS)
        : rowsOf(
            VERSION,
            Prisma.sql`${SELECT_VERSIONS} WHERE updated_at >= now() - make_interval(secs => ${withinSeconds}::float8)`,
          ),
    async articlesState() {
      const [{ state }] = await rowsOf(
        STATE,
        Prisma.sql`
          SELECT concat_ws(' ', count(*), sum(key), sum(extract(epoch FROM updated_at))) AS state FROM articles`,
      );
      return state;
    },
    streamArticles: () => pages((after, take) => manyRowsOf(ARTICLE, rowsAfter(SELECT_ARTICLES, after, take))),
  };
}

const ARTICLE_COLUMNS: Record<keyof ArticleRow, string> = {
  key: 'key',
  ...columnsOf(FIELDS.articles),
  attributes: 'attributes',
  updatedAt: 'updated_at',
};
const ARTICLE = shapeOf<ArticleRow>({
  key: 'value',
  ...formsOf(FIELDS.articles),
  attributes: 'value',
  updatedAt: 'time',
});
const VERSION = shapeOf<ArticleVersion>({ key: 'value', updatedAt: 'time' });
const STATE = shapeOf<{ state: string }>({ state: 'value' });
const SELECT_ARTICLES = Prisma.raw(`SELECT ${selectList(ARTICLE_COLUMNS)} FROM articles`);
const SELECT_VERSIONS = Prisma.raw('SELECT key, updated_at AS "updatedAt" FROM articles');

function formsOf<K extends string>(fields: Record<K, readonly [string, string]>): Record<K, Form> {
  const entries = Object.entries<readonly [string, string]>(fields).map(([field, [, kind]]) => [
    field,
    kind === 'time' || kind === 'real' ? kind : 'value',
  ]);
  return Object.fromEntries(entries) as Record<K, Form>;
}
