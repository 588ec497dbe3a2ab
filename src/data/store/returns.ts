// The states of purchases that returns cover. A return is a row with a negative quantity.

/**
 * The statement that sets the state of every purchase and return of some pairs of customer and
 * article. `pairs` is a SELECT of (customer_key, article_key). The result does not depend on the
 * order in which rows arrived, and running it twice changes nothing.
 *
 * Returns take pieces back like a stack: each takes those bought last before it. A purchase is
 * returned if the running number of pieces falls back to its level before the purchase. Cancelled
 * rows do not count, and a purchase of which some pieces stay has been bought.
 */
export function coverReturns(pairs: string): string {
  return `
    WITH rows AS (
      SELECT p.customer_key, p.bought_at, p.article_key, p.line, p.state, p.quantity,
        sum(p.quantity) OVER stack AS level
      FROM purchases AS p JOIN (${pairs}) AS asked USING (customer_key, article_key)
      WHERE p.state <> 'cancelled'
      WINDOW stack AS (
        PARTITION BY p.customer_key, p.article_key ORDER BY p.bought_at, p.quantity DESC, p.line
        ROWS UNBOUNDED PRECEDING
      )
    ), wanted AS (
      SELECT *, CASE WHEN quantity < 0 OR min(level) OVER later <= level - quantity THEN 'returned' ELSE 'bought' END
        ::purchase_state AS right_state
      FROM rows
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
