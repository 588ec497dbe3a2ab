// Writes the sections of articles and customers: which column is which field, and which ones become
// attributes.

import { HM_LAYOUT } from '../import/hm';
import { FORMER_ARTICLE_FIELDS, type ShopJson } from '../import/shop-json';
import { namedAmount } from './purchases/amounts';
import { meaningOf, type Facet } from './profile/names';
import type { Master } from './model';
import type { Column } from './profile/profile';
import { ROLE_SCORES } from './roles';

export type ArticlesJson = NonNullable<ShopJson['articles']>;
export type CustomersJson = NonNullable<ShopJson['customers']>;
type Attributes = Pick<ArticlesJson, 'attributes' | 'categorical' | 'multiValued' | 'numeric'>;
type ArticleField =
  | 'name' | 'description' | 'productId' | 'category' | 'brand' | 'colour' | 'price' | 'listPrice' | 'currency'
  | 'availability' | 'url' | 'image' | 'publishedAt' | 'hidden'; // prettier-ignore

/** Scores of a column for a field of articles; 0 if it cannot be. */
const FIELD_SCORES: Readonly<Record<ArticleField, (column: Column, id: Column) => number>> = {
  name: (column) => {
    const { facets, things, words } = column.meaning;
    if (
      !isText(column) ||
      column.type === 'html' ||
      hasAny(column, ['category', 'brand', 'colour', 'place', 'id', 'tags', 'event', 'measure'])
    )
      return 0;
    if (/^option \w+$/.test(words.join(' ')) || things.has('customer')) return 0;
    if (facets.has('name')) return 1 + (things.has('article') ? 0.2 : 0);
    if (facets.has('description') && column.meanWords < 8) return 0.5;
    // "Item" beside the item's code is its name.
    return things.has('article') && column.meanWords > 1.5 && column.type !== 'list' ? 0.4 : 0;
  },
  description: (column) => {
    if (!column.meaning.facets.has('description') || !isText(column)) return 0;
    const own = column.meaning.words.length === 1 ? 0.1 : 0;
    if (hasAny(column, ['measure'])) return 0;
    return 0.6 + own + Math.min(0.4, column.meanWords / 50) + (column.type === 'html' ? 0.2 : 0);
  },
  productId: (column, id) => {
    const { facets, things, words } = column.meaning;
    if (
      column.sketch.distinct >= 0.97 * id.sketch.distinct ||
      !['id', 'number', 'category', 'text'].includes(column.type)
    )
      return 0;
    if (
      hasAny(column, [
        'category',
        'colour',
        'brand',
        'price',
        'quantity',
        'date',
        'stock',
        'tags',
        'name',
        'image',
        'measure',
        'total',
      ])
    ) {
      return words.join(' ') === 'item group id' ? 1 : 0;
    }
    if (words.includes('handle')) return 0.9;
    if (facets.has('parent') && (facets.has('id') || things.has('article'))) return 1;
    return things.has('article') && facets.has('id') ? 0.8 : 0;
  },
  category: (column) => {
    if (!column.meaning.facets.has('category') || hasAny(column, ['price', 'age', 'url', 'image', 'date'])) return 0;
    if (!['category', 'list', 'id', 'text'].includes(column.type) || column.meanWords > 8) return 0;
    // "simple" of all articles tells nothing.
    if (column.sketch.distinct < 2 && column.filled > 20) return 0;
    const { words, facets } = column.meaning;
    if (column.type === 'id' && column.sketch.distinct > 0.9 * column.filled) return 0;
    const named = words.some((word) => /^(categor|kategor)/.test(word)) ? 1 : 0.7;
    // Lists that are no paths become attributes.
    if (column.type === 'list' && column.list !== '>' && column.list !== '/') return 0;
    return named - (facets.has('id') ? 0.4 : 0) - 0.02 * words.length;
  },
  brand: (column) => withFacet(column, 'brand', ['category', 'id', 'list', 'text']),
  colour: (column) => withFacet(column, 'colour', ['category', 'id', 'text']),
  price: (column) => (hasAny(column, ['list']) ? 0 : atLeast(ROLE_SCORES.price(column), 0.4)),
  listPrice: (column) => (hasAny(column, ['list']) && hasAny(column, ['price']) ? withNumber(column) : 0),
  currency: (column) =>
    column.meaning.facets.has('currency') && column.examples.every((text) => /^[A-Z]{3}$/.test(text)) ? 1 : 0,
  availability: (column) => {
    if (!column.meaning.facets.has('stock')) return 0;
    if (column.type === 'number' || column.type === 'flag') return 1;
    return column.examples.every((text) => /stock|available|preorder|backorder|sold|^(yes|no|true|false)$/i.test(text)) ? 1.1 : 0; // prettier-ignore
  },
  url: (column) => (column.type === 'url' && !hasAny(column, ['image']) ? 1 : 0),
  image: (column) => (column.type === 'image' ? 1 : 0) + (column.type === 'url' && hasAny(column, ['image']) ? 1 : 0),
  publishedAt: (column) =>
    column.date && 'format' in column.date && hasAny(column, ['launch', 'date']) && !hasAny(column, ['late'])
      ? 0.5 + (hasAny(column, ['launch']) ? 0.5 : 0)
      : 0,
  hidden: (column) => (column.type === 'flag' && hasAny(column, ['hidden']) ? 1 : 0),
};

/** The columns that make a catalogue one of H&M's layout, whose fields are known. */
const HM_ARTICLES = ['article_id', 'product_code', 'prod_name', 'detail_desc', ...Object.values(FORMER_ARTICLE_FIELDS)];
const HM_CUSTOMERS = [
  'customer_id',
  'FN',
  'Active',
  'club_member_status',
  'fashion_news_frequency',
  'age',
  'postal_code',
];

/** The fields and attributes of articles. */
export function articleFields(
  { table, id }: Pick<Master, 'table' | 'id'>,
  columns: readonly Column[],
): Omit<ArticlesJson, 'id'> {
  if (HM_LAYOUT.articles && HM_ARTICLES.every((name) => table.header.includes(name))) {
    const { id: _id, ...known } = HM_LAYOUT.articles;
    return known;
  }
  const fields: Partial<Record<ArticleField, Column>> = {};
  const open = columns.filter((column) => column !== id && column.type !== 'empty');
  const scored = (Object.keys(FIELD_SCORES) as ArticleField[])
    .flatMap((field) => open.map((column) => ({ field, column, score: FIELD_SCORES[field](column, id) })))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score);
  for (const { field, column } of scored) {
    if (!fields[field] && !Object.values(fields).includes(column)) fields[field] = column;
  }
  // A regular price alone is the price. What the shop paid itself is none.
  if (fields.listPrice && (!fields.price || isCost(fields.price))) {
    fields.price = fields.listPrice;
    delete fields.listPrice;
  }
  nameUnnamed(fields, open);
  const option = fields.colour ? undefined : optionOf(open, 'colour');
  if (option) fields.colour = option;
  const { category, price, listPrice, ...others } = fields;
  const used = new Set(Object.values(fields));
  const names: Record<string, string> = {};
  for (const [field, column] of Object.entries(others)) if (column) names[field] = column.name;
  const path = category?.list;
  return {
    ...(names as Pick<ArticlesJson, Exclude<ArticleField, 'category' | 'price' | 'listPrice'>>),
    ...(price && { price: namedAmount(price) }),
    ...(listPrice && { listPrice: namedAmount(listPrice) }),
    ...(category && { category: path === undefined ? category.name : { column: category.name, separator: path } }),
    ...attributesOf(
      open.filter((column) => !used.has(column)),
      id,
    ),
  };
}

function isCost({ meaning: { words } }: Column): boolean {
  return words.some((word) => /^(cost|wholesale|purchase)$/.test(word));
}

/** Short descriptions and columns without a name may be what people call the articles. */
function nameUnnamed(fields: Partial<Record<ArticleField, Column>>, open: readonly Column[]): void {
  const { name, description } = fields;
  const named = name && (hasAny(name, ['name']) || name.meaning.things.has('article'));
  if (description && description.meanWords < SHORT && description.type !== 'html' && !named) {
    fields.name = description;
    delete fields.description;
  }
  const used = new Set(Object.values(fields));
  const text = open.find((column) => /^\d+$/.test(column.name) && column.type === 'text' && !used.has(column));
  if (!fields.name && text) fields.name = text;
}

/** Texts with fewer words are rather names. */
const SHORT = 8;

export function customerFields(
  { table, id }: Pick<Master, 'table' | 'id'>,
  columns: readonly Column[],
): Omit<CustomersJson, 'id'> {
  if (HM_LAYOUT.customers && HM_CUSTOMERS.every((name) => table.header.includes(name))) {
    const { id: _id, ...known } = HM_LAYOUT.customers;
    return known;
  }
  const open = columns.filter((column) => column !== id && !hasAny(column, ['email']));
  const age = open.find(
    (column) => hasAny(column, ['age']) && column.type === 'number' && !hasAny(column, ['category']),
  );
  const personal =
    /^(first|last|firstname|lastname|phone|street|address|zip|postal|postcode|plz|ip|lat|lng|latitude|longitude|company)$/;
  const rest = open.filter((column) => column !== age && !column.meaning.words.some((word) => personal.test(word)));
  // Names of people say nothing of their taste.
  const kept = rest.filter((column) => column.type !== 'text' && column.type !== 'html');
  return { ...(age && { age: age.name }), ...attributesOf(kept, id) };
}

/** Shopify's options: "Option1 Name" says what "Option1 Value" is. */
function optionOf(columns: readonly Column[], facet: Facet): Column | undefined {
  for (const column of columns) {
    if (!/^option.*name$/i.test(column.name) || column.sketch.values.size === 0) continue;
    const [first] = column.sketch.values.keys();
    if (!meaningOf(first).facets.has(facet)) continue;
    const value = column.name.replace(/name$/i, 'value').toLowerCase();
    const found = columns.find(({ name }) => name.toLowerCase() === value);
    if (found) return found;
  }
  return undefined;
}

/** The kind of an attribute; undefined for columns that say nothing to a model. */
function attributeOf(
  column: Column,
  id: Column,
): 'category' | 'number' | 'flag' | 'text' | { separator: string } | undefined {
  const { type, sketch, filled, list, meaning } = column;
  // What every article has for itself says nothing of its likes.
  const own = sketch.distinct > 5 && sketch.distinct >= 0.97 * id.sketch.distinct;
  const few = !own && sketch.distinct <= Math.max(20, 0.5 * filled) && sketch.distinct < filled;
  if (sketch.distinct <= 1 && type !== 'flag') return undefined;
  switch (type) {
    case 'flag':
      return 'flag';
    case 'money':
    case 'number':
      if (meaning.facets.has('image')) return undefined;
      if (meaning.facets.has('measure')) return 'number';
      if (['id', 'brand', 'category'].some((facet) => meaning.facets.has(facet as Facet)) || meaning.things.size > 0)
        return few ? 'category' : undefined;
      return 'number';
    case 'list':
      if (meaning.facets.has('image')) return undefined;
      return { separator: list ?? ',' };
    case 'html':
    case 'text':
      return 'text';
    case 'category':
      return own ? undefined : 'category';
    case 'id':
      return few ? 'category' : undefined;
    default:
      return undefined;
  }
}

function attributesOf(columns: readonly Column[], id: Column): Attributes {
  const attributes: NonNullable<Attributes['attributes']> = {};
  const former: { categorical: string[]; numeric: string[] } = { categorical: [], numeric: [] };
  for (const column of columns) {
    const kind = attributeOf(column, id);
    if (kind === undefined) continue;
    if (column.name !== '__proto__') {
      attributes[column.name] = typeof kind === 'object' ? { kind: 'category', ...kind } : kind;
    } else if (kind === 'category') former.categorical.push(column.name);
    else if (kind === 'number') former.numeric.push(column.name);
  }
  return {
    ...(Object.keys(attributes).length > 0 && { attributes }),
    ...(former.categorical.length > 0 && { categorical: former.categorical }),
    ...(former.numeric.length > 0 && { numeric: former.numeric }),
  };
}

function hasAny({ meaning }: Column, facets: readonly Facet[]): boolean {
  return facets.some((facet) => meaning.facets.has(facet));
}

function isText({ type }: Column): boolean {
  return type === 'text' || type === 'html' || type === 'category' || type === 'id' || type === 'list';
}

function withFacet(column: Column, facet: Facet, types: readonly string[]): number {
  if (!column.meaning.facets.has(facet) || !types.includes(column.type) || column.list !== undefined) return 0;
  return 1 - (hasAny(column, ['id']) ? 0.4 : 0) - 0.05 * column.meaning.words.length;
}

function withNumber(column: Column): number {
  return column.type === 'number' || column.type === 'money' ? 1 : 0;
}

function atLeast(score: number, least: number): number {
  return score >= least ? score : 0;
}
