// Fields of articles and customers that were H&M's columns. They stay for one release, marked as
// deprecated, and show the attributes of these names.

import { FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { FORMER_ARTICLE_FIELDS, FORMER_CUSTOMER_FIELDS } from '../../data/import/shop-json';
import type { ArticleRow, CustomerRow } from '../../data/store/store';
import { Article } from './article';
import { valueOf } from './attribute';
import { Customer } from './customer';

type Row = Pick<ArticleRow | CustomerRow, 'attributes'>;

@Resolver((_of) => Article)
export class FormerArticleFields {
  @FieldResolver((_returns) => String, {
    nullable: true,
    description: 'The product that this article is a variant of.',
    deprecationReason: 'Use productId.',
  })
  productCode(@Root() { productId }: ArticleRow): string | null {
    return productId;
  }
}

@Resolver((_of) => Customer)
export class FormerCustomerFields {}

/** Adds a field resolver to the class for each field: [field, attribute]. */
function declareFields(resolver: { readonly prototype: object }, fields: Readonly<Record<string, string>>): void {
  for (const [field, attribute] of Object.entries(fields)) {
    const { type, read } = kindOf(attribute);
    const value = (row: Row): unknown => read(valueOf(row, attribute));
    const descriptor: PropertyDescriptor = { value, configurable: true, writable: true };
    Object.defineProperty(resolver.prototype, field, descriptor);
    FieldResolver((_returns) => type, {
      nullable: true,
      description: `The attribute \`${attribute}\`.`,
      deprecationReason: `Use attribute(name: "${attribute}").`,
    })(resolver.prototype, field, descriptor);
    Root()(resolver.prototype, field, 0);
  }
}

/** The numbers of H&M's values were whole numbers, which are categories now. */
const NUMBERS = /_(no|id)$|^colour_group_code$/;
const FLAGS: ReadonlySet<string> = new Set(['fn', 'active']);

function kindOf(attribute: string) {
  if (FLAGS.has(attribute))
    return { type: Boolean, read: (value: unknown) => (value === undefined ? null : value === true) };
  return NUMBERS.test(attribute) ? { type: Int, read: wholeNumber } : { type: String, read: textOf };
}

function textOf(value: unknown): string | null {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' || typeof first === 'number' ? String(first) : null;
}

function wholeNumber(value: unknown): number | null {
  const number = Number(textOf(value) ?? Number.NaN);
  // GraphQL's Int has 32 bits.
  return Number.isInteger(number) && number === (number | 0) ? number : null;
}

declareFields(FormerArticleFields, FORMER_ARTICLE_FIELDS);
declareFields(FormerCustomerFields, FORMER_CUSTOMER_FIELDS);
