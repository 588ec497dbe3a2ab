// All features of articles and customers. Each feature has a kind, and reads one value of a row. No
// other file decides which columns the models may read. column-choice.ts leaves out those that
// teach nothing.

import type { ArticleRow, CustomerRow } from '../data/store/store';

/** `of` reads the value of a row: null or [] if the row has none. */
export type Feature<Row> =
  | { readonly kind: 'categorical'; readonly name: string; readonly of: (row: Row) => string | null }
  | { readonly kind: 'categories'; readonly name: string; readonly of: (row: Row) => readonly string[] }
  | { readonly kind: 'numeric'; readonly name: string; readonly of: (row: Row) => number | null };

/** Categories are read down to this level. The narrowest category is a feature at any level. */
const CATEGORY_LEVELS = 5;

/** The narrowest category comes before the levels, one of which often sorts the articles alike. */
export const ARTICLE_FEATURES: readonly Feature<ArticleRow>[] = [
  { kind: 'categorical', name: 'product', of: (a) => a.productId },
  { kind: 'categorical', name: 'category', of: (a) => a.category.at(-1) ?? null },
  ...Array.from({ length: CATEGORY_LEVELS }, (_, level): Feature<ArticleRow> => ({
    kind: 'categorical',
    name: `category.${String(level + 1)}`,
    of: (a) => a.category.at(level) ?? null,
  })),
  { kind: 'categorical', name: 'brand', of: (a) => a.brand },
  { kind: 'categorical', name: 'colour', of: (a) => a.colour },
];

export const CUSTOMER_FEATURES: readonly Feature<CustomerRow>[] = [{ kind: 'numeric', name: 'age', of: (c) => c.age }];

/** The kind of each further attribute of this shop, found in the rows' `attributes`. */
export type AttributeKinds = ReadonlyMap<string, AttributeKind>;
type AttributeKind = 'categories' | 'numeric';

/**
 * Adds the attributes of one more row to `kinds`. A list or a flag in any row makes an attribute
 * `categories`, otherwise a number makes it `numeric`. Texts are for the text encoder alone.
 * @returns whether a kind is new
 */
export function noteAttributes(row: ArticleRow | CustomerRow, kinds: Map<string, AttributeKind>): boolean {
  let changed = false;
  for (const [name, value] of Object.entries(attributesOf(row))) {
    const kind =
      Array.isArray(value) || typeof value === 'boolean'
        ? 'categories'
        : typeof value === 'number'
          ? 'numeric'
          : undefined;
    const known = kinds.get(name);
    if (kind === undefined || known === kind || known === 'categories') continue;
    kinds.set(name, kind);
    changed = true;
  }
  return changed;
}

/** The name of the feature that reads an attribute. */
export function attributeFeature(attribute: string): string {
  return `${PREFIX}${attribute}`;
}

/** The attribute that a feature of this name reads; undefined for a declared feature. */
export function attributeOf(feature: string): string | undefined {
  return feature.startsWith(PREFIX) ? feature.slice(PREFIX.length) : undefined;
}

const PREFIX = 'attributes.';

/** The declared features, and one for each further attribute of this shop. */
export function withAttributes<Row extends ArticleRow | CustomerRow>(
  declared: readonly Feature<Row>[],
  kinds: AttributeKinds,
): Feature<Row>[] {
  const extra = [...kinds]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([attribute, kind]): Feature<Row> => {
      const name = attributeFeature(attribute);
      if (kind === 'numeric') {
        return {
          kind,
          name,
          of: (row) => (typeof attributesOf(row)[attribute] === 'number' ? Number(attributesOf(row)[attribute]) : null),
        };
      }
      return { kind, name, of: (row) => categoriesOf(attributesOf(row)[attribute]) };
    });
  return [...declared, ...extra];
}

/** The attributes of a row by name; none if the column holds no object. */
export function attributesOf(row: Pick<ArticleRow | CustomerRow, 'attributes'>): Record<string, unknown> {
  const { attributes } = row;
  return typeof attributes === 'object' && attributes !== null && !Array.isArray(attributes) ? attributes : {};
}

/** The categories in the value of an attribute. A flag is the category “yes” or “no”. */
function categoriesOf(value: unknown): readonly string[] {
  if (typeof value === 'boolean') return [value ? 'yes' : 'no'];
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string' && one !== '') : [];
}
