// Returns of the shop: a row with a negative quantity. They cover earlier purchases of the same
// article by the same customer, the latest first, and covered purchases do not count.

import { Prisma } from './prisma/client';

/**
 * A statement that sets the states of all purchases of these pairs, in whatever order the rows have
 * come. It may be repeated. A purchase is covered if later returns take back all that the customer
 * has had since before it. A return of some pieces covers no purchase of more pieces. Pairs without
 * a return, and cancelled rows, stay as they are.
 * @param pairs selects customer_key and article_key, each pair once
 */
export function coverReturns(pairs: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    UPDATE purchases AS p SET state = found.state
    FROM (
      SELECT customer_key, article_key, bought_at, line,
        (CASE WHEN least_later <= running - quantity THEN 'returned' ELSE 'bought' END)::purchase_state AS state
      FROM (
        SELECT *, min(running) OVER (
            PARTITION BY customer_key, article_key ORDER BY bought_at, quantity DESC, line
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
          ) AS least_later
        FROM (
          SELECT customer_key, article_key, bought_at, line, quantity,
            sum(quantity) OVER (
              PARTITION BY customer_key, article_key ORDER BY bought_at, quantity DESC, line ROWS UNBOUNDED PRECEDING
            ) AS running,
            bool_or(quantity < 0) OVER (PARTITION BY customer_key, article_key) AS has_returns
          FROM purchases JOIN (${pairs}) AS pairs USING (customer_key, article_key) WHERE state <> 'cancelled'
        ) AS kept
        WHERE has_returns
      ) AS levels
      WHERE quantity > 0
    ) AS found
    WHERE p.customer_key = found.customer_key AND p.article_key = found.article_key
      AND p.bought_at = found.bought_at AND p.line = found.line AND p.state <> found.state`;
}
