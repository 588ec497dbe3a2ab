// Customers: the type and its queries. purchase.ts and recommendation.ts add their own fields to
// the type.

import { Arg, Args, Ctx, Field, FieldResolver, ID, Int, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { checkCustomer } from '../../access/principal';
import type { CustomerRow } from '../../data/store/store';
import { Attribute, attributesCost, toAttribute, toAttributes, type AttributeValue } from './attribute';
import { connectionOf, PageArgs, toConnection, type Connection } from './paging/connection';
import type { Context } from './context';
import { cursorKind, MOST } from './paging/cursor';
import { listCost, WORK } from './operation/cost';
import { checkFirst, checkId, LIMITS } from '../limits';

@ObjectType({
  simpleResolvers: true,
  description: 'Someone who buys in the shop. Columns that only this shop has are in `attributes`.',
})
export class Customer {
  @Field((_type) => ID, { description: "The shop's id of the customer." })
  id!: string;

  @Field((_type) => Int, { nullable: true, description: 'In years.' })
  age!: number | null;
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
    checkCustomer(context.principal, checkId('id', id));
    return context.customers.byId.load(id);
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

  @FieldResolver((_returns) => Attribute, {
    nullable: true,
    description: "One of the shop's own columns; null if the customer has no value in it.",
  })
  attribute(
    @Root() customer: CustomerRow,
    @Arg('name', (_type) => String, { description: "The column's name in the shop's data." }) name: string,
  ): AttributeValue | null {
    return toAttribute(customer, checkId('name', name));
  }

  @FieldResolver((_returns) => [Attribute], {
    description: "The shop's own columns in which the customer has a value, sorted by name or in the order of `names`.",
    complexity: attributesCost,
  })
  attributes(
    @Root() customer: CustomerRow,
    @Arg('names', (_type) => [String], { nullable: true, description: 'Only these columns. Null: all.' })
    names?: string[] | null,
  ): AttributeValue[] {
    return toAttributes(customer, names);
  }
}
