// Layouts whose rows are not those of a plain table: lists within orders, properties in rows of
// keys and values, numbers instead of dates. Made up by the public documentation of each.

import {
  GOODS,
  ISO,
  PEOPLE,
  at,
  colour,
  csv,
  jsonl,
  kind,
  lines,
  mail,
  money,
  orders,
  title,
  type Layouts,
  type Line,
} from './order-lines';

const ofOrder = ({ order }: Line): readonly Line[] => lines.filter((line) => line.order === order);
const cents = (amount: number): number => Math.round(amount * 100);
const stamp = (second: number): string => at(second, 'Y-M-DTh:i:sZ').replace(' ', 'T');
const people = Array.from({ length: PEOPLE }, (_, person) => person);

export const NESTED_LAYOUTS: Layouts = {
  'shopify orders in JSON': () => ({
    'orders.jsonl': jsonl(
      orders.map((l) => ({
        id: 450_789_469 + l.order,
        name: `#${1001 + l.order}`,
        created_at: stamp(l.second),
        cancelled_at: l.order % 9 === 4 ? stamp(l.second + 500) : null,
        total_price: '9.00',
        currency: 'EUR',
        customer: { id: 9000 + l.person, email: mail(l.person) },
        line_items: ofOrder(l).map((line) => ({
          id: 46_000 + line.n,
          variant_id: 3900 + line.good,
          title: title(line.good),
          sku: `SH-${line.good}`,
          quantity: line.pieces,
          price: money(line.price),
          tax_lines: [],
        })),
        shipping_lines: [{ id: 1, title: 'Standard', price: '5.00' }],
      })),
    ),
    'products.json': JSON.stringify({
      products: GOODS.filter((g) => g % 2 === 0).map((g) => ({
        id: 600 + g,
        title: title(g),
        vendor: 'Acme',
        tags: 'a, b',
        variants: [g, g + 1].map((v) => ({ id: 3900 + v, title: colour(v), sku: `SH-${v}`, price: money(5 + v) })),
        images: [{ id: 1, src: 'https://example.test/a.png' }],
      })),
    }),
  }),
  'woocommerce orders in JSON': () => ({
    'orders.json': JSON.stringify(
      orders.map((l) => ({
        id: 700 + l.order,
        status: l.order % 9 === 4 ? 'cancelled' : 'completed',
        date_created: stamp(l.second),
        total: '10.00',
        customer_id: 1 + l.person,
        meta_data: [{ id: 1, key: 'x', value: 'y' }],
        line_items: ofOrder(l).map((line) => ({
          id: 300 + line.n,
          name: title(line.good),
          product_id: 90 + line.good,
          quantity: line.pieces,
          price: line.price,
          taxes: [{ id: 75, total: '0.45' }],
        })),
        tax_lines: [{ id: 318, rate_id: 75 }],
      })),
      undefined,
      1,
    ),
  }),
  'commerce cloud': () => ({
    'orders.json': JSON.stringify({
      count: orders.length,
      data: orders.map((l) => ({
        order_no: `0000${l.order}`,
        creation_date: stamp(l.second),
        customer_info: { customer_id: `ab${l.person}` },
        status: l.order % 9 === 4 ? 'cancelled' : 'new',
        product_items: ofOrder(l).map((line) => ({
          product_id: `7015${line.good}M`,
          item_text: title(line.good),
          quantity: line.pieces,
          base_price: line.price,
        })),
      })),
      start: 0,
    }),
  }),
  'matomo visits': () => ({
    'visits.json': JSON.stringify(
      orders.map((l) => ({
        visitorId: `v${l.person}`,
        serverTimestamp: l.second,
        actionDetails: [
          {
            type: 'ecommerceOrder',
            orderId: `o${l.order}`,
            itemDetails: ofOrder(l).map((line) => ({
              itemSKU: `MT${line.good}`,
              itemName: title(line.good),
              price: line.price,
              quantity: String(line.pieces),
            })),
          },
        ],
      })),
    ),
  }),
  'tables of a web shop': () => ({
    'order_items.csv': csv(
      'id,order_id,product_id,quantity,price_cents,status,created_at',
      lines.map((l) => [l.n + 1, l.order + 1, l.good + 1, l.pieces, cents(l.price), 'shipped', at(l.second, ISO)]),
    ),
    'orders.csv': csv(
      'id,user_id,status,created_at,cancelled_at,refunded_at',
      orders.map((l) => [
        l.order + 1,
        l.person + 1,
        l.order % 18 === 4 ? 'cancelled' : 'complete',
        at(l.second, ISO),
        l.order % 9 === 4 ? at(l.second + 60, ISO) : '',
        '',
      ]),
    ),
    'products.csv': csv(
      'id,name,price_cents,category_id',
      GOODS.map((g) => [g + 1, title(g), cents(5 + g), 1 + (g % 4)]),
    ),
    'categories.csv': csv(
      'id,name',
      [0, 1, 2, 3].map((k) => [k + 1, kind(k)]),
    ),
    'users.csv': csv(
      'id,email,country',
      people.map((p) => [p + 1, mail(p), ['DE', 'FR'][p % 2]]),
    ),
  }),
  'key and value': () => ({
    'events.csv': csv(
      'timestamp,visitorid,event,itemid,transactionid',
      lines.flatMap((l) => [
        [(l.second - 90) * 1_000, 500 + l.person, 'view', 3000 + l.good, ''],
        [l.second * 1_000, 500 + l.person, 'transaction', 3000 + l.good, l.order],
      ]),
    ),
    'item_properties_part1.csv': csv(
      'timestamp,itemid,property,value',
      GOODS.flatMap((g) => [
        [1_704_000_000_000, 3000 + g, 'categoryid', 10 + (g % 4)],
        [1_704_000_000_000, 3000 + g, 'name', title(g)],
      ]),
    ),
    'item_properties_part2.csv': csv(
      'timestamp,itemid,property,value',
      GOODS.flatMap((g) => [
        [1_703_000_000_000, 3000 + g, 'categoryid', 99],
        [1_703_000_000_000, 3000 + g, 'available', g % 2],
      ]),
    ),
  }),
  'wordpress tables': () => ({
    'wp_posts.csv': csv(
      'ID,post_date,post_content,post_title,post_status,post_type',
      GOODS.map((g) => [10 + g, '2023-01-02 10:11:12', `Some text about ${title(g)}`, title(g), 'publish', 'product']),
    ),
    'wp_postmeta.csv': csv(
      'meta_id,post_id,meta_key,meta_value',
      GOODS.flatMap((g) => [
        [2 * g, 10 + g, '_price', money(5 + g)],
        [2 * g + 1, 10 + g, '_product_color', colour(g)],
      ]),
    ),
    'wp_wc_order_product_lookup.csv': csv(
      'order_item_id,order_id,product_id,customer_id,date_created,product_qty,product_net_revenue',
      lines.map((l) => [
        l.n + 1,
        500 + l.order,
        10 + l.good,
        1 + l.person,
        at(l.second, ISO),
        l.pieces,
        money(l.price * l.pieces),
      ]),
    ),
    'wp_wc_order_stats.csv': csv(
      'order_id,date_created,total_sales,status,customer_id',
      orders.map((l) => [
        500 + l.order,
        at(l.second, ISO),
        5,
        l.order % 9 === 4 ? 'wc-cancelled' : 'wc-completed',
        1 + l.person,
      ]),
    ),
  }),
  'ids in other letters': () => ({
    'export/2024/sales.txt': csv(
      'CUST,ITEM,SOLD ON,QTY',
      lines.map((l) => [`k${l.person} `, `sku-${l.good}a`, at(l.second, ISO), l.pieces]),
      '||',
    ),
    'export/items.txt': csv(
      'ITEM,NAME,BRAND',
      GOODS.map((g) => [`SKU-${g}A`, title(g), 'Acme']),
      '||',
    ),
  }),
};
