// Columns that H&M's layout does not have, as a list that fits the data of any shop. Articles and
// customers share it.

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

/** Attributes of one item in the cost of a query. Shops have about five such columns. */
export const TYPICAL_ATTRIBUTES = 5;

/** Makes a list, sorted by name, of a row's `attributes`: { brand: ["acme"], weight: 1.2 }. */
export function toAttributes(attributes: unknown): AttributeValue[] {
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes)) return [];
  return Object.entries(attributes)
    .map(([name, value]) => toAttribute(name, value))
    .filter((attribute) => attribute !== null)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function toAttribute(name: string, value: unknown): AttributeValue | null {
  if (typeof value === 'number') return { name, values: [], number: value };
  // The import writes lists only, but plain SQL may write a single text.
  if (typeof value === 'string') return { name, values: [value], number: null };
  if (!Array.isArray(value)) return null;
  return { name, values: value.map(String), number: null };
}
