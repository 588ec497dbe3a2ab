// Purchases: the type, and the pages of a customer's purchases, newest first.

import { GraphQLDateTime } from 'graphql-scalars';
import { Args, Ctx, Field, FieldResolver, Float, Int, ObjectType, Resolver, Root } from 'type-graphql';
import type { ArticleRow, CustomerRow, PurchaseCursor, PurchaseRow } from '../../data/store/store';
import { Article } from './article';
import { connectionOf, PageArgs, toConnection, type Connection } from './connection';
import type { Context } from './context';
import { cursorKind, MOST } from './cursor';
import { Customer } from './customer';
import { listCost, WORK } from './operation/cost';
import { checkFirst } from '../limits';

@ObjectType({ simpleResolvers: true, description: 'One article bought once by a customer.' })
export class Purchase {
  @Field((_type) => Article, { description: 'What was bought.' })
  article!: ArticleRow;

  @Field((_type) => GraphQLDateTime, { description: "When; in H&M's data midnight UTC of the day. H&M: `t_dat`." })
  boughtAt!: Date;

  @Field((_type) => Float, {
    nullable: true,
    description: "What was paid, in the unit of the shop's data; H&M's is scaled to hide the currency. H&M: `price`.",
  })
  price!: number | null;

  @Field((_type) => Int, {
    nullable: true,
    description: 'Where: 1 in a shop, 2 online. H&M: `sales_channel_id`.',
  })
  salesChannelId!: number | null;
}

const PurchaseConnection = connectionOf(Purchase, 'purchases');
const purchaseCursors = cursorKind('purchases', [MOST.seconds, MOST.key, MOST.line]);

@Resolver((_of) => Customer)
export class PurchaseResolver {
  @FieldResolver((_returns) => PurchaseConnection, {
    description: 'What this customer bought, newest first.',
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
