// What becomes of a section of shop.json: the columns of the store that its files fill, each with
// the columns of the files that it reads. Former keys of shop.json become attributes here.

import { FIELDS, type Kind } from '../store/fields';
import {
  FORMER_ARTICLE_FIELDS,
  FORMER_CUSTOMER_FIELDS,
  type ATTRIBUTE_KINDS,
  type Section,
  type ShopJson,
} from './shop-json';

export type SectionJson<S extends Section = Section> = NonNullable<ShopJson[S]>;

/** A column of the store and the columns of the file that it is read from. */
export interface Target {
  /** The key in shop.json. */
  readonly field: string;
  /** The store's column. */
  readonly column: string;
  readonly kind: Kind;
  readonly from: readonly string[];
  /** A row without a value of it is rejected, or belongs to a guest. */
  readonly required: boolean;
  /** Cuts the cell into values. */
  readonly separator?: string;
  /** The column with the time of day, if it has one of its own. */
  readonly time?: string;
  readonly divideBy?: number;
}

export interface AttributeTarget {
  readonly name: string;
  readonly from: string;
  readonly kind: (typeof ATTRIBUTE_KINDS)[number];
  /** Several categories in a cell; "list" for lists in brackets. */
  readonly separator?: string;
}

export interface Targets {
  readonly fields: readonly Target[];
  readonly attributes: readonly AttributeTarget[];
}

/** The table of the store that a section fills. */
export const TABLES = { articles: 'articles', customers: 'customers', transactions: 'purchases' } as const;

const REQUIRED: Record<Section, readonly string[]> = {
  articles: ['id'],
  customers: ['id'],
  transactions: ['date', 'customer', 'article'],
};

export function targetsOf(section: Section, json: SectionJson): Targets {
  const given = new Map<string, unknown>(Object.entries(json));
  if (!given.has('productId')) given.set('productId', given.get('productCode'));
  const fields: Target[] = [];
  for (const [field, [column, kind]] of Object.entries<readonly [string, Kind]>(FIELDS[TABLES[section]])) {
    const { from, ...more } = sourceOf(given.get(field));
    if (kind === 'attributes' || from.length === 0) continue;
    const required = REQUIRED[section].includes(field);
    fields.push({ field, column, kind, from, required, ...more });
  }
  return { fields, attributes: section === 'transactions' ? [] : attributesOf(given) };
}

/** The columns of the files that a section reads: [key of shop.json, column]. */
export function readColumns({ fields, attributes }: Targets): [string, string][] {
  return [
    ...fields.flatMap(({ field, from, time }) =>
      [...from, ...(time === undefined ? [] : [time])].map((column): [string, string] => [field, column]),
    ),
    ...attributes.map(({ from }): [string, string] => ['attributes', from]),
  ];
}

function sourceOf(value: unknown): { from: string[] } & Pick<Target, 'separator' | 'time' | 'divideBy'> {
  if (typeof value === 'string') return { from: [value] };
  if (Array.isArray(value)) return { from: value.filter((one) => typeof one === 'string') };
  if (typeof value !== 'object' || value === null) return { from: [] };
  const { column, separator, time, divideBy } = value as Readonly<Record<string, unknown>>;
  return {
    from: typeof column === 'string' ? [column] : [],
    ...(typeof separator === 'string' && { separator }),
    ...(typeof time === 'string' && { time }),
    ...(typeof divideBy === 'number' && { divideBy }),
  };
}

function attributesOf(given: ReadonlyMap<string, unknown>): AttributeTarget[] {
  const found = new Map<string, AttributeTarget>();
  const put = (target: AttributeTarget): void => void found.set(target.name, target);
  for (const [field, name] of Object.entries({ ...FORMER_ARTICLE_FIELDS, ...FORMER_CUSTOMER_FIELDS })) {
    const column = given.get(field);
    if (typeof column === 'string') put({ name, from: column, kind: FORMER_KINDS[name] ?? 'category' });
  }
  for (const name of texts(given.get('categorical'))) put({ name, from: name, kind: 'category' });
  for (const [name, separator] of Object.entries((given.get('multiValued') ?? {}) as Record<string, string>)) {
    put({ name, from: name, kind: 'category', separator });
  }
  for (const name of texts(given.get('numeric'))) put({ name, from: name, kind: 'number' });
  const attributes = (given.get('attributes') ?? {}) as Record<string, Exclude<SectionAttributes, undefined>[string]>;
  for (const [name, how] of Object.entries(attributes)) {
    if (typeof how === 'string') put({ name, from: name, kind: how });
    else put({ name, from: name, kind: how.kind, separator: how.separator });
  }
  return [...found.values()];
}

type SectionAttributes = SectionJson<'articles'>['attributes'];

const FORMER_KINDS: Readonly<Partial<Record<string, AttributeTarget['kind']>>> = {
  fn: 'flag',
  active: 'flag',
  postal_code: 'text',
};

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
