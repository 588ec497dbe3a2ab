// Public data sets, made up by their public documentation.

import { GOODS, ISO, START, at, csv, jsonl, kind, lines, money, orders, pad, title, type Layouts } from './order-lines';

export const DATA_SET_LAYOUTS: Layouts = {
  instacart: () => ({
    'orders.csv': csv(
      'order_id,user_id,eval_set,order_number,order_dow,order_hour_of_day,days_since_prior_order',
      orders.map((l) => [
        l.order + 1,
        l.person + 1,
        'prior',
        1 + (l.order % 9),
        l.order % 7,
        pad(l.order % 24),
        l.order % 9 === 0 ? '' : `${l.order % 30}.0`,
      ]),
    ),
    'order_products__prior.csv': csv(
      'order_id,product_id,add_to_cart_order,reordered',
      lines.map((l) => [l.order + 1, l.good + 1, 1 + (l.n % 3), l.n % 2]),
    ),
    'products.csv': csv(
      'product_id,product_name,aisle_id,department_id',
      GOODS.map((g) => [g + 1, title(g), 1 + (g % 5), 1 + (g % 3)]),
    ),
    'aisles.csv': csv(
      'aisle_id,aisle',
      [0, 1, 2, 3, 4].map((n) => [n + 1, `aisle ${n}`]),
    ),
  }),
  retailrocket: () => ({
    'events.csv': csv(
      'timestamp,visitorid,event,itemid,transactionid',
      lines.flatMap((l) => [
        [l.second * 1_000 - 60_000, 257_000 + l.person, 'view', 355_000 + l.good, ''],
        [l.second * 1_000, 257_000 + l.person, 'transaction', 355_000 + l.good, l.order],
      ]),
    ),
    'category_tree.csv': csv(
      'categoryid,parentid',
      [1, 2, 3, 4].map((n) => [n, 0]),
    ),
    'item_properties_part1.csv': csv(
      'timestamp,itemid,property,value',
      GOODS.flatMap((g) =>
        [
          ['categoryid', g % 4],
          ['available', 1],
          ['790', `n${g * 10}.000`],
        ].map(([key, value]) => [START * 1_000, 355_000 + g, key, value]),
      ),
    ),
  }),
  dunnhumby: () => ({
    'transaction_data.csv': csv(
      'household_key,BASKET_ID,DAY,PRODUCT_ID,QUANTITY,SALES_VALUE,STORE_ID,RETAIL_DISC,TRANS_TIME,WEEK_NO',
      lines.map((l) => [
        2000 + l.person,
        26_984_000_000 + l.order,
        1 + Math.floor(l.order / 2),
        820_000 + l.good,
        l.pieces,
        money(l.price * l.pieces),
        364,
        0,
        1631,
        1 + Math.floor(l.order / 14),
      ]),
    ),
    'product.csv': csv(
      'PRODUCT_ID,MANUFACTURER,DEPARTMENT,BRAND,COMMODITY_DESC,SUB_COMMODITY_DESC',
      GOODS.map((g) => [820_000 + g, g % 7, 'GROCERY', g % 2 ? 'National' : 'Private', kind(g), title(g)]),
    ),
  }),
  tafeng: () => ({
    'ta_feng_all_months_merged.csv': csv(
      'TRANSACTION_DT,CUSTOMER_ID,AGE_GROUP,PIN_CODE,PRODUCT_SUBCLASS,PRODUCT_ID,AMOUNT,ASSET,SALES_PRICE',
      lines.map((l) => [
        at(l.second, 'm/d/Y'),
        `0110${pad(l.person)}4`,
        l.person % 2 ? '35-39' : '45-49',
        115,
        110_411 + (l.good % 4),
        `4710085120${pad(l.good)}8`,
        1 + (l.n % 5 === 0 ? 2 : 0),
        Math.round(l.price * 0.8),
        Math.round(l.price * (1 + (l.n % 5 === 0 ? 2 : 0))),
      ]),
    ),
  }),
  movielens: () => ({
    'ratings.csv': csv(
      'userId,movieId,rating,timestamp',
      lines.map((l) => [l.person + 1, l.good + 1, `${1 + (l.n % 5)}.0`, l.second]),
    ),
    'movies.csv': csv(
      'movieId,title,genres',
      GOODS.map((g) => [g + 1, `Film ${g} (199${g % 10})`, g % 2 ? 'Comedy|Drama' : 'Action']),
    ),
  }),
  'amazon reviews': () => ({
    'reviews.jsonl': jsonl(
      lines.map((l) => ({
        reviewerID: `A2SUAM${l.person}`,
        asin: `00001${3000 + l.good}`,
        reviewerName: `P ${l.person}`,
        helpful: [0, 1],
        reviewText: 'I like this a lot and would buy it again any day.',
        overall: 5,
        summary: 'Good',
        unixReviewTime: l.second,
        reviewTime: `${at(l.second, 'M d')}, ${at(l.second, 'Y')}`,
      })),
    ),
    'meta.jsonl': jsonl(
      GOODS.map((g) => ({
        asin: `00001${3000 + g}`,
        title: title(g),
        price: 5 + g,
        brand: `B${g % 4}`,
        categories: [['Home', kind(g)]],
        imUrl: `http://img.example/${g}.jpg`,
      })),
    ),
  }),
  taobao: () => ({
    'UserBehavior.csv': csv(
      'user_id,item_id,category_id,behavior_type,timestamp',
      lines.flatMap((l) =>
        ['pv', 'cart', 'buy'].map((what, k) => [
          l.person + 100,
          l.good + 2_268_000,
          2_520_000 + (l.good % 4),
          what,
          l.second + k,
        ]),
      ),
    ),
  }),
  rees46: () => ({
    '2019-Oct.csv': csv(
      'event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session',
      lines.flatMap((l) =>
        ['view', 'cart', 'purchase'].map((what) => [
          `${at(l.second, ISO)} UTC`,
          what,
          3_900_000 + l.good,
          `20530135${l.good % 4}`,
          `home.${kind(l.good).toLowerCase()}`,
          `brand${l.good % 3}`,
          money(l.price),
          541_312_000 + l.person,
          `${l.order}-b0ca-ef`,
        ]),
      ),
    ),
  }),
};
