// The articles of the store.

import { inOrder, page, pages, rowsAfter, selectList } from './batches';
import { columnsOf, FIELDS } from './fields';
import { Prisma } from './prisma/client';
import type { Statements } from './statements';
import type { ArticleRow, ArticleVersion, Store } from './store';

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
        (some) => rowsOf<ArticleRow>(Prisma.sql`${SELECT_ARTICLES} WHERE article_id = ANY(${some})`),
      ),
    articlesByKey: (keys) =>
      inOrder(
        keys,
        (row) => row.key,
        (some) => rowsOf<ArticleRow>(Prisma.sql`${SELECT_ARTICLES} WHERE key = ANY(${some})`),
      ),
    articlesPage: (first, afterKey = 0) =>
      page(first, (take) => rowsOf<ArticleRow>(rowsAfter(SELECT_ARTICLES, afterKey, take))),
    articleVersions: (withinSeconds) =>
      withinSeconds === undefined
        ? manyRowsOf<ArticleVersion>(SELECT_VERSIONS)
        : rowsOf<ArticleVersion>(
            Prisma.sql`${SELECT_VERSIONS} WHERE updated_at >= now() - make_interval(secs => ${withinSeconds}::float8)`,
          ),
    async articlesState() {
      const [{ state }] = await rowsOf<{ state: string }>(Prisma.sql`
          SELECT concat_ws(' ', count(*), sum(key), sum(extract(epoch FROM updated_at))) AS state FROM articles`);
      return state;
    },
    streamArticles: () => pages((after, take) => manyRowsOf<ArticleRow>(rowsAfter(SELECT_ARTICLES, after, take))),
  };
}

const ARTICLE_COLUMNS: Record<keyof ArticleRow, string> = {
  key: 'key',
  ...columnsOf(FIELDS.articles),
  attributes: 'attributes',
  updatedAt: 'updated_at',
};
const SELECT_ARTICLES = Prisma.raw(`SELECT ${selectList(ARTICLE_COLUMNS)} FROM articles`);
const SELECT_VERSIONS = Prisma.raw('SELECT key, updated_at AS "updatedAt" FROM articles');
