// The purchases of the store: a customer's latest ones, pages of them, and all of them as columns.

import { VitrineError } from '../../errors';
import { chunks, inOrder, type Page } from './sql/batches';
import { COUNTED } from './sql/counted';
import { PURCHASE_FORMS, SELECTED_PURCHASE, type PurchaseRow } from './rows';
import { real, shapeOf } from './sql/packed';
import { Prisma } from './prisma/client';
import { copyPurchases } from './purchase-columns';
import type { Statements } from './sql/statements';
import type { LatestPurchase, PurchaseCursor, PurchasesRequest, Store } from './store';

type PurchaseStore = Pick<Store, 'latestPurchases' | 'purchasesPages' | 'readPurchases'>;

export function storePurchases({
  connections,
  rowsOf,
  heard,
}: Pick<Statements, 'connections' | 'rowsOf' | 'heard'>): PurchaseStore {
  return {
    async latestPurchases(customerKeys, limit) {
      const found = await inOrder(
        customerKeys,
        (row: KeyedColumns) => row.key,
        (some) =>
          rowsOf(
            LATEST,
            Prisma.sql`
              SELECT asked.key, latest.* FROM unnest(${some}::bigint[]) AS asked(key)
              CROSS JOIN LATERAL (${latestOf('asked.key', limit)}) AS latest`,
          ),
      );
      return found.map((row) => (row ? purchasesIn(row) : []));
    },

    async purchasesPages(requests) {
      const pages: (Page<PurchaseRow> | Error)[] = requests.map(({ first }) =>
        Number.isInteger(first) && first >= 0
          ? { rows: [], hasNext: false }
          : new VitrineError('INPUT_INVALID', `Expected \`first\` to be a whole number from 0, got ${first}.`),
      );
      const places = [...requests.keys()].filter((place) => !(pages[place] instanceof Error));
      for (const some of chunks(places)) {
        for (const { place, ...row } of await rowsOf(PLACED_PURCHASE, pagesOf(requests, some))) {
          const target = pages[place];
          if (target instanceof Error) continue;
          if (target.rows.length < requests[place].first) target.rows.push(row);
          else target.hasNext = true;
        }
      }
      return pages;
    },

    async readPurchases(report) {
      heard('purchases');
      return connections.long((pool) => copyPurchases(pool, report));
    },
  };
}

/**
 * The latest purchases of one customer as columns. One row of arrays is read in a fraction of the
 * time that many rows take.
 */
export interface LatestColumns {
  readonly articles: number[];
  /** Unix seconds. */
  readonly times: number[];
  readonly prices: (number | string | null)[];
}

type KeyedColumns = LatestColumns & { readonly key: number };
const LATEST = shapeOf<KeyedColumns>({
  key: 'value',
  articles: 'value',
  times: 'value',
  prices: 'value',
});

/**
 * Selects a customer's latest purchases, from the end of the customer's range of the primary key.
 * Purchases dated in the future are mistakes and are left out.
 */
export function latestOf(customerKey: string, limit: number): Prisma.Sql {
  return Prisma.sql`
    SELECT coalesce(array_agg(article_key), '{}') AS articles,
      coalesce(array_agg(extract(epoch FROM bought_at)::float8), '{}') AS times, coalesce(array_agg(price), '{}') AS prices
    FROM (
      SELECT article_key, bought_at, price FROM purchases
      WHERE customer_key = ${Prisma.raw(customerKey)} AND bought_at < now() + interval '1 day' AND ${COUNTED}
      ORDER BY ${NEWEST_FIRST} LIMIT ${limit}
    ) AS newest`;
}

export function purchasesIn({ articles, times, prices }: LatestColumns): LatestPurchase[] {
  return articles.map((articleKey, i) => ({
    articleKey,
    boughtAt: new Date(times[i] * 1_000),
    price: real(prices[i]),
  }));
}

/** Selects the pages of the requests with these indices, each with one row more than requested. */
function pagesOf(requests: readonly PurchasesRequest[], places: readonly number[]): Prisma.Sql {
  const asked = places.map((place) => requests[place]);
  const afters = asked.map(({ after }) => after ?? BEFORE_ALL);
  return Prisma.sql`
            SELECT asked.place, ${SELECTED_PURCHASE} FROM unnest(
              ${places}::int[], ${asked.map(({ customerKey }) => customerKey)}::bigint[], ${asked.map(({ first }) => first + 1)}::int[],
              ${afters.map(({ boughtAt }) => boughtAt)}::timestamptz[], ${afters.map(({ articleKey }) => articleKey)}::bigint[],
              ${afters.map(({ line }) => line)}::int[]
            ) AS asked(place, customer, size, bought_at, article, line)
            CROSS JOIN LATERAL (
              SELECT * FROM purchases WHERE customer_key = asked.customer
                AND (bought_at, article_key, line) < (asked.bought_at, asked.article, asked.line)
              ORDER BY ${NEWEST_FIRST} LIMIT asked.size
            ) AS p`;
}

/** A cursor that is newer than any purchase. */
const BEFORE_ALL: PurchaseCursor = {
  boughtAt: new Date('9999-12-31'),
  articleKey: Number.MAX_SAFE_INTEGER,
  line: 0x7fff_ffff,
};
const NEWEST_FIRST = Prisma.sql`bought_at DESC, article_key DESC, line DESC`;

const PLACED_PURCHASE = shapeOf<PurchaseRow & { readonly place: number }>({ place: 'value', ...PURCHASE_FORMS });
