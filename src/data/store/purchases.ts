// The purchases of the store: a customer's latest ones, pages of them, and all of them as columns.

import { VitrineError } from '../../errors';
import { chunks, inOrder, selectList } from './batches';
import { Prisma } from './prisma/client';
import { copyPurchases } from './purchase-columns';
import type { Statements } from './statements';
import type { LatestPurchase, Page, PurchaseCursor, PurchaseRow, PurchasesRequest, Store } from './store';

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
        (row: LatestColumns & { readonly key: number }) => row.key,
        (some) =>
          rowsOf(Prisma.sql`
            SELECT asked.key, latest.* FROM unnest(${some}::bigint[]) AS asked(key)
            CROSS JOIN LATERAL (${latestOf('asked.key', limit)}) AS latest`),
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
        for (const { place, ...row } of await rowsOf<PurchaseRow & { place: number }>(pagesOf(requests, some))) {
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
      return connections.long((client) => copyPurchases(client, report));
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
  readonly prices: (number | null)[];
}

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
      WHERE customer_key = ${Prisma.raw(customerKey)} AND ${KEPT} AND bought_at < now() + interval '1 day'
      ORDER BY ${NEWEST_FIRST} LIMIT ${limit}
    ) AS newest`;
}

export function purchasesIn({ articles, times, prices }: LatestColumns): LatestPurchase[] {
  return articles.map((articleKey, i) => ({ articleKey, boughtAt: new Date(times[i] * 1_000), price: prices[i] }));
}

/** Selects the pages of the requests with these indices, each with one row more than requested. */
function pagesOf(requests: readonly PurchasesRequest[], places: readonly number[]): Prisma.Sql {
  const asked = places.map((place) => requests[place]);
  const afters = asked.map(({ after }) => after ?? BEFORE_ALL);
  return Prisma.sql`
            SELECT asked.place, ${PURCHASE_COLUMNS} FROM unnest(
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
/** Purchases that stand. Returns have negative quantities and another state. */
const KEPT = Prisma.sql`state = 'bought'`;
const NEWEST_FIRST = Prisma.sql`bought_at DESC, article_key DESC, line DESC`;

const PURCHASE_COLUMNS = Prisma.raw(
  selectList({
    customerKey: 'p.customer_key',
    articleKey: 'p.article_key',
    boughtAt: 'p.bought_at',
    price: 'p.price',
    quantity: 'p.quantity',
    salesChannelId: 'p.sales_channel_id',
    line: 'p.line',
    state: 'p.state',
    orderId: 'p.order_id',
  } satisfies Record<keyof PurchaseRow, string>),
);
