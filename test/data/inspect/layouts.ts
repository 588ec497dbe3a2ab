// Small exports in the layouts of well-known programs and data sets, made up by their public
// documentation. Each is a folder: names of files and their texts.

const LINES = 240;
const GOODS = Array.from({ length: 24 }, (_, i) => i);
const PEOPLE = 30;
const START = Date.UTC(2024, 0, 3, 8, 15, 20) / 1_000;

/** One line of an order. Orders have one to three lines. */
interface Line {
  readonly n: number;
  readonly order: number;
  readonly good: number;
  readonly person: number;
  readonly second: number;
  readonly pieces: number;
  /** Of one piece. */
  readonly price: number;
}

const lines: Line[] = [];
for (let n = 0, order = 0; n < LINES; order++) {
  for (let k = 0; k <= order % 3 && n < LINES; k++, n++) {
    const good = (order * 7 + k * 5) % GOODS.length;
    const person = (order * 11 + (order >> 3)) % PEOPLE;
    lines.push({ n, order, good, person, second: START + order * 40_000, pieces: 1 + (n % 3), price: 5 + good * 1.25 });
  }
}
export { lines };

const COLOURS = ['red', 'blue', 'green'];
const KINDS = ['Mug', 'Bowl', 'Plate', 'Lamp'];
const colour = (good: number): string => COLOURS[good % 3];
const kind = (good: number): string => KINDS[good % 4];
const title = (good: number): string => `${colour(good)} ${kind(good).toLowerCase()} number ${good}`;
const mail = (person: number): string => `person${person}@example.test`;
const money = (amount: number): string => amount.toFixed(2);
const pad = (n: number): string => String(n).padStart(2, '0');
const at = (second: number, form: string): string => {
  const date = new Date(second * 1_000);
  const values: Record<string, string> = {
    Y: String(date.getUTCFullYear()),
    M: pad(date.getUTCMonth() + 1),
    m: String(date.getUTCMonth() + 1),
    D: pad(date.getUTCDate()),
    d: String(date.getUTCDate()),
    h: pad(date.getUTCHours()),
    i: pad(date.getUTCMinutes()),
    s: pad(date.getUTCSeconds()),
  };
  return form.replace(/[YMmDdhis]/g, (letter) => values[letter]);
};
const ISO = 'Y-M-D h:i:s';
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const firstOf = (line: Line): boolean => lines[line.n - 1]?.order !== line.order;
const totalOf = (order: number): string =>
  money(lines.filter((line) => line.order === order).reduce((sum, { price, pieces }) => sum + price * pieces, 0));
const orders = lines.filter(firstOf);

type Cell = string | number;
function csv(header: string, rows: readonly (readonly Cell[])[], separator = ','): string {
  const cell = (value: Cell): string => {
    const text = String(value);
    return /[\n"]/.test(text) || text.includes(separator) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header.split(',').join(separator), ...rows.map((row) => row.map(cell).join(separator))].join('\n') + '\n';
}
const jsonl = (rows: readonly object[]): string => rows.map((row) => JSON.stringify(row)).join('\n');

export const LAYOUTS: Readonly<Record<string, () => Readonly<Record<string, string>>>> = {
  woocommerce: () => ({
    'orders.csv': csv(
      'Order ID,Order Number,Order Status,Order Date,Customer User,Billing Email Address,Billing Country,Order Total Amount,Order Currency,Product Id,SKU,Item Name,Quantity,Item Cost,Order Line Subtotal',
      lines.map((l) => [
        900 + l.order,
        900 + l.order,
        l.order % 9 === 4 ? 'wc-cancelled' : 'wc-completed',
        at(l.second, 'Y-M-D h:i'),
        50 + l.person,
        mail(l.person),
        'DE',
        totalOf(l.order),
        'EUR',
        3000 + l.good,
        `SKU-${l.good}`,
        title(l.good),
        l.pieces,
        money(l.price),
        money(l.price * l.pieces),
      ]),
    ),
    'wc-product-export.csv': csv(
      'ID,Type,SKU,Name,Published,Is featured?,Visibility in catalog,Short description,Description,Tax status,In stock?,Stock,Regular price,Sale price,Categories,Tags,Images,Parent',
      GOODS.map((g) => [
        3000 + g,
        'simple',
        `SKU-${g}`,
        title(g),
        1,
        0,
        'visible',
        'Fine.',
        `<p>A fine ${title(g)} for the whole home and garden.</p>`,
        'taxable',
        1,
        g,
        money(5 + g * 1.25),
        '',
        `Home > ${kind(g)}`,
        `${colour(g)}, gift`,
        `https://shop.example/${g}.jpg`,
        '',
      ]),
    ),
  }),
  magento: () => ({
    'sales_order.csv': csv(
      'entity_id,increment_id,status,customer_id,customer_email,created_at,updated_at,grand_total,base_currency_code',
      orders.map((l) => [
        l.order + 1,
        `1000${1000 + l.order}`,
        l.order % 9 === 4 ? 'canceled' : 'complete',
        l.person + 1,
        mail(l.person),
        at(l.second, ISO),
        at(l.second + 90_000, ISO),
        totalOf(l.order),
        'USD',
      ]),
    ),
    'sales_order_item.csv': csv(
      'item_id,order_id,product_id,sku,name,qty_ordered,qty_refunded,price,row_total,tax_amount',
      lines.map((l) => [
        l.n + 1,
        l.order + 1,
        l.good + 1,
        `MB-${l.good}`,
        title(l.good),
        `${l.pieces}.0000`,
        '0.0000',
        money(l.price),
        money(l.price * l.pieces),
        '0.0000',
      ]),
    ),
    'catalog_product.csv': csv(
      'sku,attribute_set_code,product_type,categories,name,description,price,visibility,color,qty,base_image',
      GOODS.map((g) => [
        `MB-${g}`,
        'Default',
        'simple',
        `Default Category/Home/${kind(g)}`,
        title(g),
        `A long text on the ${title(g)} that says a lot.`,
        money(5 + g * 1.25),
        'Catalog, Search',
        colour(g),
        g,
        `/m/b/${g}.jpg`,
      ]),
    ),
  }),
  shopware: () => ({
    'bestellungen.csv': csv(
      'Bestellnummer,Bestelldatum,Kundennummer,Artikelnummer,Bezeichnung,Menge,Einzelpreis,Gesamtpreis,Bestellstatus',
      lines.map((l) => [
        10_000 + l.order,
        at(l.second, 'D.M.Y h:i'),
        20_000 + l.person,
        `SW${10_000 + l.good}`,
        title(l.good),
        l.pieces,
        money(l.price).replace('.', ','),
        money(l.price * l.pieces).replace('.', ','),
        l.order % 9 === 4 ? 'Storniert' : 'Abgeschlossen',
      ]),
      ';',
    ),
    'artikel.csv': csv(
      'Artikelnummer,Bezeichnung,Beschreibung,Hersteller,Farbe,Kategorie,Preis,Lagerbestand',
      GOODS.map((g) => [
        `SW${10_000 + g}`,
        title(g),
        'Ein guter Artikel, der lange hält und gern gekauft wird.',
        `Marke ${g % 5}`,
        colour(g),
        kind(g),
        money(5 + g * 1.25).replace('.', ','),
        g,
      ]),
      ';',
    ),
  }),
  prestashop: () => ({
    'order_detail.csv': csv(
      'id_order_detail;id_order;product_id;product_name;product_quantity;product_price;unit_price_tax_incl;total_price_tax_incl'.replaceAll(
        ';',
        ',',
      ),
      lines.map((l) => [
        l.n + 1,
        l.order + 1,
        l.good + 40,
        title(l.good),
        l.pieces,
        money(l.price),
        money(l.price * 1.2),
        money(l.price * 1.2 * l.pieces),
      ]),
      ';',
    ),
    'orders.csv': csv(
      'id_order,reference,id_customer,current_state,payment,date_add,date_upd,total_paid',
      orders.map((l) => [
        l.order + 1,
        `REF${l.order}XX`,
        l.person + 1,
        5,
        'Bank wire',
        at(l.second, ISO),
        at(l.second + 5_000, ISO),
        totalOf(l.order),
      ]),
      ';',
    ),
    'products.csv': csv(
      'id_product,reference,name,category,price,quantity,active',
      GOODS.map((g) => [g + 40, `demo_${g}`, title(g), kind(g), money(5 + g * 1.25), 300, 1]),
      ';',
    ),
  }),
  square: () => ({
    'items-2024.csv': csv(
      'Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,Payment ID,Event Type,Location,Customer ID,Customer Name',
      lines.map((l) => [
        at(l.second, 'Y-M-D'),
        at(l.second, 'h:i:s'),
        'UTC',
        kind(l.good),
        title(l.good),
        `${l.pieces}.0`,
        'Regular',
        `SQ${l.good}`,
        `$${money(l.price * l.pieces)}`,
        '$0.00',
        `$${money(l.price * l.pieces)}`,
        '$0.00',
        `T${l.order}abc`,
        `P${l.order}abc`,
        'Payment',
        'Main',
        `C${l.person}XYZ`,
        `Person ${l.person}`,
      ]),
    ),
  }),
  etsy: () => ({
    'EtsySoldOrderItems2024.csv': csv(
      'Sale Date,Item Name,Buyer,Quantity,Price,Coupon Code,Discount Amount,Order Shipping,Item Total,Currency,Transaction ID,Listing ID,Date Paid,Date Shipped,Ship Country,Order ID,Variations,SKU',
      lines.map((l) => [
        at(l.second, 'M/D/Y').replace(/\/20(\d\d)$/, '/$1'),
        title(l.good),
        `buyer${l.person}`,
        l.pieces,
        money(l.price),
        '',
        '0.00',
        '0',
        money(l.price * l.pieces),
        'USD',
        77_000 + l.n,
        1_200_000_000 + l.good,
        at(l.second, 'M/D/Y'),
        at(l.second + 90_000, 'M/D/Y'),
        'United States',
        31_000 + l.order,
        `Color:${colour(l.good)}`,
        `ET-${l.good}`,
      ]),
    ),
  }),
  amazon: () => ({
    'orders.txt': csv(
      'amazon-order-id,merchant-order-id,purchase-date,last-updated-date,order-status,fulfillment-channel,sales-channel,product-name,sku,asin,item-status,quantity,currency,item-price,item-tax,ship-city,buyer-email',
      lines.map((l) => [
        `302-${l.order}-77`,
        '',
        `${at(l.second, 'Y-M-D')}T${at(l.second, 'h:i:s')}+00:00`,
        `${at(l.second + 90_000, 'Y-M-D')}T00:00:00+00:00`,
        l.order % 9 === 4 ? 'Cancelled' : 'Shipped',
        'Amazon',
        'Amazon.de',
        title(l.good),
        `AZ-${l.good}`,
        `B00${1000 + l.good}X`,
        'Shipped',
        l.pieces,
        'EUR',
        money(l.price * l.pieces),
        '0',
        'Berlin',
        mail(l.person),
      ]),
      '\t',
    ),
  }),
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
  chinese: () => ({
    '订单.csv': csv(
      '订单编号,用户编号,商品编号,数量,单价,下单时间',
      lines.map((l) => [
        50_000 + l.order,
        800 + l.person,
        `A${100 + l.good}`,
        l.pieces,
        money(l.price),
        at(l.second, ISO),
      ]),
    ),
    '商品.csv': csv(
      '商品编号,商品名称,类别,品牌,颜色',
      GOODS.map((g) => [`A${100 + g}`, `红色杯子${g}`, kind(g), '小米', colour(g)]),
    ),
  }),
  spanish: () => ({
    'ventas.csv': csv(
      'Fecha,Factura,Cliente,Codigo,Producto,Cantidad,Precio',
      lines.map((l) => [
        at(l.second, 'D/M/Y h:i'),
        `F${l.order}`,
        `CL${l.person}`,
        `P-${l.good}`,
        title(l.good),
        l.pieces,
        money(l.price).replace('.', ','),
      ]),
      ';',
    ),
    'productos.csv': csv(
      'Codigo,Nombre,Categoria,Marca,Precio',
      GOODS.map((g) => [`P-${g}`, title(g), kind(g), `Marca${g % 3}`, money(5 + g).replace('.', ',')]),
      ';',
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
  segment: () => ({
    'track.jsonl': jsonl(
      lines.flatMap((l) =>
        ['Product Viewed', 'Order Completed'].map((event) => ({
          messageId: `m-${l.n}-${event[0]}`,
          event,
          userId: `u${l.person}`,
          timestamp: `${at(l.second, 'Y-M-D')}T${at(l.second, 'h:i:s')}.000Z`,
          properties: { product_id: `sg${l.good}`, price: l.price, quantity: l.pieces, name: title(l.good) },
        })),
      ),
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
  'database dump': () => ({
    'order_items.csv': csv(
      'id,order_id,variant_id,quantity,unit_price_cents',
      lines.map((l) => [l.n + 1, l.order + 1, l.good + 1, l.pieces, Math.round(l.price * 100)]),
    ),
    'orders.csv': csv(
      'id,user_id,state,placed_at,created_at,updated_at',
      orders.map((l) => [
        l.order + 1,
        l.person + 1,
        l.order % 9 === 4 ? 'canceled' : 'complete',
        at(l.second, ISO),
        at(l.second - 600, ISO),
        at(l.second + 900, ISO),
      ]),
    ),
    'variants.csv': csv(
      'id,sku,product_id,title,color,price',
      GOODS.map((g) => [g + 1, `V-${g}`, 1 + (g >> 1), title(g), colour(g), money(5 + g)]),
    ),
    'users.csv': csv(
      'id,email,first_name,city,age,created_at',
      Array.from({ length: PEOPLE }, (_, p) => [
        p + 1,
        mail(p),
        `First${p}`,
        ['Rome', 'Oslo'][p % 2],
        20 + p,
        at(START - p * 86_400, ISO),
      ]),
    ),
  }),
  'oracle dates': () => ({
    'SALES.csv': csv(
      'INVOICE_DATE,CUST_NO,ITEM_NO,QTY_SOLD,NET_AMOUNT',
      lines.map((l) => [
        `${at(l.second, 'D')}-${MONTHS[Number(at(l.second, 'm')) - 1].toUpperCase()}-${at(l.second, 'Y').slice(2)}`,
        `K${l.person}`,
        `I${l.good}`,
        l.pieces,
        money(l.price * l.pieces),
      ]),
    ),
  }),
};
