// The layout of H&M's files, which needs no shop.json. The synthetic shop has it too.

import { FORMER_ARTICLE_FIELDS, FORMER_CUSTOMER_FIELDS, type ShopJson } from './shop-json';

const { fn: _fn, active: _active, ...customerColumns } = FORMER_CUSTOMER_FIELDS;

/** All other columns become attributes under their own names. */
export const HM_LAYOUT: ShopJson = {
  articles: {
    id: 'article_id',
    name: 'prod_name',
    description: 'detail_desc',
    productId: 'product_code',
    category: ['index_group_name', 'product_group_name', 'product_type_name'],
    colour: 'colour_group_name',
    looks: ['product_type_name', 'colour_group_name', 'graphical_appearance_name', 'department_no'],
    ...FORMER_ARTICLE_FIELDS,
  },
  // Its customers choose "None" as the frequency of news.
  customers: { id: 'customer_id', nulls: [''], age: 'age', fn: 'FN', active: 'Active', ...customerColumns },
  transactions: {
    date: 't_dat',
    customer: 'customer_id',
    article: 'article_id',
    price: 'price',
    salesChannelId: 'sales_channel_id',
  },
};
