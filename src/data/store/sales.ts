// The sales of the whole shop, counted by Postgres: by article, by age, and in total.

import { DAY_MS } from '../../time';
import { Prisma } from './prisma/client';
import type { Statements } from './statements';
import type { ArticleSales, BandSales, SalesHistory, ShopCounts, Store } from './store';

type SalesStore = Pick<Store, 'articleSales' | 'salesHistory' | 'salesByAge' | 'counts'>;

export function storeSales({ manyRowsOf }: Pick<Statements, 'manyRowsOf'>): SalesStore {
  /**
   * The time of the shop's newest purchase. A purchase dated in the future is a mistake and is
   * ignored. Only the end of an index is read, which is quick in any shop.
   */
  async function clockOf(): Promise<Date | null> {
    const [{ clock }] = await manyRowsOf<{ clock: Date | null }>(
      Prisma.sql`SELECT max(bought_at) AS clock FROM purchases WHERE state = 'bought' AND bought_at < now() + interval '1 day'`,
    );
    return clock;
  }

  return {
    async articleSales(days) {
      const clock = await clockOf();
      if (!clock) return { clock, sales: new Map() };
      const buyers = days.map((span) => Prisma.sql`count(*) FILTER (WHERE last > ${daysBefore(clock, span)})::int`);
      // Purchases are grouped by customer first, since count(DISTINCT …) would sort all purchases.
      const rows = await manyRowsOf<ArticleSales & { key: number }>(Prisma.sql`
          SELECT article_key AS key, ARRAY[${Prisma.join(buyers)}] AS buyers, sum(units)::int AS units,
            (sum(paid) / nullif(sum(priced), 0))::real AS price, min(first) AS first, max(last) AS last
          FROM (
            SELECT article_key, sum(quantity) AS units, sum(price) AS paid, count(price) AS priced,
              min(bought_at) AS first, max(bought_at) AS last
            FROM purchases WHERE state = 'bought' AND bought_at > ${daysBefore(clock, Math.max(...days))} AND bought_at <= ${clock}
            GROUP BY article_key, customer_key
          ) AS sold GROUP BY article_key`);
      return { clock, sales: new Map(rows.map(({ key, ...sales }) => [key, sales])) };
    },

    async salesHistory(days) {
      const clock = await clockOf();
      if (!clock) return new Map();
      const rows = await manyRowsOf<SalesHistory & { key: number }>(Prisma.sql`
          SELECT article_key AS key, min(bought_at) AS first, max(bought_at) AS last, sum(quantity)::int AS units,
            coalesce(sum(quantity) FILTER (WHERE bought_at > ${daysBefore(clock, days)}), 0)::int AS lately
          FROM purchases WHERE state = 'bought' AND bought_at <= ${clock} GROUP BY article_key`);
      return new Map(rows.map(({ key, ...history }) => [key, history]));
    },

    salesByAge: (clock, days, bounds) =>
      manyRowsOf<BandSales>(Prisma.sql`
          SELECT band, array_agg(article_key) AS keys, array_agg(buyers) AS buyers FROM (
            SELECT CASE WHEN c.age IS NULL THEN 0 ELSE 1 + width_bucket(c.age::float8, ${bounds}::float8[]) END AS band,
              p.article_key, count(DISTINCT p.customer_key)::int AS buyers
            FROM purchases p JOIN customers c ON c.key = p.customer_key
            WHERE p.state = 'bought' AND p.bought_at > ${daysBefore(clock, days)} AND p.bought_at <= ${clock} GROUP BY 1, 2
          ) AS sold GROUP BY band ORDER BY band`),

    async counts() {
      const [row] = await manyRowsOf<ShopCounts>(Prisma.sql`
          SELECT (SELECT count(*)::int FROM articles) AS articles, (SELECT count(*)::int FROM customers) AS customers,
            count(*)::int AS purchases, min(bought_at) AS "firstPurchase", max(bought_at) AS "lastPurchase"
          FROM purchases`);
      return row;
    },
  };
}

function daysBefore(clock: Date, days: number): Date {
  return new Date(clock.getTime() - days * DAY_MS);
}
