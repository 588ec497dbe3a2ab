// Columns that H&M's layout does not have, as a list that any shop's data fits. Shared by articles
// and customers.

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

/** As resolvers return it: a plain object. */
export type AttributeValue = Pick<Attribute, keyof Attribute>;

/** What one item's attributes count for in the cost: shops have about five such columns. */
export const TYPICAL_ATTRIBUTES = 5;

/** The `attributes` JSON of a row, { brand: ["acme"], weight: 1.2 }, as a list sorted by name. */
export function toAttributes(attributes: unknown): AttributeValue[] {
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes)) return [];
  return Object.entries(attributes)
    .map(([name, value]) => toAttribute(name, value))
    .filter((attribute) => attribute !== null)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function toAttribute(name: string, value: unknown): AttributeValue | null {
  if (typeof value === 'number') return { name, values: [], number: value };
  // A single text is not what the import writes, but plain SQL may: it is a list of one.
  if (typeof value === 'string') return { name, values: [value], number: null };
  if (!Array.isArray(value)) return null;
  return { name, values: value.map(String), number: null };
}
