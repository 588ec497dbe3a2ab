// Columns that H&M's layout does not have, as a list of names and values that fits the data of any
// shop. Both articles and customers have such a list.

import { Field, Float, ObjectType } from 'type-graphql';

@ObjectType({
  simpleResolvers: true,
  description: "A column of the shop's own that the typed fields do not cover, such as brand or weight.",
})
export class Attribute {
  @Field((_type) => String, { description: "The column's name in the shop's data." })
  name!: string;

  @Field((_type) => [String], { description: 'The categories; empty for a number.' })
  values!: string[];

  @Field((_type) => Float, { nullable: true, description: 'The number; null for categories.' })
  number!: number | null;
}

/** The plain object that resolvers return. */
export type AttributeValue = Pick<Attribute, keyof Attribute>;

/**
 * Number of attributes that the cost of a query assumes for each item. Shops have about five such
 * columns.
 */
export const TYPICAL_ATTRIBUTES = 5;

/**
 * Turns a row's `attributes` into a list sorted by name. Example of `attributes`: { brand:
 * ["acme"], weight: 1.2 }.
 */
export function toAttributes(attributes: unknown): AttributeValue[] {
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes)) return [];
  return Object.entries(attributes)
    .map(([name, value]) => toAttribute(name, value))
    .filter((attribute) => attribute !== null)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function toAttribute(name: string, value: unknown): AttributeValue | null {
  if (typeof value === 'number') return { name, values: [], number: value };
  // The import writes only lists, but another program may have written a single text with SQL.
  if (typeof value === 'string') return { name, values: [value], number: null };
  if (!Array.isArray(value)) return null;
  return { name, values: value.map(String), number: null };
}
