// The states of purchases that returns cover. A return is a row with a negative quantity.

import { Prisma } from './prisma/client';

/**
 * The statement that sets the state of every purchase and return of some pairs of customer and
 * article. The result does not depend on the order in which rows arrived, and running it twice
 * changes nothing.
 *
 * Returns take pieces back like a stack: each takes those bought last before it. A purchase is
 * returned if the running number of pieces falls back to its level before the purchase. Cancelled
 * rows do not count, and a purchase of which some pieces stay has been bought. Pairs without a
 * return stay as they are, since a shop may say itself which purchases came back.
 * @param pairs selects customer_key and article_key, each pair once
 */
export function coverReturns(pairs: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    WITH rows AS (
      SELECT p.customer_key, p.bought_at, p.article_key, p.line, p.state, p.quantity,
        sum(p.quantity) OVER stack AS level,
        bool_or(p.quantity < 0) OVER (PARTITION BY p.customer_key, p.article_key) AS has_returns
      FROM purchases AS p JOIN (${pairs}) AS asked USING (customer_key, article_key)
      WHERE p.state <> 'cancelled'
      WINDOW stack AS (
        PARTITION BY p.customer_key, p.article_key ORDER BY p.bought_at, p.quantity DESC, p.line
        ROWS UNBOUNDED PRECEDING
      )
    ), wanted AS (
      SELECT *, CASE WHEN quantity < 0 OR min(level) OVER later <= level - quantity THEN 'returned' ELSE 'bought' END
        ::purchase_state AS right_state
      FROM rows WHERE has_returns
      WINDOW later AS (
        PARTITION BY customer_key, article_key ORDER BY bought_at, quantity DESC, line
        ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
      )
    )
    UPDATE purchases AS kept SET state = wanted.right_state FROM wanted
    WHERE (kept.customer_key, kept.bought_at, kept.article_key, kept.line)
      = (wanted.customer_key, wanted.bought_at, wanted.article_key, wanted.line)
      AND wanted.state <> wanted.right_state`;
}

/** The same for pairs that a text without parameters selects. */
export function coverReturnsOf(pairs: string): string {
  return coverReturns(Prisma.raw(pairs)).text;
}
