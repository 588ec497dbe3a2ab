// Articles that are selling well at the moment: the type and the query.

import { Arg, Ctx, Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import type { ArticleRow } from '../../data/store/store';
import { Article, withArticles } from './article';
import type { Context } from './context';
import { listCost, WORK } from './operation/cost';
import { checkFirst, LIMITS } from '../limits';

@ObjectType({ simpleResolvers: true, description: 'An article that sells at the moment.' })
export class TrendingArticle {
  @Field((_type) => Article, { description: 'What sells.' })
  article!: ArticleRow;

  @Field((_type) => Int, { description: 'Place in the list, from 1, what most customers bought.' })
  rank!: number;

  @Field((_type) => Int, {
    description: "Customers who bought it in the seven days before the shop's newest purchase.",
  })
  buyersLastWeek!: number;
}

const FIRST = `How many, 1 to ${LIMITS.first}. Fewer come back only where fewer were sold in four weeks.`;

@Resolver()
export class TrendingResolver {
  @Query((_returns) => [TrendingArticle], {
    description:
      'The articles that most customers bought in the last week, the same for everybody. Counted once a minute.',
    complexity: listCost(WORK.similar),
  })
  async trending(
    @Arg('first', (_type) => Int, { defaultValue: 12, description: FIRST }) first: number,
    @Ctx() context: Context,
  ): Promise<TrendingArticle[]> {
    return withArticles(await context.trending.load({ first: checkFirst(first) }), context);
  }
}
