// The description of a shop's files, as shop.json has it: which files there are, how they are read,
// and which column is which field. `vitrine inspect` writes it and `vitrine import` reads it.

import { z } from 'zod';
import { CLOCK_MODES } from '../../config';
import { formSchema as form } from '../tables/form';

/** The description is stored as JSON in Postgres, which refuses NUL and unpaired surrogates. */
const storable = (expected: string) =>
  z
    .string({ error: expected })
    .min(1, expected)
    .refine((text) => !/[\0\p{Surrogate}]/u.test(text), `${expected}, got a character that cannot be stored`);
const column = storable('expected the name of a column');
const values = z.array(z.string()).min(1);

/** Rows that count: the column's value is one of `in`, and none of `notIn`. */
const where = z.strictObject({ column, in: values.optional(), notIn: values.optional() });

/**
 * Columns of another file, found by equal values: `on` is the name of the column in both files, or
 * { column here: column there }.
 */
const join = z.strictObject({
  file: storable('expected the name of a file'),
  on: z.union([column, z.record(column, column)]),
  form: form.optional(),
  /**
   * The columns that are taken, or { column there: its name here }. Default: all whose names the
   * rows do not have yet.
   */
  columns: z.union([z.array(column), z.record(column, column)]).optional(),
});

/** What all sections have. */
const reading = {
  /** A file of the folder, or a pattern with * and ?. */
  file: z
    .union([storable('expected the name of a file'), z.array(storable('expected the name of a file')).min(1)])
    .optional(),
  form: form.optional(),
  /** Texts that mean unknown. The default is in src/data/values/nulls.ts. */
  nulls: z.array(z.string()).optional(),
  where: z.union([where, z.array(where)]).optional(),
  join: z.union([join, z.array(join)]).optional(),
  /**
   * Takes empty cells of these columns from the row before, while the column `by` is the same or
   * empty.
   */
  fillDown: z.strictObject({ by: column, columns: z.array(column).min(1) }).optional(),
  /**
   * A format of src/data/values/dates.ts: "DD.MM.YYYY HH:mm", "iso", "epoch-s", "days since
   * 2024-01-01".
   */
  dateFormat: z.string().optional(),
  /** The time zone of times that name none, such as Europe/Berlin. Default: UTC. */
  zone: z.string().optional(),
  /**
   * How ids are written in other files: filled up with zeros to `pad` characters, without the ".0"
   * of numbers that were whole, or in small or capital letters.
   */
  ids: z
    .record(
      column,
      z.strictObject({
        pad: z.int().min(1).max(64).optional(),
        whole: z.boolean().optional(),
        case: z.enum(['lower', 'upper']).optional(),
      }),
    )
    .optional(),
  /** The decimal mark of numbers. Default: found by looking. */
  decimal: z.enum(['.', ',']).optional(),
} as const;

/** The JSON type in the database follows the kind: a list of texts, number, boolean or text. */
export const ATTRIBUTE_KINDS = ['category', 'number', 'flag', 'text'] as const;
const attribute = z.union([
  z.enum(ATTRIBUTE_KINDS),
  /** Several categories in a cell. "list" reads JSON, Python and Postgres lists. */
  z.strictObject({ kind: z.literal('category'), separator: z.string().min(1) }),
]);
const attributes = {
  attributes: z.record(column, attribute).optional(),
  /** Former names of kinds, which mean the same. */
  categorical: z.array(column).optional(),
  multiValued: z.record(column, storable('expected the separator between the values')).optional(),
  numeric: z.array(column).optional(),
};

/** Former fields of articles, which were H&M's columns. They become attributes of these names. */
export const FORMER_ARTICLE_FIELDS = {
  productTypeNo: 'product_type_no',
  productTypeName: 'product_type_name',
  productGroupName: 'product_group_name',
  graphicalAppearanceNo: 'graphical_appearance_no',
  graphicalAppearanceName: 'graphical_appearance_name',
  colourGroupCode: 'colour_group_code',
  colourGroupName: 'colour_group_name',
  perceivedColourValueId: 'perceived_colour_value_id',
  perceivedColourValueName: 'perceived_colour_value_name',
  perceivedColourMasterId: 'perceived_colour_master_id',
  perceivedColourMasterName: 'perceived_colour_master_name',
  departmentNo: 'department_no',
  departmentName: 'department_name',
  indexCode: 'index_code',
  indexName: 'index_name',
  indexGroupNo: 'index_group_no',
  indexGroupName: 'index_group_name',
  sectionNo: 'section_no',
  sectionName: 'section_name',
  garmentGroupNo: 'garment_group_no',
  garmentGroupName: 'garment_group_name',
} as const;
export const FORMER_CUSTOMER_FIELDS = {
  fn: 'fn',
  active: 'active',
  clubMemberStatus: 'club_member_status',
  fashionNewsFrequency: 'fashion_news_frequency',
  postalCode: 'postal_code',
} as const;

const formerFields = <T extends Record<string, string>>(fields: T) =>
  Object.fromEntries(Object.keys(fields).map((name) => [name, column.optional()])) as Record<
    keyof T,
    z.ZodOptional<typeof column>
  >;

/** Takes the first row of each id, and counts the others without rejecting them. */
const distinct = z.boolean().optional();

/** An amount in cents is divided by 100. */
const divideBy = z.number().positive('expected a number such as 100').optional();
const amount = z.union([column, z.strictObject({ column, divideBy })]);

const articles = z.strictObject({
  ...reading,
  distinct,
  id: column,
  name: column.optional(),
  description: column.optional(),
  /** The product that an article is a variant of. `productCode` is its former name. */
  productId: column.optional(),
  productCode: column.optional(),
  /** One column, whose paths are cut at `separator`, or one column for each level, widest first. */
  category: z.union([column, z.strictObject({ column, separator: z.string().min(1) }), z.array(column)]).optional(),
  brand: column.optional(),
  colour: column.optional(),
  price: amount.optional(),
  listPrice: amount.optional(),
  currency: column.optional(),
  /** Words such as "in stock" or "sold out", or pieces in stock. */
  availability: column.optional(),
  url: column.optional(),
  image: column.optional(),
  publishedAt: column.optional(),
  hidden: column.optional(),
  /** Columns that say what an article looks like. Models of similar articles learn them. */
  looks: z.array(column).optional(),
  ...attributes,
  ...formerFields(FORMER_ARTICLE_FIELDS),
});

const customers = z.strictObject({
  ...reading,
  distinct,
  id: column,
  age: column.optional(),
  ...attributes,
  ...formerFields(FORMER_CUSTOMER_FIELDS),
});

/** Words, or true for any value: a column with the date of the cancellation. */
const stateWords = z.union([values, z.literal(true)]).optional();
const state = z.strictObject({ column, returned: stateWords, cancelled: stateWords });

const purchases = z.strictObject({
  ...reading,
  /** The time of day may be in a column of its own, such as 14:05, 1405 or 2:05 PM. */
  date: z.union([column, z.strictObject({ column, time: column })]),
  customer: column,
  /** A cell may hold several articles, if a separator is given. Each becomes a purchase. */
  article: z.union([column, z.strictObject({ column, separator: z.string().min(1) })]),
  /** The price of one piece; `total` if the column has that of all pieces of the row. */
  price: z.union([column, z.strictObject({ column, of: z.enum(['piece', 'total']).optional(), divideBy })]).optional(),
  /** Negative quantities are returns. */
  quantity: column.optional(),
  orderId: column.optional(),
  /**
   * The column's words for purchases that came back or were called off. All others are bought. Of
   * several columns, the first one counts that says so.
   */
  state: z.union([state, z.array(state).min(1)]).optional(),
  salesChannelId: column.optional(),
});

export const shopJsonSchema = z.strictObject({
  /** ISO 4217. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'expected a currency such as EUR')
    .optional(),
  /**
   * Whether the shop sells now (`live`), or its data is replayed from where it ends. Default:
   * replayed if the newest purchase is older than 30 days.
   */
  clock: z.enum(CLOCK_MODES).optional(),
  articles: articles.optional(),
  customers: customers.optional(),
  transactions: purchases.optional(),
});

export type ShopJson = z.infer<typeof shopJsonSchema>;
export type Section = keyof Pick<ShopJson, 'articles' | 'customers' | 'transactions'>;

export const SECTIONS = ['articles', 'customers', 'transactions'] as const satisfies readonly Section[];

/** The keys of a section; undefined if there is no such section. */
export function sectionKeys(section: unknown): string[] | undefined {
  const shapes = { articles, customers, transactions: purchases };
  const found = SECTIONS.find((name) => name === section);
  return found && Object.keys(shapes[found].shape);
}
