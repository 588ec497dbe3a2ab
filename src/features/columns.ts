// All features of articles and customers. Each feature has a kind, and reads one value of a row. No
// other file decides which columns the models read.

import type { ArticleRow, CustomerRow } from '../data/store/store';

/** `of` reads the value of a row: null or [] if the row has none. */
export type Feature<Row> =
  | { readonly kind: 'categorical'; readonly name: string; readonly of: (row: Row) => string | null }
  | { readonly kind: 'categories'; readonly name: string; readonly of: (row: Row) => readonly string[] }
  | { readonly kind: 'numeric'; readonly name: string; readonly of: (row: Row) => number | null };

/** Some columns are read by their code, since their names are not unique. */
export const ARTICLE_FEATURES: readonly Feature<ArticleRow>[] = [
  { kind: 'categorical', name: 'product_code', of: (a) => a.productCode },
  { kind: 'categorical', name: 'product_type', of: (a) => a.productTypeName },
  { kind: 'categorical', name: 'product_group', of: (a) => a.productGroupName },
  { kind: 'categorical', name: 'graphical_appearance', of: (a) => a.graphicalAppearanceName },
  { kind: 'categorical', name: 'colour_group', of: (a) => a.colourGroupName },
  { kind: 'categorical', name: 'perceived_colour_value', of: (a) => a.perceivedColourValueName },
  { kind: 'categorical', name: 'perceived_colour_master', of: (a) => a.perceivedColourMasterName },
  { kind: 'categorical', name: 'department', of: (a) => text(a.departmentNo) ?? a.departmentName },
  { kind: 'categorical', name: 'index', of: (a) => a.indexName },
  { kind: 'categorical', name: 'index_group', of: (a) => a.indexGroupName },
  { kind: 'categorical', name: 'section', of: (a) => text(a.sectionNo) ?? a.sectionName },
  { kind: 'categorical', name: 'garment_group', of: (a) => a.garmentGroupName },
];

/** The postal code is left out, since it has nearly as many values as there are customers. */
export const CUSTOMER_FEATURES: readonly Feature<CustomerRow>[] = [
  { kind: 'numeric', name: 'age', of: (c) => c.age },
  { kind: 'categorical', name: 'club_member_status', of: (c) => c.clubMemberStatus },
  { kind: 'categorical', name: 'fashion_news_frequency', of: (c) => c.fashionNewsFrequency },
  { kind: 'categorical', name: 'fn', of: (c) => flag(c.fn) },
  { kind: 'categorical', name: 'active', of: (c) => flag(c.active) },
];

/** The kind of each further attribute of this shop, found in the rows' `attributes`. */
export type AttributeKinds = ReadonlyMap<string, Feature<unknown>['kind']>;

/**
 * Adds the attributes of one more row to `kinds`. A list in any row makes an attribute
 * `categories`, otherwise a number makes it `numeric`.
 * @returns whether a kind is new
 */
export function noteAttributes(row: ArticleRow | CustomerRow, kinds: Map<string, Feature<unknown>['kind']>): boolean {
  let changed = false;
  for (const [name, value] of Object.entries(attributesOf(row))) {
    const kind = Array.isArray(value) ? 'categories' : typeof value === 'number' ? 'numeric' : undefined;
    const known = kinds.get(name);
    if (kind === undefined || known === kind || known === 'categories') continue;
    kinds.set(name, kind);
    changed = true;
  }
  return changed;
}

/** The declared features, and one for each further attribute of this shop. */
export function withAttributes<Row extends ArticleRow | CustomerRow>(
  declared: readonly Feature<Row>[],
  kinds: AttributeKinds,
): Feature<Row>[] {
  const extra = [...kinds]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([attribute, kind]): Feature<Row> => {
      const name = `attributes.${attribute}`;
      if (kind === 'numeric') {
        return {
          kind,
          name,
          of: (row) => (typeof attributesOf(row)[attribute] === 'number' ? Number(attributesOf(row)[attribute]) : null),
        };
      }
      return { kind: 'categories', name, of: (row) => strings(attributesOf(row)[attribute]) };
    });
  return [...declared, ...extra];
}

/** The values of a row's attributes as words for the text encoders: ["brand_acme", …]. */
export function attributeWords(row: ArticleRow): string[] {
  return Object.entries(attributesOf(row)).flatMap(([name, value]) => strings(value).map((one) => `${name}_${one}`));
}

function attributesOf(row: ArticleRow | CustomerRow): Record<string, unknown> {
  const { attributes } = row;
  return typeof attributes === 'object' && attributes !== null && !Array.isArray(attributes) ? attributes : {};
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string' && one !== '') : [];
}

function text(value: number | null): string | null {
  return value === null ? null : String(value);
}

function flag(value: boolean | null): string | null {
  return value === null ? null : value ? 'yes' : 'no';
}
