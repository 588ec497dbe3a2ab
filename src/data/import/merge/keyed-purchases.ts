// The staged purchases with the keys of their customers and articles.

import { stagingTable } from './merge';

/** Columns of purchases besides the identity, in the order in which equal ones are sorted. */
export const VALUES = ['price', 'quantity', 'sales_channel_id', 'order_id', 'state'] as const;
export type Value = (typeof VALUES)[number];

/** The state of a row, by conditions in SQL. */
export function stateOf(isReturn: string, isCancelled: string): string {
  return `(CASE WHEN ${isCancelled} THEN 'cancelled' WHEN ${isReturn} THEN 'returned' ELSE 'bought' END)::purchase_state`;
}

/** What is said about the purchases of the files. */
export interface Stated {
  /** The columns that the files say something about. */
  readonly columns: readonly string[];
  /** Whether the files have returns. Prices alone can tell them. */
  readonly returns: boolean;
}

/** The values that the rows have. Further columns of the store are left to their defaults. */
export function valuesOf({ columns, returns }: Stated): Value[] {
  return VALUES.filter((value) => columns.includes(value) || (returns && (value === 'quantity' || value === 'state')));
}

/** Selects customer_key, article_key, bought_at and the values of `valuesOf`. */
export function keyedPurchases(stated: Stated): string {
  const values = valuesOf(stated).map((value) =>
    value === 'state' && !stated.columns.includes('state')
      ? `, ${stateOf('staged.quantity < 0', 'false')} AS state`
      : `, staged.${value}`,
  );
  return `
    SELECT c.key AS customer_key, a.key AS article_key, staged.bought_at${values.join('')}
    FROM ${stagingTable('transactions')} AS staged
    JOIN customers AS c USING (customer_id) JOIN articles AS a USING (article_id)`;
}
