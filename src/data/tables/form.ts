// How a file is to be read, as shop.json says it. Everything that is not said is found by looking
// at the file.

import { z } from 'zod';

const character = z.string().length(1, 'expected one character');

/** A part of shop.json. */
export const formSchema = z.strictObject({
  type: z.enum(['csv', 'jsonl', 'parquet', 'xlsx']).optional(),
  /** One character mostly, but also '::'. */
  separator: z.string().min(1).optional(),
  /** Null: quotes are ordinary characters. */
  quote: character.nullable().optional(),
  /** A quote within quotes is written twice, or has a backslash before it. */
  escape: z.enum(['double', 'backslash']).optional(),
  /** True: the first line has the names. False: columns are named 1, 2, … A list: the names. */
  header: z.union([z.boolean(), z.array(z.string().min(1)).min(1)]).optional(),
  /** The number of lines before the header, or before the first row if there is no header. */
  skip: z.int().min(0).optional(),
  /** A label of the WHATWG Encoding Standard: utf-8, windows-1252, utf-16le. */
  encoding: z.string().optional(),
  /** The sheets of a workbook. Default: all of them. */
  sheet: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  /**
   * Columns with lists, such as the items of an order. Each element becomes a row, with the other
   * columns repeated. The parts of an object become columns such as `items.sku`. A list within the
   * elements of a list is named after it: ["orders", "orders.items"].
   */
  explode: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional(),
  /**
   * Turns rows of keys and values into one row for each value of `by`, with a column for each of
   * `columns`, which are keys. Of several values the last one counts, or that with the greatest
   * `latest`.
   */
  pivot: z
    .strictObject({
      by: z.string(),
      key: z.string(),
      value: z.string(),
      columns: z.array(z.string().min(1)).min(1),
      latest: z.string().optional(),
    })
    .optional(),
});

export type PartialForm = z.infer<typeof formSchema>;
/** `type` is always known of an open table; the other keys are known for their type of file. */
export type Form = PartialForm & { readonly type: NonNullable<PartialForm['type']> };
