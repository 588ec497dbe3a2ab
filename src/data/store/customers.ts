// The customers of the store, with their latest purchases if both are requested.

import { inOrder, page, pages, rowsAfter, selectList } from './sql/batches';
import { COUNTED } from './sql/counted';
import { columnsOf, FIELDS } from './fields';
import { shapeOf } from './sql/packed';
import { Prisma } from './prisma/client';
import { latestOf, purchasesIn, type LatestColumns } from './purchases';
import type { Statements } from './sql/statements';
import type { CustomerRow } from './rows';
import type { Store } from './store';

type CustomerStore = Pick<
  Store,
  'customersById' | 'customersPage' | 'activeCustomers' | 'customersWithPurchases' | 'streamCustomers'
>;

export function storeCustomers({ rowsOf, manyRowsOf }: Pick<Statements, 'rowsOf' | 'manyRowsOf'>): CustomerStore {
  return {
    customersById: (ids) =>
      inOrder(
        ids,
        (row) => row.id,
        (some) => rowsOf(CUSTOMER, Prisma.sql`${SELECT_CUSTOMERS} WHERE customer_id = ANY(${some})`),
      ),
    customersPage: (first, afterKey = 0) =>
      page(first, (take) => rowsOf(CUSTOMER, rowsAfter(SELECT_CUSTOMERS, afterKey, take))),
    activeCustomers: (first) =>
      rowsOf(
        CUSTOMER,
        Prisma.sql`
          ${SELECT_CUSTOMERS} JOIN (
            SELECT customer_key, count(*) AS bought
            FROM (
              SELECT customer_key FROM purchases WHERE ${COUNTED} AND bought_at < now() + interval '1 day'
              ORDER BY bought_at DESC LIMIT ${LATEST_PURCHASES}
            ) AS latest
            GROUP BY customer_key ORDER BY bought DESC, customer_key LIMIT ${first}
          ) AS active ON active.customer_key = key ORDER BY active.bought DESC, key`,
      ),
    async customersWithPurchases(ids, limit) {
      const found = await inOrder(
        ids,
        (row: CustomerRow & LatestColumns) => row.id,
        (some) =>
          rowsOf(
            CUSTOMER_WITH_LATEST,
            Prisma.sql`
              ${SELECT_CUSTOMERS_BESIDE} CROSS JOIN LATERAL (${latestOf('customers.key', limit)}) AS latest
              WHERE customer_id = ANY(${some})`,
          ),
      );
      return found.map((row) => {
        if (!row) return null;
        const { articles, times, prices, ...customer } = row;
        return { customer, purchases: purchasesIn({ articles, times, prices }) };
      });
    },
    streamCustomers: () => pages((after, take) => manyRowsOf(CUSTOMER, rowsAfter(SELECT_CUSTOMERS, after, take))),
  };
}

/**
 * Number of the shop's latest purchases in which active customers are counted. These are the end of
 * an index, which is read in some milliseconds.
 */
const LATEST_PURCHASES = 5_000;

const CUSTOMER_COLUMNS: Record<keyof CustomerRow, string> = {
  key: 'key',
  ...columnsOf(FIELDS.customers),
  attributes: 'attributes',
};
const CUSTOMER = shapeOf<CustomerRow>({ key: 'value', id: 'value', age: 'value', attributes: 'value' });
const CUSTOMER_WITH_LATEST = shapeOf<CustomerRow & LatestColumns>({
  key: 'value',
  id: 'value',
  age: 'value',
  attributes: 'value',
  articles: 'value',
  times: 'value',
  prices: 'value',
});
const SELECT_CUSTOMERS = Prisma.raw(`SELECT ${selectList(CUSTOMER_COLUMNS)} FROM customers`);
const SELECT_CUSTOMERS_BESIDE = Prisma.raw(`SELECT latest.*, ${selectList(CUSTOMER_COLUMNS)} FROM customers`);
