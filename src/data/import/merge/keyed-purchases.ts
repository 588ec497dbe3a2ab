// The staged purchases with the keys of their customers and articles.

import { stagingTable } from './merge';

/** Columns of purchases besides the identity, in the order in which equal ones are sorted. */
export const VALUES = ['price', 'quantity', 'sales_channel_id', 'order_id', 'state'] as const;
export type Value = (typeof VALUES)[number];

/** The state of rows that files say nothing more about. */
export const STATE = `(CASE WHEN quantity < 0 THEN 'returned' ELSE 'bought' END)::purchase_state`;

/** The values that rows of the files have. Further columns of the store keep their defaults. */
export function valuesOf(columns: readonly string[]): Value[] {
  return VALUES.filter((value) => value === 'quantity' || value === 'state' || columns.includes(value));
}

/**
 * Selects customer_key, article_key, bought_at and the values of `valuesOf`.
 * @param columns those that the files say something about
 */
export function keyedPurchases(columns: readonly string[]): string {
  const values = valuesOf(columns).map((value) =>
    value === 'state' && !columns.includes('state') ? `${STATE} AS state` : `staged.${value}`,
  );
  return `
    SELECT c.key AS customer_key, a.key AS article_key, staged.bought_at, ${values.join(', ')}
    FROM ${stagingTable('transactions')} AS staged
    JOIN customers AS c USING (customer_id) JOIN articles AS a USING (article_id)`;
}
