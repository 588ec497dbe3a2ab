// Similar articles: the type, the query by article id, and the field of an article. The recommender
// decides which articles are alike.

import { Arg, Ctx, Field, FieldResolver, Float, ID, Int, ObjectType, Query, Resolver, Root } from 'type-graphql';
import type { ArticleRow } from '../../data/store/store';
import { CO_PURCHASE_SHARE } from '../../ranking/alike';
import type { SimilarRequest } from '../../serving/types';
import { Article, withArticles } from './article';
import type { Context } from './context';
import { listCost, WORK } from './operation/cost';
import { checkCount, checkFirst, checkId, checkShare, LIMITS } from '../limits';

@ObjectType({ simpleResolvers: true, description: 'An article that is like another.' })
export class SimilarArticle {
  @Field((_type) => Article, { description: 'The article that is like it.' })
  article!: ArticleRow;

  @Field((_type) => Int, { description: 'Place in the list, from 1, the most alike.' })
  rank!: number;

  @Field((_type) => Float, {
    description:
      "How alike, from −1 to 1: the likeness of the two descriptions' embeddings, blended with how often both are bought " +
      'by the share `coPurchase`.',
  })
  score!: number;
}

const FIRST = `How many, 1 to ${LIMITS.first}. Fewer come back only where the shop has no more.`;
const CO_PURCHASE =
  'How much what others bought together with it counts against what it is like, 0 to 1: 0 goes by name, description and ' +
  'attributes alone, 1 by purchases. What goes with articles that nobody has bought yet is foretold from the texts, by ' +
  'the built-in encoder; by another they go by likeness.';
const PER_PRODUCT = 'Articles of one product at most: they differ in colour mostly.';

@Resolver((_of) => Article)
export class SimilarResolver {
  @Query((_returns) => [SimilarArticle], {
    nullable: true,
    description:
      'The articles most like this one by name, description and attributes, most alike first, without itself; null ' +
      'when there is no such article.',
    complexity: listCost(WORK.similar),
  })
  similarArticles(
    @Arg('articleId', (_type) => ID, { description: "The shop's id of the article." }) articleId: string,
    @Arg('first', (_type) => Int, { defaultValue: 12, description: FIRST }) first: number,
    @Arg('coPurchase', (_type) => Float, { defaultValue: CO_PURCHASE_SHARE, description: CO_PURCHASE })
    coPurchase: number,
    @Arg('perProduct', (_type) => Int, { defaultValue: 2, description: PER_PRODUCT }) perProduct: number,
    @Ctx() context: Context,
  ): Promise<SimilarArticle[] | null> {
    return findSimilar({ articleId: checkId('articleId', articleId), first, coPurchase, perProduct }, context);
  }

  @FieldResolver((_returns) => [SimilarArticle], {
    description: 'The articles most like this one, most alike first, without itself.',
    complexity: listCost(WORK.similar),
  })
  async similar(
    @Root() article: ArticleRow,
    @Arg('first', (_type) => Int, { defaultValue: 12, description: FIRST }) first: number,
    @Arg('coPurchase', (_type) => Float, { defaultValue: CO_PURCHASE_SHARE, description: CO_PURCHASE })
    coPurchase: number,
    @Arg('perProduct', (_type) => Int, { defaultValue: 2, description: PER_PRODUCT }) perProduct: number,
    @Ctx() context: Context,
  ): Promise<SimilarArticle[]> {
    // The result is null if the article was deleted after it was read.
    return (await findSimilar({ articleId: article.id, article, first, coPurchase, perProduct }, context)) ?? [];
  }
}

async function findSimilar(request: SimilarRequest, context: Context): Promise<SimilarArticle[] | null> {
  checkFirst(request.first);
  checkShare('coPurchase', request.coPurchase ?? 0);
  checkCount('perProduct', request.perProduct ?? 1, LIMITS.first);
  const ranking = await context.similar.load(request);
  return ranking && withArticles(ranking, context);
}
