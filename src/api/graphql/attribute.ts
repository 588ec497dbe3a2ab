// The shop's own columns, as a list of names and values that fits the data of any shop. Both
// articles and customers have such columns.

import { Field, Float, ObjectType } from 'type-graphql';
import { VitrineError } from '../../errors';
import { checkId, LIMITS } from '../limits';

@ObjectType({
  simpleResolvers: true,
  description:
    "A column of the shop's own, such as material or weight. Its kind decides which field has the value: `values`, " +
    '`number`, `flag` or `text`.',
})
export class Attribute {
  @Field((_type) => String, { description: "The column's name in the shop's data." })
  name!: string;

  @Field((_type) => [String], { description: 'The categories; empty for other kinds.' })
  values!: string[];

  @Field((_type) => Float, { nullable: true, description: 'The number; null for other kinds.' })
  number!: number | null;

  @Field((_type) => Boolean, { nullable: true, description: 'Yes or no; null for other kinds.' })
  flag!: boolean | null;

  @Field((_type) => String, { nullable: true, description: 'The text; null for other kinds.' })
  text!: string | null;
}

/** The plain object that resolvers return. */
export type AttributeValue = Pick<Attribute, keyof Attribute>;

/**
 * Number of attributes that the cost of a query assumes for each item, if the query does not name
 * them. H&M's articles have this many.
 */
const TYPICAL_ATTRIBUTES = 20;

/** The cost of a field that lists attributes, with the argument `names`. */
export function attributesCost({ args, childComplexity }: { args: Record<string, unknown>; childComplexity: number }) {
  const { names } = args;
  return 1 + (Array.isArray(names) ? names.length : TYPICAL_ATTRIBUTES) * childComplexity;
}

interface Row {
  /** { material: ["wool"], weight: 1.2, vegan: true, care: "Wash at 30 degrees" } */
  readonly attributes: unknown;
}

/** The attributes of a row, sorted by name, or those of these names in their order. */
export function toAttributes(row: Row, names?: readonly string[] | null): AttributeValue[] {
  const all = attributesOf(row);
  if (!names) {
    return Object.keys(all)
      .sort()
      .flatMap((name) => toAttribute(row, name) ?? []);
  }
  if (names.length > LIMITS.first) {
    throw new VitrineError('LIMIT_EXCEEDED', `names: at most ${LIMITS.first} at once, got ${names.length}`);
  }
  return names.flatMap((name) => toAttribute(row, checkId('names', name)) ?? []);
}

/** The attribute of this name; null if the row has none. */
export function toAttribute(row: Row, name: string): AttributeValue | null {
  const value = valueOf(row, name);
  const none = { name, values: [], number: null, flag: null, text: null };
  if (typeof value === 'number') return { ...none, number: value };
  if (typeof value === 'boolean') return { ...none, flag: value };
  if (typeof value === 'string') return { ...none, text: value };
  return Array.isArray(value) ? { ...none, values: value.map(String) } : null;
}

/** The value of an attribute as the store has it; undefined if the row has none. */
export function valueOf(row: Row, name: string): unknown {
  const all = attributesOf(row);
  return Object.hasOwn(all, name) ? all[name] : undefined;
}

function attributesOf({ attributes }: Row): Readonly<Record<string, unknown>> {
  const isObject = typeof attributes === 'object' && attributes !== null && !Array.isArray(attributes);
  return isObject ? (attributes as Record<string, unknown>) : {};
}
