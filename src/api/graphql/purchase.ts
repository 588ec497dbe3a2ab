// Purchases: the type, and the pages of a customer's purchases, newest first.

import { GraphQLDateTime } from 'graphql-scalars';
import {
  Args,
  Ctx,
  Field,
  FieldResolver,
  Float,
  Int,
  ObjectType,
  registerEnumType,
  Resolver,
  Root,
} from 'type-graphql';
import type { ArticleRow, CustomerRow, PurchaseCursor, PurchaseRow } from '../../data/store/store';
import { Article } from './article';
import { connectionOf, PageArgs, toConnection, type Connection } from './paging/connection';
import type { Context } from './context';
import { cursorKind, MOST } from './paging/cursor';
import { Customer } from './customer';
import { listCost, WORK } from './operation/cost';
import { checkFirst } from '../limits';

enum PurchaseState {
  BOUGHT = 'bought',
  RETURNED = 'returned',
  CANCELLED = 'cancelled',
}

registerEnumType(PurchaseState, {
  name: 'PurchaseState',
  description: 'What became of a purchase. Only what was bought and kept counts in lists and prices.',
  valuesConfig: {
    BOUGHT: { description: 'It was bought.' },
    RETURNED: { description: 'It came back, or is the return itself, whose quantity is negative.' },
    CANCELLED: { description: 'The order was called off.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'One article bought by a customer at one time, in some quantity.' })
export class Purchase {
  @Field((_type) => Article, { description: 'What was bought.' })
  article!: ArticleRow;

  @Field((_type) => GraphQLDateTime, { description: 'When. Midnight UTC where the shop knows only the day.' })
  boughtAt!: Date;

  @Field((_type) => Int, { description: 'How many pieces; negative where it is a return.' })
  quantity!: number;

  @Field((_type) => Float, { nullable: true, description: 'What was paid for one piece.' })
  price!: number | null;

  @Field((_type) => PurchaseState, { description: 'What became of it.' })
  state!: PurchaseRow['state'];

  @Field((_type) => String, { nullable: true, description: "The shop's id of the order or receipt." })
  orderId!: string | null;

  @Field((_type) => Int, { nullable: true, description: 'Where: 1 in a shop, 2 online.' })
  salesChannelId!: number | null;
}

const PurchaseConnection = connectionOf(Purchase, 'purchases');
const purchaseCursors = cursorKind('purchases', [MOST.seconds, MOST.key, MOST.line]);

@Resolver((_of) => Customer)
export class PurchaseResolver {
  @FieldResolver((_returns) => PurchaseConnection, {
    description: 'What this customer bought, newest first, with returns and cancelled orders.',
    complexity: listCost(WORK.statement),
  })
  async purchases(
    @Root() customer: CustomerRow,
    @Args() { first, after }: PageArgs,
    @Ctx() context: Context,
  ): Promise<Connection<PurchaseRow & { article: ArticleRow }>> {
    const page = await context.purchases.load({
      customerKey: customer.key,
      first: checkFirst(first),
      ...(after ? { after: decode(after) } : {}),
    });
    const articles = await Promise.all(page.rows.map((row) => context.articles.byKey.load(row.articleKey)));
    // Purchases of an article that has been deleted in the meantime are left out. The last cursor
    // still works.
    const rows = page.rows.flatMap((row, i) => (articles[i] ? [{ ...row, article: articles[i] }] : []));
    return toConnection({ rows, hasNext: page.hasNext }, after, (row) =>
      purchaseCursors.encode(row.boughtAt.getTime() / 1000, row.articleKey, row.line),
    );
  }
}

function decode(cursor: string): PurchaseCursor {
  const [seconds, articleKey, line] = purchaseCursors.decode(cursor);
  return { boughtAt: new Date(seconds * 1000), articleKey, line };
}
