// Recommendations: the type, the query by customer id, and the field of a customer. The recommender
// finds and ranks the articles.

import { Arg, Ctx, Field, FieldResolver, Float, ID, Int, ObjectType, Query, registerEnumType } from 'type-graphql';
import { Resolver, Root } from 'type-graphql';
import type { ArticleRow, CustomerRow } from '../../data/store/store';
import { checkCustomer } from '../../access/principal';
import { SOURCES, type SourceName } from '../../ranking/sources/sources';
import type { RecommendationRequest } from '../../serving/types';
import { Article, withArticles } from './article';
import type { Context } from './context';
import { Customer } from './customer';
import { listCost, WORK } from './operation/cost';
import { checkFirst, checkId, LIMITS } from '../limits';

const RecommendationSource = Object.fromEntries(SOURCES.map(({ name }) => [name, name])) as {
  readonly [Name in SourceName]: Name;
};

registerEnumType(RecommendationSource, {
  name: 'RecommendationSource',
  description:
    'What brought an article up before it was scored: “because …” on a page. Of several sources the one that says most of this customer.',
  valuesConfig: Object.fromEntries(SOURCES.map(({ name, description }) => [name, { description }])),
});

@ObjectType({ simpleResolvers: true, description: 'An article recommended to a customer.' })
export class Recommendation {
  @Field((_type) => Article, { description: 'What is recommended.' })
  article!: ArticleRow;

  @Field((_type) => Int, { description: 'Place in the list, from 1, the best.' })
  rank!: number;

  @Field((_type) => Float, {
    description:
      'From 0 to 1, higher is better: how likely the customer buys it, should they buy anything soon. Lists are in its ' +
      'order, except for places given to what is `neverSold`.',
  })
  score!: number;

  @Field((_type) => RecommendationSource, { description: 'What brought it up.' })
  source!: SourceName;

  @Field((_type) => [RecommendationSource], { description: 'All that brought it up, `source` among them.' })
  sources!: readonly SourceName[];

  @Field((_type) => Boolean, {
    description:
      'Whether nobody has bought it yet. Every 24th place, unless the shop has set another number (`VITRINE_EXPLORE`), goes ' +
      'to the best such article, whatever its score: what is never seen never sells.',
  })
  neverSold!: boolean;

  @Field((_type) => Boolean, {
    description:
      "True where nothing is known of the customer's purchases: a new or unknown customer. The list then rests on what " +
      'else is known of them and on what sells well.',
  })
  coldStart!: boolean;
}

/**
 * The object that resolvers return. In this object `because` is the key of an article, not yet the
 * article itself.
 */
type Ranked = Recommendation & { readonly because: number | null };

@Resolver((_of) => Recommendation)
export class ReasonResolver {
  @FieldResolver((_returns) => Article, {
    nullable: true,
    description:
      'The earlier purchase that brought it up, “because you bought …”: of which it is another variant (VARIANTS), or ' +
      'together with which others buy it (CO_PURCHASE). Null for other sources.',
  })
  because(@Root() { because }: { because: number | null }, @Ctx() context: Context): Promise<ArticleRow | null> | null {
    return because === null ? null : context.articles.byKey.load(because);
  }
}

/** Not an id: those have a character at least. */
const GUEST = '';
const CUSTOMER_ID =
  "The shop's id of the customer. Null: the customer of the token that came with the request, else a guest.";
const FIRST = `How many, 1 to ${LIMITS.first}. Fewer come back only where the shop has no more.`;
const EXCLUDE = 'Whether to leave out what the customer has bought already, of their latest hundred purchases.';

@Resolver((_of) => Customer)
export class RecommendationResolver {
  @Query((_returns) => [Recommendation], {
    description:
      'The articles that this customer is likeliest to buy next, best first. An unknown id is no error: its list is ' +
      'marked `coldStart`, so a page for someone who just arrived needs no special case.',
    complexity: listCost(WORK.recommendations),
  })
  recommendations(
    @Arg('customerId', (_type) => ID, { nullable: true, description: CUSTOMER_ID })
    customerId: string | null | undefined,
    @Arg('first', (_type) => Int, { defaultValue: 12, description: FIRST }) first: number,
    @Arg('excludePurchased', (_type) => Boolean, { defaultValue: false, description: EXCLUDE })
    excludePurchased: boolean,
    @Ctx() context: Context,
  ): Promise<Ranked[]> {
    const id = customerId ?? context.principal.customerId;
    // Nobody knows anything of a guest, so there is nobody to look for.
    if (id === null) return recommend({ customerId: GUEST, customer: null, first, excludePurchased }, context);
    checkCustomer(context.principal, checkId('customerId', id));
    return recommend({ customerId: id, first, excludePurchased }, context);
  }

  @FieldResolver((_returns) => [Recommendation], {
    name: 'recommendations',
    description: 'The articles that this customer is likeliest to buy next, best first.',
    complexity: listCost(WORK.recommendations),
  })
  ofCustomer(
    @Root() customer: CustomerRow,
    @Arg('first', (_type) => Int, { defaultValue: 12, description: FIRST }) first: number,
    @Arg('excludePurchased', (_type) => Boolean, { defaultValue: false, description: EXCLUDE })
    excludePurchased: boolean,
    @Ctx() context: Context,
  ): Promise<Ranked[]> {
    return recommend({ customerId: customer.id, customer, first, excludePurchased }, context);
  }
}

async function recommend(request: RecommendationRequest, context: Context): Promise<Ranked[]> {
  checkFirst(request.first);
  return withArticles(await context.recommendations.load(request), context);
}
