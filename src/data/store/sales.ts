// The sales of the whole shop, counted by Postgres: by article, by age, and in total.

import { DAY_MS } from '../../time';
import { LEEWAY_MS, type Clock } from './clock';
import { COUNTED } from './sql/counted';
import { shapeOf } from './sql/packed';
import { Prisma } from './prisma/client';
import type { Statements } from './sql/statements';
import type { ArticleSales, BandSales, SalesHistory, ShopCounts, Store } from './store';

type SalesStore = Pick<Store, 'articleSales' | 'salesHistory' | 'salesByAge' | 'counts'>;

export function storeSales({ manyRowsOf }: Pick<Statements, 'manyRowsOf'>, clock: Pick<Clock, 'read'>): SalesStore {
  return {
    async articleSales(days) {
      const now = await clock.read();
      const buyers = days.map(
        (span) => Prisma.sql`count(*) FILTER (WHERE last > ${daysBefore(now.at, span)}::timestamptz)`,
      );
      // Purchases are grouped by customer first, since count(DISTINCT …) would sort all purchases.
      const rows = await manyRowsOf(
        ARTICLE_SALES,
        Prisma.sql`
          WITH counted AS MATERIALIZED (
            SELECT article_key, customer_key, bought_at, quantity, price FROM purchases
            WHERE ${within(now.at, Math.max(...days))}
          )
          SELECT article_key AS key, buyers, units, paid.price, first, last
          FROM (
            SELECT article_key, ARRAY[${Prisma.join(buyers)}] AS buyers, sum(units) AS units,
              min(first) AS first, max(last) AS last
            FROM (
              SELECT article_key, sum(quantity) AS units, min(bought_at) AS first, max(bought_at) AS last
              FROM counted GROUP BY article_key, customer_key
            ) AS by_customer GROUP BY article_key
          ) AS sold LEFT JOIN (
            SELECT article_key, percentile_cont(0.5) WITHIN GROUP (ORDER BY price) AS price FROM counted GROUP BY article_key
          ) AS paid USING (article_key)`,
      );
      return { clock: now, sales: new Map(rows.map(({ key, ...sales }) => [key, sales])) };
    },

    async salesHistory(days) {
      const { at } = await clock.read();
      const rows = await manyRowsOf(
        SALES_HISTORY,
        Prisma.sql`
          SELECT article_key AS key, min(bought_at) AS first, max(bought_at) AS last, sum(quantity) AS units,
            coalesce(sum(quantity) FILTER (WHERE bought_at > ${daysBefore(at, days)}::timestamptz), 0) AS lately
          FROM purchases WHERE ${COUNTED} AND bought_at < ${endAfter(at)}::timestamptz GROUP BY article_key`,
      );
      return new Map(rows.map(({ key, ...history }) => [key, history]));
    },

    salesByAge: (at, days, bounds) =>
      manyRowsOf(
        BAND_SALES,
        Prisma.sql`
          SELECT band, array_agg(article_key) AS keys, array_agg(buyers) AS buyers FROM (
            SELECT CASE WHEN c.age IS NULL THEN 0 ELSE 1 + width_bucket(c.age::float8, ${bounds}::float8[]) END AS band,
              p.article_key, count(DISTINCT p.customer_key) AS buyers
            FROM purchases p JOIN customers c ON c.key = p.customer_key
            WHERE ${within(at, days)} GROUP BY 1, 2
          ) AS sold GROUP BY band ORDER BY band`,
      ),

    async counts() {
      const [row] = await manyRowsOf(
        COUNTS,
        Prisma.sql`
          SELECT (SELECT count(*) FROM articles) AS articles, (SELECT count(*) FROM customers) AS customers,
            count(*) AS purchases, min(bought_at) AS "firstPurchase", max(bought_at) AS "lastPurchase"
          FROM purchases`,
      );
      return row;
    },
  };
}

const ARTICLE_SALES = shapeOf<ArticleSales & { readonly key: number }>({
  key: 'value',
  buyers: 'value',
  units: 'value',
  price: 'real',
  first: 'time',
  last: 'time',
});
const SALES_HISTORY = shapeOf<SalesHistory & { readonly key: number }>({
  key: 'value',
  first: 'time',
  last: 'time',
  units: 'value',
  lately: 'value',
});
const BAND_SALES = shapeOf<BandSales>({ band: 'value', keys: 'value', buyers: 'value' });
const COUNTS = shapeOf<ShopCounts>({
  articles: 'value',
  customers: 'value',
  purchases: 'value',
  firstPurchase: 'time',
  lastPurchase: 'time',
});

/** A condition: the purchases that count, of the last days before the clock. */
function within(at: Date, days: number): Prisma.Sql {
  return Prisma.sql`${COUNTED} AND bought_at > ${daysBefore(at, days)}::timestamptz
    AND bought_at < ${endAfter(at)}::timestamptz`;
}

function daysBefore(at: Date, days: number): Date {
  return new Date(at.getTime() - days * DAY_MS);
}

function endAfter(at: Date): Date {
  return new Date(at.getTime() + LEEWAY_MS);
}
