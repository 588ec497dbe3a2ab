// Search by words: the type and the query. The recommender decides which articles fit.

import { Arg, Ctx, Field, Float, Int, ObjectType, Query, Resolver } from 'type-graphql';
import type { ArticleRow } from '../../data/store/store';
import { Article, withArticles } from './article';
import type { Context } from './context';
import { listCost, WORK } from './operation/cost';
import { checkFirst, checkWords, LIMITS } from '../limits';

@ObjectType({ simpleResolvers: true, description: 'An article that fits what was searched for.' })
export class SearchHit {
  @Field((_type) => Article, { description: 'The article that fits.' })
  article!: ArticleRow;

  @Field((_type) => Int, { description: 'Place in the list, from 1, what fits best.' })
  rank!: number;

  @Field((_type) => Float, {
    description: "How well it fits, from −1 to 1: the likeness of the words' embedding and the article's.",
  })
  score!: number;
}

const WORDS = `Some words, “pink sweater”; at most ${LIMITS.searchLength} characters.`;
const FIRST = `How many, 1 to ${LIMITS.first}. Fewer come back only where the shop has no more.`;

@Resolver()
export class SearchResolver {
  @Query((_returns) => [SearchHit], {
    description:
      'The articles whose name, description and attributes are nearest to some words, best first, at most two of one ' +
      'product. Something always comes back: how well it fits, `score` says.',
    complexity: listCost(WORK.similar),
  })
  async searchArticles(
    @Arg('text', (_type) => String, { description: WORDS }) text: string,
    @Arg('first', (_type) => Int, { defaultValue: 24, description: FIRST }) first: number,
    @Ctx() context: Context,
  ): Promise<SearchHit[]> {
    const request = { text: checkWords(text).trim(), first: checkFirst(first) };
    return withArticles(await context.search.load(request), context);
  }
}
