// Recording purchases, the only thing that this API writes. The input is checked here; the store
// writes the purchases.

import { GraphQLDateTime } from 'graphql-scalars';
import { Arg, Ctx, Field, Float, ID, InputType, Int, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { OrderLine } from '../../data/store/orders';
import type { ArticleRow, CustomerRow, PurchaseRow } from '../../data/store/store';
import { checkCustomer } from '../../access/principal';
import { VitrineError } from '../../errors';
import type { Context } from './context';
import { Customer } from './customer';
import { WORK } from './operation/cost';
import { checkCount, checkId, LIMITS } from '../limits';
import { Purchase } from './purchase';

@InputType({ description: 'Some pieces of one article, bought at one price.' })
export class PurchaseInput {
  @Field((_type) => ID, { description: "The shop's id of the article." })
  articleId!: string;

  @Field((_type) => Int, {
    defaultValue: 1,
    description:
      `How many pieces, 1 to ${LIMITS.orderPieces}. Negative: so many came back. A return covers the latest purchases ` +
      'of the article by this customer.',
  })
  quantity!: number;

  @Field((_type) => Float, {
    nullable: true,
    description: "What one piece costs, in the shop's currency; null where that is not known.",
  })
  price?: number | null;
}

@InputType({ description: 'What a customer bought at one time.' })
export class RecordPurchasesInput {
  @Field((_type) => ID, {
    description:
      'An id of the order, made up by whoever sends it (a UUID, or the number of the order). The same order sent again ' +
      'under the same id is recorded once, so send it again whenever no answer came.',
  })
  requestId!: string;

  @Field((_type) => ID, {
    description: "The shop's id of the customer. An unknown one becomes a customer of whom only the id is known.",
  })
  customerId!: string;

  @Field((_type) => [PurchaseInput], {
    description: `What was bought, 1 to ${LIMITS.orderLines} lines.`,
  })
  purchases!: PurchaseInput[];

  @Field((_type) => GraphQLDateTime, {
    nullable: true,
    description:
      "When, from 1990. Null: now by the shop's clock, which stands at the newest purchase while historic data is " +
      'replayed. Times more than a minute after the clock are refused; during a replay, those more than a day after it.',
  })
  boughtAt?: Date | null;

  @Field((_type) => ID, { nullable: true, description: "The shop's own id of the order or receipt, if it has one." })
  orderId?: string | null;

  @Field((_type) => Int, { nullable: true, description: 'Where: 1 in a shop, 2 online.' })
  salesChannelId?: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'Purchases that are recorded.' })
export class RecordedPurchases {
  @Field((_type) => Customer, {
    description: 'Who bought. Recommendations that are asked for here know of the purchases already.',
  })
  customer!: CustomerRow;

  @Field((_type) => [Purchase], { description: 'What was recorded, in the order given.' })
  purchases!: (PurchaseRow & { article: ArticleRow })[];

  @Field((_type) => Boolean, { description: 'Whether this order had been recorded before, and nothing was done now.' })
  repeated!: boolean;
}

@Resolver()
export class OrderResolver {
  @Mutation((_returns) => RecordedPurchases, {
    description:
      'Records what a customer bought or sent back, wholly or not at all, once whatever the number of tries, and on disk before it ' +
      'answers. The next recommendations build on it.',
    complexity: ({ args, childComplexity }) => WORK.order + linesIn(args['input']) * childComplexity,
  })
  async recordPurchases(
    @Arg('input', (_type) => RecordPurchasesInput, { description: 'The order.' }) input: RecordPurchasesInput,
    @Ctx() context: Context,
  ): Promise<Pick<RecordedPurchases, keyof RecordedPurchases>> {
    checkCustomer(context.principal, checkId('customerId', input.customerId));
    const { customerKey, purchases, repeated } = await context.recordOrder({
      requestId: checkId('requestId', input.requestId),
      customerId: input.customerId,
      ...(input.boughtAt ? { boughtAt: input.boughtAt } : {}),
      ...(input.orderId ? { orderId: checkId('orderId', input.orderId) } : {}),
      lines: linesOf(input),
    });
    const [customer, articles] = await Promise.all([
      context.customers.byId.load(input.customerId),
      Promise.all(purchases.map(({ articleKey }) => context.articles.byKey.load(articleKey))),
    ]);
    if (!customer) throw new Error(`customer ${customerKey} was deleted while an order of theirs was recorded`);
    return {
      customer,
      purchases: purchases.flatMap((row, i) => (articles[i] ? [{ ...row, article: articles[i] }] : [])),
      repeated,
    };
  }
}

/**
 * Number of lines in an input that has not been checked yet. The cost of the answer depends on this
 * number.
 */
function linesIn(input: unknown): number {
  const { purchases } = input as Partial<RecordPurchasesInput>;
  return Math.min(Math.max(1, purchases?.length ?? 0), LIMITS.orderLines);
}

function linesOf({ purchases, salesChannelId = null }: RecordPurchasesInput): OrderLine[] {
  const channel = salesChannelId === null ? null : checkCount('salesChannelId', salesChannelId, 2 ** 15 - 1);
  if (purchases.length === 0) throw new VitrineError('INPUT_INVALID', 'purchases: expected at least one, got none');
  if (purchases.length > LIMITS.orderLines) {
    const message = `purchases: at most ${LIMITS.orderLines} lines at once, got ${purchases.length}; send several orders`;
    throw new VitrineError('LIMIT_EXCEEDED', message);
  }
  return purchases.map(({ articleId, quantity, price = null }) => ({
    articleId: checkId('articleId', articleId),
    quantity: checkQuantity(quantity),
    price: checkPrice(price),
    salesChannelId: channel,
  }));
}

/** Returns a number of pieces if it is valid; a negative number is a return. */
function checkQuantity(quantity: number): number {
  const most = LIMITS.orderPieces;
  if (quantity !== 0 && Math.abs(quantity) <= most) return quantity;
  const expected = `a whole number from 1 to ${most}, or from -1 to -${most} for a return`;
  throw new VitrineError('INPUT_INVALID', `quantity: expected ${expected}, got ${quantity}`);
}

/** Returns a price if it is valid: from 0 to below 1e9. */
function checkPrice(price: number | null): number | null {
  if (price === null || (price >= 0 && price < 1e9)) return price;
  throw new VitrineError('INPUT_INVALID', `price: expected a number from 0 to below 1e9, got ${price}`);
}
