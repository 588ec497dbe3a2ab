// Rows of articles and customers for tests without a database. Every value is missing unless a
// test gives it.
import type { ArticleRow, CustomerRow } from '../../src/data/store/store';
import type { Layout } from '../../src/features/encoder';
import type { Random } from '../../src/random';
import type { ValueLifts } from '../../src/statistics/habits';

/** Makes an article with this key. The default id is `a` followed by the key. */
export function articleRow(key: number, values: Partial<ArticleRow> = {}): ArticleRow {
  return {
    key,
    id: `a${key}`,
    name: null,
    description: null,
    productId: null,
    category: [],
    brand: null,
    colour: null,
    price: null,
    listPrice: null,
    currency: null,
    availability: 'in_stock',
    url: null,
    image: null,
    publishedAt: null,
    hidden: false,
    listed: true,
    attributes: {},
    updatedAt: new Date(0),
    ...values,
  };
}

/** Makes a customer with this key. The default id is `c` followed by the key. */
export function customerRow(key: number, values: Partial<CustomerRow> = {}): CustomerRow {
  return {
    key,
    id: `c${key}`,
    age: null,
    attributes: {},
    ...values,
  };
}

/** Makes a random article. Each column has `values` different values. */
export function randomArticle(key: number, random: Random, values = 8): ArticleRow {
  const maybe = (name: string) => (random.next() < 0.2 ? null : `${name} ${random.int(values)}`);
  const tags = Array.from({ length: random.int(5) }, () => `tag ${random.int(values)}`);
  return articleRow(key, {
    category: [maybe('range'), maybe('type')].filter((one) => one !== null),
    colour: maybe('colour'),
    attributes: {
      tag: tags,
      ...(random.next() < 0.5 && { section: [String(random.int(values))] }),
      ...(random.next() < 0.7 && { weight: random.normal() * 10 }),
    },
  });
}

export function randomCustomer(key: number, random: Random, values = 8): CustomerRow {
  return customerRow(key, {
    age: random.next() < 0.2 ? null : 16 + random.int(values * 8),
    attributes: {
      fn: [null, true, false][random.int(3)],
      status: [`status ${random.int(values)}`],
      plan: Array.from({ length: random.int(4) }, () => `plan ${random.int(values)}`),
    },
  });
}

/** Makes empty value lifts, as in a shop whose attributes have no values. */
export function noLifts({ single, multi }: Layout): ValueLifts {
  return { blocks: new Int32Array(2 * (single.length + multi.length)), excess: new Float32Array(0) };
}
