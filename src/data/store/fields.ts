// The fields that the store has columns for.

/** The type of a column. `whole` has 32 bits, `small` has 16, `path` is a list of texts. */
export type Kind =
  'id' | 'text' | 'path' | 'whole' | 'small' | 'flag' | 'real' | 'time' | 'availability' | 'attributes' | 'state';

/** The fields of each table: [the store's column, its type]. */
export const FIELDS = {
  articles: {
    id: ['article_id', 'id'],
    name: ['name', 'text'],
    description: ['description', 'text'],
    productId: ['product_id', 'text'],
    category: ['category', 'path'],
    brand: ['brand', 'text'],
    colour: ['colour', 'text'],
    price: ['price', 'real'],
    listPrice: ['list_price', 'real'],
    currency: ['currency', 'text'],
    availability: ['availability', 'availability'],
    url: ['url', 'text'],
    image: ['image', 'text'],
    publishedAt: ['published_at', 'time'],
    hidden: ['hidden', 'flag'],
    listed: ['listed', 'flag'],
    attributes: ['attributes', 'attributes'],
  },
  customers: {
    id: ['customer_id', 'id'],
    age: ['age', 'whole'],
    attributes: ['attributes', 'attributes'],
  },
  purchases: {
    date: ['bought_at', 'time'],
    customer: ['customer_id', 'id'],
    article: ['article_id', 'id'],
    price: ['price', 'real'],
    quantity: ['quantity', 'whole'],
    orderId: ['order_id', 'text'],
    state: ['state', 'state'],
    salesChannelId: ['sales_channel_id', 'small'],
  },
} as const satisfies Record<string, Record<string, readonly [string, Kind]>>;

/** The store's column of each field. */
export function columnsOf<K extends string>(fields: Record<K, readonly [string, unknown]>): Record<K, string> {
  const entries = Object.entries<readonly [string, unknown]>(fields).map(([field, [column]]) => [field, column]);
  return Object.fromEntries(entries) as Record<K, string>;
}
