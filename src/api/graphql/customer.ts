// Customers: the type with H&M's columns and its queries. purchase.ts and recommendation.ts add
// their own fields to the type.

import { Arg, Args, Ctx, Field, FieldResolver, ID, Int, ObjectType, Query, Resolver, Root } from 'type-graphql';
import type { CustomerRow } from '../../data/store/store';
import { Attribute, toAttributes, TYPICAL_ATTRIBUTES, type AttributeValue } from './attribute';
import { connectionOf, PageArgs, toConnection, type Connection } from './connection';
import type { Context } from './context';
import { cursorKind, MOST } from './cursor';
import { listCost, WORK } from './operation/cost';
import { checkFirst, checkId, LIMITS } from '../limits';

type CustomerColumns = Omit<CustomerRow, 'key' | 'attributes'>;

@ObjectType({
  simpleResolvers: true,
  description:
    'Someone who buys in the shop. The typed fields are the columns of the H&M data; shops with other columns find ' +
    'theirs in `attributes`, and null here.',
})
export class Customer implements CustomerColumns {
  @Field((_type) => ID, { description: "The shop's id of the customer. H&M: `customer_id`." })
  id!: string;

  @Field((_type) => Boolean, { nullable: true, description: 'Whether fashion news are received. H&M: `FN`.' })
  fn!: boolean | null;

  @Field((_type) => Boolean, { nullable: true, description: 'Whether open to communication. H&M: `Active`.' })
  active!: boolean | null;

  @Field((_type) => String, {
    nullable: true,
    description: 'Standing in the club, “ACTIVE”, “PRE-CREATE”, “LEFT CLUB”. H&M: `club_member_status`.',
  })
  clubMemberStatus!: string | null;

  @Field((_type) => String, {
    nullable: true,
    description: 'How often fashion news are sent, “NONE”, “Regularly”, “Monthly”. H&M: `fashion_news_frequency`.',
  })
  fashionNewsFrequency!: string | null;

  @Field((_type) => Int, { nullable: true, description: 'In years. H&M: `age`.' })
  age!: number | null;

  @Field((_type) => String, { nullable: true, description: "Postal code, in H&M's data a hash. H&M: `postal_code`." })
  postalCode!: string | null;
}

const CustomerConnection = connectionOf(Customer, 'customers');
const customerCursors = cursorKind('customers', [MOST.key]);

@Resolver((_of) => Customer)
export class CustomerResolver {
  @Query((_returns) => Customer, { nullable: true, description: 'The customer with this id; null when there is none.' })
  customer(
    @Arg('id', (_type) => ID, { description: "The shop's id of the customer." }) id: string,
    @Ctx() context: Context,
  ): Promise<CustomerRow | null> {
    return context.customers.byId.load(checkId('id', id));
  }

  @Query((_returns) => CustomerConnection, {
    description: 'All customers, oldest entry first.',
    complexity: listCost(WORK.statement),
  })
  async customers(@Args() { first, after }: PageArgs, @Ctx() context: Context): Promise<Connection<CustomerRow>> {
    const [afterKey] = after ? customerCursors.decode(after) : [];
    const page = await context.customers.page(checkFirst(first), afterKey);
    return toConnection(page, after, (row) => customerCursors.encode(row.key));
  }

  @Query((_returns) => [Customer], {
    description: 'The customers who bought most of what the shop sold last, most first: some with a past to look at.',
    complexity: listCost(WORK.statement),
  })
  activeCustomers(
    @Arg('first', (_type) => Int, { defaultValue: 12, description: `How many, 1 to ${LIMITS.first}.` }) first: number,
    @Ctx() context: Context,
  ): Promise<CustomerRow[]> {
    return context.customers.active(checkFirst(first));
  }

  @FieldResolver((_returns) => [Attribute], {
    description: "The shop's columns that the typed fields do not cover, sorted by name.",
    complexity: ({ childComplexity }) => 1 + TYPICAL_ATTRIBUTES * childComplexity,
  })
  attributes(@Root() customer: CustomerRow): AttributeValue[] {
    return toAttributes(customer.attributes);
  }
}
