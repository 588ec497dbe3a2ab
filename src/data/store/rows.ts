// The rows of the shop as the program sees them. Values are raw; src/features decides what a model
// makes of them.

import { Prisma, type Article, type Customer, type Purchase } from './prisma/client';
import { selectList } from './sql/batches';
import type { Form } from './sql/packed';

/** Keys have 64 bits in the database and are numbers here, which are exact up to 2 ** 53. */
export type ArticleRow = Omit<Article, 'key'> & { readonly key: number };
export type CustomerRow = Omit<Customer, 'key'> & { readonly key: number };
export type PurchaseRow = Omit<Purchase, 'customerKey' | 'articleKey'> & {
  readonly customerKey: number;
  readonly articleKey: number;
};

/** The columns of a row `p` of purchases, under the names of their fields. */
export const SELECTED_PURCHASE = Prisma.raw(
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

export const PURCHASE_FORMS: Readonly<Record<keyof PurchaseRow, Form>> = {
  customerKey: 'value',
  articleKey: 'value',
  boughtAt: 'time',
  price: 'real',
  quantity: 'value',
  salesChannelId: 'value',
  line: 'value',
  state: 'value',
  orderId: 'value',
};
